//! What waits, runs, failed and was spent, for people and programs.

use super::budget::{next_day, tries};
use super::due;
use super::latest::{Latest, latest};
use super::work::lock_path;
use super::{Choice, Kinds, Settings};
use crate::Result;
use crate::ledger::{Ledger, said};
use crate::store::Store;
use protocol::Time;
use rusqlite::OptionalExtension as _;
use rustix::fs::{FlockOperation, flock};
use serde::Serialize;
use std::fs::File;
use std::path::Path;

/// Conversations that are told.
const LISTED_MAX: usize = 100;
/// How it is turned on.
const OFF: &str = "off: set `jobs.endpoint` to a server that speaks as Anthropic's Messages API does, or `jobs.key_env` to the \
                   name of the variable that holds a key; docs/jobs.md tells more";

/// All that is known of jobs.
#[derive(Clone, PartialEq, Default, Debug, Serialize)]
pub struct Overview {
    /// `off`, `on`, or `wrong` where the configuration must be changed first.
    pub state: &'static str,
    /// Why nothing is done just now, and what to do about it.
    pub why: Option<String>,
    /// When that is over by itself, in microseconds since 1970.
    pub until: Option<Time>,
    /// Where requests go.
    pub endpoint: Option<String>,
    /// The model that is asked.
    pub model: Option<String>,
    /// What is made.
    pub kinds: Option<Kinds>,
    /// What may be spent in a day, in millionths of a dollar.
    pub budget: Option<u64>,
    /// What was spent today, or may have been, likewise.
    pub spent: u64,
    /// When the next day's budget begins, at midnight UTC.
    pub resets: Time,
    /// The conversation about which a model is asked now.
    pub running: Option<Running>,
    /// Conversations that are new, that changed, or are tried again.
    pub waiting: u64,
    /// Those that are done.
    pub done: u64,
    /// Those that were given up.
    pub failed: u64,
    /// Those that were given up or are tried again, the latest first, 100 at most.
    pub failures: Vec<Given>,
    /// Those about which a model was asked last, the latest first, 100 at most.
    pub latest: Vec<Latest>,
}

/// A conversation by its CLI and the CLI's own id.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Running {
    /// The CLI.
    pub cli: String,
    /// Its id.
    pub conversation: String,
}

/// One that failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Given {
    /// The CLI.
    pub cli: String,
    /// Its id.
    pub conversation: String,
    /// Whether it was given up, or is tried again.
    pub is_given_up: bool,
    /// How often it was tried.
    pub tries: u32,
    /// Why it failed, and what to do about it.
    pub why: String,
    /// When it was tried last.
    pub time: Time,
    /// When it is tried again.
    pub again: Option<Time>,
}

impl Overview {
    /// What is known now.
    pub fn read(state: &Path, choice: &Choice, now: Time) -> Result<Self> {
        let mut overview = Self { resets: next_day(now), ..Self::default() };
        match choice {
            Choice::Off => (overview.state, overview.why) = ("off", Some(OFF.to_owned())),
            Choice::Wrong(why) => (overview.state, overview.why) = ("wrong", Some(why.clone())),
            Choice::On(settings) => overview.tell_settings(settings),
        }
        if Ledger::path(state).exists() {
            overview.tell_jobs(state, now)?;
        }
        if let Some(store) = Store::open(state)? {
            if let Choice::On(settings) = choice {
                if Ledger::path(state).exists() {
                    due::check(&store)?;
                }
                overview.waiting = due::count(&store, settings.kinds)?;
            }
            overview.latest = latest(&store)?;
            let running = overview.running.as_ref();
            let is_running = |one: &Latest| {
                running.is_some_and(|it| (&it.cli, &it.conversation) == (&one.cli, &one.conversation))
            };
            for one in overview.latest.iter_mut().filter(|one| is_running(one)) {
                (one.state, one.why, one.again) = ("running".to_owned(), None, None);
            }
        }
        if let Choice::On(settings) = choice
            && Store::prices_of(state)?.of(&settings.model).is_none()
        {
            let path = state.join("prices.json");
            let error = crate::Error::NoPrice { model: settings.model.clone(), path };
            (overview.state, overview.why, overview.until) = ("wrong", Some(error.to_string()), None);
        }
        Ok(overview)
    }

    fn tell_settings(&mut self, settings: &Settings) {
        self.state = "on";
        self.endpoint = Some(settings.endpoint.clone());
        self.model = Some(settings.model.clone());
        self.kinds = Some(settings.kinds);
        self.budget = Some(settings.daily_budget);
    }

    fn tell_jobs(&mut self, state: &Path, now: Time) -> Result<()> {
        let ledger = Ledger::open(state)?;
        self.spent = ledger.spent(now)?;
        if let Some(pause) = ledger.pause(now)?
            && self.state == "on"
        {
            (self.why, self.until) = (Some(pause.why), Some(pause.until));
        }
        if let (None, Some(budget)) = (&self.why, self.budget) {
            self.why = ledger.told_spent(now, budget)?;
            self.until = self.why.is_some().then(|| next_day(now));
        }
        let count = |sql: &str| said(ledger.connection.query_row(sql, [], |row| row.get::<_, i64>(0)));
        self.done = count("SELECT COUNT(*) FROM made")? as u64;
        self.failed = count("SELECT COUNT(*) FROM job WHERE state = 'failed'")? as u64;
        self.failures = said(failures(&ledger))?;
        if is_locked(state) {
            let row = |row: &rusqlite::Row| {
                let (cli, name): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
                Ok(cli.zip(name).map(|(cli, conversation)| Running { cli, conversation }))
            };
            let select = "SELECT cli, name FROM queue";
            self.running = said(ledger.connection.query_row(select, [], row).optional())?.flatten();
            // Who is asked about now has not failed.
            let running = self.running.clone();
            self.failures.retain(|one| {
                running.as_ref().is_none_or(|it| (&it.cli, &it.conversation) != (&one.cli, &one.conversation))
            });
        }
        Ok(())
    }
}

fn failures(ledger: &Ledger) -> rusqlite::Result<Vec<Given>> {
    let select = format!(
        "SELECT cli, name, state = 'failed', tries, COALESCE(why, ''), time, not_before FROM job
         WHERE state = 'failed' OR (state = 'waits' AND why IS NOT NULL) ORDER BY time DESC, cli, name LIMIT {LISTED_MAX}"
    );
    let mut select = ledger.connection.prepare(&select)?;
    let rows = select.query_map([], |row| {
        let (is_given_up, again): (bool, i64) = (row.get(2)?, row.get(6)?);
        Ok(Given {
            cli: row.get(0)?,
            conversation: row.get(1)?,
            is_given_up,
            tries: tries(row.get(3)?),
            why: row.get(4)?,
            time: Time(row.get::<_, i64>(5)? as u64),
            again: Some(Time(again as u64)).filter(|again| !is_given_up && again.0 > 0),
        })
    })?;
    rows.collect()
}

/// Whether somebody is at a job now.
fn is_locked(state: &Path) -> bool {
    let file = File::open(lock_path(state));
    file.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
}
