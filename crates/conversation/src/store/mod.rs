//! The store of conversations: one SQLite file, all of it derived.
//!
//! Whoever writes holds a lock on a file beside it for that time; readers need none. A file of an older version is brought
//! up to date when it is opened to be written; one of a newer version is refused.

mod deadline;
mod filter;
mod find;
mod made;
mod mentions;
mod pieces;
mod projects;
mod purge;
mod read;
mod readers;
mod recall;
mod refused;
mod relations;
mod rows;
mod stretch;
mod told;
mod window;
mod write;

pub use deadline::Limit;
pub use filter::Filter;
pub use find::{By, Hit};
pub(crate) use find::{Candidate, Lookup, SCORED_CHARS};
pub use made::{Finding, Made};
pub use mentions::{Asked, Mentioned};
pub(crate) use projects::Spent;
pub(crate) use read::TITLE;
pub use read::{Brief, Conversation, Listed, Total};
pub use readers::Readers;
pub(crate) use recall::{Said, Talk};
pub(crate) use relations::Step;
pub use relations::{AskedRelations, Related, Thing};
pub use stretch::{Middle, Part, Stretch};
pub(crate) use told::TAPPED;
pub use window::Window;
pub(crate) use write::{Cursor, Writing};

use crate::ledger::{Ledger, attach};
use crate::steps::{Steps, version_of};
use crate::{Error, Result};
use deadline::Deadline;
use llm::price::Prices;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::{FlockOperation, flock};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const STEPS: Steps = Steps(&[
    include_str!("schema.sql"),
    concat!(include_str!("../vectors.sql"), include_str!("vectors_of_entries.sql")),
    include_str!("projects.sql"),
    include_str!("relations.sql"),
    include_str!("index.sql"),
    include_str!("refused.sql"),
    include_str!("told.sql"),
]);
/// The version from which on there are vectors.
const WITH_VECTORS: usize = 2;
/// The version from which on there are relations.
const WITH_RELATIONS: usize = 4;
/// How long a reader waits for a writer at most, who holds the file itself only for a moment.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

/// What models made of conversations is joined to be read alone.
const JOINS: OpenFlags = OpenFlags::SQLITE_OPEN_URI;

/// Between two looks whether the one who writes it has left.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// The store, open.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    prices: OnceCell<Prices>,
    deadline: Deadline,
    touched: BTreeSet<(String, String)>,
    /// What was said of agents, which nobody was told yet.
    said: Vec<crate::witness::Said>,
    /// Held by whoever may write.
    lock: Option<File>,
}

impl Store {
    /// Where it lies in an instance's state.
    pub fn path(state: &Path) -> PathBuf {
        state.join("conversation.db")
    }

