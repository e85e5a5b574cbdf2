//! What becomes of a try: a result that is kept, or a reason why there is none.

use super::Kinds;
use super::answer::Findings;
use crate::Result;
use crate::ledger::{Ledger, said};
use protocol::Time;
use rusqlite::{TransactionBehavior, params};

/// A try that was made.
#[derive(Clone, Copy)]
pub(super) struct Tried<'a> {
    /// Of the reservation.
    pub id: i64,
    pub cli: &'a str,
    pub name: &'a str,
    pub model: &'a str,
    /// Before it was read.
    pub purges: i64,
    /// In millionths of a dollar; unknown where it may have cost something.
    pub cost: Option<u64>,
    pub now: Time,
}

/// Why there is no result, and what is to be done about it.
pub(super) struct Setback<'a> {
    pub why: &'a str,
    /// It is tried again then; never where it is given up.
    pub again: Option<Time>,
    /// It says nothing of this conversation: the try does not count.
    pub is_free: bool,
    /// All other jobs wait as long.
    pub pause: Option<Time>,
}

impl Ledger {
    /// Keeps a result and what it cost; whether it is kept, or something was purged meanwhile.
    pub(super) fn keep(
        &mut self,
        tried: &Tried,
        digest: &str,
        kinds: Kinds,
        found: &Findings,
    ) -> Result<bool> {
        let mut kept = || {
            let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            settle(&write, tried)?;
            write.execute("UPDATE queue SET failures = 0, not_before = 0, why = NULL", [])?;
            let purges: i64 = write.query_row("SELECT purges FROM queue", [], |row| row.get(0))?;
            if purges != tried.purges {
                // Whether it was of this conversation nobody knows any more: it is asked again.
                let of = [tried.cli, tried.name];
                write.execute("DELETE FROM job WHERE cli = ?1 AND name = ?2", of)?;
                write.commit()?;
                return Ok(false);
            }
            let now = tried.now.0 as i64;
            let insert = "INSERT INTO made (cli, name, title, summary, model, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET title = COALESCE(excluded.title, title), summary = COALESCE(excluded.summary, summary),
                 model = excluded.model, time = excluded.time";
            let values = params![tried.cli, tried.name, found.title, found.summary, tried.model, now];
            write.execute(insert, values)?;
            if kinds.extraction {
                write.execute("DELETE FROM told WHERE cli = ?1 AND name = ?2", [tried.cli, tried.name])?;
            }
            let insert =
                "INSERT OR IGNORE INTO told (cli, name, entry, kind, value) VALUES (?1, ?2, ?3, ?4, ?5)";
            for found in &found.told {
                let values = params![tried.cli, tried.name, found.entry, found.kind, found.text];
                write.execute(insert, values)?;
            }
            let done = "UPDATE job SET state = 'done', digest = ?3, kinds = ?4, tries = 0, not_before = 0, why = NULL, time = ?5
                 WHERE cli = ?1 AND name = ?2";
            write.execute(done, params![tried.cli, tried.name, digest, kinds.bits(), now])?;
            write.commit()?;
            Ok(true)
        };
        said(kept())
    }

    /// Keeps why there is none.
    pub(super) fn fail(&mut self, tried: &Tried, setback: &Setback) -> Result<()> {
        let mut failed = || {
            let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            settle(&write, tried)?;
            let state = if setback.again.is_some() { "waits" } else { "failed" };
            let again = setback.again.unwrap_or_default().0 as i64;
            let update =
                "UPDATE job SET state = ?3, not_before = ?4, why = ?5, tries = MAX(tries - ?6, 0), time = ?7
                 WHERE cli = ?1 AND name = ?2";
            let (free, now) = (i64::from(setback.is_free), tried.now.0 as i64);
            write.execute(update, params![tried.cli, tried.name, state, again, setback.why, free, now])?;
            if let Some(pause) = setback.pause {
                let update = "UPDATE queue SET not_before = ?1, why = ?2, failures = failures + 1";
                write.execute(update, params![pause.0 as i64, setback.why])?;
            }
            write.commit()?;
            Ok(())
        };
        said(failed())
    }

    /// How often in a row the server failed.
    pub(super) fn failures(&self) -> Result<u32> {
        said(self.connection.query_row("SELECT failures FROM queue", [], |row| row.get(0)))
    }
}

fn settle(write: &rusqlite::Transaction, tried: &Tried) -> rusqlite::Result<()> {
    write.execute("UPDATE queue SET cli = NULL, name = NULL", [])?;
    // What may have cost something counts with all that was reserved.
    let Some(cost) = tried.cost else { return Ok(()) };
    let cost = i64::try_from(cost).unwrap_or(i64::MAX);
    write.execute("UPDATE spending SET settled = ?2 WHERE id = ?1", params![tried.id, cost]).map(drop)
}
