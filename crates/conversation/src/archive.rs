//! Our copy of the CLIs' transcripts: `state/transcripts/<cli>/<folder>/…`, byte for byte.
//!
//! CLIs remove theirs after some weeks, and rewrite some. A copy only grows and keeps its name: where a file was rewritten,
//! what comes goes into another, `NAME.1`, `NAME.2`, … Of a database, rows are appended to `NAME.rows` as they change. Only
//! whole lines are taken for lines, so that one that is being written, or that was cut by a death, is none.

mod gaps;
mod rows;

use crate::durable::is_draft;
use crate::{Error, Result, durable};
use adapter::Layout;
pub(crate) use gaps::Gap;
use gaps::Gaps;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

/// Copied at once.
const PIECE_BYTES: usize = 1 << 20; // 1 MiB
/// Of a line without an end, what is held back at most.
const OPEN_LINE_MAX_BYTES: usize = 8 << 20; // 8 MiB
/// Bytes at the end of a copy by which it is known that the file still has the same beginning.
const SAME_BYTES: u64 = 4 << 10; // 4 KiB
/// A file that is read whole, at most.
pub const WHOLE_MAX_BYTES: u64 = 256 << 20; // 256 MiB

/// The archive of one instance.
#[derive(Clone, Debug)]
pub struct Archive {
    folder: PathBuf,
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
        let below = file.strip_prefix(root).ok()?;
        // By `..` a name would lead out of the archive.
        let is_below = below.components().all(|part| matches!(part, Component::Normal(_)));
        let below = below.to_str().filter(|_| is_below)?;
        // Two users' folders, or two accounts', are told apart by where they are.
        let mark = adapter::digest(root.as_os_str().as_encoded_bytes());
        Some(format!("{cli}/{mark}/{below}"))
    }

    /// Brings the copy up to date. Gives the names of all copies of the file, the oldest first.
    pub fn copy(&self, name: &str, from: &Path, layout: Layout) -> Result<Vec<String>> {
        let to = self.path(name);
        if let Some(folder) = to.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| Error::Io { path: folder.to_owned(), source })?;
        }
        match layout {
            Layout::Lines => return self.copy_lines(name, from),
            Layout::Whole => copy_whole(from, &to)?,
            Layout::Database { changes } => {
                let rows = self.path(&rows::name(name));
                rows::copy(from, &rows, changes)?;
                // One in which nothing was ever said has none.
                return Ok(if rows.exists() { vec![rows::name(name)] } else { Vec::new() });
            }
        }
        Ok(vec![name.to_owned()])
    }

    /// Appends to the last copy, or to a new one where the file does not begin as it did.
    fn copy_lines(&self, name: &str, from: &Path) -> Result<Vec<String>> {
        let later =
            (1_u32..).map(|number| format!("{name}.{number}")).take_while(|name| self.path(name).exists());
        let mut names: Vec<String> = std::iter::once(name.to_owned()).chain(later).collect();
        if !append_lines(from, &self.path(&names[names.len() - 1]))? {
            let next = format!("{name}.{}", names.len());
            append_lines(from, &self.path(&next))?;
            names.push(next);
        }
        Ok(names)
    }

    /// All copies of a CLI, by name, in order.
    pub fn names(&self, cli: &str) -> Result<Vec<String>> {
        let (mut names, mut failed) = (Vec::new(), None);
        walk(&self.folder.join(cli), &mut |path| match path {
            Ok(path) => {
                let name = path.strip_prefix(&self.folder).ok().and_then(Path::to_str);
                let is_copy =
                    |name: &&str| !rows::is_mark(name) && !gaps::is_mark(name) && !is_draft(Path::new(name));
                let name = name.filter(is_copy);
                names.extend(name.map(str::to_owned));
            }
            Err(error) => failed = Some(error),
        });
        // Ours: what is missing in it would be missing in all that is made of it.
        if let Some(error) = failed {
            return Err(error);
        }
        // The second behind the first, and the tenth behind the ninth.
        names.sort_by_cached_key(|name| (original(name).to_owned(), name.len(), name.clone()));
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

/// Calls for each file below a folder, in no order, and with the reason for each folder that cannot be read; a folder that is
/// not there has no files.
pub fn walk(folder: &Path, each: &mut dyn FnMut(Result<&Path>)) {
    let failed = |source| Error::Io { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return each(Err(failed(error))),
        Ok(entries) => entries,
    };
    for entry in entries {
        match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
            // No link is followed: it could lead in a circle.
            Ok((path, kind)) if kind.is_dir() => walk(&path, each),
            Ok((path, kind)) if kind.is_file() => each(Ok(&path)),
            Ok(_) => {}
            Err(error) => each(Err(failed(error))),
        }
    }
}

