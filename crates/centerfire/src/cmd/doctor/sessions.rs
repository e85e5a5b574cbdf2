//! Checks of what sessions left on disk.

use super::Finding;
use crate::context::Context;
use crate::term::counted;
use journal::Reader;
use protocol::{Offset, Phase};
use session::name::shell_word;
use session::registry::Entry;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Journals that are looked at: the newest. Each takes some milliseconds.
const JOURNALS: usize = 200;
/// A draft that is younger may be somebody's work.
const DRAFT_AGE: Duration = Duration::from_secs(60);

fn entries(context: &Context) -> Vec<session::Result<Entry>> {
    context.registry().list().unwrap_or_else(|error| vec![Err(error)])
}

pub(super) fn unreadable(context: &Context) -> Vec<Finding> {
    let entries = entries(context);
    let mut findings: Vec<Finding> = entries
        .iter()
        .filter_map(|entry| entry.as_ref().err())
        .map(|error| Finding::fail(error.to_string(), "restore that file, or remove the session's folder"))
        .collect();
    let running =
        |entry: &&session::Result<Entry>| entry.as_ref().is_ok_and(|entry| entry.phase == Phase::Running);
    let count = entries.iter().filter(running).count();
    for entry in entries.iter().filter(running).flatten() {
        let Some(status) = &entry.status else { continue };
        if let Some(reason) = &status.degraded {
            let what = format!("`{}` is not recorded: {reason}", entry.name);
            findings.push(Finding::fail(what, "`centerfire prune` makes room"));
        }
        if let Some(reason) = &status.unsynced {
            let what = format!("`{}` may not outlive a loss of power: {reason}", entry.name);
            findings.push(Finding::warn(what, "look for errors of the disk: `dmesg`"));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{}, {count} running", counted(entries.len(), "session"))));
    }
    findings
}

/// What keeper and host of a session that runs said last, if anything was wrong.
pub(super) fn logs(context: &Context) -> Vec<Finding> {
    let running = entries(context).into_iter().flatten().filter(|entry| entry.phase == Phase::Running);
    let finding = |entry: Entry| {
        let log = entry.folder.log();
        let words = session::log::last_words(&log)?;
        Some(Finding::warn(format!("`{}`: {words}", entry.name), format!("{} has it all", log.display())))
    };
    let findings: Vec<Finding> = running.filter_map(finding).collect();
    match findings.is_empty() {
        true => vec![Finding::ok("no session that runs had anything to complain of")],
        false => findings,
    }
}

/// The last segment of each journal, where a crash would show.
pub(super) fn journals(context: &Context) -> Vec<Finding> {
    let entries: Vec<Entry> = entries(context).into_iter().flatten().collect();
    let newest = entries.iter().rev().take(JOURNALS);
    let mut findings: Vec<Finding> = newest.clone().filter_map(look_at).collect();
    if findings.is_empty() {
        let count = newest.count();
        let what = match count {
            1 => "the end of 1 journal is sound".to_owned(),
            _ => format!("the ends of {count} journals are sound"),
        };
        findings.push(Finding::ok(format!("{what} (`centerfire verify` reads all)")));
    }
    findings
}

fn look_at(entry: &Entry) -> Option<Finding> {
    let end = entry.status.as_ref().map_or(Offset::ZERO, |status| status.offset);
    let mut reader = match Reader::open(&entry.folder.journal(), end) {
        Ok(reader) => reader,
        Err(journal::Error::Missing(_)) if entry.phase == Phase::Running => return None,
        Err(error) => return Some(damaged(entry, &error)),
    };
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(damaged(entry, &error)),
        }
    }
}

fn damaged(entry: &Entry, error: &journal::Error) -> Finding {
    let (name, word) = (&entry.name, shell_word(&entry.name));
    let next =
        format!("`centerfire verify {word}` tells how much; `centerfire export {word}` saves the rest");
    Finding::fail(format!("the recording of `{name}` is damaged: {error}"), next)
}

/// What interrupted work left behind.
pub(super) fn leftovers(context: &Context) -> Vec<Finding> {
    let mut litter = context.registry().leftovers();
    for entry in entries(context).into_iter().flatten() {
        litter.extend(drafts(entry.folder.path()));
        litter.extend(drafts(&entry.folder.journal()));
    }
    if litter.is_empty() {
        return vec![Finding::ok("nothing is left over")];
    }
    let what = format!("left over: {}", counted(litter.len(), "draft or half-removed folder"));
    vec![Finding {
        litter,
        ..Finding::warn(what, "they only take space; `centerfire doctor --fix` removes them")
    }]
}

fn drafts(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let is_old = |file: &std::fs::DirEntry| {
        let changed = file.metadata().and_then(|facts| facts.modified());
        changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > DRAFT_AGE))
    };
    let drafts = files.filter(|file| file.path().extension().is_some_and(|end| end == "tmp") && is_old(file));
    drafts.map(|file| file.path()).collect()
}
