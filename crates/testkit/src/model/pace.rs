//! Pauses between the words of an answer, which end at once when the server does.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The pauses of one server.
#[derive(Default)]
pub(super) struct Pace {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Pace {
    /// Lets this time pass, unless the server stops.
    pub fn pause(&self, time: Duration) {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Ends all pauses, those to come included.
    pub fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}