/// Appends what is new; false where the file does not begin with what was copied of it.
fn append_lines(from: &Path, to: &Path) -> Result<bool> {
    let of_source = |source| Error::Io { path: from.to_owned(), source };
    let of_copy = |source| Error::Io { path: to.to_owned(), source };
    let mut source = File::open(from).map_err(of_source)?;
    let opened = OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(to);
    let mut copy = opened.map_err(of_copy)?;
    let (copied, now) = (copy.metadata().map_err(of_copy)?, source.metadata().map_err(of_source)?);
    let done = copied.len();
    // Mostly nothing is new.
    if now.len() == done && now.modified().ok() <= copied.modified().ok() {
        return Ok(true);
    }
    if !begins_the_same(&source, &copy, done, &Gaps::of(to)?).map_err(of_source)? {
        return Ok(false);
    }
    source.seek(SeekFrom::Start(done)).map_err(of_source)?;
    let mut piece = vec![0; PIECE_BYTES];
    // What follows the last line's end stands here until its own comes, or it is too long to wait.
    let mut open_line: Vec<u8> = Vec::new();
    loop {
        let read = source.read(&mut piece).map_err(of_source)?;
        if read == 0 {
            return Ok(true);
        }
        open_line.extend_from_slice(&piece[..read]);
        let end = match open_line.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if open_line.len() > OPEN_LINE_MAX_BYTES => open_line.len(),
            None => continue,
        };
        // A death in between leaves a half line, which the next copy completes.
        copy.write_all(&open_line[..end]).map_err(of_copy)?;
        open_line.drain(..end);
    }
}

/// Whether a file still begins with what was copied of it, by the end of the copy.
fn begins_the_same(source: &File, copy: &File, done: u64, gaps: &Gaps) -> std::io::Result<bool> {
    if source.metadata()?.len() < done {
        return Ok(false);
    }
    let from = done.saturating_sub(SAME_BYTES);
    let length = usize::try_from(done - from).unwrap_or_default();
    let (mut one, mut other) = (vec![0; length], vec![0; length]);
    source.read_exact_at(&mut one, from)?;
    copy.read_exact_at(&mut other, from)?;
    gaps.blank(&mut one, from);
    gaps.blank(&mut other, from);
    Ok(one == other)
}

/// Replaces the copy where the file differs.
fn copy_whole(from: &Path, to: &Path) -> Result<()> {
    let of_source = |source| Error::Io { path: from.to_owned(), source };
    let file = File::open(from).map_err(of_source)?;
    let mut bytes = Vec::new();
    file.take(WHOLE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(of_source)?;
    if bytes.len() as u64 > WHOLE_MAX_BYTES {
        return Err(of_source(std::io::Error::other("larger than 256 MiB, which no conversation is")));
    }
    if fs::read(to).is_ok_and(|copy| copy == bytes) || Gaps::of(to)?.was(&bytes) {
        return Ok(());
    }
    durable::write(to, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags, mkdirat, openat};

    #[test]
    fn a_database_in_which_nothing_was_said_has_no_copy_and_is_no_error() {
        let root = tempfile::tempdir().expect("a folder");
        let database = root.path().join("opencode.db");
        let connection = rusqlite::Connection::open(&database).expect("a database");
        connection.execute_batch("CREATE TABLE said (number INTEGER, record TEXT);").expect("a table");
        let layout = Layout::Database { changes: "SELECT number, record FROM said WHERE number >= ?1" };
        let archive = Archive::new(root.path());
        let copy = || archive.copy("opencode.db", &database, layout).expect("a copy");
        assert!(copy().is_empty());
        connection.execute_batch("INSERT INTO said VALUES (1, '{}');").expect("a row");
        assert_eq!(copy(), ["opencode.db.rows"]);
        assert_eq!(copy(), ["opencode.db.rows"], "and nothing new");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_told_and_hides_no_file_beside_it() {
        let root = tempfile::tempdir().expect("a folder");
        fs::write(root.path().join("a"), "").expect("a file");
        // A path that is longer than the system takes, which no right of root helps against.
        let mut folder = File::open(root.path()).expect("it opens");
        let name = "n".repeat(200);
        for _ in 0..25 {
            mkdirat(&folder, &name, Mode::RWXU).expect("a folder");
            folder = openat(&folder, &name, OFlags::DIRECTORY, Mode::empty()).expect("it opens").into();
        }
        fs::create_dir(root.path().join("z")).expect("a folder");
        fs::write(root.path().join("z/b"), "").expect("a file");
        let (mut files, mut failed) = (Vec::new(), 0);
        walk(root.path(), &mut |path| match path {
            Ok(path) => files.push(path.file_name().expect("a name").to_owned()),
            Err(_) => failed += 1,
        });
        files.sort();
        assert_eq!((files, failed), (vec!["a".into(), "b".into()], 1));
    }
}
