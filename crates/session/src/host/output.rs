//! What the program writes: scanned, journaled, shown, painted, answered, in this order.

use super::Host;
use super::asking::{Asking, Who};
use super::canvas::Canvas;
use super::questions::Questions;
use crate::folder::Folder;
use crate::poll::poll_until;
use crate::replay::Replayed;
use journal::Place;
use protocol::frame::Event;
use protocol::{Body, Claim, Offset, ProgramReport, Status, Time};
use rustix::event::{PollFd, PollFlags};
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};
use terminal::profile::Profile;
use terminal::pty::{self, Got};
use terminal::scan::{Found, Item, Scanner};

/// Bytes taken at once: the kernel gives no more. They are shown before more are read, so that program, host and terminal
/// work side by side: four reads at once made the others wait, and cost a fifth of the throughput.
const READ_BYTES: usize = 4 << 10; // 4 KiB
/// A read that gives less than this took all there was: the program is not writing faster than we read.
const MORE_BYTES: usize = 1 << 10; // 1 KiB

/// What comes so soon behind a key, and within a line, is its echo.
const ECHO_WITHIN: Duration = Duration::from_millis(500);

/// The state of the output: what was found in it so far and what it painted.
pub(super) struct Output {
    pub canvas: Canvas,
    pub asking: Asking,
    pub program: ProgramReport,
    pub program_since: Offset,
    pub title: String,
    pub last: Time,
    /// Reports of this turn, of which nobody was told yet.
    reports: Vec<(ProgramReport, Offset)>,
    scanner: Scanner,
    found: Vec<Found>,
    buffer: Box<[u8]>,
    /// Bytes before `scanner.position()` that were not shown because they may become a query.
    held: Vec<u8>,
    /// Whether the terminal has no writer any more.
    pub ended: bool,
}

impl Output {
    pub(super) fn new(folder: &Folder, canvas: Canvas, at: Offset) -> Self {
        Self {
            canvas,
            asking: Asking::new(
                folder.profile().unwrap_or_else(|| Profile::plain(env!("CARGO_PKG_VERSION"))),
            ),
            program: ProgramReport::default(),
            program_since: Offset::ZERO,
            title: String::new(),
            last: Time::now(),
            reports: Vec::new(),
            scanner: Scanner::new(at),
            found: Vec::new(),
            buffer: vec![0; READ_BYTES].into(),
            held: Vec::new(),
            ended: false,
        }
    }

    /// Takes up bytes that an earlier host stored and held back.
    fn rescan(&mut self, held: &[u8]) {
        self.found.clear();
        let still = self.scanner.scan(held, &mut self.found) as usize;
        self.held = held[held.len() - still..].to_vec();
    }

    /// The last bytes, held back because they might have become a query.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Whether all that was shown is whole sequences; what is open then is held back.
    pub(super) fn is_between_sequences(&self) -> bool {
        self.canvas.pending() == Some(self.held.len() as u64)
    }

    /// Reads what the program wrote into the buffer; nothing at the end.
    fn read(&mut self, master: &OwnedFd) -> io::Result<usize> {
        match pty::read(master, &mut self.buffer)? {
            Got::Bytes(bytes) => return Ok(bytes),
            Got::Nothing => {}
            Got::End => self.ended = true,
        }
        Ok(0)
    }

    /// Takes up where an earlier host stopped.
    pub(super) fn resume(folder: &Folder, replayed: Replayed, status: Option<Status>) -> Self {
        let canvas = Canvas::new(folder, replayed.screen, replayed.end, replayed.resizes);
        let mut output = Self::new(folder, canvas, replayed.end);
        output.scanner = Scanner::new(replayed.end - replayed.held.len() as u64);
        output.rescan(&replayed.held);
        if let Some(status) = status {
            (output.program, output.program_since) = (status.program, status.program_since);
            (output.title, output.last) = (status.title, status.last_output);
        }
        output
    }

    /// Judges now what the next key would wait for, if these bytes were all that the program had to say.
    pub(super) fn foresee_key(&mut self, read: usize) {
        if (1..MORE_BYTES).contains(&read) && !self.canvas.is_behind() {
            self.canvas.asks();
        }
    }

    /// Whether the program stopped to wait for an answer: nothing is behind its last question, the last of the bytes
    /// that were read.
    fn waits_for_answer(&self, master: &OwnedFd, read: usize) -> bool {
        let last = self.found.iter().rfind(|found| matches!(found.what, Item::Query(_)));
        let at_end = last.is_some_and(|found| found.range.end == self.scanner.position());
        at_end && (read < MORE_BYTES || !is_readable(master))
    }

    /// Decides who answers the queries found; `wait` says whether the program waits and there is a terminal to ask.
    fn questions(&mut self, wait: bool) -> Questions {
        let mut questions = Questions { wait, ..Questions::default() };
        if !self.found.iter().any(|found| matches!(found.what, Item::Query(_))) {
            return questions;
        }
        let Self { canvas, asking, found, .. } = self;
        // Nothing is painted before it is stored and shown, a backlog neither.
        let screen = canvas.glance();
        for found in found {
            match &found.what {
                Item::Query(query) if asking.answers(query, screen, wait) => {
                    questions.answered.push(found.range.clone());
                }
                Item::Query(_) if wait && questions.fences.len() < asking.room() => {
                    questions.fences.push(found.range.end);
                }
                _ => {}
            }
        }
        questions
    }
}

