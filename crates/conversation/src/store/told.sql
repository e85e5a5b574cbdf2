-- What hooks told of a conversation gives way to the CLI's own record of it, so it is looked for whenever something came.
CREATE INDEX entry_of_hooks ON entry (time) WHERE source = 'hook';
-- The conversation that was named last.
ALTER TABLE scanned ADD COLUMN name TEXT;
-- Recordings of before are looked through again for it.
DELETE FROM scanned;
