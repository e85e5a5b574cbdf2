//! What the controlling terminal is, learned from itself the first time the program wants to know (T14, T15, T37).
//!
//! A program that asks nothing gets a terminal to which not a byte was added. At the first question the terminal is
//! asked everything at once; until it has answered (or its time is over) the program's answers wait, in order. A
//! question that we cannot answer goes on to the terminal with a question of ours right behind it as a fence, so that
//! the answers that follow wait for that one ([`turns`]). Only a program that stopped to wait for its answer makes us
//! ask: nothing is put into the middle of a stream. What was learned is remembered after detach.

mod turns;

use protocol::{Offset, Size};
use std::time::{Duration, Instant};
use terminal::Screen;
use terminal::answer::{self, Seen};
use terminal::probe::{ProbeReader, probe};
use terminal::profile::Profile;
use terminal::query::Query;
use terminal::reply::{Reply, ReplyFilter, ReplyKind, Ticket};
use turns::{TERMINAL_PATIENCE, Turns};

/// A program that ends this soon after its question did not wait for the answer: its terminal is not asked.
const PROBE_AFTER: Duration = Duration::from_millis(5);
/// A program that wrote more than this since its question does not wait either (bytes).
const STREAMS_BYTES: u64 = 32 << 10; // 32 KiB
/// The program's first answers wait this long for the terminal's own.
const PROBE_PATIENCE: Duration = Duration::from_millis(100);
/// Answers that come later than anybody waits for them are still taken for answers, not for typing, for this long after
/// the question: a terminal behind a bad line, or one that was stopped. Only where a fence tells them apart: else the
/// answer to the next question could be taken for this one's.
const LATEST: Duration = Duration::from_secs(10);
/// An Escape key looks like the beginning of an answer; without more it is a key after this time.
const KEY_AFTER: Duration = Duration::from_millis(25);
/// The beginning of an answer that no key is waits this long for its end.
const REST_AFTER: Duration = Duration::from_secs(1);
/// Questions to the terminal that are remembered at once. Beyond, a question goes on without a fence, and its answer is
/// typing.
const MAX_OWED: usize = 512;
/// Our fence: DA1, which every terminal answers.
pub(super) const FENCE: &[u8] = b"\x1b[c";
const FENCE_REPLY: ReplyKind = ReplyKind::csi(b"?", b"c");

/// What is known of the terminal, and what waits to be known.
pub(super) struct Asking {
    profile: Profile,
    /// Whether the terminal that controls now was asked.
    asked: bool,
    learned: bool,
    /// When the terminal is to be asked, and where in its output the program asked first.
    probe_at: Option<(Instant, Offset)>,
    /// Until when answers wait for what the terminal says of itself.
    patience: Option<Instant>,
    probe: Option<ProbeReader>,
    filter: ReplyFilter,
    /// The questions to the terminal that were not answered, in their order.
    owed: Vec<Owed>,
    /// Since when the beginning of an answer waits for its end.
    held_since: Option<Instant>,
    turns: Turns,
    last: Ticket,
}

/// What the terminal was asked, until when an answer is taken for one.
struct Owed {
    ticket: Ticket,
    waits_for_a_person: bool,
    until: Instant,
}

/// Who answers a question of the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Who {
    Host,
    /// The terminal in control, with our fence behind the question or without.
    Terminal {
        fenced: bool,
    },
    /// Nobody is there to ask; a terminal that looks on may answer it.
    Nobody,
}

