//! Files of the state that are replaced whole. Whoever writes them holds the lock of the store, so that a draft needs no name of
//! its own: what a death leaves is overwritten by the next, and `purge` finds it.

use crate::{Error, Result};
use session::draft::Draft;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The ending of a draft's name.
const DRAFT: &str = "new";

/// Whether a file is none yet.
pub(crate) fn is_draft(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == DRAFT)
}

/// Begins what is to take the place of a file, `TO.new`.
pub(crate) fn draft(to: &Path) -> Result<Draft> {
    Draft::at(PathBuf::from(format!("{}.{DRAFT}", to.display())), to).map_err(of(to))
}

/// Writes a file so that every reader sees the old or the new one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = draft(path)?;
    draft.file.write_all(bytes).and_then(|()| draft.replace()).map_err(of(path))
}

/// Writes a file so that it is the old or the new one, whatever happens.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = draft(path)?;
    draft.file.write_all(bytes).and_then(|()| draft.replace_durably()).map_err(of(path))
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { path: path.to_owned(), source }
}
