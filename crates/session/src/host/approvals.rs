//! The questions of the program that wait for an answer: who waits for it, and when it is given up. A value; what the
//! answers do is in [`super::hooks`].

use super::Host;
use super::dialog::Typing;
use super::seen::Seen;
use crate::Result;
use crate::folder::Folder;
use crate::source::{Kind, Source};
use adapter::state::of_question;
use protocol::approval::{Ask, LISTED_INPUT_BYTES};
use protocol::{
    Approval, Body, Claim, ClientNumber, Offset, ProgramReport, ProgramState, Settled, Status, Time,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Questions that wait at once. Of more the program itself asks.
const MAX_PENDING: usize = 64;
/// Settled questions that are remembered for those who answer late.
const SETTLED_KEPT: usize = 64;
/// Bytes of all inputs in a status, which is written as a whole with each change.
const STATUS_INPUT_BYTES: usize = 512 << 10; // 512 KiB
/// Bytes of what a program would remember, in a list.
const LISTED_SUGGESTIONS_BYTES: usize = 4 << 10; // 4 KiB
/// How long the hooks of a host that died may take to come back.
const HOOK_RETURNS: Duration = Duration::from_secs(10);
/// A program that reports that it works, so long after a question that only its dialog takes an answer to, shows none: it or
/// its user's own hooks decided.
const DIALOG_WITHIN: Duration = Duration::from_secs(5);
/// How long a question that the terminal does not show meanwhile is kept from somebody at the terminal.
pub(super) const UNSEEN_FOR: Duration = Duration::from_secs(15);

/// Who settles what nobody answered to us.
pub(super) const TERMINAL: &str = "the terminal";

/// The questions of one session.
#[derive(Default)]
pub(super) struct Approvals {
    pending: Vec<Pending>,
    settled: VecDeque<Settled>,
    /// The number of the latest question.
    pub last: u32,
    /// The question whose dialog the program shows, as far as its reports tell.
    shown: Option<u32>,
    /// A question was over without an answer of ours, and nobody outside of the session typed since: its dialog may stand there
    /// all the same, since it is what runs in the session that tells of ends.
    pub unanswered: bool,
    /// Answers on their way into a dialog.
    pub typing: Typing,
    /// What the screen asks.
    pub seen: Seen,
}

/// A question, and who waits for what becomes of it.
pub(super) struct Pending {
    pub approval: Approval,
    asked: Instant,
    /// The hook, which asked or came back.
    pub hook: Option<ClientNumber>,
    /// The hook's call that is to be answered.
    pub call: Option<u64>,
    /// Whether somebody was told that nobody answers.
    pub escalated: bool,
    /// What it says of the agent's state.
    claim: Claim,
}

impl Approvals {
    /// Takes up what an earlier host left. `status.json` names what was asked until it was written, and the journal has
    /// all that came after.
    pub(super) fn restore(folder: &Folder, status: Option<&Status>) -> Result<Self> {
        let mut approvals = Self::default();
        let mut from = Offset::ZERO;
        if let Some(status) = status {
            approvals.last = status.last_approval;
            let asked = status.approvals.iter().map(|approval| approval.offset);
            from = asked.chain(status.answered).chain([status.offset]).min().unwrap_or_default();
        }
        let mut source = Source::open(&folder.journal(), from, Kind::Stored)?;
        while let Some(record) = source.next()? {
            match record.body {
                Body::Asked(approval) => approvals.begin(*approval, None),
                Body::Settled(settled) => {
                    if let Some(pending) = approvals.end((*settled).clone()) {
                        approvals.typing.resume(pending.approval, &settled);
                    }
                }
                _ => {}
            }
        }
        // Who typed since is not known.
        approvals.unanswered = approvals.last > 0;
        Ok(approvals)
    }

    /// Numbers a question. `None` if there are too many.
    pub(super) fn number(&self, ask: Ask, offset: Offset) -> Option<Approval> {
        let id = self.last.checked_add(1)?;
        (self.pending.len() < MAX_PENDING).then(|| Approval { id, since: Time::now(), offset, ask })
    }

    pub(super) fn begin(&mut self, approval: Approval, hook: Option<ClientNumber>) {
        self.last = self.last.max(approval.id);
        let (asked, claim) = (Instant::now(), of_question(&approval));
        self.pending.push(Pending { approval, asked, hook, call: None, escalated: false, claim });
    }

    /// The same question, asked by a hook whose host died before it could tell the number.
    pub(super) fn find_unclaimed(&mut self, ask: &Ask) -> Option<&mut Pending> {
        let is_it = |pending: &&mut Pending| pending.hook.is_none() && pending.approval.ask == *ask;
        self.pending.iter_mut().find(is_it).filter(|_| !ask.typed)
    }

    pub(super) fn get(&mut self, id: u32) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.approval.id == id)
    }

    pub(super) fn find_settled(&self, id: u32) -> Option<&Settled> {
        self.settled.iter().find(|settled| settled.id == id)
    }

    /// Settles a question that is pending and gives it.
    pub(super) fn end(&mut self, settled: Settled) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.approval.id == settled.id)?;
        if self.settled.len() == SETTLED_KEPT {
            self.settled.pop_front();
        }
        self.shown.take_if(|shown| *shown == settled.id);
        self.settled.push_back(settled);
        Some(self.pending.remove(place))
    }

    /// What the one that waits longest says of the agent's state.
    pub(super) fn oldest(&self) -> Option<&Claim> {
        self.pending.first().map(|pending| &pending.claim)
    }

    /// The numbers of those that fit.
    pub(super) fn which(&self, fits: impl Fn(&Pending) -> bool) -> Vec<u32> {
        self.pending.iter().filter(|pending| fits(pending)).map(|pending| pending.approval.id).collect()
    }

    /// All of them, oldest first, with at most so many bytes of each input and of all.
    fn list(&self, each: usize, all: usize) -> Vec<Approval> {
        let mut left = all;
        let mut cut = |pending: &Pending| {
            let mut approval = pending.approval.within(each.min(left));
            // What is suggested is worth less than room for the questions.
            approval.ask.suggestions.take_if(|all| all.to_string().len() > LISTED_SUGGESTIONS_BYTES);
            left = left.saturating_sub(approval.ask.input.to_string().len());
            approval
        };
        self.pending.iter().map(&mut cut).collect()
    }

    fn typed(&self) -> impl Iterator<Item = &Approval> {
        self.pending.iter().map(|pending| &pending.approval).filter(|approval| approval.ask.typed)
    }

    /// Whether any question waits that only its dialog takes an answer to.
    pub(super) fn has_typed(&self) -> bool {
        self.typed().next().is_some()
    }

    /// Whether this is so of all of them.
    pub(super) fn all_typed(&self, is_so: impl Fn(&Ask) -> bool) -> bool {
        self.typed().all(|approval| is_so(&approval.ask))
    }

    /// Whether it is so of any.
    pub(super) fn any_typed(&self, is_so: impl Fn(&Ask) -> bool) -> bool {
        self.typed().any(|approval| is_so(&approval.ask))
    }

    /// The oldest of them of which this is so.
    pub(super) fn typed_like(&self, is_so: impl Fn(&Ask) -> bool) -> Option<u32> {
        self.typed().find(|approval| is_so(&approval.ask)).map(|approval| approval.id)
    }

    /// Whether one of them asks for the same.
    pub(super) fn any_like(&self, ask: &Ask) -> bool {
        self.typed_like(|other| (&other.tool, &other.input) == (&ask.tool, &ask.input)).is_some()
    }

    /// For a list that somebody asks for.
    pub(super) fn listed(&self) -> Vec<Approval> {
        self.list(LISTED_INPUT_BYTES, usize::MAX)
    }

    /// Fills in what is known here.
    pub(super) fn describe(&self, status: &mut Status) {
        status.approvals = self.list(LISTED_INPUT_BYTES, STATUS_INPUT_BYTES);
        status.last_approval = self.last;
        status.answered = self.typing.answered_at();
    }

    /// The program says that it asks, or that it does so no more: gives the question that is over by that. Sub-agents are
    /// asked for in dialogs of their own, behind those of the agent.
    pub(super) fn reported(&mut self, before: &ProgramReport, now: &ProgramReport) -> Option<u32> {
        let was = before.state == ProgramState::Blocked;
        let is = now.state == ProgramState::Blocked;
        let is_other = (before.kind, &before.msg) != (now.kind, &now.msg);
        let over = if was && (!is || is_other) { self.shown.take() } else { None };
        if is {
            let of_agent = |pending: &&Pending| pending.approval.ask.agent.is_none();
            let own =
                self.pending.iter().rfind(|pending| of_agent(pending) && Some(pending.approval.id) != over);
            let shown = own.or_else(|| self.pending.iter().find(|pending| Some(pending.approval.id) != over));
            self.shown = shown.map(|pending| pending.approval.id);
        }
        over
    }

    /// A question of the agent itself came while the program says that it asks: its dialog is the one.
    pub(super) fn shows(&mut self, id: u32) {
        self.shown = Some(id);
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        self.pending.iter().filter_map(|pending| limits.of(pending)).map(|(due, _)| due).min()
    }

    /// Those whose time is over.
    pub(super) fn due(&self, limits: &Limits, now: Instant) -> Vec<(u32, Overdue)> {
        let due = |pending: &Pending| {
            let (_, why) = limits.of(pending).filter(|(due, _)| *due <= now)?;
            Some((pending.approval.id, why))
        };
        self.pending.iter().filter_map(due).collect()
    }
}

