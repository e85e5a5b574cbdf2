-- Version 2. Vectors of parts of entries' texts, by which they are found by meaning. Rows of one entry are written together,
-- and none is changed: it goes, and a new one comes.
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    model TEXT NOT NULL,
    -- Where the chunk begins in the text, in bytes.
    start INTEGER NOT NULL,
    scale REAL NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (entry, model, chunk)
) STRICT;

CREATE TABLE meaning (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    -- Another one in a store that was made anew.
    born TEXT NOT NULL,
    -- Rows that went: what has them in memory must load them anew.
    gone INTEGER NOT NULL,
    -- Rows that there are.
    count INTEGER NOT NULL,
    -- Whose vectors there are.
    model TEXT,
    -- Entries from the one to the other have theirs.
    low INTEGER NOT NULL,
    high INTEGER NOT NULL
) STRICT;
INSERT INTO meaning VALUES (1, hex(randomblob(16)), 0, 0, NULL, 0, 0);
CREATE TRIGGER vectors_added AFTER INSERT ON vectors BEGIN
    UPDATE meaning SET count = count + 1;
END;
CREATE TRIGGER vectors_removed AFTER DELETE ON vectors BEGIN
    UPDATE meaning SET gone = gone + 1, count = count - 1;
END;
