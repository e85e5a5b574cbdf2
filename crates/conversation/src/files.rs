//! Files that somebody names, in no folder of a CLI: conversation logs become conversations, asciicasts become sessions.

use crate::archive::{self, Archive};
use crate::history::{Outcome, Progress};
use crate::ingest::{self, Found, Report};
use crate::store::Store;
use crate::{Error, Result};
use adapter::log::Log;
use adapter::{Adapter as _, Layout};
use session::import::{self, Taken};
use session::registry::Registry;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Of a file, what is read to tell what it is: the first lines may be broken, or long.
const LOOK_BYTES: u64 = 4 << 20; // 4 MiB
/// Of a folder, the files that are taken. Others in it are none of ours; who names one itself means it.
const NAMES: [&str; 5] = ["jsonl", "ndjson", "log", "json", "cast"];

/// What a file is.
enum What {
    Log,
    Asciicast,
}

/// Takes in these files, and what lies in these folders.
pub(crate) fn take_in(
    store: &mut Store,
    state: &Path,
    registry: &Registry,
    paths: &[PathBuf],
    progress: &mut dyn FnMut(Progress) -> bool,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let folder = path;
            archive::walk(folder, &mut |path| match path {
                Ok(path)
                    if path.extension().and_then(OsStr::to_str).is_some_and(|end| NAMES.contains(&end)) =>
                {
                    files.push(path.to_owned());
                }
                Ok(_) => {}
                Err(error) => {
                    let path = if let Error::Io { path, .. } = &error { path } else { folder };
                    outcome.fail(path, &error);
                }
            });
        } else {
            files.push(path.clone());
        }
    }
    // By whatever way it is named, a file is one.
    files = files.into_iter().map(|path| path.canonicalize().unwrap_or(path)).collect();
    files.sort();
    files.dedup();
    let archive = Archive::new(state);
    for (done, path) in files.iter().enumerate() {
        if !progress(Progress { done, of: files.len(), path, report: outcome.report }) {
            break;
        }
        match take_in_one(store, &archive, registry, path) {
            Ok((report, recording)) => {
                outcome.report.add(report);
                if recording.is_none() && !is_whole(path) {
                    let why =
                        format!("{}: the last line has no end; it is taken once it has one", path.display());
                    outcome.failed.push((path.clone(), why));
                }
                outcome.recordings.extend(recording.map(|taken| (path.clone(), taken)));
            }
            Err(error @ (Error::Io { .. } | Error::Session(_))) => {
                outcome.failed.push((path.clone(), error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}

fn take_in_one(
    store: &mut Store,
    archive: &Archive,
    registry: &Registry,
    path: &Path,
) -> Result<(Report, Option<Taken>)> {
    match what(path)? {
        What::Asciicast => {
            let taken = import::asciicast(registry, path)?;
            Ok((Report { files: 1, ..Report::default() }, Some(taken)))
        }
        What::Log => {
            let root = path.parent().unwrap_or(path);
            let Some(name) = Archive::name_of(Log.name(), root, path) else {
                return Err(Error::Io {
                    path: path.to_owned(),
                    source: std::io::Error::other("its name is no UTF-8"),
                });
            };
            // Logs that were put aside are called `NAME.1`, as the archive calls a later copy.
            let name = format!("{name}.jsonl");
            let found = Found { adapter: &Log, root, path };
            Ok((ingest::take_in_as(store, archive, &found, &name, Layout::Lines)?, None))
        }
    }
}

/// Looks what a file is.
fn what(path: &Path) -> Result<What> {
    let failed = |source| Error::Io { path: path.to_owned(), source };
    // A FIFO would hold up whoever opens it, and a device has no end.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::other("not a file")));
    }
    let mut file = BufReader::new(File::open(path).map_err(failed)?).take(LOOK_BYTES);
    let (mut line, mut is_first) = (Vec::new(), true);
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            let why = "neither a conversation log nor an asciicast";
            return Err(failed(std::io::Error::other(why)));
        }
        let is_asciicast = std::mem::take(&mut is_first) && import::is_asciicast(line.trim_ascii());
        if is_asciicast {
            return Ok(What::Asciicast);
        }
        if Log::is_entry(line.trim_ascii()) {
            return Ok(What::Log);
        }
    }
}

/// Whether the last line of a file has an end.
fn is_whole(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    });
    read.is_ok() && last == *b"\n"
}
