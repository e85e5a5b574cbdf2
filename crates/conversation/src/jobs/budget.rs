//! What a day's jobs may cost, and how far each conversation came.
//!
//! What may be spent is reserved before a request and settled by what it took, in transactions, so that whoever is killed in
//! between has spent too much on paper and never in truth.

use super::Kinds;
use super::client::RETRY_AFTER_MAX;
use super::work::TRIES_MAX;
use crate::ledger::{Ledger, said};
use crate::{Error, Result};
use protocol::Time;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::time::Duration;

/// Requests of which it is kept what they took: more than can be made in a day, one after the other.
const KEPT_MAX: i64 = 200_000;
/// No wait is longer; one that is was written by a clock that was wrong.
pub(super) const WAIT_MAX: Duration = RETRY_AFTER_MAX.saturating_add(Duration::from_hours(1));
const DAY_US: u64 = 86_400_000_000;
/// How often emptying the log is tried; each waits for readers.
const CHECKPOINTS: usize = 3;

/// A request that is about to be made.
pub(super) struct Attempt<'a> {
    pub cli: &'a str,
    pub name: &'a str,
    pub ended: Time,
    pub model: &'a str,
    /// The most that it can cost, in millionths of a dollar.
    pub at_most: u64,
    pub daily_budget: u64,
}

/// What became of asking for money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reserved {
    /// It is there: the number of the reservation, and the conversation's how-manieth try this is.
    Yes { id: i64, tries: u32 },
    /// The day's budget does not have so much left.
    No,
    /// It killed whoever tried it too often.
    GivenUp,
}

/// What made all jobs wait.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pause {
    pub until: Time,
    pub why: String,
}

impl Ledger {
    /// Reserves what a try may cost, and counts the try: one that kills who makes it is not made for ever.
    pub(super) fn reserve(&mut self, now: Time, attempt: &Attempt) -> Result<Reserved> {
        let mut reserved = || {
            let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let Attempt { cli, name, ended, model, at_most, .. } = *attempt;
            let given_up = "UPDATE job SET state = 'failed', time = ?4, why = why || '; given up: `centerfire jobs retry` tries again'
                 WHERE cli = ?1 AND name = ?2 AND ended = ?3 AND tries >= ?5";
            let values = params![cli, name, ended.0 as i64, now.0 as i64, TRIES_MAX];
            if write.execute(given_up, values)? > 0 {
                write.commit()?;
                return Ok(Reserved::GivenUp);
            }
            let spent = spent_on(&write, day_of(now))?;
            if spent.saturating_add(attempt.at_most) > attempt.daily_budget {
                return Ok(Reserved::No);
            }
            let insert = "INSERT INTO spending (day, time, model, reserved, cli, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            write.execute(insert, params![day_of(now), now.0 as i64, model, at_most as i64, cli, name])?;
            let id = write.last_insert_rowid();
            // By count and not by day: a clock that went wrong for a moment forgets nothing.
            write.execute("DELETE FROM spending WHERE id <= ?1", [id - KEPT_MAX])?;
            // What came to a conversation makes it another one, which has all its tries again.
            let upsert = "INSERT INTO job (cli, name, state, ended, tries, why, time) VALUES (?1, ?2, 'waits', ?3, 1, ?4, ?5)
                 ON CONFLICT DO UPDATE SET state = 'waits', tries = iif(ended = excluded.ended, tries, 0) + 1,
                 ended = excluded.ended, why = excluded.why, time = excluded.time RETURNING tries";
            let why = "whoever tried it ended in the middle of it";
            let values = params![cli, name, ended.0 as i64, why, now.0 as i64];
            let tries = write.query_row(upsert, values, |row| row.get(0))?;
            write.execute("UPDATE queue SET cli = ?1, name = ?2, spent_why = NULL", [cli, name])?;
            write.commit()?;
            Ok(Reserved::Yes { id, tries })
        };
        said(reserved())
    }

    /// What a day's requests took so far, or may have taken, in millionths of a dollar.
    pub fn spent(&self, now: Time) -> Result<u64> {
        said(spent_on(&self.connection, day_of(now)))
    }

    /// Whether all jobs wait, and for what.
    pub(super) fn pause(&self, now: Time) -> Result<Option<Pause>> {
        let row = |row: &rusqlite::Row| {
            let why: Option<String> = row.get(1)?;
            Ok(Pause { until: Time(row.get::<_, i64>(0)? as u64), why: why.unwrap_or_default() })
        };
        let pause = said(self.connection.query_row("SELECT not_before, why FROM queue", [], row).optional())?;
        let is_true = |pause: &Pause| pause.until > now && pause.until.since(now) <= WAIT_MAX;
        Ok(pause.filter(is_true))
    }