    /// Opens it to write; `None` while somebody else does.
    pub fn open_to_write(state: &Path) -> Result<Option<Self>> {
        let path = Self::path(state);
        let lock = path.with_extension("lock");
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(failed(state))?;
        let lock_file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&lock).map_err(failed(&lock))?;
        match flock(&lock_file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(failed(&lock)(error.into())),
        }
        Self::made(&path, Some(lock_file)).map(Some)
    }

    /// The same, and asks whoever follows the CLIs to let go for a while.
    pub fn open_to_write_within(state: &Path, limit: Duration) -> Result<Option<Self>> {
        let path = Self::path(state).with_extension("wanted");
        let failed = |source| Error::Io { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(state).map_err(failed)?;
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        // Held until this returns; of two that wait each may come first.
        let wanted = made.map_err(failed)?;
        let _ = flock(&wanted, FlockOperation::NonBlockingLockExclusive);
        let end = Instant::now() + limit;
        loop {
            match Self::open_to_write(state)? {
                None if Instant::now() < end => std::thread::sleep(TRY_EVERY),
                store => return Ok(store),
            }
        }
    }

    /// Its file.
    pub(crate) fn file(&self) -> &Path {
        &self.path
    }

    /// Whether no file was ever read.
    pub(crate) fn is_new(&self) -> Result<bool> {
        let select = "SELECT NOT EXISTS (SELECT 1 FROM file)";
        Ok(self.connection.query_row(select, [], |row| row.get(0))?)
    }

    /// Whether somebody waits to write it.
    pub(crate) fn is_wanted(state: &Path) -> bool {
        let wanted = File::open(Self::path(state).with_extension("wanted"));
        wanted.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
    }

    fn made(path: &Path, lock: Option<File>) -> Result<Self> {
        // SQLite gives its other files the mode of this one.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        made.map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let mut store = Self::of(Connection::open(path)?, path, lock)?;
        // A power cut may cost the last moments, which are read from the archive again.
        store.connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        let version = STEPS.bring_up(&mut store.connection)?;
        if version > STEPS.version() {
            return Err(Error::Newer { path: path.to_owned(), version });
        }
        let state = path.parent().unwrap_or(path);
        if Ledger::path(state).exists() {
            // One that cannot be brought up to date keeps nobody from conversations.
            let _ = Ledger::open(state);
        }
        store.join_jobs(path)?;
        Ok(store)
    }

    fn of(mut connection: Connection, path: &Path, lock: Option<File>) -> Result<Self> {
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY;",
        )?;
        Ok(Self {
            deadline: Deadline::of(&mut connection)?,
            path: path.to_owned(),
            prices: OnceCell::new(),
            connection,
            touched: BTreeSet::new(),
            said: Vec::new(),
            lock,
        })
    }

    /// Opens it to read; `None` where there is none yet.
    pub fn open(state: &Path) -> Result<Option<Self>> {
        let path = Self::path(state);
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | JOINS)?;
        let store = Self::of(connection, &path, None)?;
        match store.version()? {
            0 => Ok(None),
            version if version > STEPS.version() => Err(Error::Newer { path, version }),
            _ => store.join_jobs(&path).map(|()| Some(store)),
        }
    }

    /// Another connection to write with, for who works beside the one that holds the lock; `None` where there is no store yet.
    pub(crate) fn open_beside(state: &Path) -> Result<Option<Self>> {
        let path = Self::path(state);
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | JOINS)?;
        let store = Self::of(connection, &path, None)?;
        store.connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
        store.join_jobs(&path)?;
        Ok(Some(store).filter(|store| store.is_present().is_ok_and(|is_present| is_present)))
    }

    /// Gives up whatever is asked, that long from now, for as long as the limit is kept.
    pub fn within(&self, time: Duration) -> Limit<'_> {
        self.deadline.set(time)
    }

    /// Whether it was opened to write, and nobody else writes.
    pub fn may_write(&self) -> bool {
        self.lock.is_some()
    }

    /// Whether it may have vectors: one that nobody has brought up to date yet has no table of them.
    pub(crate) fn has_vectors(&self) -> Result<bool> {
        Ok(self.version()? >= WITH_VECTORS)
    }

    /// Whether nobody must bring it up to date first, which takes long where it is large.
    pub fn is_present(&self) -> Result<bool> {
        Ok(self.version()? == STEPS.version())
    }

    /// For who keeps tables of an own in it.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The same, to read.
    pub(crate) fn reading(&self) -> &Connection {
        &self.connection
    }

    /// The prices that hold in an instance.
    pub(crate) fn prices_of(state: &Path) -> Result<Prices> {
        prices(&Self::path(state))
    }

    /// Reads what models made of conversations beside what was said in them.
    fn join_jobs(&self, path: &Path) -> Result<()> {
        attach(&self.connection, path.parent().unwrap_or(path))
    }

    /// Whether the file of jobs is read beside it.
    pub(crate) fn has_jobs(&self) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'jobs')";
        Ok(self.connection.query_row(select, [], |row| row.get(0))?)
    }

    /// Empties it: everything in it can be made again.
    pub fn anew(self, state: &Path) -> Result<Self> {
        let path = Self::path(state);
        let Self { connection, lock, .. } = self;
        drop(connection);
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            match std::fs::remove_file(&name) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::Io { path: name.into(), source });
                }
                _ => {}
            }
        }
        Self::made(&path, lock)
    }

    /// Read when something is priced: a slip in the user's list is told there, and stops nothing else.
    fn prices(&self) -> Result<&Prices> {
        if let Some(prices) = self.prices.get() {
            return Ok(prices);
        }
        let prices = prices(&self.path)?;
        Ok(self.prices.get_or_init(|| prices))
    }

    fn version(&self) -> Result<usize> {
        Ok(version_of(&self.connection, "main")?)
    }
}

/// Whether stores of an older version lack a table.
pub(crate) fn came_later(table: &str) -> bool {
    let made = format!("CREATE TABLE {table} (");
    STEPS.0[1..].iter().any(|step| step.contains(&made))
}

/// Prices: the list that is built in, and what the user's file beside the store says otherwise.
fn prices(store: &Path) -> Result<Prices> {
    let path = path_of_prices(store);
    match std::fs::read_to_string(&path) {
        Ok(text) => Prices::with(&text).map_err(|source| Error::Prices { path, source }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Prices::list()),
        Err(source) => Err(Error::Io { path, source }),
    }
}

/// Where the user's list of prices lies.
fn path_of_prices(store: &Path) -> PathBuf {
    store.with_file_name("prices.json")
}

#[cfg(test)]
mod tests;
