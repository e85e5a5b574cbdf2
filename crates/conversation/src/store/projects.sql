-- Projects: which folders belong to which, and when something was done. Folders that are gone are told again by
-- `projects.jsonl` beside this file.

CREATE TABLE project (
    id INTEGER PRIMARY KEY,
    -- The digest of its root, by which it is named outside.
    key TEXT NOT NULL UNIQUE,
    root TEXT NOT NULL,
    -- `git`, `manifest` or `folder`.
    kind TEXT NOT NULL
);
CREATE TABLE folder (
    path TEXT PRIMARY KEY,
    project INTEGER NOT NULL REFERENCES project (id)
) WITHOUT ROWID;
CREATE INDEX folder_project ON folder (project);
CREATE INDEX conversation_cwd ON conversation (cwd);

-- Stretches of five minutes since 1970 in which an entry was made: hours, however many conversations shared them.
CREATE TABLE active (
    conversation INTEGER NOT NULL REFERENCES conversation (id),
    stretch INTEGER NOT NULL,
    PRIMARY KEY (conversation, stretch)
) WITHOUT ROWID;
INSERT OR IGNORE INTO active SELECT part.conversation, entry.time / 300000000 FROM part JOIN entry ON entry.id = part.entry
WHERE entry.time > 0;
