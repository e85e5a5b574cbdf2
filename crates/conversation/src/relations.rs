//! What takes more than one entry to see: with which error a command failed, and which edits fixed it.
//!
//! Each conversation is looked through in its order whenever something came to it; what is found depends on its entries
//! alone, so that a store that is made anew has the same. Entries that a version before this one stored are read again first.

use crate::Result;
use crate::extract::Relation;
use crate::store::{Step, Store};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Entries that are read again at once.
const REREAD_AT_ONCE: i64 = 256;
/// Calls without a result, commands that failed, and edits that are remembered while a conversation is looked through.
const OPEN_MAX: usize = 256;
/// Errors of one command that wait for being fixed.
const ERRORS_MAX: usize = 20;
/// Files that a fix may have: the last ones. Behind more it is a piece of work and not a fix.
const FIX_FILES_MAX: usize = 8;
/// A conversation to which much comes is looked through so often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);

/// Does what is to do; how many batches that were.
pub fn catch_up(store: &mut Store, stopped: &dyn Fn() -> bool) -> Result<u64> {
    let mut batches = 0;
    while !stopped() && batch(store)? {
        batches += 1;
    }
    Ok(batches)
}

/// Reads some entries of before again, or looks through a conversation; whether there was anything to do.
fn batch(store: &mut Store) -> Result<bool> {
    if store.read_again(REREAD_AT_ONCE)? {
        return Ok(true);
    }
    store.relate_next(|steps| {
        let mut course = Course::default();
        steps.for_each(|step| course.take(step));
        course.found
    })
}

/// Works beside who takes in what is new, on a thread of its own, until `stopped`: it is woken when something came.
pub(crate) fn work(
    state: &Path,
    woken: &Receiver<()>,
    stopped: &dyn Fn() -> bool,
    failed: &dyn Fn(&crate::Error),
) {
    // Only this thread has it, and only when nobody else wants to run.
    let _ = rustix::process::setpriority_process(None, 19);
    let (mut next, mut is_due) = (Instant::now(), true);
    while !stopped() {
        if is_due && Instant::now() >= next {
            is_due = false;
            let done = Store::open_beside(state)
                .and_then(|store| store.map_or(Ok(0), |mut store| catch_up(&mut store, stopped)));
            if let Err(error) = done {
                failed(&error);
                is_due = true;
            }
            next = Instant::now() + LOOK_EVERY;
        }
        match woken.recv_timeout(STOP_EVERY) {
            Ok(()) => is_due = true,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// A conversation, as far as it was looked through.
#[derive(Default)]
struct Course {
    found: Vec<(i64, Relation)>,
    /// Steps so far.
    position: usize,
    /// Calls whose results are awaited.
    open: HashMap<String, Step>,
    /// Commands that failed and did not succeed since.
    failing: BTreeMap<String, Failing>,
    /// When a file was written, by which entry, and which.
    edits: Vec<(usize, i64, String)>,
}

struct Failing {
    since: usize,
    /// The command's line.
    command: String,
    /// Each error, and since when it is there.
    errors: BTreeMap<String, usize>,
}

impl Course {
    fn take(&mut self, step: Step) {
        self.position += 1;
        let Some(failed) = step.failed else {
            if self.open.len() >= OPEN_MAX {
                self.open.clear();
            }
            self.open.insert(step.call.clone(), step);
            return;
        };
        let Some(call) = self.open.remove(&step.call) else { return };
        let errors: Vec<&str> = step.of("error").collect();
        if !failed {
            let written = call.of("file_written").map(|file| (self.position, call.entry, file.to_owned()));
            self.edits.extend(written);
            let more = self.edits.len().saturating_sub(OPEN_MAX);
            self.edits.drain(..more);
        }
        for command in call.of("command") {
            match (failed, errors.is_empty()) {
                (true, _) => self.fail(step.entry, command, &errors),
                (false, true) => self.succeed(command),
                // A pipe hid how it ended.
                (false, false) => {}
            }
        }
    }

    fn fail(&mut self, entry: i64, command: &str, errors: &[&str]) {
        for error in errors {
            self.relate(entry, ("command", command), "failed_with", ("error", error));
        }
        if self.failing.len() >= OPEN_MAX {
            self.failing.clear();
        }
        let position = self.position;
        let begin = || Failing { since: position, command: command.to_owned(), errors: BTreeMap::new() };
        let failing = self.failing.entry(stem(command)).or_insert_with(begin);
        for error in errors.iter().take(ERRORS_MAX.saturating_sub(failing.errors.len())) {
            failing.errors.entry((*error).to_owned()).or_insert(position);
        }
    }

    /// What was edited since it failed fixed it.
    fn succeed(&mut self, command: &str) {
        let Some(Failing { since, command, errors }) = self.failing.remove(&stem(command)) else { return };
        let of_command = std::iter::once((("command", command), since));
        for ((kind, value), since) in
            of_command.chain(errors.into_iter().map(|(error, at)| (("error", error), at)))
        {
            let mut files: Vec<(i64, String)> = Vec::new();
            for (_, entry, file) in self.edits.iter().rev().take_while(|(at, ..)| *at > since) {
                if files.len() < FIX_FILES_MAX && files.iter().all(|(_, known)| known != file) {
                    files.push((*entry, file.clone()));
                }
            }
            for (entry, file) in files {
                self.relate(entry, (kind, &value), "fixed_by", ("file", &file));
            }
        }
    }

    fn relate(
        &mut self,
        entry: i64,
        from: (&'static str, &str),
        kind: &'static str,
        to: (&'static str, &str),
    ) {
        let of = |(kind, value): (&'static str, &str)| (kind, value.to_owned());
        self.found.push((entry, Relation { from: of(from), kind, to: of(to) }));
    }
}

/// A command without what does not matter for how it ends: where it runs, and what of its output is shown.
fn stem(command: &str) -> String {
    let mut rest = command.trim();
    if let Some((_, after)) = rest.strip_prefix("cd ").and_then(|rest| rest.split_once("&&")) {
        rest = after.trim();
    }
    while let Some((before, last)) = rest.rsplit_once('|') {
        let shows = ["tail", "head", "grep", "cat", "less", "tee"];
        if before.ends_with('|') || !shows.contains(&last.split_whitespace().next().unwrap_or_default()) {
            break;
        }
        rest = before.trim();
    }
    rest.strip_suffix("2>&1").unwrap_or(rest).trim().to_owned()
}

#[cfg(test)]
mod tests;
