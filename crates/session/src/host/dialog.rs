//! Answers that only a dialog in the terminal takes: the key that means them is typed there, as a person would.
//!
//! It is typed only while the screen shows the dialog of that very question, and only where nobody typed a moment ago: a key
//! that comes a moment after another one would answer the next dialog. What cannot be typed within [`TYPE_WITHIN`] is refused,
//! and the question waits on. As with a hook the answer is in the journal before the program hears of it. A key that a
//! dialog lost is typed again only once the program has read it, and while no other question waits: two keys in the way of a
//! program that stands still would answer two dialogs.
//!
//! Words go into a field of the dialog first, and are sent once the screen shows them there as they are. Until then nothing is
//! answered: where somebody types meanwhile, or the field shows anything else, the question is left to the terminal.

use super::Host;
use super::approvals::TERMINAL;
use super::input::Transaction;
use crate::log;
use adapter::dialog::{Dialog, Dialogs, Step};
use adapter::state::Shown;
use protocol::approval::{Ask, Behaviour, Decision};
use protocol::frame::{Answer, Refusal};
use protocol::{AgentState, Approval, ClientNumber, Offset, Settled, Time};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use terminal::key::{Key, KeyModes};
use terminal::paste;
use terminal::pty;
use terminal::screen::ModeState;

/// How long a dialog may take to come to the screen once it was told of, and somebody at the terminal to pause.
const TYPE_WITHIN: Duration = Duration::from_secs(5);
/// How long nobody may have typed before.
const QUIET: Duration = Duration::from_millis(300);
/// Between two looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A dialog that is there so long after its key has lost it, as some do that were just drawn.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// Times a key is typed at most.
const KEYS_MAX: u8 = 5;
/// How long a key of somebody else may be on its way to a program that writes nothing: what its screen shows is older.
const HEARD_WITHIN: Duration = Duration::from_secs(10);
/// Answers that wait at once.
const ANSWERS_MAX: usize = 16;

const NO_SUCH_KEY: &str = "its dialog takes a yes, a no, one of its options, or where it has a field for words up to 1000 characters in \
                           one line, and no other input; answer with one of them, or in the terminal";

/// What is to be typed, and what was.
#[derive(Default)]
pub(super) struct Typing {
    answers: VecDeque<Waiting>,
    typed: Option<Typed>,
    /// The question whose dialog the screen showed last.
    seen: Option<u32>,
    looked: Option<(Instant, Offset)>,
    /// There was output before the last look, and the screen may be painted a moment behind it.
    again: bool,
}

/// An answer that was not typed yet.
struct Waiting {
    approval: u32,
    /// Who is to be told, if anybody.
    call: Option<(ClientNumber, u64)>,
    by: String,
    decision: Decision,
    until: Instant,
    entry: Option<Entry>,
}

/// Words on their way into a field.
struct Entry {
    /// What was typed last for it, and when.
    step: Step,
    at: Instant,
}

/// An answer that was typed, until its dialog is gone and its words are said.
struct Typed {
    ask: Ask,
    /// Where it was asked.
    offset: Offset,
    decision: Decision,
    at: Instant,
    keys: u8,
    /// Which of several questions it answered last, and whether another one is to come.
    question: usize,
    goes_on: bool,
    /// Of the question that the screen shows.
    entry: Option<Entry>,
}

impl Typing {
    /// When to look again without an event.
    pub(super) fn deadline(&self, waits: bool, offset: Offset) -> Option<Instant> {
        let (looked, at) = self.looked.unwrap_or((Instant::now(), Offset::ZERO));
        let is_due =
            !self.answers.is_empty() || self.typed.is_some() || waits && (at != offset || self.again);
        is_due.then_some(looked + LOOK_EVERY)
    }

    /// The question whose key was typed, and whose dialog may be still there.
    pub(super) fn answered(&self) -> Option<&Ask> {
        self.typed.as_ref().map(|typed| &typed.ask)
    }

    /// Where it was asked, for the host after this one.
    pub(super) fn answered_at(&self) -> Option<Offset> {
        self.typed.as_ref().map(|typed| typed.offset)
    }

