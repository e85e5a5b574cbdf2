//! How long to wait before starting something again that keeps dying: never for ever, never in a tight loop.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_secs(1);
/// A life this long counts as a success.
const LONG_LIFE: Duration = Duration::from_secs(5);

/// The state of one thing that is restarted.
#[derive(Debug)]
pub(crate) struct Backoff {
    /// When it was last started, until it died.
    started: Option<Instant>,
    deaths: u32,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { started: Some(Instant::now()), deaths: 0 }
    }

    /// Notes a death and says when to start again. The first restart is at once.
    pub(crate) fn died(&mut self) -> Instant {
        let now = Instant::now();
        // A start that failed is no life, however long ago the last one was.
        if self.started.take().is_some_and(|started| now.duration_since(started) > LONG_LIFE) {
            self.deaths = 0;
        }
        self.deaths = self.deaths.saturating_add(1);
        let wait = match self.deaths {
            1 => Duration::ZERO,
            deaths => FIRST.saturating_mul(1 << (deaths - 2).min(16)).min(LONGEST),
        };
        now + wait
    }

    /// Notes a start.
    pub(crate) fn started(&mut self) {
        self.started = Some(Instant::now());
    }

    /// Deaths in a row, each soon after the start.
    pub(crate) fn deaths(&self) -> u32 {
        self.deaths
    }
}
