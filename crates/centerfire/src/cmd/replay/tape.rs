//! A recording as a tape: a screen that can be wound to any time. Pauses may be cut; all times here are times of
//! playing, from 0.

use super::point::Point;
use protocol::{Body, Offset, Size, Time};
use session::export::{Kind, Source};
use session::registry::Entry;
use session::{Error, Result};
use std::time::Duration;
use terminal::Screen;

/// Bytes of output between two marks: winding back paints no more than these again, in some ten milliseconds.
const MARK_EVERY_BYTES: u64 = 2 << 20; // 2 MiB

pub(super) struct Tape<'a> {
    entry: &'a Entry,
    idle_limit: Duration,
    screen: Screen,
    reel: Reel,
    /// When the last event was played, and the offset behind it.
    position: Duration,
    offset: Offset,
    /// What comes next, if it was looked at.
    next: Option<Event>,
    marks: Vec<Mark>,
    duration: Duration,
    end: Offset,
}

/// The cursor in the journal.
struct Reel {
    source: Source,
    /// When the last event that was read happened, and when it is played.
    last: Time,
    played: Duration,
}

struct Event {
    due: Duration,
    time: Time,
    end: Offset,
    what: What,
}

enum What {
    Output(Vec<u8>),
    Resize(Size),
}

/// A screen to go on from.
struct Mark {
    played: Duration,
    time: Time,
    offset: Offset,
    size: Size,
    dump: Vec<u8>,
}

impl Reel {
    fn open(entry: &Entry, offset: Offset, last: Time, played: Duration) -> Result<Self> {
        Ok(Self { source: Source::of(entry, offset, Kind::Shown)?, last, played })
    }

    /// The next event that can be seen.
    fn next(&mut self, idle_limit: Duration) -> Result<Option<Event>> {
        loop {
            let record = match self.source.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(None),
                // What can be had of a damaged recording is played; `verify` tells what is missing.
                Err(Error::Journal(journal::Error::Corrupt { .. })) => {
                    if self.source.skip_segment()? {
                        continue;
                    }
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            let what = match record.body {
                Body::Output { bytes, .. } => What::Output(bytes.to_vec()),
                Body::Resize(size) => What::Resize(size),
                _ => continue,
            };
            let time = record.time.max(self.last);
            let due = self.played + time.since(self.last).min(idle_limit);
            (self.last, self.played) = (time, due);
            return Ok(Some(Event { due, time, end: self.source.position(), what }));
        }
    }
}

impl<'a> Tape<'a> {
    /// The recording as far as it goes now, or up to `to`.
    pub(super) fn open(entry: &'a Entry, idle_limit: Option<Duration>, to: Option<Point>) -> Result<Self> {
        let idle_limit = idle_limit.unwrap_or(Duration::MAX);
        let start = entry.meta.created;
        let (duration, end) =
            measure(Reel::open(entry, Offset::ZERO, start, Duration::ZERO)?, idle_limit, to)?;
        Ok(Self {
            entry,
            idle_limit,
            screen: Screen::new(entry.meta.size, 0),
            reel: Reel::open(entry, Offset::ZERO, start, Duration::ZERO)?,
            position: Duration::ZERO,
            offset: Offset::ZERO,
            next: None,
            marks: Vec::new(),
            duration,
            end,
        })
    }

    /// How long it plays.
    pub(super) fn duration(&self) -> Duration {
        self.duration
    }

    /// Output up to its end.
    pub(super) fn end(&self) -> Offset {
        self.end
    }

    /// When what was seen last was played.
    pub(super) fn position(&self) -> Duration {
        self.position
    }

    /// What a person sees now.
    pub(super) fn screen(&self) -> &Screen {
        &self.screen
    }

    /// When the next event is due; `None` at the end.
    pub(super) fn due(&mut self) -> Result<Option<Duration>> {
        if self.next.is_none() {
            self.next = self.reel.next(self.idle_limit)?;
        }
        let before_end = |event: &&Event| event.due <= self.duration && event.end <= self.end;
        Ok(self.next.as_ref().filter(before_end).map(|event| event.due))
    }

    /// Plays the next event, and gives its bytes if it is output.
    pub(super) fn step(&mut self) -> Result<Option<Vec<u8>>> {
        self.due()?;
        let Some(event) = self.next.take() else { return Ok(None) };
        (self.position, self.offset) = (event.due, event.end);
        let bytes = match event.what {
            What::Resize(size) => {
                self.screen.resize(size);
                None
            }
            What::Output(bytes) => {
                self.screen.feed(&bytes);
                Some(bytes)
            }
        };
        self.mark(event.due, event.time);
        Ok(bytes)
    }

    /// Plays everything that is due at `time`; true if anything was.
    pub(super) fn play_to(&mut self, time: Duration) -> Result<bool> {
        let mut changed = false;
        while self.due()?.is_some_and(|due| due <= time) {
            self.step()?;
            changed = true;
        }
        Ok(changed)
    }

    /// Winds to a place, back or on.
    pub(super) fn seek(&mut self, to: Point) -> Result<()> {
        let is_behind = match to {
            Point::Time(time) => time < self.position(),
            Point::Offset(offset) => offset < self.offset,
        };
        if is_behind {
            self.rewind(to)?;
        }
        match to {
            Point::Time(time) => drop(self.play_to(time)?),
            Point::Offset(offset) => {
                while self.due()?.is_some() && self.next.as_ref().is_some_and(|next| next.end <= offset) {
                    self.step()?;
                }
            }
        }
        Ok(())
    }

    /// Goes back to the last mark before a place, or to the start.
    fn rewind(&mut self, to: Point) -> Result<()> {
        let before = |mark: &&Mark| match to {
            Point::Time(time) => mark.played <= time,
            Point::Offset(offset) => mark.offset <= offset,
        };
        self.next = None;
        let Some(mark) = self.marks.iter().rfind(before) else {
            self.screen = Screen::new(self.entry.meta.size, 0);
            self.reel = Reel::open(self.entry, Offset::ZERO, self.entry.meta.created, Duration::ZERO)?;
            (self.position, self.offset) = (Duration::ZERO, Offset::ZERO);
            return Ok(());
        };
        self.screen = Screen::new(mark.size, 0);
        self.screen.feed(&mark.dump);
        self.reel = Reel::open(self.entry, mark.offset, mark.time, mark.played)?;
        (self.position, self.offset) = (mark.played, mark.offset);
        Ok(())
    }

    fn mark(&mut self, played: Duration, time: Time) {
        let last = self.marks.last().map_or(Offset::ZERO, |mark| mark.offset);
        // A dump inside a sequence would lose its beginning.
        if self.offset.since(last) >= MARK_EVERY_BYTES && self.screen.pending() == 0 {
            let (size, dump) = (self.screen.size(), self.screen.dump(0));
            self.marks.push(Mark { played, time, offset: self.offset, size, dump });
        }
    }
}

/// Reads to the end to know how long it plays.
fn measure(mut reel: Reel, idle_limit: Duration, to: Option<Point>) -> Result<(Duration, Offset)> {
    let (mut duration, mut end) = (Duration::ZERO, Offset::ZERO);
    while let Some(event) = reel.next(idle_limit)? {
        let is_over = match to {
            Some(Point::Time(time)) => event.due > time,
            Some(Point::Offset(offset)) => event.end > offset,
            None => false,
        };
        if is_over {
            break;
        }
        (duration, end) = (event.due, event.end);
    }
    Ok((duration, end))
}
