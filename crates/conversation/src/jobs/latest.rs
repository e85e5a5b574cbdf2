//! The conversations that had their turn last, each with what it cost.

use super::budget::tries;
use crate::Result;
use crate::store::{Store, TITLE};
use protocol::Time;
use serde::Serialize;

/// Conversations that are told.
const LATEST_MAX: usize = 100;

/// A conversation about which a model was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Latest {
    /// The CLI.
    pub cli: String,
    /// Its id.
    pub conversation: String,
    /// What it is called.
    pub title: Option<String>,
    /// `running`, `done`, `waits` where it is tried again, `failed` where it was given up.
    pub state: String,
    /// What all requests about it cost, or may have cost, in millionths of a dollar; those before a purge are not known any more.
    pub cost: u64,
    /// The model that answered last.
    pub model: Option<String>,
    /// How often it was tried since something came to it.
    pub tries: u32,
    /// Why it failed, and what to do about it.
    pub why: Option<String>,
    /// When it had its turn last.
    pub time: Time,
    /// When it is tried again.
    pub again: Option<Time>,
}

/// The latest first. Those of which nothing was asked, as nobody said anything in them, are left out.
pub(super) fn latest(store: &Store) -> Result<Vec<Latest>> {
    if !store.has_pieces()? {
        return Ok(Vec::new());
    }
    let select = format!(
        "SELECT job.cli, job.name, COALESCE({TITLE}, made.title), job.state,
             COALESCE((SELECT SUM(COALESCE(s.settled, s.reserved)) FROM jobs.spending s WHERE s.cli = job.cli AND s.name = job.name), 0),
             made.model, job.tries, job.why, job.time, job.not_before
         FROM jobs.job LEFT JOIN jobs.made ON made.cli = job.cli AND made.name = job.name
         LEFT JOIN conversation c ON c.cli = job.cli AND c.name = job.name
         WHERE job.state <> 'done' OR made.cli IS NOT NULL ORDER BY job.time DESC, job.cli, job.name LIMIT {LATEST_MAX}"
    );
    let mut select = store.reading().prepare_cached(&select)?;
    let rows = select.query_map([], |row| {
        let (state, again): (String, i64) = (row.get(3)?, row.get(9)?);
        Ok(Latest {
            cli: row.get(0)?,
            conversation: row.get(1)?,
            title: row.get(2)?,
            cost: row.get::<_, i64>(4)? as u64,
            model: row.get(5)?,
            tries: tries(row.get(6)?),
            why: row.get(7)?,
            time: Time(row.get::<_, i64>(8)? as u64),
            again: Some(Time(again as u64)).filter(|again| state == "waits" && again.0 > 0),
            state,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
