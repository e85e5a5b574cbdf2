//! Projects: the folders in which conversations and sessions were, brought together by what they belong to.

mod detect;
mod known;
mod list;

pub use detect::{Detected, Kind, detect};
pub use list::{Day, Failing, Need, Project, Summary, list, summary};

use crate::Result;
use crate::store::Store;
use known::Known;
pub(crate) use known::forget;
use session::registry::Registry;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of a project in interfaces: the same as long as its root is.
pub fn key(root: &Path) -> String {
    adapter::digest(root.as_os_str().as_encoded_bytes())
}

impl Store {
    /// The project of a folder, as it is now or was when it was there.
    pub fn project_of(&self, folder: &Path) -> Result<Option<Project>> {
        if folder.is_dir() {
            return Ok(detect(folder).as_ref().map(Project::of));
        }
        Ok(self.folders()?.get(folder.to_string_lossy().as_ref()).map(Project::of))
    }
}

/// Which folders are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    /// Those of conversations of which nothing is known yet.
    New,
    /// All, also those of sessions: a folder may have become a repository.
    All,
}

/// Finds the projects of folders in which conversations and sessions were.
pub(crate) fn find(store: &mut Store, state: &Path, registry: &Registry, look: Look) -> Result<()> {
    let known_to_store = store.folders()?;
    let mut folders: BTreeSet<String> = store.folders_of_no_project()?.into_iter().collect();
    if look == Look::All {
        folders.extend(known_to_store.keys().cloned());
        let sessions = registry.list()?.into_iter().flatten();
        folders.extend(sessions.map(|entry| entry.meta.cwd));
    }
    if folders.is_empty() {
        return Ok(());
    }
    let mut known = Known::load(state)?;
    let mut changed = Vec::new();
    for folder in folders {
        let path = Path::new(&folder);
        // The recordings of others have no folder.
        let Some(found) = detect(path) else { continue };
        let project = if path.is_dir() {
            known.keep(&folder, &found)?;
            found
        } else {
            known.get(&folder).cloned().unwrap_or(found)
        };
        if known_to_store.get(&folder) != Some(&project) {
            changed.push((folder, project));
        }
    }
    store.set_projects(&changed)
}
