//! How far a long command has come: a line on standard error, where a person sees it, after the first half second.
//!
//! Not a library: one line that is written over needs no more than this. It has no colours.

use crate::context::Context;
use crate::term;
use std::io::Write;
use std::time::{Duration, Instant};

/// What is done sooner needs no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two looks of a person.
const EVERY: Duration = Duration::from_millis(100);

pub(crate) struct Progress {
    what: &'static str,
    total: u64,
    begun: Instant,
    next: Instant,
    shown: bool,
    wanted: bool,
}

impl Progress {
    /// Of `total` bytes, if it is told in bytes.
    pub(crate) fn new(context: &Context, what: &'static str, total: u64) -> Self {
        let begun = Instant::now();
        let wanted = !context.json && term::rewrites_on_stderr();
        Self { what, total, begun, next: begun + PATIENCE, shown: false, wanted }
    }

    /// Says nothing, where the line would come in between of something else.
    pub(crate) fn quiet_if(mut self, quiet: bool) -> Self {
        self.wanted &= !quiet;
        self
    }

    /// So many bytes are done.
    pub(crate) fn at(&mut self, done: u64) {
        let (what, total, time) = (self.what, self.total, self.begun.elapsed());
        self.tell(|| line(what, done.min(total), total, time));
    }

    /// So many of the things that there are to do are done, with what else there is to say.
    pub(crate) fn count(&mut self, done: u64, of: u64, more: &str) {
        let what = self.what;
        self.tell(|| format!("{what} {:>3} %  {more}", (done * 100).checked_div(of).unwrap_or(100)));
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.wanted && now >= self.next {
            self.next = now + EVERY;
            self.shown = true;
            let line = line();
            let mut out = std::io::stderr().lock();
            let _ = write!(out, "\r{line}\x1b[K").and_then(|()| out.flush());
        }
    }
}

fn line(what: &str, done: u64, total: u64, time: Duration) -> String {
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    let rate = (done as f64 / time.as_secs_f64()) as u64;
    let [done, total, rate] = [done, total, rate].map(term::bytes);
    format!("{what} {percent:>3} %  {done} of {total}, {rate}/s")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_share_the_bytes_and_the_rate() {
        let told = line("verify", 250_000_000, 1_000_000_000, Duration::from_millis(500));
        assert_eq!(told, "verify  25 %  250 MB of 1.0 GB, 500 MB/s");
        assert_eq!(line("prune", 0, 0, Duration::from_secs(1)), "prune 100 %  0 B of 0 B, 0 B/s");
    }
}
