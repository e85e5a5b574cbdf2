-- What a model made of a conversation, by the CLI and its own id: the store's numbers change when it is made anew.
CREATE TABLE made (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT,
    summary TEXT,
    model TEXT NOT NULL,
    -- In microseconds since 1970.
    time INTEGER NOT NULL,
    PRIMARY KEY (cli, name)
) WITHOUT ROWID;

-- Decisions, and what is left to do, by the entry that says so.
CREATE TABLE told (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    entry TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (cli, name, entry, kind, value)
) WITHOUT ROWID;
CREATE INDEX told_entry ON told (entry);
CREATE INDEX told_kind ON told (kind);

-- How far a conversation came.
CREATE TABLE job (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    -- done, waits or failed.
    state TEXT NOT NULL,
    -- Of the conversation's last record, when it was looked at.
    ended INTEGER NOT NULL,
    -- Of what was sent when it was done last.
    digest TEXT,
    -- What was made of it then, as bits.
    kinds INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    -- Not tried again before, in microseconds since 1970.
    not_before INTEGER NOT NULL DEFAULT 0,
    why TEXT,
    time INTEGER NOT NULL,
    PRIMARY KEY (cli, name)
) WITHOUT ROWID;

-- Each request, before it is made. One that was not settled counts with all that it could have cost.
CREATE TABLE spending (
    id INTEGER PRIMARY KEY,
    -- Since 1970, in UTC.
    day INTEGER NOT NULL,
    time INTEGER NOT NULL,
    model TEXT NOT NULL,
    -- Millionths of a dollar.
    reserved INTEGER NOT NULL,
    settled INTEGER
);
CREATE INDEX spending_day ON spending (day);

-- What holds for all jobs; one row.
CREATE TABLE queue (
    not_before INTEGER NOT NULL DEFAULT 0,
    why TEXT,
    -- In a row, of the server.
    failures INTEGER NOT NULL DEFAULT 0,
    -- How often something was purged: what was read before is not kept after.
    purges INTEGER NOT NULL DEFAULT 0,
    -- The day on which the budget had no room for the next request, how large it was, and what was said of it.
    spent_day INTEGER,
    spent_budget INTEGER,
    spent_why TEXT,
    -- Whose turn it is, as long as somebody holds the lock.
    cli TEXT,
    name TEXT
);
INSERT INTO queue DEFAULT VALUES;
