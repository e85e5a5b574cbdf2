//! `jobs.db`: what models made of conversations, how far each came, and what was spent.
//!
//! It is no part of the store, which can be made again from archive and journals: this cost money. What it costs and whose turn
//! it is, [`jobs`](crate::jobs) says; the store reads it beside its own file ([`attach`]).

mod attach;

pub(crate) use attach::{attach, damaged};

use crate::steps::Steps;
use crate::{Error, Result};
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

const STEPS: Steps =
    Steps(&[include_str!("schema.sql"), concat!(include_str!("../vectors.sql"), include_str!("pieces.sql"))]);
/// The version from which on there are pieces to search.
pub(crate) const WITH_PIECES: usize = 2;
/// How long another who writes is waited for: each holds the file for a moment.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// The file, open to write.
pub struct Ledger {
    pub(crate) connection: Connection,
}

impl Ledger {
    /// Where it lies in an instance's state.
    pub fn path(state: &Path) -> PathBuf {
        state.join("jobs.db")
    }

    /// Opens it, and makes it where there is none yet.
    pub fn open(state: &Path) -> Result<Self> {
        let path = Self::path(state);
        // SQLite gives its other files the mode of this one.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        made.map_err(|source| Error::Io { path: path.clone(), source })?;
        let mut connection = Connection::open(&path).map_err(Error::Jobs)?;
        let version = prepare(&mut connection).map_err(Error::Jobs)?;
        if version > STEPS.version() {
            return Err(Error::Newer { path, version });
        }
        Ok(Self { connection })
    }
}

pub(crate) fn said<T>(result: rusqlite::Result<T>) -> Result<T> {
    result.map_err(Error::Jobs)
}

/// Brings it up to date; the version that was found.
fn prepare(connection: &mut Connection) -> rusqlite::Result<usize> {
    connection.busy_timeout(BUSY_WITHIN)?;
    // What was paid for outlives the loss of power.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;",
    )?;
    STEPS.bring_up(connection)
}
