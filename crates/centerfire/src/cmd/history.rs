//! What `conversation`, `search` and `import` share: the store, brought up to date.

use crate::context::Context;
use crate::term;
use conversation::history::{History, Outcome, Progress};
use conversation::store::Store;
use std::io::Write as _;
use std::time::{Duration, Instant};

/// What is done sooner needs no progress.
const PATIENCE: Duration = Duration::from_millis(500);
/// Between two looks of a person.
const EVERY: Duration = Duration::from_millis(100);

/// The store with all that is new. While somebody else writes it, what it has so far.
pub(super) fn up_to_date(context: &Context) -> anyhow::Result<Store> {
    let state = &context.home.state;
    if let Some(mut store) = Store::open_to_write(state)? {
        let outcome = with_history(context, |history, line| history.catch_up(&mut store, None, line))?;
        warn_of(&outcome);
        return Ok(store);
    }
    let nothing =
        || anyhow::anyhow!("somebody else is making the store of conversations; try again in a moment");
    Store::open(state)?.ok_or_else(nothing)
}

/// Does something with the user's history, and tells how far it is.
pub(super) fn with_history<T>(
    context: &Context,
    work: impl FnOnce(&History, &mut dyn FnMut(Progress)) -> conversation::Result<T>,
) -> conversation::Result<T> {
    let registry = context.registry();
    let history = History {
        state: &context.home.state,
        registry: &registry,
        variables: &|name| std::env::var_os(name),
    };
    let mut line = Line {
        next: Instant::now() + PATIENCE,
        shown: false,
        wanted: !context.json && term::rewrites_on_stderr(),
    };
    work(&history, &mut |progress| line.tell(&progress))
}

/// Tells of files that could not be read.
pub(super) fn warn_of(outcome: &Outcome) {
    for (_, reason) in outcome.failed.iter().take(3) {
        crate::exit::warn(&format!("{reason} (left out)"));
    }
    if outcome.failed.len() > 3 {
        crate::exit::warn(&format!("{} more files cannot be read", outcome.failed.len() - 3));
    }
}

/// The line of progress.
struct Line {
    next: Instant,
    shown: bool,
    wanted: bool,
}

impl Line {
    fn tell(&mut self, progress: &Progress) {
        let now = Instant::now();
        if !self.wanted || now < self.next {
            return;
        }
        self.next = now + EVERY;
        self.shown = true;
        let Progress { done, of, report, .. } = progress;
        let line = format!(
            "import {:>3} %  file {done} of {of}, {} entries",
            done * 100 / of.max(&1),
            report.entries
        );
        let mut out = std::io::stderr().lock();
        let _ = write!(out, "\r{line}\x1b[K").and_then(|()| out.flush());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.shown {
            let _ = std::io::stderr().write_all(b"\r\x1b[K");
        }
    }
}
