//! `jobs.db` beside the store: what models made adds to conversations, and keeps nobody from reading them.

use super::{Ledger, STEPS};
use crate::steps::version_of;
use crate::{Error, Result};
use rusqlite::{Connection, ffi};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Tables that the store joins with its own.
const JOINED: &[&str] = &["made", "told", "job"];

/// What a file is, and how it was written last.
type Facts = (u64, u64, u64, i64, i64);

/// The file that was found sound last: it is looked through once.
static SOUND: Mutex<Option<Facts>> = Mutex::new(None);

/// Lets a connection to the store read it under the names of its tables. Where it is not there, not readable or damaged, there
/// are empty ones.
pub(crate) fn attach(connection: &Connection, state: &Path) -> Result<()> {
    let path = Ledger::path(state);
    if let Some(text) = path.to_str().filter(|_| path.exists()) {
        // To read alone: a transaction that may write locks every file that it could write, and intake waits for no job.
        let address = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let is_known =
            connection.execute("ATTACH DATABASE ?1 AS jobs", [format!("file:{address}?mode=ro")]).is_ok();
        // An older one has the tables that are joined, and waits for who may write it.
        let is_present =
            || version_of(connection, "jobs").is_ok_and(|version| (1..=STEPS.version()).contains(&version));
        if is_known && is_present() && is_sound(connection, &path) {
            return Ok(());
        }
        let _ = is_known.then(|| connection.execute_batch("DETACH DATABASE jobs"));
    }
    Ok(connection.execute_batch(include_str!("joined.sql"))?)
}

/// Whether all pages of the tables that are joined hold together: a damaged one would make every conversation unreadable.
fn is_sound(connection: &Connection, path: &Path) -> bool {
    let facts = std::fs::metadata(path)
        .map(|facts| (facts.dev(), facts.ino(), facts.size(), facts.mtime(), facts.mtime_nsec()));
    let Ok(facts) = facts else { return false };
    if *SOUND.lock().unwrap_or_else(PoisonError::into_inner) == Some(facts) {
        return true;
    }
    let check = |table: &&str| {
        let pragma = format!("PRAGMA jobs.quick_check('{table}')");
        connection.query_row(&pragma, [], |row| row.get::<_, String>(0)).is_ok_and(|said| said == "ok")
    };
    let is_sound = JOINED.iter().all(check);
    if is_sound {
        *SOUND.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
    }
    is_sound
}

/// Said to who would pay for what is in a file that cannot be read.
pub(crate) fn damaged() -> Error {
    let code = ffi::Error::new(ffi::SQLITE_CORRUPT);
    Error::Jobs(rusqlite::Error::SqliteFailure(
        code,
        Some("the file cannot be read, or is damaged".to_owned()),
    ))
}

#[test]
fn the_empty_tables_have_the_form_of_those_in_the_file() {
    let shape = |sql: &str, schema: &str| {
        let connection = Connection::open_in_memory().expect("memory");
        connection.execute_batch(sql).expect("tables");
        let columns = |table: &&str| {
            let select = format!(
                "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info('{table}', '{schema}')"
            );
            let mut select = connection.prepare(&select).expect("a statement");
            let row =
                |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
            let rows = select.query_map([], row).expect("columns");
            rows.collect::<rusqlite::Result<Vec<(String, String, bool, Option<String>, i64)>>>()
                .expect("rows")
        };
        JOINED.iter().map(columns).collect::<Vec<_>>()
    };
    let empty = shape(include_str!("joined.sql"), "temp");
    assert!(empty.iter().all(|columns| columns.len() > 4), "{empty:?}");
    assert_eq!(empty, shape(&STEPS.0.join(";"), "main"));
}
