//! How the schema of a file of SQLite came to be: each step leads from the version of its place to the next.

use rusqlite::{Connection, TransactionBehavior};

/// The steps of one file.
#[derive(Clone, Copy)]
pub(crate) struct Steps(pub &'static [&'static str]);

impl Steps {
    /// The version to which they lead.
    pub(crate) fn version(self) -> usize {
        self.0.len()
    }

    /// Takes those that a file lacks, all at once: who reads meanwhile sees none that is half made. Gives the version that was
    /// found; a newer one is left as it is, for the caller to refuse.
    pub(crate) fn bring_up(self, connection: &mut Connection) -> rusqlite::Result<usize> {
        let found = version_of(connection, "main")?;
        if found >= self.version() {
            return Ok(found);
        }
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Somebody else may have brought it up since.
        let found = version_of(&write, "main")?;
        if found < self.version() {
            write.execute_batch(&self.0[found..].join(";"))?;
            write.pragma_update(None, "user_version", self.version() as i64)?;
        }
        write.commit()?;
        Ok(found)
    }
}

/// The version of a file that a connection has open under that name.
pub(crate) fn version_of(connection: &Connection, schema: &str) -> rusqlite::Result<usize> {
    let version = connection.query_row(&format!("PRAGMA {schema}.user_version"), [], |row| row.get(0));
    version.map(|version: i64| usize::try_from(version).unwrap_or(usize::MAX))
}
