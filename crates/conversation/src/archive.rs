//! Our copy of the CLIs' transcripts: `state/transcripts/<cli>/<folder>/…`, byte for byte.
//!
//! CLIs remove theirs after some weeks, and rewrite some. A copy only grows: where a file was rewritten, what was there stays
//! as `NAME.1`, `NAME.2`, … and the copy begins anew; of a database, rows are appended to `NAME.rows` as they change. Only whole lines are copied, so that a line that is being written, or
//! that was cut by a death, is never taken for one.

mod rows;

use crate::{Error, Result};
use adapter::Layout;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Copied at once.
const PIECE_BYTES: usize = 1 << 20; // 1 MiB
/// Bytes at the end of a copy by which it is known that the file still has the same beginning.
const SAME_BYTES: u64 = 4 << 10; // 4 KiB
/// A file that is read whole, at most.
pub const WHOLE_MAX_BYTES: u64 = 256 << 20; // 256 MiB

/// The archive of one instance.
#[derive(Clone, Debug)]
pub struct Archive {
    folder: PathBuf,
}

/// A copy of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Its name below the archive's folder.
    pub name: String,
    /// Where what was there before lies now, if the file was rewritten.
    pub set_aside: Option<String>,
}

impl Archive {
    /// The archive in an instance's state.
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("transcripts") }
    }

    /// Where a copy lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The name of the copy of a file below one of the CLI's folders.
    pub fn name_of(cli: &str, root: &Path, file: &Path) -> Option<String> {
        let below = file.strip_prefix(root).ok()?.to_str()?;
        // Two users' folders, or two accounts', are told apart by where they are.
        let mark = adapter::digest(root.as_os_str().as_encoded_bytes());
        Some(format!("{cli}/{mark}/{below}"))
    }

    /// Brings the copy up to date.
    pub fn copy(&self, name: &str, from: &Path, layout: Layout) -> Result<Copied> {
        let to = self.path(name);
        if let Some(folder) = to.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        }
        let set_aside = match layout {
            Layout::Lines => copy_lines(from, &to)?,
            Layout::Whole => {
                copy_whole(from, &to)?;
                None
            }
            Layout::Database { changes } => {
                rows::copy(from, &self.path(&rows::name(name)), changes)?;
                return Ok(Copied { name: rows::name(name), set_aside: None });
            }
        };
        let set_aside =
            set_aside.and_then(|path| Some(path.strip_prefix(&self.folder).ok()?.to_str()?.to_owned()));
        Ok(Copied { name: name.to_owned(), set_aside })
    }

    /// All copies of a CLI, by name, in order.
    pub fn names(&self, cli: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        walk(&self.folder.join(cli), &mut |path| {
            let name = path.strip_prefix(&self.folder).ok().and_then(Path::to_str);
            let name = name.filter(|name| !rows::is_mark(name) && !name.ends_with(".new"));
            names.extend(name.map(str::to_owned));
        })?;
        names.sort_unstable();
        Ok(names)
    }
}

/// The name of what a copy is of: without what tells that it was set aside, or that it has the rows of a database.
pub fn original(name: &str) -> &str {
    let name = rows::original(name);
    match name.rsplit_once('.') {
        Some((before, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() => {
            before
        }
        _ => name,
    }
}

/// Calls for each file below a folder, in no order; a folder that is not there has none.
pub fn walk(folder: &Path, each: &mut dyn FnMut(&Path)) -> Result<()> {
    let failed = |source| Error::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        // No link is followed: it could lead in a circle.
        if kind.is_dir() {
            walk(&entry.path(), each)?;
        } else if kind.is_file() {
            each(&entry.path());
        }
    }
    Ok(())
}

/// Appends whole lines; gives where the copy was set aside, if it was.
fn copy_lines(from: &Path, to: &Path) -> Result<Option<PathBuf>> {
    let of_source = |source| Error::Io { path: from.to_owned(), source };
    let of_copy = |source| Error::Io { path: to.to_owned(), source };
    let mut source = File::open(from).map_err(of_source)?;
    let open =
        || OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(to).map_err(of_copy);
    let mut copy = open()?;
    let (facts, of_source_file) = (copy.metadata().map_err(of_copy)?, source.metadata().map_err(of_source)?);
    let mut done = facts.len();
    // Mostly nothing is new.
    if of_source_file.len() == done && of_source_file.modified().ok() <= facts.modified().ok() {
        return Ok(None);
    }
    let mut set_aside = None;
    if !begins_the_same(&source, &copy, done).map_err(of_source)? {
        let aside = (1_u32..).map(|number| PathBuf::from(format!("{}.{number}", to.display())));
        let aside = aside.into_iter().find(|path| !path.exists()).expect("numbers do not end");
        fs::rename(to, &aside).map_err(of_copy)?;
        (copy, done, set_aside) = (open()?, 0, Some(aside));
    }
    source.seek(SeekFrom::Start(done)).map_err(of_source)?;
    let mut piece = vec![0; PIECE_BYTES];
    // What follows the last line's end stands here until its own comes.
    let mut open_line: Vec<u8> = Vec::new();
    loop {
        let read = source.read(&mut piece).map_err(of_source)?;
        if read == 0 {
            return Ok(set_aside);
        }
        let piece = &piece[..read];
        match piece.iter().rposition(|byte| *byte == b'\n') {
            None => open_line.extend_from_slice(piece),
            Some(end) => {
                // One write: a death leaves whole lines, or a half one that the next copy completes.
                open_line.extend_from_slice(&piece[..=end]);
                copy.write_all(&open_line).map_err(of_copy)?;
                open_line.clear();
                open_line.extend_from_slice(&piece[end + 1..]);
            }
        }
    }
}

/// Whether a file still begins with what was copied of it, by the end of the copy.
fn begins_the_same(source: &File, copy: &File, done: u64) -> std::io::Result<bool> {
    if source.metadata()?.len() < done {
        return Ok(false);
    }
    let from = done.saturating_sub(SAME_BYTES);
    let length = usize::try_from(done - from).unwrap_or_default();
    let (mut one, mut other) = (vec![0; length], vec![0; length]);
    source.read_exact_at(&mut one, from)?;
    copy.read_exact_at(&mut other, from)?;
    Ok(one == other)
}

/// Replaces the copy where the file differs.
fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    let of_source = |source| Error::Io { path: from.to_owned(), source };
    let of_copy = |source| Error::Io { path: to.to_owned(), source };
    let file = File::open(from).map_err(of_source)?;
    let mut bytes = Vec::new();
    file.take(WHOLE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(of_source)?;
    if bytes.len() as u64 > WHOLE_MAX_BYTES {
        return Err(of_source(std::io::Error::other("larger than 256 MiB, which no conversation is")));
    }
    if fs::read(to).is_ok_and(|copy| copy == bytes) {
        return Ok(());
    }
    let new = PathBuf::from(format!("{}.new", to.display()));
    let mut copy =
        OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new).map_err(of_copy)?;
    copy.write_all(&bytes).map_err(of_copy)?;
    fs::rename(&new, to).map_err(of_copy)
}
