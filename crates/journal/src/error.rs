//! What can go wrong with a journal, by what the caller may do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A journal's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a journal could not be written or read. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused; a full disk among others. Nothing before is harmed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Bytes that no writer wrote. Later segments can still be read.
    #[error("{}: {why} at byte {position}", path.display())]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Where in it, in bytes of the unpacked segment.
        position: u64,
        /// What is wrong there.
        why: &'static str,
    },
    /// Written by a version that this one cannot read.
    #[error("{}: journal format {found}, but this version reads up to {known}; use a newer centerfire", path.display())]
    Version {
        /// The segment.
        path: PathBuf,
        /// The version it names.
        found: u16,
        /// The newest version known here.
        known: u16,
    },
    /// Another process writes the journal and does not leave.
    #[error(
        "{}: another host has been writing this journal for {} s; end that process, and the session's keeper starts a host",
        path.display(), waited.as_secs()
    )]
    Busy {
        /// The journal's folder.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// There is no journal in that folder.
    #[error("{}: no journal here", .0.display())]
    Missing(PathBuf),
}

impl Error {
    pub(crate) fn io(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { path: path.to_owned(), source: source.into() }
    }
}
