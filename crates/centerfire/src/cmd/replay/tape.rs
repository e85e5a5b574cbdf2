//! A recording as a tape: a screen that can be wound to any time. Pauses may be cut; all times here are times of
//! playing, from 0.

use super::point::Point;
use protocol::{Body, Offset, Record, Size, Time};
use session::Result;
use session::registry::Entry;
use session::source::{Kind, Source};
use session::view::{Checkpoint, View, paint};
use std::time::Duration;
use terminal::Screen;

/// Bytes of output between two marks: winding back paints no more than these again, in some ten milliseconds.
const MARK_EVERY_BYTES: u64 = 2 << 20; // 2 MiB

pub(super) struct Tape {
    view: View,
    clock: Clock,
    /// When the last event was played, and the offset behind it.
    position: Duration,
    offset: Offset,
    /// What comes next, if it was looked at.
    next: Option<Event>,
    /// Places to go on from, the start first.
    marks: Vec<Mark>,
    duration: Duration,
    end: Offset,
}

/// Makes times of playing of the times of records.
#[derive(Clone)]
struct Clock {
    idle_limit: Duration,
    /// When the last event that was read happened, and when it is played.
    last: Time,
    played: Duration,
}

struct Event {
    due: Duration,
    end: Offset,
    what: What,
}

enum What {
    Output(Vec<u8>),
    Resize(Size),
}

struct Mark {
    clock: Clock,
    screen: Checkpoint,
}

impl Clock {
    /// When a record is played; `None` if there is nothing to be seen of it.
    fn due(&mut self, record: &Record<'_>) -> Option<Duration> {
        if !matches!(record.body, Body::Output { .. } | Body::Resize(_)) {
            return None;
        }
        let time = record.time.max(self.last);
        self.played += time.since(self.last).min(self.idle_limit);
        self.last = time;
        Some(self.played)
    }
}

impl Tape {
    /// The recording as far as it goes now, or up to `to`. What can be had of a damaged one is played; `verify` tells
    /// what is missing.
    pub(super) fn open(entry: &Entry, idle_limit: Option<Duration>, to: Option<Point>) -> Result<Self> {
        let idle_limit = idle_limit.unwrap_or(Duration::MAX);
        let clock = Clock { idle_limit, last: entry.meta.created, played: Duration::ZERO };
        let mut source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, Kind::Shown)?;
        let (duration, end) = measure(&mut source, clock.clone(), to)?;
        source.seek(Offset::ZERO)?;
        let screen = Checkpoint::empty(Offset::ZERO, entry.meta.size);
        Ok(Self {
            view: View::new(source, &screen, 0),
            marks: vec![Mark { clock: clock.clone(), screen }],
            clock,
            position: Duration::ZERO,
            offset: Offset::ZERO,
            next: None,
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
        self.view.screen()
    }

    /// When the next event is due; `None` at the end.
    pub(super) fn due(&mut self) -> Result<Option<Duration>> {
        if self.next.is_none() {
            self.next = self.read()?;
        }
        let before_end = |event: &&Event| event.due <= self.duration && event.end <= self.end;
        Ok(self.next.as_ref().filter(before_end).map(|event| event.due))
    }

    /// The next event that can be seen.
    fn read(&mut self) -> Result<Option<Event>> {
        while let Some((record, _)) = self.view.read()? {
            let Some(due) = self.clock.due(&record) else { continue };
            let what = match record.body {
                Body::Resize(size) => What::Resize(size),
                Body::Output { bytes, .. } => What::Output(bytes.to_vec()),
                _ => continue,
            };
            return Ok(Some(Event { due, end: self.view.position(), what }));
        }
        Ok(None)
    }

    /// Plays the next event, and gives its bytes if it is output.
    pub(super) fn step(&mut self) -> Result<Option<Vec<u8>>> {
        self.due()?;
        let Some(event) = self.next.take() else { return Ok(None) };
        (self.position, self.offset) = (event.due, event.end);
        let body = match &event.what {
            What::Resize(size) => Body::Resize(*size),
            What::Output(bytes) => Body::Output { bytes, held: 0 },
        };
        paint(self.view.screen_mut(), &body);
        self.mark();
        match event.what {
            What::Resize(_) => Ok(None),
            What::Output(bytes) => Ok(Some(bytes)),
        }
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

    /// Goes back to the last mark before a place.
    fn rewind(&mut self, to: Point) -> Result<()> {
        let before = |mark: &&Mark| match to {
            Point::Time(time) => mark.clock.played <= time,
            Point::Offset(offset) => mark.screen.offset <= offset,
        };
        let mark = self.marks.iter().rfind(before).expect("the first mark is before everything");
        self.view.seek(&mark.screen, 0)?;
        self.next = None;
        self.clock = mark.clock.clone();
        (self.position, self.offset) = (mark.clock.played, mark.screen.offset);
        Ok(())
    }

    fn mark(&mut self) {
        let last = self.marks.last().map_or(Offset::ZERO, |mark| mark.screen.offset);
        // A dump inside a sequence would lose its beginning.
        if self.offset.since(last) >= MARK_EVERY_BYTES && self.screen().pending() == 0 {
            let screen = Checkpoint::of(self.screen(), self.offset, 0);
            self.marks.push(Mark { clock: self.clock.clone(), screen });
        }
    }
}

/// Reads to the end to know how long it plays.
fn measure(source: &mut Source, mut clock: Clock, to: Option<Point>) -> Result<(Duration, Offset)> {
    let (mut duration, mut end) = (Duration::ZERO, Offset::ZERO);
    while let Some(record) = source.next()? {
        let Some(due) = clock.due(&record) else { continue };
        let is_over = match to {
            Some(Point::Time(time)) => due > time,
            Some(Point::Offset(offset)) => source.position() > offset,
            None => false,
        };
        if is_over {
            break;
        }
        (duration, end) = (due, source.position());
    }
    Ok((duration, end))
}
