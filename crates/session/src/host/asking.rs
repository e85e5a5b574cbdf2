//! What the controlling terminal is, learned from itself the first time the program wants to know (T14, T15, T37).
//!
//! A program that asks nothing gets a terminal to which not a byte was added. At the first question the terminal is
//! asked everything at once; until it has answered (or its time is over) the program's answers wait, in order. A
//! question that we cannot answer goes on to the terminal with a question of ours behind it as a fence: the answers
//! that follow wait for that one. Only a program that stopped to wait for its answer makes us ask: nothing is put
//! into the middle of a stream. What was learned is remembered after detach.

use super::canvas::Canvas;
use protocol::{Offset, Size};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use terminal::Screen;
use terminal::answer;
use terminal::probe::{ProbeReader, probe};
use terminal::profile::Profile;
use terminal::query::Query;
use terminal::reply::{ReplyFilter, ReplyKind};

/// A program that ends this soon after its question did not wait for the answer: its terminal is not asked.
const PROBE_AFTER: Duration = Duration::from_millis(5);
/// A program that wrote more than this since its question does not wait either (bytes).
const STREAMS_BYTES: u64 = 32 << 10; // 32 KiB
/// The program's first answers wait this long for the terminal's own.
const PROBE_PATIENCE: Duration = Duration::from_millis(100);
/// Answers that come later than that are still taken for answers, not for typing, for this long.
const LATEST: Duration = Duration::from_secs(2);
/// An Escape key looks like the beginning of an answer; without more it is a key after this time.
const KEY_AFTER: Duration = Duration::from_millis(25);
/// A question that went on to the terminal delays the answers behind it by no more than this.
const FENCE_PATIENCE: Duration = Duration::from_millis(200);
/// Answers that wait at most; a program that asks more in 200 ms gets the rest unordered.
const MAX_WAITING: usize = 4096;
/// Our fence: DA1, which every terminal answers.
const FENCE: &[u8] = b"\x1b[c";
const FENCE_REPLY: ReplyKind = ReplyKind::Csi { prefix: b"?", last: b"c" };

/// What is known of the terminal, and what waits to be known.
pub(super) struct Asking {
    profile: Profile,
    /// Whether the terminal that controls now was asked.
    asked: bool,
    learned: bool,
    probe: Option<(ProbeReader, Instant)>,
    /// When the terminal is to be asked, and where in its output the program asked first.
    probe_at: Option<(Instant, Offset)>,
    fences: ReplyFilter,
    /// Until when an answer to a fence is not taken for typing.
    fences_until: Option<Instant>,
    /// Until when the beginning of an answer waits for its end.
    held_until: Option<Instant>,
    /// Until when answers wait.
    wait: Option<Instant>,
    waiting: VecDeque<Waiting>,
}

enum Waiting {
    Answer(Vec<u8>),
    Question(Query),
}

