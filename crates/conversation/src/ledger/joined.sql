-- Empty tables in the place of those that the store joins with its own, in their newest form: a test compares them.
CREATE TEMP TABLE made (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT,
    summary TEXT,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (cli, name)
) WITHOUT ROWID;

CREATE TEMP TABLE told (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    entry TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (cli, name, entry, kind, value)
) WITHOUT ROWID;

CREATE TEMP TABLE job (
    cli TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    ended INTEGER NOT NULL,
    digest TEXT,
    kinds INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    why TEXT,
    time INTEGER NOT NULL,
    PRIMARY KEY (cli, name)
) WITHOUT ROWID;
