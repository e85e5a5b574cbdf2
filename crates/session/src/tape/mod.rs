//! A recording as a tape: a screen that can be wound to any time. Pauses may be cut; all times here are times of
//! playing, from 0.

mod marks;
mod point;

use crate::Result;
use crate::registry::Entry;
use crate::source::{Kind, Source};
use crate::view::{Checkpoint, View, paint};
use marks::{Mark, Marks};
pub use point::Point;
use protocol::{Body, Offset, Record, Size, Time};
use std::time::{Duration, Instant};
use terminal::Screen;

/// Bytes of a sequence that is not whole, kept at most.
const UNFINISHED_MAX_BYTES: usize = 64 << 10; // 64 KiB

/// A recording that can be wound to any time.
pub struct Tape {
    view: View,
    clock: Clock,
    /// When the last event was played, and the offset behind it.
    position: Duration,
    offset: Offset,
    /// What comes next, if it was looked at.
    next: Option<Event>,
    /// What comes after that, if it was one with it.
    after: Option<Event>,
    /// Output at the end of what was played that is no whole sequence yet: the screen does not show it, and its dump
    /// lacks it.
    unfinished: Vec<u8>,
    marks: Marks,
    duration: Duration,
    end: Offset,
}

/// Makes times of playing of the times of records.
#[derive(Clone)]
pub(crate) struct Clock {
    pub(crate) idle_limit: Duration,
    /// When the last event that was read happened, and when it is played.
    pub(crate) last: Time,
    pub(crate) played: Duration,
}

struct Event {
    due: Duration,
    end: Offset,
    what: Played,
}

/// What can be seen to happen.
pub enum Played {
    /// Output.
    Output(Vec<u8>),
    /// The terminal got another size.
    Resize(Size),
}

impl Clock {
    /// The clock of a session at its start.
    pub(crate) fn new(created: Time, idle_limit: Option<Duration>) -> Self {
        let idle_limit = idle_limit.unwrap_or(Duration::MAX);
        Self { idle_limit, last: created, played: Duration::ZERO }
    }

    /// When a record is played; `None` if there is nothing to be seen of it.
    pub(crate) fn due(&mut self, record: &Record<'_>) -> Option<Duration> {
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
    /// The recording, which may still grow. What can be had of a damaged one is played; `verify` tells what is missing.
    pub fn open(entry: &Entry, idle_limit: Option<Duration>) -> Result<Self> {
        let clock = Clock::new(entry.meta.created, idle_limit);
        let source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, Kind::Shown)?;
        let screen = Checkpoint::empty(Offset::ZERO, entry.meta.size);
        Ok(Self {
            view: View::new(source, &screen, 0),
            marks: Marks::new(Mark { clock: clock.clone(), screen }),
            clock,
            position: Duration::ZERO,
            offset: Offset::ZERO,
            next: None,
            after: None,
            unfinished: Vec::new(),
            duration: Duration::MAX,
            end: Offset(u64::MAX),
        })
    }

