-- How what entries mention belongs together.
CREATE TABLE relation (
    -- That shows it.
    entry INTEGER NOT NULL,
    kind TEXT NOT NULL,
    from_kind TEXT NOT NULL,
    from_value TEXT NOT NULL,
    to_kind TEXT NOT NULL,
    to_value TEXT NOT NULL,
    -- In whose course it was seen; 0 where the entry alone tells it.
    conversation INTEGER NOT NULL
);
CREATE INDEX relation_entry ON relation (entry);
CREATE INDEX relation_from ON relation (from_kind, from_value);
CREATE INDEX relation_to ON relation (to_kind, to_value);
CREATE INDEX relation_conversation ON relation (conversation) WHERE conversation > 0;

-- Calls of tools that ran a command or wrote a file, and results with their calls' ids and whether they failed.
CREATE TABLE step (
    entry INTEGER PRIMARY KEY,
    call TEXT NOT NULL,
    -- NULL is a call.
    failed INTEGER
);

-- Conversations with steps that came, or changed, since they were looked through.
CREATE TABLE unrelated (conversation INTEGER PRIMARY KEY);
CREATE TRIGGER step_came AFTER INSERT ON part WHEN EXISTS (SELECT 1 FROM step WHERE entry = new.entry) BEGIN
    -- Not by OR IGNORE: in a trigger what the outer statement says of conflicts holds.
    INSERT INTO unrelated (conversation) SELECT new.conversation
    WHERE NOT EXISTS (SELECT 1 FROM unrelated WHERE conversation = new.conversation);
END;
CREATE TRIGGER step_changed AFTER UPDATE OF text, rest ON entry BEGIN
    INSERT INTO unrelated (conversation) SELECT DISTINCT conversation FROM part WHERE entry = new.id
    AND conversation NOT IN (SELECT conversation FROM unrelated);
END;
CREATE TRIGGER entry_unrelated AFTER DELETE ON entry BEGIN
    DELETE FROM relation WHERE entry = old.id;
    DELETE FROM step WHERE entry = old.id;
END;

-- Entries of before are read again, from the one to the other.
CREATE TABLE reread (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    next INTEGER NOT NULL,
    last INTEGER NOT NULL
);
INSERT INTO reread SELECT 1, COALESCE(MIN(id), 1), COALESCE(MAX(id), 0) FROM entry;
