//! Takes something out of a session that is over: out of its journal, and out of what was made of it.

use crate::registry::Entry;
use crate::{Error, Result, process, replay};
use journal::{Purge, Purged};
use protocol::Phase;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

pub use journal::replace;

/// A host whose session is over leaves in this time, but for the packing of its recording.
const HOST_LEAVES_WITHIN: Duration = Duration::from_secs(10);
/// A file beside the journal at most that is looked through; only an upload is larger.
const FILE_MAX_BYTES: u64 = 64 << 20; // 64 MiB

/// What no text is looked for in: it has its own way, or is no text; in a session's folder and in an instance's.
const OWN: [&str; 6] = ["journal", "alive", "sessions", "transcripts", "conversation.", "models"];

/// Says what would go.
pub fn would_purge(entry: &Entry, purge: &Purge<'_>) -> Result<Purged> {
    Ok(journal::would_purge(&entry.folder.journal(), purge)?)
}

/// Takes it out. A session that runs is refused: its host, its screen and its clients have it in memory.
pub fn purge(entry: &Entry, purge: &Purge<'_>) -> Result<Purged> {
    let folder = &entry.folder;
    if entry.phase == Phase::Running {
        return Err(Error::Running(entry.name.clone()));
    }
    if !process::is_left_within(&folder.alive_path(), HOST_LEAVES_WITHIN) {
        return Err(Error::Occupied(entry.name.clone()));
    }
    // A screen is painted again from the journal; it goes first, so that none of before is left beside the new one.
    remove(&folder.checkpoint())?;
    if let Purge::Text(texts) = purge {
        clean_files(folder.path(), texts, false)?;
    }
    let purged = journal::purge(&folder.journal(), purge)?;
    if !purged.is_empty() {
        renew_title(entry)?;
    }
    Ok(purged)
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

/// Overwrites texts in all files of a folder and of those in it, but not in journals; how many files had one. Others may be
/// writing them: they are overwritten in place, where each byte that is left of a cut off run goes with the next.
pub fn clean_files(folder: &Path, texts: &[String], is_dry: bool) -> Result<u64> {
    let mut changed = 0;
    let failed = |error| Error::io(folder, error);
    for item in fs::read_dir(folder).map_err(failed)? {
        let item = item.map_err(failed)?;
        let kind = item.file_type().map_err(failed)?;
        let name = item.file_name();
        let is_ours = OWN.iter().any(|own| name.to_string_lossy().starts_with(own));
        if kind.is_dir() && !is_ours {
            changed += clean_files(&item.path(), texts, is_dry)?;
        } else if kind.is_file() && !is_ours && item.metadata().map_err(failed)?.len() <= FILE_MAX_BYTES {
            changed += u64::from(clean_file(&item.path(), texts, is_dry)?);
        }
    }
    Ok(changed)
}

fn clean_file(path: &Path, texts: &[String], is_dry: bool) -> Result<bool> {
    let failed = |error| Error::io(path, error);
    let before = fs::read(path).map_err(failed)?;
    let mut bytes = before.clone();
    if !replace(&mut bytes, texts) {
        return Ok(false);
    }
    if is_dry {
        return Ok(true);
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
