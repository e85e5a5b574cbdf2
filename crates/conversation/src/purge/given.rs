//! What was given to us, in the state beside the archive: `captured/` by clients, `hooks/` by the hooks of CLIs that run in no
//! session. Others append to the files at any time, so that their lines are overwritten in place; each in one write.

use super::copies::{Gone, cleaned, is_of};
use super::{Target, json};
use crate::{Error, Result, archive, capture};
use adapter::captured::Captured;
use adapter::{Adapter as _, Heard};
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Takes it out; how many files had it.
pub(super) fn purge(state: &Path, target: &Target, gone: &Gone, is_dry: bool) -> Result<u64> {
    let mut changed = 0;
    for path in files(&capture::folder(state))? {
        let mut reader = Captured.transcript(&path, None);
        let is_doomed = |line: &[u8]| {
            let mut heard = Vec::new();
            reader.read(line.trim_ascii_end(), &mut heard);
            !heard.iter().any(|heard| matches!(heard, Heard::Garbled(_)))
                && heard.iter().any(|heard| is_of(heard, target))
        };
        changed += u64::from(clean(&path, target, is_dry, is_doomed)?);
    }
    for path in files(&state.join("hooks"))? {
        // The file has the conversation's name. What hooks told names no entry, so that all of it goes with one.
        let of = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let is_gone = match target {
            Target::Text(_) => false,
            Target::Entries(_) => gone.conversations.contains(&("claude".to_owned(), of.to_owned())),
            Target::Conversation(cli, name) => cli == "claude" && name == of,
        };
        changed += u64::from(clean(&path, target, is_dry, |_| is_gone)?);
    }
    Ok(changed)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut failed) = (Vec::new(), None);
    archive::walk(folder, &mut |path| match path {
        Ok(path) => files.push(path.to_owned()),
        Err(error) => failed = Some(error),
    });
    failed.map_or(Ok(files), Err)
}

fn clean(
    path: &Path,
    target: &Target,
    is_dry: bool,
    mut is_doomed: impl FnMut(&[u8]) -> bool,
) -> Result<bool> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    let file = OpenOptions::new().read(true).write(!is_dry).open(path).map_err(failed)?;
    let mut lines = BufReader::new(&file);
    let (mut line, mut at, mut is_changed) = (Vec::new(), 0, false);
    while lines.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        let new = match target {
            Target::Text(text) => json::without(&line, text),
            _ => is_doomed(&line).then(|| cleaned(&line, target)).filter(|new| *new != line),
        };
        is_changed |= new.is_some();
        if let Some(new) = new.filter(|_| !is_dry) {
            file.write_all_at(&new, at).map_err(failed)?;
        }
        at += line.len() as u64;
        line.clear();
    }
    if is_changed && !is_dry {
        file.sync_all().map_err(failed)?;
    }
    Ok(is_changed)
}
