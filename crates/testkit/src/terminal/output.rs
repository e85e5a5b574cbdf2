//! What a terminal has received: all bytes, the time of each read, and the waking of those who wait for more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::wait::TimedOut;

/// Bytes kept at most, 256 MiB: far beyond what a test looks at; the terminal stops reading there.
pub(super) const KEPT: usize = 256 << 20;

/// Bytes of the tail that a failure shows: about one screen of text with its escape sequences.
const TAIL: usize = 3000;

/// One piece of output: when it was read, and the offset at which it ends.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    /// When it was read.
    pub at: Instant,
    /// The offset of the byte after its last.
    pub end: usize,
}

/// The output of a terminal, shared by its reader and those who wait for it.
#[derive(Default)]
pub(super) struct Output {
    received: Mutex<Received>,
    changed: Condvar,
}

/// What came so far.
#[derive(Default)]
pub(super) struct Received {
    pub bytes: Vec<u8>,
    pub reads: Vec<Read>,
    /// Whether no process holds the other side any more.
    pub closed: bool,
}

impl Output {
    pub fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait, after a change that its caller made.
    pub fn wake(&self) {
        self.changed.notify_all();
    }

    /// Waits until `seen` holds of the bytes; gives up at the limit, or when no more can come.
    pub fn wait(
        &self,
        awaited: &str,
        limit: Duration,
        mut seen: impl FnMut(&[u8]) -> bool,
    ) -> Result<Vec<u8>, TimedOut> {
        let start = Instant::now();
        let mut received = self.lock();
        loop {
            if seen(&received.bytes) {
                return Ok(received.bytes.clone());
            }
            let left = limit.saturating_sub(start.elapsed());
            if received.closed || left.is_zero() {
                let end = if received.closed { " before the program closed its terminal" } else { "" };
                let awaited = format!("{awaited}{end}");
                return Err(TimedOut { awaited, after: start.elapsed(), tail: received.tail() });
            }
            received = self.changed.wait_timeout(received, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until no more can come, or the limit.
    pub fn wait_closed(&self, limit: Duration) {
        let open = |received: &mut Received| !received.closed;
        let waited = self.changed.wait_timeout_while(self.lock(), limit, open);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Received {
    /// The last bytes, with control characters spelled out.
    pub fn tail(&self) -> String {
        let from = self.bytes.len().saturating_sub(TAIL);
        let text = String::from_utf8_lossy(&self.bytes[from..]);
        text.chars().map(printable).collect()
    }
}

fn printable(character: char) -> String {
    match character {
        '\n' => "\n".to_owned(),
        '\x1b' => "\\e".to_owned(),
        other if other.is_control() => other.escape_default().to_string(),
        other => other.to_string(),
    }
}