    /// Keeps why a day's budget stopped jobs.
    pub(super) fn tell_spent(&self, now: Time, budget: u64, why: &str) -> Result<()> {
        let update = "UPDATE queue SET spent_day = ?1, spent_budget = ?2, spent_why = ?3";
        said(self.connection.execute(update, params![day_of(now), budget as i64, why])).map(drop)
    }

    /// Why this day's budget stopped jobs, if it did and nobody raised it since.
    pub(super) fn told_spent(&self, now: Time, budget: u64) -> Result<Option<String>> {
        let select = "SELECT spent_why FROM queue WHERE spent_day = ?1 AND spent_budget >= ?2";
        let values = params![day_of(now), budget as i64];
        said(self.connection.query_row(select, values, |row| row.get(0)).optional()).map(Option::flatten)
    }

    /// How often something was purged.
    pub(super) fn purges(&self) -> Result<i64> {
        said(self.connection.query_row("SELECT purges FROM queue", [], |row| row.get(0)))
    }

    /// A conversation that is looked at again then.
    pub(super) fn put_off(
        &mut self,
        (cli, name): (&str, &str),
        ended: Time,
        until: Time,
        now: Time,
    ) -> Result<()> {
        let upsert = "INSERT INTO job (cli, name, state, ended, not_before, time) VALUES (?1, ?2, 'waits', ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET state = 'waits', ended = excluded.ended, not_before = excluded.not_before, tries = 0, why = NULL";
        let values = params![cli, name, ended.0 as i64, until.0 as i64, now.0 as i64];
        said(self.connection.execute(upsert, values)).map(drop)
    }

    /// A conversation that has nothing new to be asked about.
    pub(super) fn pass_over(
        &mut self,
        (cli, name): (&str, &str),
        ended: Time,
        kinds: Kinds,
        now: Time,
    ) -> Result<()> {
        let upsert = "INSERT INTO job (cli, name, state, ended, kinds, time) VALUES (?1, ?2, 'done', ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET state = 'done', ended = excluded.ended, kinds = kinds | excluded.kinds, tries = 0, why = NULL";
        let values = params![cli, name, ended.0 as i64, kinds.bits(), now.0 as i64];
        said(self.connection.execute(upsert, values)).map(drop)
    }

    /// Tries again what was given up, of one conversation or of all, and ends what all wait for; how many that are.
    pub fn retry(&mut self, name: Option<&str>) -> Result<u64> {
        let mut retried = || {
            let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // A request that is under way is the first of the new tries.
            let again = "UPDATE job SET state = 'waits', tries = (cli, name) IS (SELECT cli, name FROM queue), not_before = 0
                 WHERE state IN ('failed', 'waits') AND (?1 IS NULL OR name = ?1 OR substr(name, 1, length(?1)) = ?1)";
            let count = write.execute(again, [name])?;
            write.execute("UPDATE queue SET not_before = 0, failures = 0, why = NULL", [])?;
            write.commit()?;
            Ok(count as u64)
        };
        said(retried())
    }

    /// Makes the indexes anew, in which words that are gone stand until then, and empties the log of changes, in which is what was.
    pub(super) fn forget_changes(&self) -> Result<()> {
        said(self.connection.execute_batch(
            "INSERT INTO piece_words (piece_words) VALUES ('rebuild'); INSERT INTO piece_letters (piece_letters) VALUES ('rebuild');
             VACUUM",
        ))?;
        for _ in 0..CHECKPOINTS {
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            if !said(self.connection.query_row(sql, [], |row| row.get::<_, bool>(0)))? {
                return Ok(());
            }
        }
        Err(Error::Query(
            "somebody reads what models made of conversations all the time, so that what was purged is still in its log; end that \
             and purge again"
                .to_owned(),
        ))
    }
}

/// Since 1970, in UTC.
pub(super) fn day_of(now: Time) -> i64 {
    (now.0 / DAY_US) as i64
}

/// When the next day's budget begins.
pub fn next_day(now: Time) -> Time {
    Time((now.0 / DAY_US + 1) * DAY_US)
}

/// How often something was tried, as it is told; a retry in the midst of a request once left a negative figure.
pub(super) fn tries(kept: i64) -> u32 {
    kept.clamp(0, TRIES_MAX.into()) as u32
}

fn spent_on(connection: &Connection, day: i64) -> rusqlite::Result<u64> {
    // A negative figure is a sum that ran over. TOTAL() never does.
    let select =
        "SELECT CAST(TOTAL(iif(settled >= 0, settled, reserved)) AS INTEGER) FROM spending WHERE day = ?1";
    connection.query_row(select, [day], |row| row.get::<_, i64>(0)).map(|sum| sum.max(0) as u64)
}
