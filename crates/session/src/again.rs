//! What is known of an ended session when its command is to run again.

use crate::registry::{Entry, Registry};
use crate::{Error, Result};
use protocol::Phase;
use std::ffi::OsString;
use std::path::PathBuf;

/// What the new session begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Again {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// Where it starts.
    pub folder: PathBuf,
    /// The old session's name, unless a running one has it now.
    pub name: Option<String>,
    /// Variables that were set for it then, whose values were not kept.
    pub missing: Vec<String>,
}

/// Tells it, unless the session still runs, or nothing of ours ever ran it: the words of a recording are of who made it.
pub fn again(registry: &Registry, entry: &Entry) -> Result<Again> {
    let name = &entry.name;
    if entry.phase == Phase::Running {
        return Err(Error::Running(name.clone()));
    }
    if let Some(imported) = &entry.meta.imported {
        return Err(Error::Imported { name: name.clone(), file: imported.file.clone() });
    }
    let is_free = registry.find(name).is_ok_and(|named| named.phase != Phase::Running);
    Ok(Again {
        words: entry.meta.words(),
        folder: entry.meta.folder(),
        name: is_free.then(|| name.clone()),
        // Every session gets one.
        missing: entry.meta.env.iter().filter(|name| *name != "TERM").cloned().collect(),
    })
}