impl Asking {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            profile,
            asked: false,
            learned: false,
            probe: None,
            probe_at: None,
            fences: ReplyFilter::new(),
            fences_until: None,
            held_until: None,
            wait: None,
            waiting: VecDeque::new(),
        }
    }

    /// What was learned of the terminal since the last call.
    pub(super) fn learned(&mut self) -> Option<&Profile> {
        std::mem::take(&mut self.learned).then_some(&self.profile)
    }

    /// Another terminal controls, or none. Gives what was held back of the typing on the one before.
    pub(super) fn terminal_changed(&mut self) -> Vec<u8> {
        let typed = self.release();
        self.asked = false;
        (self.probe, self.probe_at) = (None, None);
        (self.fences, self.fences_until) = (ReplyFilter::new(), None);
        typed
    }

    /// What looked like the beginning of an answer and is typing after all.
    fn release(&mut self) -> Vec<u8> {
        self.held_until = None;
        let mut typed = self.fences.release();
        if let Some((reader, _)) = &mut self.probe {
            typed.extend(reader.release());
        }
        typed
    }

    /// Whether the host answers this query; otherwise it goes on to the terminal. `terminal` says whether there is one
    /// that may be asked now.
    pub(super) fn answers(&self, query: &Query, screen: &Screen, terminal: bool) -> bool {
        let learn = terminal && !self.asked;
        let unknown = Profile::unknown();
        let profile = if learn { &unknown } else { &self.profile };
        // What a terminal can be asked in advance is answered for it, even if the answer will be silence.
        let learned = matches!(query, Query::Colours { first: 10..=12, count: 1, .. });
        answer::answer(query, screen, profile, &mut Vec::new()) || (learn && learned)
    }

    /// Answers a query that is `ours` to answer, now or when it can be. `terminal` is there if it may be asked, and where in the output the
    /// query stands. Gives what must be written to the terminal now.
    pub(super) fn ask(
        &mut self,
        query: &Query,
        ours: bool,
        screen: &Screen,
        terminal: Option<Offset>,
        out: &mut Vec<u8>,
    ) -> Vec<u8> {
        let mut words = Vec::new();
        if let (Some(offset), false, true) = (terminal, self.asked, needs_terminal(query)) {
            self.asked = true;
            let now = Instant::now();
            self.probe_at = Some((now + PROBE_AFTER, offset));
            self.wait = Some(now + PROBE_PATIENCE);
        }
        if !ours && terminal.is_some() {
            self.fences.expect(FENCE_REPLY);
            self.fences_until = Some(Instant::now() + LATEST);
            self.wait = Some(Instant::now() + FENCE_PATIENCE);
            words.extend_from_slice(FENCE);
        } else if !ours {
            // Nobody is there to ask, or the program did not wait: a terminal that looks on may answer it.
        } else if self.wait.is_none() {
            answer::answer(query, screen, &self.profile, out);
        } else if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back(self.later(query, screen));
        }
        words
    }

    /// What tells the screen's state is answered as it is now; what tells the terminal's nature, when it is known.
    fn later(&self, query: &Query, screen: &Screen) -> Waiting {
        if needs_terminal(query) {
            return Waiting::Question(query.clone());
        }
        let mut bytes = Vec::new();
        answer::answer(query, screen, &self.profile, &mut bytes);
        Waiting::Answer(bytes)
    }

    /// Takes the terminal's answers out of what was read from it; gives what was typed.
    pub(super) fn typed(&mut self, read: Vec<u8>, canvas: &mut Canvas, out: &mut Vec<u8>) -> Vec<u8> {
        let mut typed = read;
        let mut heard = false;
        if let Some((reader, _)) = &mut self.probe {
            typed = reader.feed(&typed);
            heard = reader.done();
        }
        if heard && let Some((reader, _)) = self.probe.take() {
            let (profile, rest) = reader.finish();
            (self.profile, self.learned) = (profile, true);
            typed.extend(rest);
        }
        if self.fences.outstanding() > 0 {
            let mut replies = Vec::new();
            typed = self.fences.feed(&typed, &mut replies).into_owned();
            heard |= !replies.is_empty();
        }
        if heard && self.probe.is_none() && self.fences.outstanding() == 0 {
            self.answer_waiting(canvas, out);
        }
        let holds = self.fences.holds() || self.probe.as_ref().is_some_and(|(reader, _)| reader.holds());
        self.held_until = holds.then(|| Instant::now() + KEY_AFTER);
        typed
    }

    /// When the patience with the terminal ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let late = self.probe.as_ref().map(|(_, until)| *until);
        [self.wait, self.probe_at.map(|(at, _)| at), self.fences_until, self.held_until, late]
            .into_iter()
            .flatten()
            .min()
    }

    /// The terminal cannot be asked just now: a little later, and not at all once the program's patience is over.
    pub(super) fn postpone_probe(&mut self, now: Instant) {
        let Some((at, _)) = self.probe_at.as_mut().filter(|(at, _)| *at <= now) else { return };
        *at = now + PROBE_AFTER;
        if self.wait.is_none() {
            (self.probe_at, self.asked) = (None, false);
        }
    }

    /// The question to write to the terminal, once it is time: all that will ever be asked, at once. `output` is how
    /// far the program has written.
    pub(super) fn probe(&mut self, now: Instant, size: Size, output: Offset) -> Option<Vec<u8>> {
        let (_, offset) = self.probe_at.take_if(|(at, _)| *at <= now)?;
        if output.since(offset) > STREAMS_BYTES {
            self.asked = false;
            return None;
        }
        self.probe = Some((ProbeReader::new(size), now + LATEST));
        Some(probe())
    }

    /// Whose patience is over: answers what waits with what is known. Gives what was held back of the typing.
    pub(super) fn tend(&mut self, now: Instant, canvas: &mut Canvas, out: &mut Vec<u8>) -> Vec<u8> {
        if self.wait.is_some_and(|until| until <= now) {
            self.answer_waiting(canvas, out);
        }
        let mut typed =
            if self.held_until.is_some_and(|until| until <= now) { self.release() } else { Vec::new() };
        if self.fences_until.take_if(|until| *until <= now).is_some() {
            self.fences.forget();
            typed.extend(self.fences.release());
        }
        if let Some((reader, _)) = self.probe.take_if(|(_, until)| *until <= now) {
            typed.extend(reader.finish().1);
        }
        typed
    }

    fn answer_waiting(&mut self, canvas: &mut Canvas, out: &mut Vec<u8>) {
        self.wait = None;
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return;
        }
        canvas.with(|screen| {
            for one in &waiting {
                match one {
                    Waiting::Answer(bytes) => out.extend_from_slice(bytes),
                    Waiting::Question(query) => {
                        answer::answer(query, screen, &self.profile, out);
                    }
                }
            }
        });
    }
}

/// Whether the answer is about the terminal, and not about the state that the program itself put it in.
fn needs_terminal(query: &Query) -> bool {
    !matches!(
        query,
        Query::Operating | Query::CursorPosition | Query::ExtendedCursorPosition | Query::ProgramStatus(_)
    )
}
