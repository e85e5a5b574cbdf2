//! What a recording looks like along its time: how much happened when, where nothing did, and what else there is to jump
//! to. It is read from the journal in one pass and paints nothing.

use crate::Result;
use crate::registry::Entry;
use crate::source::{Kind, Source};
use crate::tape::Clock;
use protocol::{AgentState, Body, Claim, Offset, Record, Size};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Pauses that are cut at most: a recording with more is cut at longer ones only.
const PAUSES_MAX: usize = 2_000;
/// Moments that are told at most.
const MOMENTS_MAX: usize = 1_000;
/// The shortest part of the picture.
const PART_MIN: Duration = Duration::from_millis(1);
/// Records between two looks at the clock.
const LOOK_EVERY_RECORDS: u64 = 1_000;

/// A recording along its time. Times are microseconds: `time` since the session's start, `played` with pauses cut.
#[derive(Debug, Serialize)]
pub struct Timeline {
    /// Output in all.
    pub end: Offset,
    /// When the last thing happened that can be seen.
    pub duration: u64,
    /// How long it plays.
    pub played: u64,
    /// To what pauses are cut: what was asked for, or more where there were too many of them.
    pub idle_limit: Option<u64>,
    /// The time of playing that each number of `activity` stands for.
    pub part: u64,
    /// Bytes of output.
    pub activity: Vec<u64>,
    /// Pauses that are cut, in order.
    pub pauses: Vec<Pause>,
    /// What can be jumped to, in order.
    pub moments: Vec<Moment>,
    /// Moments that were left out because there are too many.
    pub left_out: u64,
    /// Whether this is all: the time that was given may have been too short.
    pub complete: bool,
}

/// A time in which nothing was to be seen.
#[derive(Debug, Serialize)]
pub struct Pause {
    /// When it begins.
    pub time: u64,
    /// How long it is.
    pub length: u64,
}

/// Something beside output that happened.
#[derive(Debug, Serialize)]
pub struct Moment {
    /// When.
    pub time: u64,
    /// Behind so much output.
    pub offset: Offset,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// Somebody pressed Enter.
    Enter,
    /// The program is in another state.
    State {
        /// The state.
        state: AgentState,
    },
    /// The terminal got another size.
    Resize {
        /// The size.
        size: Size,
    },
}

/// How much is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// To what pauses are cut.
    pub idle_limit: Option<Duration>,
    /// Numbers in the picture of activity at most.
    pub parts: usize,
    /// When to stop, with what was read until then.
    pub deadline: Instant,
}

impl Timeline {
    /// Reads a recording as far as it goes now.
    pub fn read(entry: &Entry, wanted: Wanted) -> Result<Self> {
        let mut wanted = wanted;
        loop {
            let timeline = Reading::new(entry, wanted).read(entry)?;
            if timeline.pauses.len() <= PAUSES_MAX {
                return Ok(timeline);
            }
            wanted.idle_limit = wanted.idle_limit.map(|limit| limit * 2);
        }
    }
}

/// A timeline that is being made.
struct Reading {
    wanted: Wanted,
    clock: Clock,
    created: protocol::Time,
    state: AgentState,
    /// Whether states were recorded; of older recordings there are only the program's own reports.
    has_states: bool,
    size: Size,
    made: Timeline,
}

impl Reading {
    fn new(entry: &Entry, wanted: Wanted) -> Self {
        let made = Timeline {
            end: Offset::ZERO,
            duration: 0,
            played: 0,
            idle_limit: wanted.idle_limit.map(micros),
            part: micros(PART_MIN),
            activity: Vec::new(),
            pauses: Vec::new(),
            moments: Vec::new(),
            left_out: 0,
            complete: true,
        };
        Self {
            wanted,
            clock: Clock::new(entry.meta.created, wanted.idle_limit),
            created: entry.meta.created,
            state: AgentState::Unknown,
            has_states: false,
            size: entry.meta.size,
            made,
        }
    }

    fn read(mut self, entry: &Entry) -> Result<Timeline> {
        let mut source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, Kind::Shown)?;
        let mut records = 0_u64;
        while let Some(record) = source.next()? {
            self.take(&record);
            records += 1;
            let is_late = records.is_multiple_of(LOOK_EVERY_RECORDS) && Instant::now() > self.wanted.deadline;
            if is_late || self.made.pauses.len() > PAUSES_MAX {
                self.made.complete = !is_late;
                break;
            }
        }
        self.made.end = source.position();
        Ok(self.made)
    }

    fn take(&mut self, record: &Record<'_>) {
        let before = self.clock.last;
        if let Some(played) = self.clock.due(record) {
            let pause = self.clock.last.since(before);
            if self.wanted.idle_limit.is_some_and(|limit| pause > limit) {
                let time = micros(before.since(self.created));
                self.made.pauses.push(Pause { time, length: micros(pause) });
            }
            self.made.duration = micros(self.clock.last.since(self.created));
            self.made.played = micros(played);
        }
        match &record.body {
            Body::Output { bytes, .. } => self.add_activity(bytes.len() as u64),
            Body::Input { bytes, .. } if bytes.contains(&b'\r') => self.add_moment(record, What::Enter),
            Body::State(claim) => {
                self.has_states = true;
                self.take_state(record, claim.state);
            }
            Body::Report(report) if report.id.is_none() && !self.has_states => {
                self.take_state(record, Claim::of_report(report, record.time).state);
            }
            // The first record tells the size that the session began with.
            Body::Resize(size) if *size != self.size => {
                self.size = *size;
                self.add_moment(record, What::Resize { size: *size });
            }
            _ => {}
        }
    }

    fn take_state(&mut self, record: &Record<'_>, state: AgentState) {
        if std::mem::replace(&mut self.state, state) != state {
            self.add_moment(record, What::State { state });
        }
    }

    /// Counts output at the present time of playing. The parts grow with the recording.
    fn add_activity(&mut self, bytes: u64) {
        let activity = &mut self.made.activity;
        let mut at = self.made.played / self.made.part;
        while at >= self.wanted.parts as u64 {
            *activity = activity.chunks(2).map(|pair| pair.iter().sum()).collect();
            self.made.part *= 2;
            at = self.made.played / self.made.part;
        }
        let at = at as usize;
        if activity.len() <= at {
            activity.resize(at + 1, 0);
        }
        activity[at] += bytes;
    }

    fn add_moment(&mut self, record: &Record<'_>, what: What) {
        if self.made.moments.len() < MOMENTS_MAX {
            let time = micros(record.time.since(self.created));
            self.made.moments.push(Moment { time, offset: record.offset, what });
        } else {
            self.made.left_out += 1;
        }
    }
}

/// A time as it is told.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
