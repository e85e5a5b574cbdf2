//! Stores that stay open to be read: one that was just asked has at hand what the next question needs.

use super::{Store, path_of_prices};
use crate::Result;
use crate::ledger::Ledger;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Stores that stay open though nobody asks; each keeps 16 MB of its file at most.
const IDLE_MAX: usize = 2;

/// Opens the store of an instance to read it.
pub struct Readers {
    state: PathBuf,
    idle: Mutex<Vec<(Store, Files)>>,
}

/// Which files a store was opened from, with that of the prices and that of jobs: another one may lie in its place.
type Files = [Option<(u64, u64, i64, i64)>; 3];

impl Readers {
    /// Of the instance with this state.
    pub fn new(state: PathBuf) -> Self {
        Self { state, idle: Mutex::default() }
    }

    /// Reads the store; `None` where there is none yet.
    pub fn read<T>(&self, work: impl FnOnce(&Store) -> Result<T>) -> Result<Option<T>> {
        let files = self.files();
        let kept = {
            let mut idle = self.lock();
            idle.retain(|(_, of)| *of == files);
            idle.pop()
        };
        // One that was brought up to date meanwhile, by this version or a newer one, is opened again.
        let store = match kept {
            Some((store, _)) if store.is_present()? => store,
            _ => match Store::open(&self.state)? {
                Some(store) => store,
                None => return Ok(None),
            },
        };
        let done = work(&store)?;
        // One that was opened while the jobs' file was made does not have it.
        let is_whole = files[2].is_none() || store.has_jobs()?;
        let mut idle = self.lock();
        if is_whole && idle.len() < IDLE_MAX {
            idle.push((store, files));
        }
        Ok(Some(done))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Store, Files)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> Files {
        let store = Store::path(&self.state);
        let prices = path_of_prices(&store);
        let is = |facts: Metadata| (facts.dev(), facts.ino(), facts.mtime(), facts.mtime_nsec());
        // Of a store its time says nothing: it is written all the time.
        let of_store =
            |path: &Path| std::fs::metadata(path).ok().map(|facts| (facts.dev(), facts.ino(), 0, 0));
        let jobs = Ledger::path(&self.state);
        [of_store(&store), std::fs::metadata(prices).ok().map(is), of_store(&jobs)]
    }
}
