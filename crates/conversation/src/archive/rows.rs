//! The rows of a CLI's database, each a line: appended as they come and change.
//!
//! Beside them, in `NAME.rows.at`, stands how far the database was asked, and which rows came last: they come once more at the
//! next question. It is written behind the rows, so that a death in between costs nothing but rows that are there twice.

use crate::{Error, Result, durable};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the CLI may hold its database.
const BUSY_WITHIN: Duration = Duration::from_secs(2);
const SUFFIX: &str = ".rows";
const AT_SUFFIX: &str = ".rows.at";

/// How far a database was asked.
#[derive(Default, Serialize, Deserialize)]
struct At {
    number: i64,
    /// Digests of the rows with that number.
    last: BTreeSet<String>,
}

/// The name of the rows of a database.
pub(super) fn name(database: &str) -> String {
    format!("{database}{SUFFIX}")
}

/// The name of the database of which these are the rows.
pub(super) fn original(name: &str) -> &str {
    name.strip_suffix(SUFFIX).unwrap_or(name)
}

/// Whether a file is no copy, but tells how far one is.
pub(super) fn is_mark(name: &str) -> bool {
    name.ends_with(AT_SUFFIX)
}

/// Appends the rows that are new.
pub(super) fn copy(database: &Path, rows: &Path, changes: &str) -> Result<()> {
    let mark = PathBuf::from(format!("{}.at", rows.display()));
    let at: At =
        fs::read(&mark).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let unreadable = |error: rusqlite::Error| Error::Io {
        path: database.to_owned(),
        source: std::io::Error::other(error),
    };
    let connection =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(unreadable)?;
    connection.busy_timeout(BUSY_WITHIN).map_err(unreadable)?;
    let mut select = connection.prepare(changes).map_err(unreadable)?;
    let mut found = select.query([at.number]).map_err(unreadable)?;
    let (mut lines, mut next) = (Vec::new(), At { number: at.number, last: at.last.clone() });
    while let Some(row) = found.next().map_err(unreadable)? {
        let number: i64 = row.get(0).map_err(unreadable)?;
        let record: String = row.get(1).map_err(unreadable)?;
        let digest = adapter::digest(record.as_bytes());
        if number > next.number {
            next = At { number, last: BTreeSet::new() };
        }
        if number == next.number {
            next.last.insert(digest.clone());
        }
        if number != at.number || !at.last.contains(&digest) {
            // JSON has no line's end but between its parts.
            lines.extend(record.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
            lines.push(b'\n');
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(rows);
    let written = file.and_then(|mut file| file.write_all(&lines));
    written.map_err(|source| Error::Io { path: rows.to_owned(), source })?;
    durable::write(&mark, &serde_json::to_vec(&next).unwrap_or_default())
}
