//! Files that are replaced whole, and outlive the loss of power.

use crate::{Error, Result};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A draft, private from its first byte, that takes the place of a file.
pub(crate) struct Draft {
    path: PathBuf,
    to: PathBuf,
    pub file: BufWriter<File>,
}

impl Draft {
    /// Begins one, `TO.new`.
    pub fn of(to: &Path) -> Result<Self> {
        let path = PathBuf::from(format!("{}.new", to.display()));
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(true).write(true).mode(0o600).open(&path);
        let file = BufWriter::new(file.map_err(|source| Error::Io { path: path.clone(), source })?);
        Ok(Self { path, to: to.to_owned(), file })
    }

    /// Puts it into its place, once it is on the disk.
    pub fn replace(self) -> Result<()> {
        let Self { path, to, file } = self;
        let folder = to.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."));
        let replaced = || {
            file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
            fs::rename(&path, &to)?;
            File::open(folder)?.sync_all()
        };
        replaced().map_err(|source| Error::Io { path: to.clone(), source })
    }
}

/// Writes a file so that it is the old or the new one, whatever happens.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut draft = Draft::of(path)?;
    draft.file.write_all(bytes).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    draft.replace()
}
