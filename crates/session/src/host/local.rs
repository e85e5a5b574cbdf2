//! The controlling terminal, written and read by the host itself, so that its user's keys and the program's output
//! take no detour. The descriptor is a private one (T36); a terminal that stands still is cut loose and repainted
//! when it moves again (T28).

use super::Host;
use crate::poll::poll_until;
use protocol::{Body, ClientNumber, Notice};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};
use terminal::key::{DetachWatch, Press};

/// Output that waits for the terminal before the program is made to wait for it, as it would without us. Limits of 1 to
/// 256 KiB were tried and made no difference that could be told from noise; less is less to repaint and to keep.
const LAG_HIGH_BYTES: usize = 16 << 10; // 16 KiB
/// The terminal must catch up to this before the program goes on: it takes 8 KiB at once.
const LAG_LOW_BYTES: usize = 8 << 10; // 8 KiB
/// A terminal that takes nothing for this long no longer holds the program up.
const STUCK: Duration = Duration::from_secs(1);
/// The first press of the detach key waits this long for the second before the program gets it, so that a program
/// does not see the key that leaves it.
const DETACH_HELD: Duration = Duration::from_millis(300);
/// Bytes of keys read at once.
const KEYS_BYTES: usize = 4 << 10; // 4 KiB: a terminal gives no more

/// A user's terminal in the host's hands.
pub(super) struct Local {
    pub client: ClientNumber,
    /// Whether the whole screen was painted on it, so that nothing there is the user's.
    pub painted: bool,
    fd: OwnedFd,
    pending: Vec<u8>,
    /// Bytes of `pending` that were written.
    written: usize,
    /// When the terminal last took something, while the program waits for it.
    waiting_since: Option<Instant>,
    /// It was cut loose: what it shows is old.
    stale: bool,
    detach: DetachWatch,
    /// A first press of the detach key, and until when it waits.
    held: Option<(Vec<u8>, Instant)>,
}

/// What reading a terminal gave.
pub(super) enum Reading {
    Keys(Vec<u8>),
    Nothing,
    Detach,
    Hangup,
    /// Somebody else uses the terminal.
    Lent,
}

impl Local {
    pub(super) fn new(client: ClientNumber, fd: OwnedFd, detach: DetachWatch) -> Self {
        Self {
            client,
            painted: false,
            fd,
            pending: Vec::new(),
            written: 0,
            waiting_since: None,
            stale: false,
            detach,
            held: None,
        }
    }

    /// Shows bytes now, or as soon as the terminal takes them.
    pub(super) fn show(&mut self, bytes: &[u8]) {
        if self.stale {
            return;
        }
        let took = if self.pending.is_empty() { write_some(&self.fd, bytes) } else { 0 };
        self.pending.extend_from_slice(&bytes[took..]);
        if self.waiting_since.is_none() && self.lag() > LAG_HIGH_BYTES {
            self.waiting_since = Some(Instant::now());
        }
    }

    /// Writes what waits. True if the terminal was cut loose and must be repainted.
    pub(super) fn flush(&mut self) -> bool {
        if self.stale {
            return std::mem::take(&mut self.stale);
        }
        let took = write_some(&self.fd, &self.pending[self.written..]);
        self.written += took;
        if self.lag() == 0 {
            self.pending = Vec::new();
            self.written = 0;
        } else if self.written > LAG_HIGH_BYTES {
            self.pending.drain(..self.written);
            self.written = 0;
        }
        if self.lag() <= LAG_LOW_BYTES {
            self.waiting_since = None;
        } else if took > 0 && self.waiting_since.is_some() {
            self.waiting_since = Some(Instant::now());
        }
        false
    }

    /// Whether the program has to wait for the terminal.
    pub(super) fn holds_up(&self) -> bool {
        self.waiting_since.is_some()
    }

    /// Whether all that was typed was passed on.
    pub(super) fn is_idle(&self) -> bool {
        self.held.is_none()
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let held = self.held.as_ref().map(|(_, until)| *until);
        [self.stuck_at(), held].into_iter().flatten().min()
    }

