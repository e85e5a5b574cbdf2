//! Reads the terminals of sessions that only make noise, so that none of them blocks on a full PTY.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::outer::{Outer, READ_BYTES};

/// Longest time between the wish to stop and the end of the thread.
const STOP_LOOK: Duration = Duration::from_millis(100);

/// A thread that owns and empties some terminals. Dropping it ends their clients.
pub struct Drain {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drain {
    pub fn start(mut outers: Vec<Outer>) -> Result<Drain> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("drain".into());
        let thread = thread.spawn(move || empty(&mut outers, &asked)).context("start the draining thread")?;
        Ok(Drain { stop, thread: Some(thread) })
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed by the thread itself.
            let _ = thread.join();
        }
    }
}

fn empty(outers: &mut Vec<Outer>, stop: &AtomicBool) {
    let mut buffer = vec![0; READ_BYTES];
    let timeout = Timespec { tv_sec: 0, tv_nsec: STOP_LOOK.subsec_nanos().into() };
    while !stop.load(Ordering::Relaxed) {
        let mut waits: Vec<PollFd> =
            outers.iter().map(|outer| PollFd::new(outer.master(), PollFlags::IN)).collect();
        if poll(&mut waits, Some(&timeout)).is_err() {
            continue;
        }
        let ready: Vec<bool> = waits.iter().map(|wait| !wait.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        outers.retain(|outer| !ready.next().unwrap_or(false) || still_open(outer, &mut buffer));
    }
}

fn still_open(outer: &Outer, buffer: &mut [u8]) -> bool {
    !matches!(rustix::io::read(outer.master(), buffer), Ok(0) | Err(_))
}
