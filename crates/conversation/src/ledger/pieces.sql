-- Version 2. What models made, in pieces that a search finds: all of it follows from `made` and `told`, and goes with them.
CREATE TABLE piece (
    -- Never given twice: who makes a vector of one that is gone must not find another in its place.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    -- summary (behind its title), decision or todo.
    kind TEXT NOT NULL,
    -- The one that says so, of a decision and of something to do.
    entry TEXT,
    text TEXT NOT NULL,
    -- The model that made its vectors, or could not read it.
    read_by TEXT
);
CREATE INDEX piece_of ON piece (cli, name, kind);
CREATE INDEX piece_read ON piece (read_by);

-- As the store has them of entries.
CREATE VIRTUAL TABLE piece_words USING fts5 (
    text, content = 'piece', content_rowid = 'id', tokenize = "unicode61 remove_diacritics 2 tokenchars '_'"
);
CREATE VIRTUAL TABLE piece_letters USING fts5 (
    text, content = 'piece', content_rowid = 'id', tokenize = 'trigram', detail = 'none'
);
CREATE TRIGGER piece_added AFTER INSERT ON piece BEGIN
    INSERT INTO piece_words (rowid, text) VALUES (new.id, new.text);
    INSERT INTO piece_letters (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER piece_removed AFTER DELETE ON piece BEGIN
    INSERT INTO piece_words (piece_words, rowid, text) VALUES ('delete', old.id, old.text);
    INSERT INTO piece_letters (piece_letters, rowid, text) VALUES ('delete', old.id, old.text);
    DELETE FROM vectors WHERE entry = old.id;
END;

CREATE TRIGGER made_added AFTER INSERT ON made BEGIN
    INSERT INTO piece (cli, name, kind, text) VALUES (new.cli, new.name, 'summary', concat_ws(char(10), new.title, new.summary));
END;
CREATE TRIGGER made_changed AFTER UPDATE ON made BEGIN
    DELETE FROM piece WHERE cli = old.cli AND name = old.name AND kind = 'summary';
    INSERT INTO piece (cli, name, kind, text) VALUES (new.cli, new.name, 'summary', concat_ws(char(10), new.title, new.summary));
END;
CREATE TRIGGER made_removed AFTER DELETE ON made BEGIN
    DELETE FROM piece WHERE cli = old.cli AND name = old.name AND kind = 'summary';
END;
CREATE TRIGGER told_added AFTER INSERT ON told BEGIN
    INSERT INTO piece (cli, name, kind, entry, text) VALUES (new.cli, new.name, new.kind, new.entry, new.value);
END;
CREATE TRIGGER told_removed AFTER DELETE ON told BEGIN
    DELETE FROM piece WHERE cli = old.cli AND name = old.name AND kind = old.kind AND entry = old.entry AND text = old.value;
END;
INSERT INTO piece (cli, name, kind, text) SELECT cli, name, 'summary', concat_ws(char(10), title, summary) FROM made;
INSERT INTO piece (cli, name, kind, entry, text) SELECT cli, name, kind, entry, value FROM told;

-- Whose conversation a request was about.
ALTER TABLE spending ADD COLUMN cli TEXT;
ALTER TABLE spending ADD COLUMN name TEXT;
CREATE INDEX spending_of ON spending (cli, name);