    /// When a terminal that takes nothing is cut loose.
    fn stuck_at(&self) -> Option<Instant> {
        self.waiting_since.map(|since| since + STUCK)
    }

    /// Cuts the terminal loose if its time is over; true if so.
    pub(super) fn cut_loose(&mut self, now: Instant) -> bool {
        if self.stuck_at().is_none_or(|deadline| now < deadline) {
            return false;
        }
        self.pending = Vec::new();
        self.written = 0;
        self.waiting_since = None;
        self.stale = true;
        true
    }

    pub(super) fn wants_write(&self) -> bool {
        self.stale || self.lag() > 0
    }

    fn lag(&self) -> usize {
        self.pending.len() - self.written
    }

    /// Reads keys.
    pub(super) fn read(&mut self) -> Reading {
        // While the client is stopped, its shell has the terminal, and the keys are the shell's. Nothing tells us of
        // the stop; but every shell that can be typed at sets modes of its own, and to look costs less than the read.
        if terminal::tty::is_raw(&self.fd).is_ok_and(|raw| !raw) {
            return Reading::Lent;
        }
        let mut buffer = [0; KEYS_BYTES];
        let keys = match rustix::io::read(&self.fd, &mut buffer) {
            Ok(0) => return Reading::Hangup,
            Ok(count) => &buffer[..count],
            Err(Errno::AGAIN | Errno::INTR) => return Reading::Nothing,
            Err(_) => return Reading::Hangup,
        };
        let before = self.held.take().map(|(keys, _)| keys);
        match self.detach.press(keys) {
            Press::Second => Reading::Detach,
            Press::First => {
                self.held = Some((keys.to_vec(), Instant::now() + DETACH_HELD));
                before.map_or(Reading::Nothing, Reading::Keys)
            }
            Press::Other => {
                Reading::Keys(before.map_or_else(|| keys.to_vec(), |before| [&before, keys].concat()))
            }
        }
    }

    /// A first press of the detach key that no second followed.
    pub(super) fn release_held(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.held.take_if(|(_, until)| *until <= now).map(|(keys, _)| keys)
    }

    /// Says the last words, as long as the terminal takes something within the limit of time; it goes back to its
    /// user then.
    pub(super) fn farewell(mut self, bytes: &[u8], limit: Duration, longest: Duration) {
        self.show(bytes);
        let latest = Instant::now() + longest;
        let mut end = Instant::now() + limit;
        while self.lag() > 0 && Instant::now() < end.min(latest) {
            let mut fds = [PollFd::new(&self.fd, PollFlags::OUT)];
            if !matches!(poll_until(&mut fds, Some(end.min(latest))), Ok(1..)) {
                return;
            }
            let before = self.lag();
            self.flush();
            if self.lag() < before {
                end = Instant::now() + limit;
            }
        }
    }

    /// Gives a terminal back whose client is dead: cooked, whatever it was before is not known any more. Where its
    /// shell was quicker than we, the settings are the shell's.
    pub(super) fn abandon(self, reset: &[u8]) {
        write_some(&self.fd, reset);
        if terminal::tty::is_raw(&self.fd).is_ok_and(|raw| raw) {
            let _ = terminal::tty::cook(&self.fd);
        }
    }
}

impl Host {
    /// Writes what the terminal takes, and cuts it loose where it takes nothing for too long.
    pub(super) fn tend_terminal(&mut self, writable: bool) {
        let Some(local) = &mut self.local else { return };
        if writable && local.flush() {
            self.repaint(0);
        } else if local.cut_loose(Instant::now()) {
            let client = local.client;
            self.recording.note(Body::Notice(Notice::ClientCutLoose { client }));
        }
    }
}

impl AsFd for Local {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A terminal that takes nothing, or is gone, takes 0 bytes; that it is gone is found out by reading it.
fn write_some(fd: impl AsFd, bytes: &[u8]) -> usize {
    rustix::io::write(fd, bytes).unwrap_or_default()
}

/// Opens a terminal that a client passed.
pub(super) fn open(passed: OwnedFd) -> io::Result<OwnedFd> {
    terminal::tty::reopen(&passed)
}