    /// The recording as far as it goes now, or up to `to`.
    pub fn open_to(entry: &Entry, idle_limit: Option<Duration>, to: Option<Point>) -> Result<Self> {
        let mut tape = Self::open(entry, idle_limit)?;
        let mut source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, Kind::Shown)?;
        (tape.duration, tape.end) = measure(&mut source, tape.clock.clone(), to)?;
        Ok(tape)
    }

    /// How long it plays, where that was measured.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Output up to its end, where that was measured.
    pub fn end(&self) -> Offset {
        self.end
    }

    /// When what was seen last was played.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// The output that was played.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// What a person sees now.
    pub fn screen(&self) -> &Screen {
        self.view.screen()
    }

    /// The bytes that make a fresh terminal of the same size show what is seen now, and go on from here.
    pub fn dump(&self) -> Vec<u8> {
        [self.screen().dump(0), self.unfinished.clone()].concat()
    }

    /// When the next event is due; `None` at the end.
    pub fn due(&mut self) -> Result<Option<Duration>> {
        if self.next.is_none() {
            self.next = match self.after.take() {
                Some(event) => Some(event),
                None => self.read()?,
            };
        }
        let before_end = |event: &&Event| event.due <= self.duration && event.end <= self.end;
        Ok(self.next.as_ref().filter(before_end).map(|event| event.due))
    }

    /// The next event that can be seen.
    fn read(&mut self) -> Result<Option<Event>> {
        while let Some((record, _)) = self.view.read()? {
            let Some(due) = self.clock.due(&record) else { continue };
            let what = match record.body {
                Body::Resize(size) => Played::Resize(size),
                Body::Output { bytes, .. } => Played::Output(bytes.to_vec()),
                _ => continue,
            };
            return Ok(Some(Event { due, end: self.view.position(), what }));
        }
        Ok(None)
    }

    /// Plays the next event.
    pub fn step(&mut self) -> Result<Option<Played>> {
        self.due()?;
        let Some(event) = self.next.take() else { return Ok(None) };
        (self.position, self.offset) = (event.due, event.end);
        match &event.what {
            Played::Resize(size) => paint(self.view.screen_mut(), &Body::Resize(*size)),
            Played::Output(bytes) => {
                paint(self.view.screen_mut(), &Body::Output { bytes, held: 0 });
                self.keep_unfinished(bytes);
            }
        }
        self.mark();
        Ok(Some(event.what))
    }

    fn keep_unfinished(&mut self, bytes: &[u8]) {
        let pending = usize::try_from(self.screen().pending()).unwrap_or(usize::MAX);
        if pending <= bytes.len() {
            self.unfinished.clear();
            self.unfinished.extend_from_slice(&bytes[bytes.len() - pending..]);
        } else {
            self.unfinished.extend_from_slice(bytes);
        }
        // A string without an end, such as a picture, is nothing that a terminal will show.
        self.unfinished.truncate(UNFINISHED_MAX_BYTES);
    }

    /// Plays everything that is due at `time`; true if anything was.
    pub fn play_to(&mut self, time: Duration) -> Result<bool> {
        let mut changed = false;
        while self.due()?.is_some_and(|due| due <= time) {
            self.step()?;
            changed = true;
        }
        Ok(changed)
    }

    /// Winds to a place, back or on.
    pub fn seek(&mut self, to: Point) -> Result<()> {
        self.seek_until(to, None).map(drop)
    }

    /// The same, with a limit: false if the place was not reached by `deadline`. Asked again it goes on from there.
    pub fn seek_until(&mut self, to: Point, deadline: Option<Instant>) -> Result<bool> {
        self.wind(to)?;
        while self.due()?.is_some() && self.next.as_ref().is_some_and(|next| next.is_within(to)) {
            if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                return Ok(false);
            }
            self.step()?;
        }
        if let Point::Offset(offset) = to {
            self.split(offset);
            if self.next.as_ref().is_some_and(|next| next.end <= offset) {
                self.step()?;
            }
        }
        Ok(true)
    }

    /// Makes two of the next event where a place is in the middle of it: in a flood much comes and goes in one.
    fn split(&mut self, at: Offset) {
        let start = self.offset;
        let Some(Event { due, end, what: Played::Output(bytes) }) = &mut self.next else { return };
        // Where queries were left out nobody knows which byte is at which offset.
        if at <= start || at >= *end || end.since(start) != bytes.len() as u64 {
            return;
        }
        let rest = bytes.split_off(at.since(start) as usize);
        let first = Event { due: *due, end: at, what: Played::Output(std::mem::take(bytes)) };
        let second = Event { due: *due, end: *end, what: Played::Output(rest) };
        self.next = Some(first);
        self.after = Some(second);
    }

    /// Goes to the last mark before a place, if that is behind or if it is a short cut.
    fn wind(&mut self, to: Point) -> Result<()> {
        let (is_behind, mark) = match to {
            Point::Time(time) => {
                (time < self.position, self.marks.last_before(|mark| mark.clock.played <= time))
            }
            Point::Offset(offset) => {
                (offset < self.offset, self.marks.last_before(|mark| mark.screen.offset <= offset))
            }
        };
        if is_behind || mark.screen.offset > self.offset {
            self.view.seek(&mark.screen, 0)?;
            (self.next, self.after) = (None, None);
            self.unfinished.clear();
            self.clock = mark.clock.clone();
            (self.position, self.offset) = (mark.clock.played, mark.screen.offset);
        }
        Ok(())
    }

    fn mark(&mut self) {
        // A dump inside a sequence would lose its beginning.
        if self.marks.wants(self.offset) && self.screen().pending() == 0 {
            let screen = Checkpoint::of(self.screen(), self.offset, 0);
            self.marks.add(Mark { clock: self.clock.clone(), screen });
        }
    }
}

impl Event {
    fn is_within(&self, place: Point) -> bool {
        match place {
            Point::Time(time) => self.due <= time,
            Point::Offset(offset) => self.end <= offset,
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
