//! Who has the floor: where the controlling terminal's typing ends inside a paste or a key, the rest comes in another
//! read, and nobody else's input may stand before it (T9).
//!
//! It is given up where the rest stays out, so that a terminal which never ends a paste shuts nobody out for good;
//! what comes later is typing like any other.

use protocol::ClientNumber;
use std::time::{Duration, Instant};
use terminal::unit::{Open, UnitWatch};

/// How long the next bytes of a paste may be away: the terminal writes them as fast as they are read, but on their
/// way over a bad network a lost packet takes seconds.
const PASTE_SILENCE: Duration = Duration::from_secs(5);
/// How long the rest of a key or character may be away. It was sent in the same instant; without it, it was an Escape
/// key, and a script's input is held up by no more than this.
const SEQUENCE_SILENCE: Duration = Duration::from_millis(50);

/// The floor, and whose it is.
#[derive(Default)]
pub(super) struct Floor {
    typed: UnitWatch,
    typist: ClientNumber,
    /// Until when the rest is waited for, while something is open.
    until: Option<Instant>,
}

impl Floor {
    /// Takes in what the program got of somebody's typing.
    pub(super) fn typed(&mut self, by: ClientNumber, bytes: &[u8], now: Instant) {
        if self.typist != by {
            *self = Self { typist: by, ..Self::default() };
        }
        self.typed.feed(bytes);
        self.until = self.typed.open().map(|open| match open {
            Open::Paste => now + PASTE_SILENCE,
            Open::Sequence => now + SEQUENCE_SILENCE,
        });
    }

    /// Who alone may go on.
    pub(super) fn holder(&self) -> Option<ClientNumber> {
        self.until.map(|_| self.typist)
    }

    /// When the floor is given up.
    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Gives it up if its time is over; false if it is held.
    pub(super) fn is_free(&mut self, now: Instant) -> bool {
        if self.until.is_some_and(|until| until <= now) {
            *self = Self::default();
        }
        self.until.is_none()
    }

    /// Whoever had it is gone, and the rest with them.
    pub(super) fn leave(&mut self, client: ClientNumber) {
        if self.typist == client {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: ClientNumber = ClientNumber(1);
    const OTHER: ClientNumber = ClientNumber(2);

    fn after(typed: &[u8], now: Instant) -> Floor {
        let mut floor = Floor::default();
        floor.typed(ME, typed, now);
        floor
    }

    #[test]
    fn a_paste_holds_the_floor_until_its_end_or_a_long_silence() {
        let now = Instant::now();
        let mut floor = after(b"\x1b[200~one", now);
        assert_eq!(floor.holder(), Some(ME));
        let later = now + PASTE_SILENCE - SEQUENCE_SILENCE;
        assert!(!floor.is_free(later));
        floor.typed(ME, b"two", later);
        assert!(!floor.is_free(now + PASTE_SILENCE), "the silence begins anew with each piece");
        assert!(floor.is_free(later + PASTE_SILENCE));
        assert_eq!(floor.holder(), None);
        floor.typed(ME, b"three", later);
        assert_eq!(floor.holder(), None, "what comes too late is typing like any other");
        assert_eq!(after(b"\x1b[200~one\x1b[201~", now).holder(), None);
    }

    #[test]
    fn an_escape_key_holds_the_floor_for_a_moment_only() {
        let now = Instant::now();
        let mut floor = after(b"\x1b", now);
        assert!(!floor.is_free(now));
        assert!(floor.is_free(now + SEQUENCE_SILENCE));
    }

    #[test]
    fn nobody_goes_on_with_anothers_paste() {
        let now = Instant::now();
        let mut floor = after(b"\x1b[200~one", now);
        floor.typed(OTHER, b"two", now);
        assert_eq!(floor.holder(), None);
        let mut floor = after(b"\x1b[200~one", now);
        floor.leave(OTHER);
        assert_eq!(floor.holder(), Some(ME));
        floor.leave(ME);
        assert_eq!(floor.holder(), None);
    }
}