    /// Takes up what the host before typed a moment ago, where the screen alone tells whether it was heard. What was said with a
    /// no may be typed by now.
    pub(super) fn resume(&mut self, approval: Approval, settled: &Settled) {
        let is_recent = Time::now().since(settled.time) < HEARD_WITHIN;
        let decision = settled.decision.clone().filter(|_| is_recent && approval.ask.screen);
        self.typed = decision.map(|decision| Typed {
            ask: approval.ask,
            offset: approval.offset,
            decision: Decision { message: None, ..decision },
            at: Instant::now(),
            keys: 1,
            question: 0,
            goes_on: false,
            entry: None,
        });
    }
}

impl Host {
    /// A client answers such a question.
    pub(super) fn decide_by_key(
        &mut self,
        (from, id): (ClientNumber, u64),
        approval: u32,
        by: String,
        decision: Decision,
    ) {
        let refused = if decision.input.is_some() {
            Some(NO_SUCH_KEY)
        } else if self.approvals.typing.answers.len() == ANSWERS_MAX {
            Some("too many answers wait for its dialog; answer it in the terminal")
        } else {
            None
        };
        match refused {
            Some(message) => self.clients.refuse(from, id, Refusal::BadRequest, message),
            None => self.await_dialog(approval, Some((from, id)), by, decision),
        }
    }

    /// Has an answer typed once that can be; who called is told what became of it.
    pub(super) fn await_dialog(
        &mut self,
        approval: u32,
        call: Option<(ClientNumber, u64)>,
        by: String,
        decision: Decision,
    ) {
        let until = Instant::now() + TYPE_WITHIN;
        self.approvals.typing.answers.push_back(Waiting { approval, call, by, decision, until, entry: None });
    }

    /// When to look again without an event.
    pub(super) fn dialog_deadline(&self) -> Option<Instant> {
        self.approvals.typing.deadline(self.approvals.has_typed(), self.recording.offset())
    }

    /// Looks at the screen, if there is reason to, and does what that allows.
    pub(super) fn tend_dialog(&mut self) {
        let now = Instant::now();
        if self.dialog_deadline().is_none_or(|due| now < due) && self.approvals.typing.looked.is_some() {
            return;
        }
        let is_wanted = self.approvals.has_typed() || self.is_typing();
        let Some(dialogs) = self.agent.dialogs().filter(|_| is_wanted) else {
            return;
        };
        if self.output.canvas.is_behind() {
            return;
        }
        let lines = self.output.canvas.screen().lines();
        let offset = self.recording.offset();
        let typing = &mut self.approvals.typing;
        typing.again = typing.looked.is_none_or(|(_, before)| before != offset);
        typing.looked = Some((now, offset));
        self.answer_dialog(dialogs, &lines, now);
        self.follow_key(dialogs, &lines, now);
        if !dialogs.are_all() {
            self.see_dialog(dialogs, &lines);
        }
    }

    /// Whether an answer is on its way into a dialog, as only this process knows.
    pub(super) fn is_typing(&self) -> bool {
        !self.approvals.typing.answers.is_empty() || self.approvals.typing.typed.is_some()
    }

    /// Types the first answer that can be.
    fn answer_dialog(&mut self, dialogs: &dyn Dialogs, lines: &[String], now: Instant) {
        for mut waiting in std::mem::take(&mut self.approvals.typing.answers) {
            let Some(pending) = self.approvals.get(waiting.approval) else {
                if let Some((from, id)) = waiting.call {
                    self.no_such_approval(from, id, waiting.approval);
                }
                continue;
            };
            let ask = pending.approval.ask.clone();
            let dialog = dialogs.dialog(&ask, lines);
            let alone = self.approvals.all_typed(|other| {
                (&other.tool, &other.input) == (&ask.tool, &ask.input) || !dialogs.may_be(other, lines)
            });
            // The last one is to have done its work.
            let is_free = self.approvals.typing.typed.is_none() && self.input.is_heard(HEARD_WITHIN, now);
            // What one answer began to write is no place for another.
            let is_first = self.approvals.typing.answers.iter().all(|before| before.entry.is_none());
            let may = alone && is_free && is_first && self.input.is_quiet(QUIET, now);
            // A no is one for all of several questions; an answer is, where none has got its own in the terminal.
            let is_no = waiting.decision.behaviour == Behaviour::Deny;
            let ready = dialog.as_ref().filter(|dialog| may && (is_no || dialog.at == 0));
            match ready.map(|dialog| self.enter(dialog, &waiting.decision, &mut waiting.entry, now)) {
                Some(None) => self.refuse_answer(&waiting, Refusal::BadRequest, NO_SUCH_KEY),
                Some(Some(Step::Answer(key))) => {
                    if let Some(dialog) = ready {
                        self.give_answer(waiting, dialog, key);
                    }
                }
                _ if now < waiting.until => self.approvals.typing.answers.push_back(waiting),
                _ => {
                    self.clear_field(dialog.as_ref(), waiting.entry.as_ref());
                    let message = "its dialog is not on the screen or does not show the words, or somebody types there; nothing was \
                                   answered, so do it in the terminal";
                    self.refuse_answer(&waiting, Refusal::WriteRejected, message);
                }
            }
        }
    }

