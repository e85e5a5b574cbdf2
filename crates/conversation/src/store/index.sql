-- Whoever adds an entry adds it to both indexes, many at once at the end of a batch: see `Writing::index`.
DROP TRIGGER entry_added;
