//! `status.json`: what it says, when what it says is old, and how it comes onto the disk.
//!
//! A change of state is written at once; output, which changes only how far the recording goes, once a second. The
//! file is written by a thread of its own, of the host's priority: a disk that is slow must not hold up a key, and
//! whoever waits for a state must not wait for a flood to be painted on a busy machine.

use super::worker::{Priority, Worker, lock};
use super::{Host, tidy};
use crate::folder::Folder;
use protocol::{META_VERSION, Offset, Time};
use protocol::{Phase, Pids, Status};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// `status.json` follows output within this time; changes of state are written at once.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// The file, and who writes it.
pub(super) struct StatusFile {
    pub age: StatusAge,
    paper: Arc<Paper>,
    writer: Worker<Numbered>,
    /// How many statuses were given to write.
    given: u64,
}

/// A status in the order in which they were given.
struct Numbered(u64, Box<Status>);

/// The file, written in one place at a time.
struct Paper {
    folder: Folder,
    /// The number of the status that was written last: an older one must not replace it.
    written: Mutex<u64>,
}

/// How old `status.json` is.
pub(super) struct StatusAge {
    /// The size, the state or the clients changed.
    changed: bool,
    /// Output came since the last look.
    output: bool,
    looked: Instant,
}

/// What is due now.
struct Due {
    write: bool,
    /// A second of output is over: time to tidy up.
    pause: bool,
}

impl StatusFile {
    pub(super) fn new(folder: &Folder) -> Self {
        let paper = Arc::new(Paper { folder: folder.clone(), written: Mutex::default() });
        let for_writer = Arc::clone(&paper);
        let write = move |status| for_writer.write(status);
        let writer = Worker::new("cf-status", Priority::Normal, write);
        Self { age: StatusAge::new(), paper, writer, given: 0 }
    }

    /// Writes the file before anything else happens.
    pub(super) fn write_now(&mut self, status: Status) {
        let status = self.number(status);
        self.paper.write(status);
    }

    /// Has the file written, in the place of what waits to be written.
    fn write(&mut self, status: Status) {
        let status = self.number(status);
        self.writer.order(|order| *order = Some(status));
    }

    fn number(&mut self, status: Status) -> Numbered {
        self.given += 1;
        Numbered(self.given, Box::new(status))
    }
}

impl Paper {
    fn write(&self, Numbered(number, mut status): Numbered) {
        let mut written = lock(&self.written);
        if number > *written {
            *written = number;
            status.name = self.folder.name().unwrap_or_default();
            // A file that cannot be written (a full disk) is tried again with the next change.
            let _ = self.folder.write_status(&status);
        }
    }
}

impl StatusAge {
    /// A file that is old: another host wrote it, or nobody did.
    pub(super) fn new() -> Self {
        Self { changed: true, output: false, looked: Instant::now() }
    }

    /// The size, the state or the clients changed.
    pub(super) fn changed(&mut self) {
        self.changed = true;
    }

    /// More output came.
    pub(super) fn output(&mut self) {
        self.output = true;
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.output.then(|| self.looked + STATUS_EVERY)
    }

    /// What is due, which counts as done from now on.
    fn due(&mut self, now: Instant) -> Due {
        let pause = self.deadline().is_some_and(|deadline| deadline <= now);
        let write = std::mem::take(&mut self.changed) || pause;
        if pause {
            self.output = false;
        }
        if !self.output {
            self.looked = now;
        }
        Due { write, pause }
    }
}

impl Host {
    /// Has the status written after a change, and a second after output.
    pub(super) fn tend_status(&mut self) {
        let due = self.status_file.age.due(Instant::now());
        if due.write {
            let status = self.status();
            self.status_file.write(status);
        }
        if due.pause {
            self.output.canvas.pause(tidy::in_pause);
        }
    }

    /// The status as it is now. The session's name stands in a file of its own, which others write.
    pub(super) fn status(&self) -> Status {
        let exit = self.ending.told();
        let mut status = Status {
            version: META_VERSION,
            session: self.meta.id,
            name: String::new(),
            phase: if exit.is_some() { Phase::Exited } else { Phase::Running },
            exit,
            program: self.output.program.clone(),
            program_since: self.output.program_since,
            offset: Offset::ZERO,
            size: self.size,
            title: self.output.title.clone(),
            last_output: self.output.last,
            updated: Time::now(),
            pids: Pids {
                keeper: self.keeper.pid.unsigned_abs(),
                host: std::process::id(),
                child: self.args.child.unsigned_abs(),
            },
            clients: self.clients.describe(),
            agent: self.agent.is_known().then(|| Box::new(self.agent.status().clone())),
            approvals: Vec::new(),
            last_approval: 0,
            answered: None,
            host: Some(self.upgrade.own.clone()),
            degraded: None,
            unsynced: None,
        };
        self.recording.describe(&mut status);
        self.approvals.describe(&mut status);
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_due_at_once_and_once() {
        let mut age = StatusAge::new();
        let now = age.looked;
        assert!(age.due(now).write, "nobody wrote it yet");
        assert!(!age.due(now).write);
        age.changed();
        let due = age.due(now);
        assert!(due.write && !due.pause);
    }

    #[test]
    fn output_is_due_once_a_second_however_much_comes() {
        let mut age = StatusAge::new();
        let begin = age.looked;
        age.due(begin);
        assert_eq!(age.deadline(), None, "an idle host has no timer");
        age.output();
        assert_eq!(age.deadline(), Some(begin + STATUS_EVERY));
        let due = age.due(begin + STATUS_EVERY / 2);
        assert!(!due.write && !due.pause);
        age.output();
        let due = age.due(begin + STATUS_EVERY);
        assert!(due.write && due.pause);
        assert_eq!(age.deadline(), None);
    }
}
