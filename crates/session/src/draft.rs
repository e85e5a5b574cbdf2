//! Files that are replaced whole: whoever reads one sees the old or the new, and one that cannot be written stays the old.
//!
//! What is new is written into a draft beside the file, private from its first byte, which then takes its place. With
//! [`replace`] nobody waits for the disk, and a loss of power may leave the file empty. With [`replace_durably`] the file is the
//! old or the new after that as well, and the new once it returns.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is to take the place of a file. One that is dropped before is removed.
pub struct Draft {
    path: PathBuf,
    to: PathBuf,
    /// What is written of it.
    pub file: BufWriter<File>,
    placed: bool,
}

impl Draft {
    /// Begins one of a name that no other has: several may write the file at once, and the last one counts.
    pub fn of(to: &Path) -> io::Result<Self> {
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        Self::at(to.with_extension(format!("{}-{number}.tmp", std::process::id())), to)
    }

    /// Begins one of this name, over what a death may have left there: whoever writes the file is alone.
    pub fn at(path: PathBuf, to: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
        Ok(Self { path, to: to.to_owned(), file: BufWriter::new(file), placed: false })
    }

    /// Puts it into its place, and waits for no disk.
    pub fn replace(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.place()
    }

    /// Puts it into its place, once it is on the disk, and sees to it that it stays there.
    pub fn replace_durably(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        self.place()?;
        let folder = self.to.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }

    fn place(&mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.to)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a file so that every reader sees the old or the new one.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::of(path)?;
    draft.file.write_all(bytes)?;
    draft.replace()
}

/// Writes a file so that it is the old or the new one, whatever happens.
pub fn replace_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = Draft::of(path)?;
    draft.file.write_all(bytes)?;
    draft.replace_durably()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(folder: &Path) -> Vec<String> {
        let names =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[test]
    fn a_file_is_replaced_whole_and_private_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        for (write, text) in [(replace as fn(&Path, &[u8]) -> _, "one"), (replace_durably, "two")] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_is_not_put_into_its_place_leaves_the_old_and_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::create_dir(&path).unwrap();
        replace(&path, b"a folder is replaced by no file").unwrap_err();
        let mut draft = Draft::of(&path).unwrap();
        draft.file.write_all(b"given up").unwrap();
        drop(draft);
        assert!(path.is_dir());
        assert_eq!(names(folder.path()), ["a.json"]);
    }
}