impl Asking {
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            profile,
            asked: false,
            learned: false,
            probe_at: None,
            patience: None,
            probe: None,
            filter: ReplyFilter::new(),
            owed: Vec::new(),
            held_since: None,
            turns: Turns::default(),
            last: Ticket::default(),
        }
    }

    /// What was learned of the terminal since the last call.
    pub(super) fn learned(&mut self) -> Option<&Profile> {
        std::mem::take(&mut self.learned).then_some(&self.profile)
    }

    /// Another terminal controls, or none: what the one before owes will not come. Gives what was held back of the
    /// typing on it.
    pub(super) fn terminal_changed(&mut self, now: Instant, out: &mut Vec<u8>) -> Vec<u8> {
        let typed = self.filter.release();
        self.asked = false;
        (self.probe, self.probe_at, self.patience, self.held_since) = (None, None, None, None);
        self.filter = ReplyFilter::new();
        self.owed.clear();
        self.turns.give_up();
        self.release(now, out);
        typed
    }

    /// Whether the host answers this query; otherwise it goes on to the terminal. `terminal` says whether there is one
    /// that may be asked now.
    pub(super) fn answers(&self, query: &Query, screen: &Screen, terminal: bool) -> bool {
        let learn = (terminal && !self.asked) || self.patience.is_some();
        let unknown = Profile::unknown();
        let profile = if learn { &unknown } else { &self.profile };
        match query {
            // What a terminal can be asked in advance is answered for it, even if the answer will be silence.
            Query::Colours { first: 10..=12, count: 1, .. } if learn => true,
            // A terminal without graphics says so by its own silence.
            Query::Graphics { direct: false, .. } if learn => false,
            _ => answer::answer(query, &Seen::at(query, screen), profile, &mut Vec::new()),
        }
    }

    /// How many more questions the terminal may be asked now.
    pub(super) fn room(&self) -> usize {
        MAX_OWED.saturating_sub(self.owed.len())
    }

    /// Takes up a query; answers it now, or when its turn comes. `waits` is there if the program waits for the answer
    /// and there is a terminal to ask: where in the output the query stands.
    pub(super) fn ask(
        &mut self,
        query: &Query,
        who: Who,
        screen: &Screen,
        waits: Option<Offset>,
        now: Instant,
        out: &mut Vec<u8>,
    ) {
        if let (Some(offset), false, true) = (waits, self.asked, needs_terminal(query)) {
            self.asked = true;
            self.probe_at = Some((now + PROBE_AFTER, offset));
            self.patience = Some(now + PROBE_PATIENCE);
        }
        match who {
            Who::Host => self.take_up(query, Seen::at(query, screen)),
            Who::Terminal { fenced } if self.room() > 0 => self.forwarded(query, fenced, now),
            Who::Terminal { .. } | Who::Nobody => {}
        }
        self.release(now, out);
    }

    fn take_up(&mut self, query: &Query, seen: Seen) {
        if self.patience.is_some() && needs_terminal(query) {
            return self.turns.nature(query.clone(), seen);
        }
        let mut bytes = Vec::new();
        answer::answer(query, &seen, &self.profile, &mut bytes);
        self.turns.answer(bytes);
    }

    /// The terminal gets this query, and has to answer it.
    fn forwarded(&mut self, query: &Query, fenced: bool, now: Instant) {
        let kind = query.reply();
        let ticket =
            self.owe(now + if fenced { LATEST } else { TERMINAL_PATIENCE }, kind.waits_for_a_person());
        self.filter.expect(kind, query.replies(), ticket);
        if fenced {
            self.filter.fence(FENCE_REPLY, ticket);
        }
        self.turns.terminal(query, ticket, fenced, now);
    }

    fn owe(&mut self, until: Instant, waits_for_a_person: bool) -> Ticket {
        self.last.0 += 1;
        self.owed.push(Owed { ticket: self.last, waits_for_a_person, until });
        self.last
    }

    /// Takes the terminal's answers out of what was read from it; gives what was typed. The answers that the program
    /// gets now go to `out`.
    pub(super) fn typed(&mut self, read: &[u8], now: Instant, out: &mut Vec<u8>) -> Vec<u8> {
        let mut replies = Vec::new();
        let typed = self.filter.feed(read, &mut replies).into_owned();
        if !self.filter.holds() {
            self.held_since = None;
        } else if !(typed.is_empty() && replies.is_empty()) || self.held_since.is_none() {
            self.held_since = Some(now);
        }
        for reply in replies {
            self.hear(reply, now, out);
        }
        self.release(now, out);
        typed
    }

    fn hear(&mut self, reply: Reply, now: Instant, out: &mut Vec<u8>) {
        if let Some(probe) = self.probe.as_mut().filter(|probe| probe.ticket() == reply.ticket) {
            probe.learn(&reply);
            if let Some(probe) = self.probe.take_if(|probe| probe.done()) {
                (self.profile, self.learned, self.patience) = (probe.finish(), true, None);
            }
        }
        if reply.fence {
            self.owed.retain(|owed| owed.ticket > reply.ticket || owed.waits_for_a_person);
        }
        let from_a_person = reply.kind.waits_for_a_person().then(|| reply.bytes.clone());
        // An answer whose turn is over helps nobody: the program has taken the silence for an answer. Only a person
        // may take their time.
        if !self.turns.hear(reply) {
            self.release(now, out);
            out.extend(from_a_person.into_iter().flatten());
        }
    }

    /// Whether nothing waits here: no answer, no question to the terminal, nothing typed. All that waits does so for
    /// a limited time only.
    pub(super) fn is_idle(&self) -> bool {
        self.deadline().is_none()
    }

    /// When the patience with the terminal ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let probe_at = self.probe_at.map(|(at, _)| at);
        let forgotten = self.owed.iter().map(|owed| owed.until).min();
        let due = [self.patience, probe_at, forgotten, self.held_until(), self.turns.deadline()];
        due.into_iter().flatten().min()
    }

    /// Until when the beginning of an answer waits for its end.
    fn held_until(&self) -> Option<Instant> {
        let patience = if self.filter.holds_key() { KEY_AFTER } else { REST_AFTER };
        self.held_since.map(|since| since + patience)
    }

    /// The terminal cannot be asked just now: a little later, and not at all once the program's patience is over.
    pub(super) fn postpone_probe(&mut self, now: Instant) {
        let Some((at, _)) = self.probe_at.as_mut().filter(|(at, _)| *at <= now) else { return };
        *at = now + PROBE_AFTER;
        if self.patience.is_none() {
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
        let ticket = self.owe(now + LATEST, false);
        self.probe = Some(ProbeReader::new(size, &mut self.filter, ticket));
        Some(probe())
    }

    /// Whose patience is over: answers what waits with what is known. Gives what was held back of the typing.
    pub(super) fn tend(&mut self, now: Instant, out: &mut Vec<u8>) -> Vec<u8> {
        self.patience.take_if(|until| *until <= now);
        for owed in self.owed.extract_if(.., |owed| owed.until <= now) {
            self.filter.forget(owed.ticket);
            self.probe.take_if(|probe| probe.ticket() == owed.ticket);
        }
        self.release(now, out);
        if self.held_until().is_some_and(|until| until <= now) {
            self.held_since = None;
            return self.filter.release();
        }
        Vec::new()
    }

    fn release(&mut self, now: Instant, out: &mut Vec<u8>) {
        self.turns.release(&self.profile, self.patience.is_none(), now, out);
    }
}

/// Whether the answer is about the terminal, and not about the state that the program itself put it in.
fn needs_terminal(query: &Query) -> bool {
    !matches!(
        query,
        Query::Operating | Query::CursorPosition | Query::ExtendedCursorPosition | Query::ProgramStatus(_)
    )
}

#[cfg(test)]
mod tests;
