-- Entries whose text is another one than their vectors were made of.
CREATE TABLE stale (entry INTEGER PRIMARY KEY);
CREATE TRIGGER entry_stale AFTER UPDATE OF text ON entry BEGIN
    INSERT OR IGNORE INTO stale (entry) VALUES (new.id);
END;
CREATE TRIGGER entry_gone AFTER DELETE ON entry BEGIN
    DELETE FROM vectors WHERE entry = old.id;
    DELETE FROM stale WHERE entry = old.id;
END;
