//! Output of a flood that is stored and shown and not painted yet. It is read from the journal again when there is time.
//!
//! To paint the densest output takes longer than to store and show it, and while the host paints, program and terminal wait.
//! So a flood is painted behind its end, or when somebody wants to see the screen (docs/decisions/0008).

use journal::{Place, Reader};
use protocol::{Body, Offset, Size};
use rustix::time::{ClockId, clock_gettime};
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
/// Who wants to see the screen waits for the backlog to be painted. The densest output of usual programs takes 0.4 s for so much
/// of it, and there is output that takes twenty times as long: whole screens that are erased and filled.
const BACKLOG_BYTES: u64 = 64 << 20; // 64 MiB
const BACKLOG_WORK: Duration = Duration::from_millis(500);
/// After so much of it a read is painted on a screen of its own, to know what painting takes.
const SAMPLE_EVERY_BYTES: u64 = 1 << 20; // 1 MiB
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
    estimate: Option<Estimate>,
}

/// What it will take to paint the backlog.
struct Estimate {
    screen: Screen,
    /// Bytes since the last sample.
    unknown: u64,
    work: Duration,
}

impl Estimate {
    fn new(size: Size) -> Self {
        Self { screen: Screen::new(size, 0), unknown: SAMPLE_EVERY_BYTES, work: Duration::ZERO }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.unknown += bytes.len() as u64;
        if self.unknown >= SAMPLE_EVERY_BYTES {
            let begin = processor_time();
            self.screen.feed(bytes);
            let sample = processor_time().saturating_sub(begin);
            self.work += sample.mul_f64(self.unknown as f64 / bytes.len() as f64);
            self.unknown = 0;
        }
    }
}

/// Of this thread: while others have the processor it stands still.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

impl Backlog {
    /// Takes note of output that is stored. True if it is painted later: in a flood, and behind what was put off before.
    pub(super) fn put_off(
        &mut self,
        place: Place,
        end: Offset,
        bytes: &[u8],
        size: Size,
        now: Instant,
    ) -> bool {
        if self.due().is_none_or(|due| now >= due) {
            (self.streak, self.full) = (0, false);
        }
        self.streak += bytes.len() as u64;
        self.last = Some(now);
        if self.end.is_none() && (self.full || self.streak < FLOOD_BYTES) {
            return false;
        }
        self.end = Some(end);
        self.since.get_or_insert((now, place));
        self.estimate.get_or_insert_with(|| Estimate::new(size)).add(bytes);
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
        let costs = self.estimate.as_ref().is_some_and(|estimate| estimate.work >= BACKLOG_WORK);
        self.full |= waits || costs || end.since(painted) >= BACKLOG_BYTES;
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
        (self.since, self.reader, self.estimate) = (None, None, None);
        self.end.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of such output is put off before it must be painted, up to a limit; no time passes meanwhile.
    fn put_off(output: &[u8], limit: u64) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let writer = journal::Writer::create(folder.path(), protocol::SessionId::generate()).unwrap();
        let (mut backlog, now) = (Backlog::default(), Instant::now());
        let read: Vec<u8> = output.iter().copied().cycle().take(4096).collect();
        let mut end = Offset::ZERO;
        while end.0 < limit && backlog.goal(Offset::ZERO, now).is_none() {
            end += read.len() as u64;
            backlog.put_off(writer.place(), end, &read, Size { cols: 80, rows: 24 }, now);
        }
        end.0
    }

    #[test]
    fn less_is_put_off_of_what_takes_long_to_paint() {
        assert!(put_off(b"\x1b#8", 32 << 20) < 32 << 20, "each fills the screen");
        assert_eq!(put_off(b"some words of plain text\r\n", 2 << 20), 2 << 20);
    }
}