    fn refuse_answer(&mut self, waiting: &Waiting, code: Refusal, message: &str) {
        if let Some((from, id)) = waiting.call {
            self.clients.refuse(from, id, code, message);
        }
    }

    /// Settles a question with the key that answers it.
    fn give_answer(&mut self, waiting: Waiting, dialog: &Dialog, key: &'static str) {
        let Waiting { approval, call, by, decision, .. } = waiting;
        let Some(pending) = self.approvals.get(approval) else { return };
        let (ask, offset) = (pending.approval.ask.clone(), pending.approval.offset);
        let Some(settled) = self.settle(approval, by, Some(decision.clone())) else { return };
        if let Some((from, id)) = call {
            self.clients.answer(from, id, Answer::Settled { settled: Box::new(settled) }, &[]);
        }
        self.press(key);
        let (question, goes_on) = (dialog.at, dialog.goes_on(&decision));
        let (at, keys, entry) = (Instant::now(), 1, None);
        self.approvals.typing.typed =
            Some(Typed { ask, offset, decision, at, keys, question, goes_on, entry });
    }

    /// Types what brings an answer nearer to its dialog; gives the step where that is the answer, or nothing can be typed now.
    fn enter(
        &mut self,
        dialog: &Dialog,
        decision: &Decision,
        entry: &mut Option<Entry>,
        now: Instant,
    ) -> Option<Step> {
        let step = dialog.step(decision, entry.is_some())?;
        if let Some(entry) = entry {
            if self.input.typed_since(entry.at) {
                return Some(Step::Nothing);
            }
            let is_lost = || {
                let was_read = pty::has_unread(&self.master).is_ok_and(|unread| !unread);
                was_read && now.saturating_duration_since(entry.at) >= LOST_AFTER
            };
            // Words that are only slow would stand there twice.
            if entry.step == step && (matches!(step, Step::Words(_)) || !is_lost()) {
                return Some(Step::Nothing);
            }
        }
        match &step {
            Step::Reach(key, times) => {
                let key = self.encoded(key);
                self.type_parts(vec![key; *times].into());
            }
            Step::Words(words) => {
                let brackets = self.output.canvas.screen().mode(true, 2004) == ModeState::Set;
                self.type_parts([paste::bracketed(words.as_bytes(), brackets)].into());
            }
            Step::Answer(_) | Step::Nothing => return Some(step),
        }
        *entry = Some(Entry { step, at: Instant::now() });
        Some(Step::Nothing)
    }

    /// Takes out what was written and not sent, unless somebody else typed since.
    fn clear_field(&mut self, dialog: Option<&Dialog>, entry: Option<&Entry>) {
        let is_ours = entry.is_some_and(|entry| !self.input.typed_since(entry.at));
        let field = dialog.and_then(|dialog| dialog.field.as_ref()).filter(|field| field.words.is_some());
        if let Some(field) = field.filter(|_| is_ours) {
            self.press(field.clear);
        }
    }

