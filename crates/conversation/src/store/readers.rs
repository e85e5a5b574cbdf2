//! Stores that stay open to be read: one that was just asked has at hand what the next question needs.

use super::{Store, prices_of};
use crate::Result;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Stores that stay open though nobody asks; each keeps 16 MB of its file at most.
const IDLE_MAX: usize = 2;

/// Opens the store of an instance to read it.
pub struct Readers {
    state: PathBuf,
    idle: Mutex<Vec<(Store, Files)>>,
}

/// Which files a store was opened from: another one may lie in its place, or the prices were changed.
type Files = [Option<(u64, u64, i64, i64)>; 2];

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
        let mut idle = self.lock();
        if idle.len() < IDLE_MAX {
            idle.push((store, files));
        }
        Ok(Some(done))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Store, Files)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn files(&self) -> Files {
        let store = Store::path(&self.state);
        let prices = prices_of(&store);
        let is = |facts: Metadata| (facts.dev(), facts.ino(), facts.mtime(), facts.mtime_nsec());
        // Of the store its time says nothing: it is written all the time.
        let store = std::fs::metadata(store).ok().map(|facts| (facts.dev(), facts.ino(), 0, 0));
        [store, std::fs::metadata(prices).ok().map(is)]
    }
}
