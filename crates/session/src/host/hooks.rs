//! What hooks of the program tell, what it asks leave for, and who answers first.
//!
//! Whatever happens here is in the journal before anybody hears of it. A question that waits holds up nothing: it is an
//! entry in a list, and a hook that reads its socket.

use super::Host;
use super::agent::cut_texts;
use super::approvals::{Approvals, Overdue, Pending, TERMINAL};
use super::notify::{News, Occasion};
use crate::hook::end_silence;
use protocol::approval::{
    Ask, Behaviour, Decision, Ends, LISTED_INPUT_BYTES, MAX_ALWAYS_BYTES, MAX_ASK_BYTES,
};
use protocol::frame::{Answer, Event, Refusal};
use protocol::{
    AgentState, BlockKind, Body, Claim, ClientNumber, ProgramReport, ProgramState, Settled, Time,
};
use std::path::Path;
use std::time::Instant;

/// Bytes of a hook's JSON that are kept; what hooks tell is mostly below a tenth of it.
pub const MAX_HOOK_BYTES: usize = 256 << 10; // 256 KiB
/// Bytes of a name in a question: of its tool, its agent, its turn. Those of a CLI are far shorter, and they stand in
/// `status.json`.
const MAX_WORD_BYTES: usize = 256;
/// Bytes of an input that are told with the news that nobody answers.
const TOLD_INPUT_BYTES: usize = 4 << 10; // 4 KiB
/// Characters that are kept of the words for who answered.
const BY_CHARS: usize = 100;

impl Host {
    /// A hook tells what happened, and perhaps asks.
    pub(super) fn hook(
        &mut self,
        (from, id): (ClientNumber, u64),
        cut: bool,
        claim: Option<Claim>,
        ask: Option<Ask>,
        ends: Option<&Ends>,
        bytes: &[u8],
    ) {
        end_silence(Path::new(&self.meta.socket));
        let kept = &bytes[..bytes.len().min(MAX_HOOK_BYTES)];
        self.recording.note(Body::Hook { bytes: kept, cut: cut || kept.len() < bytes.len() });
        if let Some(ends) = ends {
            for over in self.approvals.which(|pending| ends.covers(&pending.approval.ask)) {
                self.settle(over, TERMINAL.to_owned(), None);
            }
        }
        // Hooks of one moment come in any order: none of a step before the question says that it is over.
        let is_late = |claim: &Claim| {
            let asks = |pending: &Pending| pending.approval.ask.agent == claim.agent;
            claim.state == AgentState::Working && !self.approvals.which(asks).is_empty()
        };
        if let Some(claim) = claim.filter(|claim| !is_late(claim)) {
            self.agent.hear(cut_texts(Claim { since: Time::now(), ..claim }));
        }
        match ask.and_then(|ask| self.ask(from, ask)) {
            Some(approval) => self.clients.answer(from, id, Answer::Asked { approval }, &[]),
            None => self.done(from, id),
        }
    }

    /// Takes a question up; `None` if it is left to the program.
    pub(super) fn ask(&mut self, from: ClientNumber, mut ask: Ask) -> Option<u32> {
        let words = [Some(&ask.tool), ask.agent.as_ref(), ask.turn.as_ref()];
        if words.into_iter().flatten().any(|word| word.len() > MAX_WORD_BYTES) {
            return None;
        }
        if ask.cut || ask.input.to_string().len() > MAX_ASK_BYTES {
            return None;
        }
        // Nobody is to choose what is not shown whole.
        if ask.always.iter().map(String::len).sum::<usize>() > MAX_ALWAYS_BYTES {
            ask.always.clear();
        }
        if let Some(pending) = self.approvals.find_unclaimed(&ask) {
            pending.hook = Some(from);
            return Some(pending.approval.id);
        }
        let approval = self.approvals.number(ask, self.recording.offset())?;
        let id = approval.id;
        self.recording.note(Body::Asked(Box::new(approval.clone())));
        if approval.ask.agent.is_none() && self.output.program.state == ProgramState::Blocked {
            self.approvals.shows(id);
        }
        let listed = Box::new(approval.within(LISTED_INPUT_BYTES));
        let hook = (!approval.ask.typed).then_some(from);
        self.approvals.begin(approval, hook);
        self.agent.questions_changed();
        self.clients.publish(&Event::Asked { approval: listed });
        self.status_file.age.changed();
        Some(id)
    }

    /// The hook waits for what becomes of its question.
    pub(super) fn await_approval(&mut self, from: ClientNumber, id: u64, approval: u32) {
        if let Some(settled) = self.approvals.find_settled(approval) {
            let settled = Box::new(settled.clone());
            return self.clients.answer(from, id, Answer::Settled { settled }, &[]);
        }
        match self.approvals.get(approval) {
            Some(pending) => (pending.hook, pending.call) = (Some(from), Some(id)),
            None => self.no_such_approval(from, id, approval),
        }
    }

    /// A client asks which questions wait, or what became of one.
    pub(super) fn list_approvals(&mut self, from: ClientNumber, id: u64, only: Option<u32>) {
        let approvals = match only {
            None => self.approvals.listed(),
            Some(only) => {
                if let Some(settled) = self.approvals.find_settled(only) {
                    let settled = Box::new(settled.clone());
                    return self.clients.answer(from, id, Answer::Settled { settled }, &[]);
                }
                match self.approvals.get(only) {
                    Some(pending) => vec![pending.approval.clone()],
                    None => return self.no_such_approval(from, id, only),
                }
            }
        };
        self.clients.answer(from, id, Answer::Approvals { approvals }, &[]);
    }

