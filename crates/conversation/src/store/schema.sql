-- Version 1. Everything in here is derived from the archive of transcripts and the journals: a file that is lost or damaged
-- is made again by `centerfire import --rebuild`.

-- How far a file of the archive was read.
CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    cli TEXT NOT NULL,
    -- Below the archive's folder.
    path TEXT NOT NULL UNIQUE,
    -- Bytes; for files that are read whole, the digest of what was read.
    done INTEGER NOT NULL,
    -- What its reader remembers.
    state TEXT NOT NULL,
    -- The latest time that a record had, in microseconds: a clock that went back does not bring records out of order.
    clock INTEGER NOT NULL,
    -- Records that are none.
    garbled INTEGER NOT NULL DEFAULT 0,
    last_garbled TEXT
);

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    cli TEXT NOT NULL,
    -- The CLI's own id.
    name TEXT NOT NULL,
    cwd TEXT,
    branch TEXT,
    title TEXT,
    version TEXT,
    parent TEXT,
    -- Of the first and the last record with a time, in microseconds.
    started INTEGER,
    ended INTEGER,
    UNIQUE (cli, name)
);

CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    agent TEXT,
    time INTEGER NOT NULL,
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- What is searched; for most kinds also what was said.
    text TEXT NOT NULL,
    -- What the kind has beside its text, as JSON.
    rest TEXT NOT NULL,
    model TEXT,
    request TEXT,
    source TEXT NOT NULL
);
CREATE INDEX entry_time ON entry (time);
CREATE INDEX entry_request ON entry (request) WHERE request IS NOT NULL;

-- Which entries make up a conversation: one that was forked has those of its parent, too.
CREATE TABLE part (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    entry INTEGER NOT NULL REFERENCES entry (id),
    -- By which they are ordered: a time that never goes back within a file, then the place in the file.
    time INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (conversation, entry)
) WITHOUT ROWID;
CREATE INDEX part_order ON part (conversation, time, position);
CREATE INDEX part_entry ON part (entry);

-- What requests took, each once.
CREATE TABLE usage (
    cli TEXT NOT NULL,
    request TEXT NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    cache_write_hour INTEGER NOT NULL,
    PRIMARY KEY (cli, request)
) WITHOUT ROWID;
CREATE INDEX usage_conversation ON usage (conversation, time);

-- Which conversations were held in which sessions.
CREATE TABLE link (
    session TEXT NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    PRIMARY KEY (session, conversation)
) WITHOUT ROWID;
CREATE INDEX link_conversation ON link (conversation);

-- Conversations that a session's hooks named, whether they were read yet or not; and how far its recording was looked through.
CREATE TABLE named (
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (session, name)
) WITHOUT ROWID;
CREATE TABLE scanned (
    session TEXT PRIMARY KEY,
    offset INTEGER NOT NULL
) WITHOUT ROWID;

-- Where entries stand in recordings.
CREATE TABLE place (
    entry INTEGER PRIMARY KEY REFERENCES entry (id),
    session TEXT NOT NULL,
    offset INTEGER NOT NULL
);
CREATE INDEX place_session ON place (session, offset);

-- What entries mention: files, commands, errors, addresses, things to do.
CREATE TABLE mention (
    entry INTEGER NOT NULL REFERENCES entry (id),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entry, kind, value)
) WITHOUT ROWID;
CREATE INDEX mention_value ON mention (kind, value);

-- Words, with the parts of names that code is full of; and any three letters, for what is no word.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'entry', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2 tokenchars '_'"
);
CREATE VIRTUAL TABLE letters USING fts5 (text, content = 'entry', content_rowid = 'id', tokenize = 'trigram', detail = 'none');

CREATE TRIGGER entry_added AFTER INSERT ON entry BEGIN
    INSERT INTO words (rowid, text) VALUES (new.id, new.text);
    INSERT INTO letters (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER entry_removed AFTER DELETE ON entry BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO letters (letters, rowid, text) VALUES ('delete', old.id, old.text);
END;
CREATE TRIGGER entry_changed AFTER UPDATE OF text ON entry BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO letters (letters, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO words (rowid, text) VALUES (new.id, new.text);
    INSERT INTO letters (rowid, text) VALUES (new.id, new.text);
END;