fn is_readable(master: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(master, PollFlags::IN)];
    poll_until(&mut fds, Some(Instant::now())).is_ok_and(|ready| ready > 0)
}

impl Host {
    /// Takes what the program wrote; gives its bytes.
    pub(super) fn pump(&mut self) -> io::Result<usize> {
        let filled = self.output.read(&self.master)?;
        if filled == 0 {
            return Ok(0);
        }
        let buffer = std::mem::take(&mut self.output.buffer);
        self.take(&buffer[..filled]);
        self.output.buffer = buffer;
        Ok(filled)
    }

    fn take(&mut self, bytes: &[u8]) {
        let start = self.output.scanner.position();
        self.output.found.clear();
        let held = self.output.scanner.scan(bytes, &mut self.output.found) as usize;
        // A terminal is asked only for a program that waits: in the middle of a stream nothing is put in.
        let ask = self.local.is_some() && self.output.waits_for_answer(&self.master, bytes.len());
        let questions = self.output.questions(ask);
        // From here on `kill -9` loses none of it; only now may anybody see it.
        let place = self.recording.place();
        let stored = self.recording.output(bytes, held as u16, &questions.answered).then_some(place);
        let bytes = super::intercept::output(bytes);
        self.show(start, bytes, held, &questions);
        self.paint(start, bytes, stored, &questions);
        self.output.last = Time::now();
        self.agent.painted();
        let typed = || self.input.typed_since(Instant::now() - ECHO_WITHIN);
        if let Some(foreground) = &mut self.agent.foreground {
            foreground.wrote(bytes, typed);
        }
        self.input.program_wrote(Instant::now());
        self.status_file.age.output();
        self.head_due = true;
    }

    /// Writes to the controlling terminal what is decided: all but answered queries and what may become one, and a fence
    /// right behind each query that it has to answer.
    fn show(&mut self, start: Offset, bytes: &[u8], held: usize, questions: &Questions) {
        let before = std::mem::take(&mut self.output.held);
        if before.is_empty() && held == 0 && questions.are_none() {
            if let Some(local) = &mut self.local {
                local.show(bytes);
            }
            return;
        }
        let first = start - before.len() as u64;
        let mut all = before;
        all.extend_from_slice(bytes);
        self.output.held = all.split_off(all.len() - held);
        for (place, bytes) in questions.changes().into_iter().rev() {
            let place = place.start.since(first) as usize..place.end.since(first) as usize;
            all.splice(place, bytes.iter().copied());
        }
        if let Some(local) = &mut self.local {
            local.show(&all);
        }
    }

    /// Feeds the screen, or puts it off in a flood. At a query it stops: an answer tells the state at its very place.
    fn paint(&mut self, start: Offset, bytes: &[u8], stored: Option<Place>, questions: &Questions) {
        let found = std::mem::take(&mut self.output.found);
        let asked = found.iter().any(|found| matches!(found.what, Item::Query(_)));
        let later = stored
            .filter(|_| !asked)
            .is_some_and(|place| self.output.canvas.put_off(place, start + bytes.len() as u64, bytes));
        let mut painted = 0;
        let mut replies = Vec::new();
        for found in found {
            if matches!(found.what, Item::Query(_)) {
                let end = found.range.end.since(start) as usize;
                self.output.canvas.paint(&bytes[painted..end]);
                painted = end;
            }
            let who = questions.who(&found.range, self.local.is_some());
            self.act(found, who, questions.wait, &mut replies);
        }
        if !later {
            self.output.canvas.paint(&bytes[painted..]);
        }
        self.input.reply(&replies);
    }

    fn act(&mut self, found: Found, who: Who, wait: bool, replies: &mut Vec<u8>) {
        match found.what {
            Item::Query(query) => {
                let Output { asking, canvas, .. } = &mut self.output;
                let (waits, now) = (wait.then_some(found.range.start), Instant::now());
                asking.ask(&query, who, canvas.screen(), waits, now, replies);
            }
            Item::Report(report) => self.reported(report, &found.range),
            Item::Title(title) => self.output.title = title,
        }
    }

    /// The program told its state. A sub-agent's report is recorded, and is not the program's own state.
    fn reported(&mut self, report: ProgramReport, range: &Range<Offset>) {
        let offset = range.start;
        self.recording.note(Body::Report(report.clone()));
        self.approvals_hear(&self.output.program.clone(), &report);
        self.agent.hear(Claim::of_report(&report, Time::now()));
        if report.id.is_none() {
            self.output.program = report.clone();
            self.output.program_since = offset;
            self.status_file.age.changed();
        }
        self.output.reports.push((report, offset));
        // Of two reports in one read each counts.
        self.decide_agent(offset);
    }

    /// Tells the clients what the program reported. `status.json` is on its way then, written by a thread of its own:
    /// who was told asks the host for what it may lack.
    pub(super) fn publish_reports(&mut self) {
        if self.output.reports.is_empty() {
            return;
        }
        self.tend_status();
        for (report, offset) in std::mem::take(&mut self.output.reports) {
            self.clients.publish(&Event::Program { report, offset });
        }
    }
}