    /// Types a key again that was lost, and what was said with a no once the program takes words.
    fn follow_key(&mut self, dialogs: &dyn Dialogs, lines: &[String], now: Instant) {
        let Some(mut typed) = self.approvals.typing.typed.take() else { return };
        let age = now.saturating_duration_since(typed.at);
        match dialogs.dialog(&typed.ask, lines) {
            // Another question of the same words would be answered by it.
            Some(_) if self.approvals.any_like(&typed.ask) => {}
            // Nor is one told of where the screen alone tells: a key that was slow to be heard, and not lost, would answer that.
            Some(_) if typed.ask.screen => {
                if age < LOST_AFTER || !self.input.is_heard(HEARD_WITHIN, now) {
                    self.approvals.typing.typed = Some(typed);
                }
            }
            Some(dialog) if dialog.at != typed.question => {
                let is_free = !self.approvals.has_typed() && self.input.is_heard(HEARD_WITHIN, now);
                let may = is_free && self.input.is_quiet(QUIET, now);
                let Typed { decision, entry, .. } = &mut typed;
                match may.then(|| self.enter(&dialog, decision, entry, now)).flatten() {
                    Some(Step::Answer(key)) => {
                        self.press(key);
                        (typed.at, typed.keys, typed.entry) = (now, 1, None);
                        (typed.question, typed.goes_on) = (dialog.at, dialog.goes_on(&typed.decision));
                    }
                    _ if now.saturating_duration_since(typed.at) >= TYPE_WITHIN => {
                        self.clear_field(Some(&dialog), typed.entry.as_ref());
                    }
                    _ => {}
                }
                self.keep_going(typed, now);
            }
            Some(dialog) if age >= LOST_AFTER && typed.keys < KEYS_MAX => {
                let was_read = pty::has_unread(&self.master).is_ok_and(|unread| !unread);
                let may = was_read && !self.approvals.has_typed() && self.input.is_quiet(QUIET, now);
                let step = dialog.step(&typed.decision, true).filter(|_| may);
                if let Some(Step::Answer(key)) = step {
                    self.press(key);
                    (typed.at, typed.keys) = (now, typed.keys + 1);
                }
                self.approvals.typing.typed = Some(typed);
            }
            Some(_) if age < LOST_AFTER => self.approvals.typing.typed = Some(typed),
            Some(_) => {}
            None if typed.goes_on => self.keep_going(typed, now),
            None => {
                let Some(message) = typed.decision.message.as_deref() else { return };
                let shown = Shown { title: &self.output.title, lines };
                let claim = self.agent.judges(&shown, Time::now());
                let is_idle = claim.is_some_and(|claim| claim.state == AgentState::Idle);
                // Behind what a person left there they would be sent with it.
                if is_idle && dialogs.takes_words(lines) && self.input.is_quiet(QUIET, now) {
                    let parts = [paste::bracketed(message.as_bytes(), true), b"\r".to_vec()];
                    self.type_parts(parts.into());
                } else if age < TYPE_WITHIN {
                    self.approvals.typing.typed = Some(typed);
                } else {
                    log::error(
                        "host",
                        format_args!("what was said with a no is not typed: the prompt is not empty"),
                    );
                }
            }
        }
    }

    /// Waits for the next of several questions. One that cannot be answered is left to the terminal.
    fn keep_going(&mut self, typed: Typed, now: Instant) {
        if now.saturating_duration_since(typed.at) < TYPE_WITHIN {
            self.approvals.typing.typed = Some(typed);
        } else {
            log::error(
                "host",
                format_args!("of several questions the rest is not answered: its dialog is another"),
            );
        }
    }

    /// A question whose dialog gave way to that of another one was answered there.
    fn see_dialog(&mut self, dialogs: &dyn Dialogs, lines: &[String]) {
        let is_told = |ask: &Ask| !ask.screen && dialogs.dialog(ask, lines).is_some();
        let shown = self.approvals.typed_like(is_told);
        let Some(shown) = shown else { return };
        self.approvals.shows(shown);
        let before = self.approvals.typing.seen.replace(shown);
        if let Some(over) = before.filter(|before| *before != shown) {
            self.settle(over, TERMINAL.to_owned(), None);
        }
    }

    fn press(&mut self, key: &str) {
        let key = self.encoded(key);
        self.type_parts([key].into());
    }

    fn encoded(&mut self, key: &str) -> Vec<u8> {
        let key: Key = key.parse().expect("an adapter names keys");
        key.encode(KeyModes::of(self.output.canvas.screen()))
    }

    fn type_parts(&mut self, parts: VecDeque<Vec<u8>>) {
        let client = ClientNumber::default();
        self.input.push(Transaction { client, parts, typed: false, receipt: None });
    }
}