    /// A client answers a question.
    pub(super) fn decide(
        &mut self,
        from: ClientNumber,
        id: u64,
        approval: u32,
        by: &str,
        decision: Decision,
    ) {
        let Some(pending) = self.approvals.get(approval) else {
            return self.no_such_approval(from, id, approval);
        };
        let unanswered = decision.answers.is_empty() && decision.input.is_none();
        if pending.approval.ask.kind == BlockKind::Question
            && decision.behaviour == Behaviour::Allow
            && unanswered
        {
            let message = "a question needs an answer, not leave; nothing was answered";
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        if let Some(message) = pending.approval.ask.fault(&decision) {
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        let by = by.chars().take(BY_CHARS).collect();
        if pending.approval.ask.typed {
            return self.decide_by_key((from, id), approval, by, decision);
        }
        if let Some(settled) = self.settle(approval, by, Some(decision)) {
            self.clients.answer(from, id, Answer::Settled { settled: Box::new(settled) }, &[]);
        }
    }

    /// Says why a question cannot be answered: who answered it, or that there is none.
    pub(super) fn no_such_approval(&mut self, to: ClientNumber, id: u64, approval: u32) {
        let (code, message) = match self.approvals.find_settled(approval) {
            Some(settled) => (Refusal::Settled, story(settled)),
            None if (1..=self.approvals.last).contains(&approval) => {
                (Refusal::Settled, format!("question {approval} was settled before"))
            }
            None => (Refusal::BadRequest, format!("there is no question {approval}")),
        };
        self.clients.refuse(to, id, code, message);
    }

    /// Ends a question: first in the journal, then for the hook, then for all who follow.
    pub(super) fn settle(&mut self, id: u32, by: String, decision: Option<Decision>) -> Option<Settled> {
        let settled = Settled { id, time: Time::now(), by, decision };
        let pending = self.approvals.end(settled.clone())?;
        self.approvals.unanswered |= settled.decision.is_none();
        self.agent.settled(&pending.approval.ask, &settled.by);
        self.recording.note(Body::Settled(Box::new(settled.clone())));
        if let (Some(hook), Some(call)) = (pending.hook, pending.call) {
            let settled = Box::new(settled.clone());
            self.clients.answer(hook, call, Answer::Settled { settled }, &[]);
        }
        self.clients.publish(&Event::Settled { settled: Box::new(settled.clone()) });
        self.status_file.age.changed();
        Some(settled)
    }

    /// A client is gone: if it was a hook, the program took its question back, or answered it itself.
    pub(super) fn hook_left(&mut self, client: ClientNumber) {
        for over in self.approvals.which(|pending| pending.hook == Some(client)) {
            self.settle(over, TERMINAL.to_owned(), None);
        }
    }

    /// The program's state changed: a dialog that it does not show any more was answered there.
    pub(super) fn approvals_hear(&mut self, before: &ProgramReport, now: &ProgramReport) {
        let over = match &now.id {
            None => self.approvals.reported(before, now).into_iter().collect(),
            // The sub-agent is gone.
            Some(agent) if now.state == ProgramState::Unknown => {
                self.approvals.which(|pending| pending.approval.ask.agent.as_ref() == Some(agent))
            }
            Some(_) => Vec::new(),
        };
        for over in over {
            self.settle(over, TERMINAL.to_owned(), None);
        }
    }

    /// Gives up what waited long enough.
    pub(super) fn tend_approvals(&mut self) {
        let due = self.approvals.due(&self.approval_limits(), Instant::now());
        for (id, why) in due {
            match why {
                Overdue::HookLost | Overdue::Decided | Overdue::Unseen => {
                    drop(self.settle(id, TERMINAL.to_owned(), None))
                }
                Overdue::Unanswered => {
                    let mut news = News::new(Occasion::Unanswered, &self.meta, self.agent.status().clone());
                    if let Some(pending) = self.approvals.get(id) {
                        pending.escalated = true;
                        news.approval = Some(pending.approval.within(TOLD_INPUT_BYTES));
                    }
                    self.notifier.tell(news);
                }
                Overdue::Denied => {
                    let seconds = self.args.shared.settings.deny_after_seconds.unwrap_or_default();
                    let message = Some(format!("nobody answered within {seconds} s"));
                    let decision = Decision {
                        behaviour: Behaviour::Deny,
                        message,
                        answers: Default::default(),
                        input: None,
                        always: None,
                    };
                    let by = "the setting approvals.unanswered".to_owned();
                    match self.approvals.get(id).filter(|pending| pending.approval.ask.typed) {
                        Some(pending) => {
                            // Its dialog may not be there; then it is tried again after the same time.
                            pending.begin_again();
                            self.await_dialog(id, None, by, decision);
                        }
                        None => drop(self.settle(id, by, Some(decision))),
                    }
                }
            }
        }
    }

    /// The program has ended, and with it its questions.
    pub(super) fn end_approvals(&mut self) {
        for over in self.approvals.which(|_| true) {
            self.settle(over, "the program's end".to_owned(), None);
        }
    }

    /// Takes up what the host before knew; one that cannot be read costs the answers to what waits now.
    pub(super) fn restore_approvals(&mut self) {
        let status = self.folder.status().ok().flatten();
        match Approvals::restore(&self.folder, status.as_ref()) {
            Ok(approvals) => {
                if approvals.typing.answered().is_some() {
                    self.input.typed_before(Instant::now());
                }
                self.approvals = approvals;
            }
            Err(error) => crate::log::error("host", format_args!("questions that wait are lost: {error}")),
        }
    }
}

/// Who settled a question, and when.
fn story(settled: &Settled) -> String {
    let Settled { id, by, time, .. } = settled;
    let how = settled.outcome();
    let time =
        jiff::Timestamp::from_microsecond(i64::try_from(time.0).unwrap_or(i64::MAX)).unwrap_or_default();
    format!("question {id} was {how} by {by} at {time:.0}")
}
