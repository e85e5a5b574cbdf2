//! Whose turn it is.

use super::Kinds;
use super::budget::WAIT_MAX;
use super::work::QUIET;
use crate::Result;
use crate::ledger::damaged;
use crate::store::Store;
use protocol::Time;
use rusqlite::{OptionalExtension as _, params};

/// A conversation that changed since it was done, or was never done.
pub(super) struct Due {
    /// The store's number.
    pub id: i64,
    pub cli: String,
    pub name: String,
    /// Its last record.
    pub ended: Time,
    /// Of what was sent when it was done last, and what was made of it.
    done: Option<(String, Kinds)>,
    /// Its last record when it was looked at last.
    looked_at: Option<Time>,
}

impl Due {
    /// Whether it came with a time that says nothing of when: how long it is quiet is counted from now.
    pub fn is_news_of_the_future(&self, now: Time) -> bool {
        self.ended > now && self.looked_at != Some(self.ended)
    }

    /// Whether the same was sent already, and nothing else is wanted of it.
    pub fn is_done(&self, kinds: Kinds, digest: &str) -> bool {
        self.done.as_ref().is_some_and(|(known, made)| known == digest && made.have(kinds))
    }
}

/// What is left to do: `?1` is what is wanted. One that ended earlier than it did is one that is read anew. What was typed to a
/// shell and came back was never meant for a model.
const DUE: &str = "c.ended IS NOT NULL AND c.cli <> 'generic' AND (job.cli IS NULL OR job.ended < c.ended OR job.state = 'waits'
     OR (job.state = 'done' AND ?1 & ~job.kinds <> 0))";
const JOINED: &str = "FROM conversation c LEFT JOIN job ON job.cli = c.cli AND job.name = c.name";

/// Refuses to choose where nobody can tell what was done: all would be paid for again.
pub(super) fn check(store: &Store) -> Result<()> {
    if store.has_jobs()? { Ok(()) } else { Err(damaged()) }
}

/// The newest of those that are quiet and need not wait. Who began a run by hand waits for no quiet, but for that of a
/// conversation that goes on after its turn in this run: it would be paid for with each word.
pub(super) fn next(store: &Store, kinds: Kinds, now: Time, run: Option<Time>) -> Result<Option<Due>> {
    // One whose last record is of the future was written by a wrong clock, and a wait that is too long was set by one.
    let select = format!(
        "SELECT c.id, c.cli, c.name, c.ended, job.digest, job.kinds, job.ended {JOINED} WHERE {DUE}
         AND (c.ended <= ?2 - ?3 OR iif(?4 IS NULL, c.ended > ?2, job.cli IS NULL OR job.time < ?4 OR job.ended >= c.ended))
         AND (COALESCE(job.not_before, 0) NOT BETWEEN ?2 + 1 AND ?2 + {} OR (?4 IS NOT NULL AND job.tries = 0))
         ORDER BY c.ended DESC, c.name LIMIT 1",
        WAIT_MAX.as_micros()
    );
    let values =
        params![kinds.bits(), now.0 as i64, QUIET.as_micros() as i64, run.map(|began| began.0 as i64)];
    let row = |row: &rusqlite::Row| {
        let digest: Option<String> = row.get(4)?;
        let made = Kinds::of_bits(row.get::<_, Option<i64>>(5)?.unwrap_or_default());
        Ok(Due {
            id: row.get(0)?,
            cli: row.get(1)?,
            name: row.get(2)?,
            ended: Time(row.get::<_, i64>(3)? as u64),
            done: digest.map(|digest| (digest, made)),
            looked_at: row.get::<_, Option<i64>>(6)?.map(|ended| Time(ended as u64)),
        })
    };
    Ok(store.reading().query_row(&select, values, row).optional()?)
}

/// When something is tried again, if it waits for that.
pub(super) fn again(store: &Store, now: Time) -> Result<Option<Time>> {
    let select = "SELECT MIN(not_before) FROM job WHERE state = 'waits' AND not_before > ?1 AND tries > 0";
    let again: Option<i64> = store.reading().query_row(select, [now.0 as i64], |row| row.get(0))?;
    Ok(again.map(|again| Time(again as u64)))
}

/// How many are left to do.
pub(super) fn count(store: &Store, kinds: Kinds) -> Result<u64> {
    let select = format!("SELECT COUNT(*) {JOINED} WHERE {DUE}");
    Ok(store.reading().query_row(&select, [kinds.bits()], |row| row.get::<_, i64>(0))? as u64)
}
