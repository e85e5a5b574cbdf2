//! What was known of folders while they were there: `projects.jsonl` in the state, a line for each time that a folder was
//! found to be of a project. It is no part of the store, which can be made again only of what is still somewhere.

use super::Detected;
use crate::durable::write_durably;
use crate::purge::Text;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The file at most; folders that come then are forgotten when they are gone.
const FILE_MAX_BYTES: u64 = 16 << 20; // 16 MiB

/// The folders of an instance.
pub(super) struct Known {
    path: PathBuf,
    folders: HashMap<String, Detected>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    folder: String,
    #[serde(flatten)]
    project: Detected,
}

impl Known {
    pub(super) fn load(state: &Path) -> Result<Self> {
        let path = state.join("projects.jsonl");
        let mut text = String::new();
        match std::fs::File::open(&path) {
            Ok(file) => file.take(FILE_MAX_BYTES).read_to_string(&mut text).map(drop),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(|source| Error::Io { path: path.clone(), source })?;
        // A line that a death cut is none; the folder is found again.
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        Ok(Self { folders: lines.map(|Line { folder, project }| (folder, project)).collect(), path })
    }

    pub(super) fn get(&self, folder: &str) -> Option<&Detected> {
        self.folders.get(folder)
    }

    /// Keeps what a folder is now.
    pub(super) fn keep(&mut self, folder: &str, project: &Detected) -> Result<()> {
        if self.get(folder) == Some(project) {
            return Ok(());
        }
        let line = Line { folder: folder.to_owned(), project: project.clone() };
        // Begun anew each time, so that what a death cut spoils no other line.
        let text = format!("\n{}\n", serde_json::to_string(&line).unwrap_or_default());
        let written = || {
            let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
            if file.metadata()?.len() + text.len() as u64 > FILE_MAX_BYTES {
                return Ok(());
            }
            file.write_all(text.as_bytes())
        };
        written().map_err(|source| Error::Io { path: self.path.clone(), source })?;
        self.folders.insert(line.folder, line.project);
        Ok(())
    }
}

/// Takes out the lines that have a text. Who calls may write the store, as everybody must who adds lines.
pub(crate) fn forget(state: &Path, text: &Text) -> Result<()> {
    let path = state.join("projects.jsonl");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(Error::Io { path, source }),
    };
    let has = |line: &[u8]| text.out_of(&String::from_utf8_lossy(line)).is_some();
    let kept: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !has(line)).collect();
    let kept = kept.concat();
    if kept == bytes { Ok(()) } else { write_durably(&path, &kept) }
}
