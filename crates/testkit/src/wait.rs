//! Waiting with a limit: for a child to end, and, as the last resort, for the world outside to change.
//!
//! A test waits for an event wherever one is published: output of a [`crate::Terminal`], a request at the
//! [`crate::ModelServer`], an event of the program under test. [`eventually`] polls, and is only for what announces
//! nothing, such as a file that appears or a process that is gone from /proc.

use std::fmt;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Time between two looks of [`eventually`]: short against what a test notices, long against what a look costs.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What was awaited did not happen in time.
///
/// Its `Debug` is its `Display`, so that an `unwrap` in a test prints the whole story.
pub struct TimedOut {
    /// What was awaited.
    pub awaited: String,
    /// How long it was awaited.
    pub after: Duration,
    /// What was seen instead, made printable.
    pub tail: String,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.after.as_secs_f64();
        write!(f, "no {} after {seconds:.1} s; last seen:\n{}", self.awaited, self.tail)
    }
}

impl fmt::Debug for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for TimedOut {}

/// Looks again and again until `look` finds something or the time is over; the last resort (see the module's head).
pub fn eventually<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// Waits until the child has ended, woken by the kernel; `None` when the time is over.
pub fn exit_of(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    if let Some(status) = child.try_wait()? {
        return Ok(Some(status));
    }
    let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty())?;
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timespec(left))) {
            Ok(0) => return Ok(None),
            Ok(_) => return child.wait().map(Some),
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
    }
}

/// A duration as the kernel wants it; more than it can hold becomes an hour, which no test waits for.
pub(crate) fn timespec(duration: Duration) -> Timespec {
    Timespec::try_from(duration).unwrap_or(Timespec { tv_sec: 3600, tv_nsec: 0 })
}
