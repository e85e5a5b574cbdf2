//! Where a copy differs from the CLI's file because something was purged: `NAME.purged` beside it.

use super::Archive;
use crate::durable::write_durably;
use crate::purge::Record;
use crate::{Error, Result};
use adapter::Layout;
use protocol::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const SUFFIX: &str = ".purged";

/// A range of bytes of a copy that is not what the CLI wrote.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Gap {
    pub from: u64,
    pub length: u64,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Gaps {
    gaps: Vec<Gap>,
    /// Of a file that is read whole: what the CLI's own was, by its digest.
    was: Vec<String>,
}

/// Whether a file is no copy, but tells where one was purged.
pub(super) fn is_mark(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

fn path_of(copy: &Path) -> PathBuf {
    PathBuf::from(format!("{}{SUFFIX}", copy.display()))
}

impl Gaps {
    /// Those of a copy; mostly there are none.
    pub fn of(copy: &Path) -> Result<Self> {
        let path = path_of(copy);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| Error::Io { path, source: std::io::Error::other(error) }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(Error::Io { path, source }),
        }
    }

    /// Puts blanks where bytes that stand there were purged.
    pub fn blank(&self, bytes: &mut [u8], from: u64) {
        let end = from + bytes.len() as u64;
        for gap in self.gaps.iter().filter(|gap| gap.from < end && gap.from + gap.length > from) {
            let (first, last) = (gap.from.max(from), (gap.from + gap.length).min(end));
            bytes[(first - from) as usize..(last - from) as usize].fill(b' ');
        }
    }

    /// Whether the CLI's file is what it was when its copy was purged.
    pub fn was(&self, bytes: &[u8]) -> bool {
        !self.was.is_empty() && self.was.contains(&digest(bytes))
    }
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Archive {
    /// What was purged and is not to come back.
    pub(crate) fn purged(&self) -> Result<Record> {
        self.folder.parent().map_or_else(|| Ok(Record::default()), Record::read)
    }

    /// Keeps where a copy is about to differ from what it is a copy of.
    pub(crate) fn add_gaps(&self, name: &str, copy: &Path, gaps: &[Gap], layout: Layout) -> Result<()> {
        let mut known = Gaps::of(copy)?;
        known.gaps.extend(gaps);
        known.gaps.sort();
        known.gaps.dedup();
        let path = path_of(&self.path(name));
        let failed = |source| Error::Io { path: path.clone(), source };
        if layout == Layout::Whole && known.was.is_empty() {
            known.was.push(digest(&fs::read(copy).map_err(failed)?));
        }
        write_durably(&path, &serde_json::to_vec(&known).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_mark_is_as_private_as_the_copy_and_leaves_no_draft() {
        let state = tempfile::tempdir().expect("a folder");
        let archive = Archive::new(state.path());
        let copy = archive.path("a.jsonl");
        fs::create_dir_all(copy.parent().expect("a folder")).expect("a folder");
        fs::write(&copy, "x\n").expect("a copy");
        archive
            .add_gaps("a.jsonl", &copy, &[Gap { from: 0, length: 1 }], Layout::Lines)
            .expect("it is marked");
        let mode = fs::metadata(path_of(&copy)).expect("the mark").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(archive.path("")).expect("the folder").count(), 2);
    }
}
