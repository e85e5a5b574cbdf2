//! How far a long command has come: a line on standard error, where that is a terminal, after the first half second.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// What is done sooner needs no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two looks of a person.
const EVERY: Duration = Duration::from_millis(100);

pub(crate) struct Progress {
    what: &'static str,
    total: u64,
    next: Instant,
    shown: bool,
    wanted: bool,
}

impl Progress {
    /// Of `total` bytes.
    pub(crate) fn new(what: &'static str, total: u64) -> Self {
        let wanted = std::io::stderr().is_terminal();
        Self { what, total, next: Instant::now() + PATIENCE, shown: false, wanted }
    }

    /// So many bytes are done.
    pub(crate) fn at(&mut self, done: u64) {
        if self.wanted && Instant::now() >= self.next {
            self.next = Instant::now() + EVERY;
            self.shown = true;
            let percent = (done.min(self.total) * 100).checked_div(self.total).unwrap_or(100);
            let (done, total) = (crate::term::bytes(done), crate::term::bytes(self.total));
            eprint!("\r{} {percent:>3} %  {done} of {total}\x1b[K", self.what);
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            eprint!("\r\x1b[K");
        }
    }
}
