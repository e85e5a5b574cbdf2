-- Entries whose text is another one than their vectors were made of.
CREATE TABLE stale (entry INTEGER PRIMARY KEY);
CREATE TRIGGER entry_stale AFTER UPDATE OF text ON entry BEGIN
    -- Not by OR IGNORE: in a trigger what the outer statement says of conflicts holds, and an upsert says ABORT.
    INSERT INTO stale (entry) SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM stale WHERE entry = new.id);
END;
CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN
    DELETE FROM vectors WHERE entry = old.id;
    DELETE FROM stale WHERE entry = old.id;
END;
