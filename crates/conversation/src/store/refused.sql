-- A call whose result says that it never ran, or that it failed to change a file, mentions nothing that it would have done: `failed` is 2
-- where leave was denied. All is read again for that.
CREATE INDEX step_call ON step (call);
UPDATE reread SET next = (SELECT COALESCE(MIN(id), 1) FROM entry), last = (SELECT COALESCE(MAX(id), 0) FROM entry);
