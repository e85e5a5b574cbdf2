//! Takes something out of a session that is over: out of its journal, and out of what was made of it.

mod values;

use crate::registry::Entry;
use crate::{Error, Result, process, replay};
use journal::{Purge, Purged};
use protocol::{Phase, Status};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use journal::replace;

/// A host whose session is over leaves in this time, but for the packing of its recording.
const HOST_LEAVES_WITHIN: Duration = Duration::from_secs(10);
/// A file beside the journal at most that is looked through; only an upload is larger.
const FILE_MAX_BYTES: u64 = 64 << 20; // 64 MiB

/// What has its own way, or no text of anybody: in a session's folder, by path.
const OWN_OF_SESSION: &[&str] = &[
    "journal",
    "journal.purge",
    "alive",
    "name",
    "meta.json",
    "status.json",
    "exit.json",
    "terminal.json",
    "screen.ckpt",
];
/// The same in an instance's state, of those that are this crate's.
const OWN_OF_STATE: &[&str] = &["sessions", "models"];

/// What became of files.
#[derive(Default, Debug)]
pub struct Files {
    /// How many had the text.
    pub changed: u64,
    /// Those that were not looked through, and why.
    pub skipped: Vec<(PathBuf, String)>,
}

/// What goes of a session, or would go.
#[derive(Default, Debug)]
pub struct Taken {
    /// Of its recording.
    pub journal: Purged,
    /// Of what lies beside it.
    pub files: Files,
}

impl Taken {
    /// Whether nothing is there to be purged.
    pub fn is_empty(&self) -> bool {
        self.journal.is_empty() && self.files.changed == 0
    }
}

/// Says what would go.
pub fn would_purge(entry: &Entry, purge: &Purge<'_>) -> Result<Taken> {
    Ok(Taken {
        journal: journal::would_purge(&entry.folder.journal(), purge)?,
        files: beside(entry, purge, true)?,
    })
}

/// Takes it out. A session that runs is refused: its host, its screen and its clients have it in memory.
pub fn purge(entry: &Entry, purge: &Purge<'_>) -> Result<Taken> {
    let folder = &entry.folder;
    if entry.phase == Phase::Running {
        return Err(Error::Running(entry.name.clone()));
    }
    let would = would_purge(entry, purge)?;
    let is_cut_off = folder.journal().with_extension("purge").exists();
    // Of a span nobody knows whether what was made of it is left: a purge may have been cut off behind the recording.
    if would.is_empty() && !is_cut_off && matches!(purge, Purge::Text(_)) {
        return Ok(would);
    }
    if !process::is_left_within(&folder.alive_path(), HOST_LEAVES_WITHIN) {
        return Err(Error::Occupied(entry.name.clone()));
    }
    let mut taken = Taken { files: beside(entry, purge, false)?, ..Taken::default() };
    if !would.journal.is_empty() || is_cut_off {
        // A screen is painted again from the journal; it goes first, so that none of before is left beside the new one.
        remove(&folder.checkpoint())?;
        taken.journal = journal::purge(&folder.journal(), purge)?;
    }
    if !taken.journal.is_empty() || matches!(purge, Purge::Span(_)) {
        remove(&folder.checkpoint())?;
        renew_title(entry)?;
    }
    Ok(taken)
}

/// The title was set by output that may be gone.
fn renew_title(entry: &Entry) -> Result<()> {
    let Some(mut status) = entry.folder.status()? else { return Ok(()) };
    let title = replay::view(&entry.folder, &entry.meta, 0)?.screen().title().to_owned();
    if status.title != title {
        status.title = title;
        entry.folder.write_status(&status)?;
    }
    Ok(())
}

/// What lies beside the recording.
fn beside(entry: &Entry, purge: &Purge<'_>, is_dry: bool) -> Result<Files> {
    let folder = &entry.folder;
    let mut files = match purge {
        Purge::Text(texts) => clean_below(folder.path(), folder.path(), OWN_OF_SESSION, texts, is_dry)?,
        Purge::Span(_) => Files::default(),
    };
    if let Some(before) = folder.status()? {
        let mut status = before.clone();
        clean_status(&mut status, purge);
        if status != before {
            files.changed += 1;
            if !is_dry {
                folder.write_status(&status)?;
            }
        }
    }
    let Purge::Text(texts) = purge else { return Ok(files) };
    let mut meta = entry.meta.clone();
    let imported = meta.imported.as_mut().map(|imported| &mut imported.file);
    for word in meta.command.iter_mut().chain(&mut meta.env).chain([&mut meta.cwd]).chain(imported) {
        clean_string(word, texts);
    }
    if let Some(bytes) = &mut meta.bytes {
        bytes.command.iter_mut().chain([&mut bytes.cwd]).for_each(|word| _ = replace(word, texts));
    }
    if meta != entry.meta {
        files.changed += 1;
        if !is_dry {
            folder.write_meta(&meta)?;
        }
    }
    if texts.iter().any(|text| entry.name.contains(text)) {
        let why = "the session's name has the text; `centerfire rename` gives it another one";
        files.skipped.push((folder.path().join("name"), why.to_owned()));
    }
    Ok(files)
}