impl Pending {
    /// Counts its time from now.
    pub(super) fn begin_again(&mut self) {
        self.asked = Instant::now();
    }
}

/// Why nobody waits for an answer any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overdue {
    /// Its hook died with the host before.
    HookLost,
    /// The program goes on without a dialog.
    Decided,
    /// The terminal is to show it.
    Unseen,
    /// The setting says so.
    Denied,
    /// It is not: somebody is to be told, and it waits on.
    Unanswered,
}

/// How long a question may wait.
pub(super) struct Limits {
    deny_after: Option<Duration>,
    escalate_after: Option<Duration>,
    /// Whether somebody sits at a terminal, who does not see some of the questions.
    watched: bool,
    /// Since when the program has reported that it works, if it does.
    works_since: Option<Time>,
}

impl Limits {
    /// When a question is given up, and why then.
    fn of(&self, pending: &Pending) -> Option<(Instant, Overdue)> {
        if pending.hook.is_none() && !pending.approval.ask.typed {
            return Some((pending.asked + HOOK_RETURNS, Overdue::HookLost));
        }
        let is_of_dialog = pending.approval.ask.typed && !pending.approval.ask.screen;
        if let Some(since) = self.works_since.filter(|_| is_of_dialog) {
            let age = Time::now().since(since.max(pending.approval.since));
            return Some(match DIALOG_WITHIN.checked_sub(age) {
                Some(rest) => (Instant::now() + rest, Overdue::Decided),
                None => (pending.asked, Overdue::Decided),
            });
        }
        let unseen = (self.watched && pending.approval.ask.unseen).then_some((UNSEEN_FOR, Overdue::Unseen));
        let denied = self.deny_after.map(|after| (after, Overdue::Denied));
        let escalated = self.escalate_after.filter(|_| !pending.escalated);
        let escalated = escalated.map(|after| (after, Overdue::Unanswered));
        let first = unseen.into_iter().chain(denied).chain(escalated);
        let (after, why) = first.min_by_key(|(after, _)| *after)?;
        // A time too far away to be counted never comes.
        Some((pending.asked.checked_add(after)?, why))
    }
}

impl Host {
    /// How long questions may wait at this moment.
    pub(super) fn approval_limits(&self) -> Limits {
        let settings = &self.args.shared.settings;
        let deny_after = settings.deny_after_seconds.map(Duration::from_secs);
        let escalate_after = settings.escalate_after_seconds.map(Duration::from_secs);
        let works = |claim: &&Claim| {
            (claim.source, claim.state, &claim.agent)
                == (protocol::Source::Report, protocol::AgentState::Working, &None)
        };
        let works_since = self.agent.status().claims.iter().find(works).map(|claim| claim.since);
        Limits { deny_after, escalate_after, watched: self.clients.controller.is_some(), works_since }
    }
}

#[cfg(test)]
mod tests;
