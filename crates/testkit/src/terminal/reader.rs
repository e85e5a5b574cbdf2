//! The thread that reads a terminal's output, as fast as it is allowed to, and types the answers to queries.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use super::output::{KEPT, Output, Read};
use super::pty::type_bytes;
use crate::wait::timespec;

/// Bytes asked for in one read; the kernel hands out about 4 KiB at a time whatever is asked.
const CHUNK: usize = 16 * 1024;

/// Pieces that a throttled second is cut into, so that a slow terminal is slow evenly and not in bursts.
const PIECES_PER_SECOND: u32 = 50;

/// How long an answer may wait for a program that takes no input; a real terminal would lose it, too.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

/// What is to be typed after a piece of output.
pub(super) type Answer = Box<dyn FnMut(&[u8]) -> Vec<u8> + Send>;

/// What the terminal's owner tells its reader.
pub(super) struct Control {
    wake: OwnedFd,
    paused: AtomicBool,
    stopped: AtomicBool,
    /// Bytes per second; 0 is without limit.
    rate: AtomicU32,
}

impl Control {
    pub fn new() -> io::Result<Control> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Control {
            wake,
            paused: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            rate: AtomicU32::new(0),
        })
    }

    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
        self.wake();
    }

    pub fn paused(&self) -> bool {
        self.paused.load(Ordering::SeqCst)
    }

    pub fn throttle(&self, bytes_per_second: Option<u32>) {
        self.rate.store(bytes_per_second.unwrap_or(0), Ordering::SeqCst);
        self.wake();
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.wake();
    }

    fn wake(&self) {
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }
}

/// The reading thread's own things.
pub(super) struct Reader {
    pub master: Arc<OwnedFd>,
    pub typing: Arc<Mutex<()>>,
    pub output: Arc<Output>,
    pub control: Arc<Control>,
    pub answer: Answer,
}

impl Reader {
    /// Reads until told to stop, or until no process holds the other side.
    pub fn run(mut self) {
        let mut buffer = vec![0; CHUNK];
        let mut not_before = Instant::now();
        while !self.control.stopped.load(Ordering::SeqCst) {
            let rate = self.control.rate.load(Ordering::SeqCst);
            let wait =
                if rate == 0 { Duration::ZERO } else { not_before.saturating_duration_since(Instant::now()) };
            if self.await_turn(wait).is_err() || !wait.is_zero() {
                continue;
            }
            let chunk = if rate == 0 { CHUNK } else { CHUNK.min((rate / PIECES_PER_SECOND).max(1) as usize) };
            match self.read(&mut buffer[..chunk]) {
                Ok(0) | Err(Errno::AGAIN | Errno::INTR) => {}
                Ok(count) => {
                    if rate != 0 {
                        not_before = Instant::now() + Duration::from_secs_f64(count as f64 / f64::from(rate));
                    }
                    self.reply(&buffer[..count]);
                }
                // EIO is how a PTY says that no process holds the other side.
                Err(_) => break,
            }
        }
        self.output.lock().closed = true;
        self.output.wake();
    }

    /// Waits for output, or `wait` if that is to pass first, or for a word of the owner.
    fn await_turn(&self, wait: Duration) -> rustix::io::Result<()> {
        let reading = wait.is_zero() && !self.control.paused() && self.output.lock().bytes.len() < KEPT;
        let mut fds =
            vec![PollFd::new(&self.control.wake, PollFlags::IN), PollFd::new(&*self.master, PollFlags::IN)];
        fds.truncate(if reading { 2 } else { 1 });
        let limit = (!wait.is_zero()).then(|| timespec(wait));
        poll(&mut fds, limit.as_ref())?;
        let _ = rustix::io::read(&self.control.wake, &mut [0; 8]);
        Ok(())
    }

    /// Takes what is there, unless reading was stopped meanwhile; under the lock, so that a pause is exact.
    fn read(&self, buffer: &mut [u8]) -> rustix::io::Result<usize> {
        let mut received = self.output.lock();
        if self.control.paused() {
            return Ok(0);
        }
        let count = rustix::io::read(&*self.master, &mut *buffer)?;
        received.bytes.extend_from_slice(&buffer[..count]);
        let end = received.bytes.len();
        received.reads.push(Read { at: Instant::now(), end });
        drop(received);
        self.output.wake();
        Ok(count)
    }

    fn reply(&mut self, piece: &[u8]) {
        let answer = (self.answer)(piece);
        if !answer.is_empty() {
            let _ = type_bytes(&self.master, &self.typing, &answer, ANSWER_LIMIT);
        }
    }
}