/// What was said of the program, and by it, without what is to go: of a span, all that was said.
fn clean_status(status: &mut Status, purge: &Purge<'_>) {
    match purge {
        Purge::Span(_) => {
            status.approvals.clear();
            status.program.msg = None;
            if let Some(agent) = &mut status.agent {
                agent.claims.clear();
                agent.claim.reason = None;
                agent.claim.evidence.clear();
            }
        }
        Purge::Text(texts) => {
            // Nobody waits for an answer any more.
            if serde_json::to_vec(&status.approvals).is_ok_and(|mut bytes| replace(&mut bytes, texts)) {
                status.approvals.clear();
            }
            clean_string(&mut status.title, texts);
            let notes = [&mut status.degraded, &mut status.unsynced].into_iter().flatten();
            let names = status.clients.iter_mut().map(|client| &mut client.name);
            let program = &mut status.program;
            let of_program = [&mut program.id, &mut program.app, &mut program.msg, &mut program.title];
            let of_program = of_program.into_iter().flatten();
            notes.chain(names).chain(of_program).for_each(|words| clean_string(words, texts));
            let Some(agent) = &mut status.agent else { return };
            for claim in agent.claims.iter_mut().chain([&mut agent.claim]) {
                clean_string(&mut claim.evidence, texts);
                claim.reason.iter_mut().chain(&mut claim.agent).for_each(|words| clean_string(words, texts));
            }
        }
    }
}

fn clean_string(words: &mut String, texts: &[String]) {
    for text in texts.iter().filter(|text| words.contains(*text)).collect::<Vec<_>>() {
        *words = words.replace(text, &"*".repeat(text.len()));
    }
}

/// Overwrites texts in the files of an instance's state that are no recordings. Those that others `own` have a way of their
/// own: to overwrite them in place would break them.
pub fn clean_files(state: &Path, own: &[&str], texts: &[String], is_dry: bool) -> Result<Files> {
    clean_below(state, state, &[OWN_OF_STATE, own].concat(), texts, is_dry)
}

/// Others may be writing the files: they are overwritten in place, where each byte that is left of a cut off run goes with
/// the next.
fn clean_below(root: &Path, folder: &Path, own: &[&str], texts: &[String], is_dry: bool) -> Result<Files> {
    let mut files = Files::default();
    let failed = |error| Error::io(folder, error);
    for item in fs::read_dir(folder).map_err(failed)? {
        let item = item.map_err(failed)?;
        let (path, kind) = (item.path(), item.file_type().map_err(failed)?);
        if path.strip_prefix(root).is_ok_and(|below| own.iter().any(|own| below == Path::new(own))) {
            continue;
        }
        if kind.is_dir() {
            let mut below = clean_below(root, &path, own, texts, is_dry)?;
            files.changed += below.changed;
            files.skipped.append(&mut below.skipped);
        } else if kind.is_file() && item.metadata().map_err(failed)?.len() > FILE_MAX_BYTES {
            files.skipped.push((path, "it is larger than 64 MiB; look through it yourself".to_owned()));
        } else if kind.is_file() {
            files.changed += u64::from(clean_file(&path, root, texts, is_dry)?);
        }
    }
    Ok(files)
}

fn clean_file(path: &Path, root: &Path, texts: &[String], is_dry: bool) -> Result<bool> {
    let failed = |error| Error::io(path, error);
    let before = fs::read(path).map_err(failed)?;
    let mut bytes = before.clone();
    // What was uploaded is nobody's but the user's; what a program of ours reads again stays what it can read.
    let is_upload = path.starts_with(root.join("uploads"));
    let is_json = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
    if is_json && !is_upload {
        values::replace(&mut bytes, texts)
    } else {
        _ = replace(&mut bytes, texts)
    }
    if bytes == before || is_dry {
        return Ok(bytes != before);
    }
    let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
    let changes = before.iter().zip(&bytes).enumerate().filter(|(_, (old, new))| old != new);
    for (at, (_, new)) in changes {
        file.write_all_at(&[*new], at as u64).map_err(failed)?;
    }
    file.sync_all().map_err(failed)?;
    Ok(true)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path, error)),
        _ => Ok(()),
    }
}
