//! A mark beside the store while conversations in it may be halves: in a rebuild, in the first intake of all, and within a file
//! that takes more than one batch. Whoever pays for reading them waits.
//!
//! It is a file and no lock, so that what a kill cut short stays marked until somebody has looked at everything.

use crate::store::Store;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Who takes in.
pub(crate) struct Intake {
    path: PathBuf,
    /// Whether there was no mark before.
    is_ours: bool,
}

impl Intake {
    /// Marks it. Where the disk refuses, it also refuses what would be read.
    pub fn begin(store: &Path) -> Self {
        let path = path(store);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        Self { path, is_ours: made.is_ok() }
    }

    /// Ends what was begun here: what was cut short before is still marked.
    pub fn end(self) {
        if self.is_ours {
            let _ = std::fs::remove_file(self.path);
        }
    }

    /// Everything was looked at.
    pub fn end_all(state: &Path) {
        let _ = std::fs::remove_file(path(&Store::path(state)));
    }

    /// Whether conversations in the store of an instance may be halves.
    pub fn is_under_way(state: &Path) -> bool {
        path(&Store::path(state)).exists()
    }
}

fn path(store: &Path) -> PathBuf {
    store.with_extension("intake")
}
