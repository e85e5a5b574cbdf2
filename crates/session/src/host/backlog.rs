//! Output of a flood that is stored and shown and not painted yet. It is read from the journal again when there is time.
//!
//! To paint the densest output takes longer than to store and show it, and while the host paints, program and terminal wait.
//! So a flood is painted behind its end, or when somebody wants to see the screen (docs/decisions/0008).

use journal::{Place, Reader};
use protocol::{Body, Offset};
use std::path::Path;
use std::time::{Duration, Instant};
use terminal::Screen;

/// A program that wrote so much without a pause writes a flood: more than most programs paint at once.
const FLOOD_BYTES: u64 = 64 << 10; // 64 KiB
/// A program that wrote nothing for so long pauses.
const PAUSE: Duration = Duration::from_millis(2);
/// What is painted at once of a backlog while the program and its user wait: 0.4 ms of the densest output.
const SLICE_BYTES: u64 = 64 << 10; // 64 KiB
/// What is read of the journal at once: the memory for it stays with the host.
const READ_BYTES: usize = 16 << 10; // 16 KiB
/// Who wants to see the screen waits for the backlog to be painted: for this much of the densest output 0.4 s.
const BACKLOG_BYTES: u64 = 64 << 20; // 64 MiB
/// Whoever watches the screen (what state is it, is that a question) looks at none that is behind. So long they may do without.
const BACKLOG_TIME: Duration = Duration::from_secs(1);

/// What is stored and not painted, and whether there is a flood.
#[derive(Default)]
pub(super) struct Backlog {
    /// Where the stored output ends; nothing while all of it is painted.
    end: Option<Offset>,
    /// When the oldest of it was put off, and where it is stored.
    since: Option<(Instant, Place)>,
    reader: Option<Reader>,
    /// Bytes written without a pause, and when the last of them came.
    streak: u64,
    last: Option<Instant>,
    /// The backlog of this flood became too large: the rest of the flood is painted as it comes.
    full: bool,
}

impl Backlog {
    /// Takes note of output that is stored. True if it is painted later: in a flood, and behind what was put off before.
    pub(super) fn put_off(&mut self, place: Place, end: Offset, bytes: usize, now: Instant) -> bool {
        if self.due().is_none_or(|due| now >= due) {
            (self.streak, self.full) = (0, false);
        }
        self.streak += bytes as u64;
        self.last = Some(now);
        if self.end.is_none() && (self.full || self.streak < FLOOD_BYTES) {
            return false;
        }
        self.end = Some(end);
        self.since.get_or_insert((now, place));
        true
    }

    /// Whether there is something to paint.
    pub(super) fn is_some(&self) -> bool {
        self.end.is_some()
    }

    /// When the program counts as pausing.
    pub(super) fn due(&self) -> Option<Instant> {
        self.last.map(|last| last + PAUSE)
    }

    /// How far the screen, painted up to `painted`, should be painted now.
    pub(super) fn goal(&mut self, painted: Offset, now: Instant) -> Option<Offset> {
        let end = self.end?;
        let waits = self.since.is_some_and(|(since, _)| now.saturating_duration_since(since) >= BACKLOG_TIME);
        self.full |= waits || end.since(painted) >= BACKLOG_BYTES;
        let now = self.full || self.due().is_none_or(|due| now >= due);
        now.then(|| end.min(painted + SLICE_BYTES))
    }

    /// Where the stored output ends, if not all of it is painted.
    pub(super) fn end(&self) -> Option<Offset> {
        self.end
    }

    /// Paints what is stored from `painted` to `goal` at least, record by record; gives the offset behind it.
    pub(super) fn paint(
        &mut self,
        journal: &Path,
        screen: &mut Screen,
        painted: Offset,
        goal: Offset,
    ) -> journal::Result<Offset> {
        let missing = || journal::Error::Missing(journal.to_owned());
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let (_, place) = self.since.ok_or_else(missing)?;
                self.reader.insert(Reader::at(journal, place, READ_BYTES)?)
            }
        };
        let mut at = painted;
        while at < goal {
            let record = reader.next()?.ok_or_else(missing)?;
            if let Body::Output { bytes, .. } = record.body {
                let known = at.since(record.offset) as usize;
                screen.feed(bytes.get(known..).unwrap_or_default());
                at = record.offset + bytes.len() as u64;
            }
        }
        if self.end.is_some_and(|end| at >= end) {
            self.give_up();
        }
        Ok(at)
    }

    /// Forgets what is left to paint; gives where it ends.
    pub(super) fn give_up(&mut self) -> Option<Offset> {
        (self.since, self.reader) = (None, None);
        self.end.take()
    }
}
