//! Files of JSON, a line for each thing that was told, one file for each conversation. What cannot be written is refused, and
//! harms nothing that was.

use crate::{Error, Result};
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What is kept of one conversation.
const FILE_MAX_BYTES: u64 = 64 << 20; // 64 MiB
/// Files of one folder. Each is watched and looked at again and again.
const FILES_MAX: usize = 10_000;
/// Characters of a conversation's name.
const NAME_MAX: usize = 64;

/// The file of one conversation.
pub struct LineFile<'a> {
    folder: &'a Path,
    path: PathBuf,
}

impl<'a> LineFile<'a> {
    /// That of a conversation in a folder; `None` where its name is none for a file.
    pub fn of(folder: &'a Path, conversation: &str) -> Option<Self> {
        let path = || folder.join(format!("{conversation}.jsonl"));
        is_name(conversation).then(|| Self { folder, path: path() })
    }

    /// Appends JSON as a line.
    pub fn append(&self, json: &[u8]) -> Result<()> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        make_folder(self.folder)?;
        if !self.path.exists() {
            // Those who come at one moment may make some more.
            let files = self.folder.read_dir().map_err(failed(self.folder))?.take(FILES_MAX).count();
            if files == FILES_MAX {
                let more = "go on with one of them, or move some away: they stay in the store";
                return Err(Error::Full(format!(
                    "{} has {FILES_MAX} conversations; {more}",
                    self.folder.display()
                )));
            }
        }
        // Begun anew each time, so that what a full disk cut spoils no other line. Between words of JSON a line feed is a space.
        let words = json.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte });
        let line: Vec<u8> = [b'\n'].into_iter().chain(words).chain([b'\n']).collect();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path)
            .map_err(failed(&self.path))?;
        if file.metadata().map_err(failed(&self.path))?.len() + line.len() as u64 > FILE_MAX_BYTES {
            return Err(Error::Full(format!(
                "{} has 64 MiB; begin another conversation",
                self.path.display()
            )));
        }
        // In one write, because others come beside it.
        file.write_all(&line).map_err(failed(&self.path))
    }
}

/// Makes a folder that is nobody else's.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| Error::Io { path: folder.to_owned(), source })
}

/// Whether a conversation can be called so.
pub(crate) fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=NAME_MAX).contains(&text.len()) && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_line_that_was_cut_spoils_no_other_and_there_is_an_end_to_files() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = &temporary.path().join("lines");
        assert!(LineFile::of(folder, "../x").is_none());
        let one = LineFile::of(folder, "one").unwrap();
        one.append(b"{\n1}").unwrap();
        let path = folder.join("one.jsonl");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"\n{\"cut").unwrap();
        one.append(b"{2}").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.split('\n').filter(|line| !line.is_empty()).collect::<Vec<_>>(),
            ["{ 1}", "{\"cut", "{2}"]
        );
        for number in 1..FILES_MAX {
            fs::File::create(folder.join(number.to_string())).unwrap();
        }
        let more = LineFile::of(folder, "more").unwrap().append(b"{}").unwrap_err();
        assert!(matches!(&more, Error::Full(why) if why.contains("10000 conversations")), "{more}");
        assert!(!folder.join("more.jsonl").exists());
        one.append(b"{3}").unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("\n{3}\n"));
    }
}
