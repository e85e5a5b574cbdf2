//! What can go wrong, by what can be done about it.

use std::path::PathBuf;

/// Why something of a conversation cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk, or a file's rights.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store does not work.
    #[error("the store of conversations: {0}; `centerfire import --rebuild` makes it anew")]
    Store(rusqlite::Error),
    /// The disk does not let the store be written.
    #[error("the store of conversations: {0}; it goes on once there is room and it may be written")]
    Disk(rusqlite::Error),
    /// The store was made by a newer version.
    #[error(
        "{} is of version {version}, which this program does not know; use the newer one, or remove the file: it is made again",
        path.display()
    )]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        version: usize,
    },
    /// The store was made by an older version, and nobody has written it since.
    #[error(
        "the store of conversations is of an older version, without what is asked for; `centerfire import` brings it up to date"
    )]
    Older,
    /// It took longer than who asks may wait.
    #[error("the store of conversations did not answer in time; try again in a moment")]
    Late,
    /// The file of background jobs does not work.
    #[error(
        "what models made of conversations (jobs.db): {0}; where the file is damaged, move it away: a new one is begun, and what it \
         had is paid for again"
    )]
    Jobs(rusqlite::Error),
    /// Nobody could say what a model spends.
    #[error(
        "no price is known of the model `{model}`, so that no budget could be kept: give one in {}, or choose another with \
         `jobs.model` (docs/jobs.md)",
        path.display()
    )]
    NoPrice {
        /// The model.
        model: String,
        /// The user's list of prices.
        path: PathBuf,
    },
    /// The user's list of prices cannot be read.
    #[error("{}: {source}; mend it, or remove it and the prices that are built in hold", path.display())]
    Prices {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: serde_json::Error,
    },
    /// More is not kept.
    #[error("{0}")]
    Full(String),
    /// A search that is none.
    #[error("{0}")]
    Query(String),
    /// The model of search by meaning does not work.
    #[error(transparent)]
    Model(crate::embed::Error),
    /// Search by meaning is not ready yet, or the model failed a moment ago.
    #[error("{0}")]
    NotReady(String),
    /// A file was left out; it is tried again.
    #[error("{}: {why} (left out)", path.display())]
    LeftOut {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// There is no model, and one is needed.
    #[error(
        "search by meaning needs a model, and there is none: `centerfire models list` shows how to get one, or set \
         `search.endpoint`; --mode words searches without"
    )]
    NoModel,
    /// A recording cannot be read.
    #[error(transparent)]
    Session(#[from] session::Error),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(Code::OperationInterrupted | Code::DatabaseBusy | Code::DatabaseLocked) => Self::Late,
            Some(Code::DiskFull | Code::ReadOnly | Code::SystemIoFailure) => Self::Disk(error),
            // Who reads takes a store as it is: what one of an older version lacks shows when it is asked for.
            _ if missing_table(&error.to_string()).is_some_and(crate::store::came_later) => Self::Older,
            _ => Self::Store(error),
        }
    }
}

/// The table that is not there, by what SQLite says.
fn missing_table(message: &str) -> Option<&str> {
    let (_, after) = message.split_once("no such table: ")?;
    let name = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').next()?;
    name.rsplit('.').next()
}

#[test]
fn a_slip_in_our_own_words_is_no_older_store() {
    let empty = rusqlite::Connection::open_in_memory().expect("memory");
    for (table, is_older) in [("project", true), ("main.relation", true), ("projct", false), ("made", false)]
    {
        let error = empty.prepare(&format!("SELECT 1 FROM {table} WHERE 1")).expect_err("it is empty");
        assert_eq!(matches!(Error::from(error), Error::Older), is_older, "{table}");
    }
}

/// With [`Error`].
pub type Result<T> = std::result::Result<T, Error>;
