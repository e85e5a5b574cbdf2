//! A limit to how long a question to the store may take.

use crate::Result;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Steps of SQLite's machine between two looks at the clock: some tens of microseconds.
const STEPS: i32 = 1_000;

/// When the question that is asked now is given up.
pub(super) struct Deadline {
    begun: Instant,
    /// Microseconds after that; 0 where there is no limit.
    at: Arc<AtomicU64>,
}

/// Holds a limit as long as it is kept; then the one before holds again.
pub struct Limit<'a> {
    deadline: &'a Deadline,
    before: u64,
}

impl Deadline {
    /// Has a connection look at it.
    pub(super) fn of(connection: &mut Connection) -> Result<Self> {
        let (begun, at) = (Instant::now(), Arc::new(AtomicU64::new(0)));
        let seen = Arc::clone(&at);
        let is_over = move || {
            let at = seen.load(Ordering::Relaxed);
            at != 0 && begun.elapsed() > Duration::from_micros(at)
        };
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(Self { begun, at })
    }

    /// Gives up whatever is asked, that long from now, or when it would be given up already.
    pub(super) fn set(&self, within: Duration) -> Limit<'_> {
        let at = u64::try_from((self.begun.elapsed() + within).as_micros()).unwrap_or(u64::MAX);
        let before = self.at.load(Ordering::Relaxed);
        let at = if before == 0 { at.max(1) } else { at.min(before) };
        self.at.store(at, Ordering::Relaxed);
        Limit { deadline: self, before }
    }
}

impl Limit<'_> {
    /// Whether the time is over: then whatever is asked finds nothing more.
    pub(crate) fn is_over(&self) -> bool {
        let at = self.deadline.at.load(Ordering::Relaxed);
        self.deadline.begun.elapsed() > Duration::from_micros(at)
    }
}

impl Drop for Limit<'_> {
    fn drop(&mut self) {
        self.deadline.at.store(self.before, Ordering::Relaxed);
    }
}
