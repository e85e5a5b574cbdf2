//! The rules by which one state comes of many claims.

use crate::gist::{gist, line};
use protocol::approval::Ask;
use protocol::{AgentState, AgentStatus, Approval, BlockKind, Claim, Offset, Source, Time};

/// Claims that are kept: one of each source for each agent. Of more sub-agents the oldest claim goes.
const CLAIMS_MAX: usize = 64;
/// Two sources that mean the same moment tell it within this time.
const SAME_MOMENT_US: u64 = 2_000_000; // 2 s
/// A program that says nothing for so long after its start is not starting any more: nothing is known of it.
const STARTING_US: u64 = 30_000_000; // 30 s

/// A program that reports does so within this time of its start. Until then nobody else is believed that it is ready: a
/// prompt is on the screen before keys are read.
const REPORTS_WITHIN_US: u64 = 10_000_000; // 10 s

/// What is roughly going on: sources that agree in this differ in words only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Unknown,
    Starting,
    Working,
    Blocked,
    /// Its turn is over, one way or another.
    Resting,
    Gone,
}

/// What all sources said last, and what is taken for true.
#[derive(Clone, Debug)]
pub struct Fusion {
    status: AgentStatus,
    /// Since when it is in this phase.
    phase_since: Time,
    /// When what decided was said: a state that is told again is told as new.
    told: Time,
    /// Until when its first report is awaited.
    awaits_report: Option<Time>,
}

/// What came of a decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decided {
    /// Nothing is new.
    Same,
    /// The same was said again.
    Again,
    /// It is another state.
    Other,
}

impl Fusion {
    /// Of a program of which nothing is known.
    pub fn new(since: Time) -> Self {
        Self::resume(AgentStatus::unknown(since))
    }

    /// Of a CLI that starts; `reports` says whether it will report its state.
    pub fn starting(since: Time, cli: &str, reports: bool) -> Self {
        let mut fusion = Self::new(since);
        fusion.awaits_report = reports.then(|| Time(since.0.saturating_add(REPORTS_WITHIN_US)));
        fusion.hear(Claim::of_process(AgentState::Starting, since, cli));
        fusion
    }

    /// Goes on where another stopped.
    pub fn resume(status: AgentStatus) -> Self {
        let since = status.claim.since;
        Self { phase_since: since, told: since, awaits_report: None, status }
    }

    /// What is taken for true.
    pub fn status(&self) -> &AgentStatus {
        &self.status
    }

    /// Takes what a source says, in the place of what it said before of this agent.
    pub fn hear(&mut self, claim: Claim) {
        let claims = &mut self.status.claims;
        let is_same = |known: &&Claim| (known.source, &known.agent) == (claim.source, &claim.agent);
        let known = claims.iter().find(is_same);
        if known.is_some_and(|known| is_reminder(&claim, known)) {
            return;
        }
        claims.retain(|known| (known.source, &known.agent) != (claim.source, &claim.agent));
        // A sub-agent that is gone has no state; the program itself has: it ended.
        if claim.agent.is_some() && matches!(claim.state, AgentState::Exited | AgentState::Unknown) {
            claims.retain(|known| known.agent != claim.agent);
            return;
        }
        if claims.len() == CLAIMS_MAX {
            let oldest =
                claims.iter().enumerate().min_by_key(|(_, claim)| (claim.agent.is_none(), claim.since));
            if let Some((oldest, _)) = oldest {
                claims.remove(oldest);
            }
        }
        claims.push(claim);
    }

    /// Decides anew, at this time and place in the output, with the claim of the oldest question that waits in the host.
    pub fn decide(&mut self, open: Option<&Claim>, now: Time, offset: Offset) -> Decided {
        self.awaits_report.take_if(|until| *until <= now);
        let mut claim = self.judge(open, now);
        if claim.state == AgentState::Working {
            self.awaits_report = None;
        }
        let is_told = std::mem::replace(&mut self.told, claim.since) != claim.since;
        let before = &self.status.claim;
        let is_same = (claim.state, claim.on, &claim.agent) == (before.state, before.on, &before.agent);
        if is_same {
            claim.since = before.since;
        } else if claim.since < before.since {
            // It was so before, and is so again.
            claim.since = now;
        }
        if phase(claim.state) != phase(before.state) {
            self.phase_since = claim.since;
            // Whoever is at rest has no sub-agent that waits from before.
            if phase(claim.state) == Phase::Resting {
                let since = claim.since;
                self.status.claims.retain(|known| known.agent.is_none() || known.since > since);
            }
        }
        if !is_same || is_told {
            self.status.offset = offset;
        }
        self.status.claim = claim;
        match (is_same, is_told) {
            (true, false) => Decided::Same,
            (true, true) => Decided::Again,
            (false, _) => Decided::Other,
        }
    }

    /// When to decide again if nobody says anything.
    pub fn settles(&self) -> Option<Time> {
        let claim = &self.status.claim;
        let start =
            (claim.state == AgentState::Starting).then(|| Time(claim.since.0.saturating_add(STARTING_US)));
        start.into_iter().chain(start.and(self.awaits_report)).min()
    }

    fn judge(&self, open: Option<&Claim>, now: Time) -> Claim {
        if let Some(gone) = self.of(Source::Process).filter(|claim| claim.state == AgentState::Exited) {
            return gone.clone();
        }
        // A question that waits in the host is open, whatever else is said: its hook waits with it.
        if let Some(open) = open {
            return open.clone();
        }
        let report = self.of(Source::Report).filter(|claim| claim.state != AgentState::Unknown);
        let is_awaited = report.is_none() && self.awaits_report.is_some_and(|until| now < until);
        let is_early = |claim: &&Claim| is_awaited && phase(claim.state) == Phase::Resting;
        let said = report.or_else(|| self.newest().filter(|claim| !is_early(claim)));
        let main = said.or_else(|| self.of(Source::Process).filter(|claim| is_of_terminal(claim)));
        let resting = main.filter(|claim| phase(claim.state) == Phase::Resting).map(|claim| claim.since);
        let blocked = self.status.claims.iter().filter(|claim| claim.state == AgentState::Blocked);
        let mut sub_agents = blocked.filter(|claim| {
            claim.agent.is_some()
                && resting.is_none_or(|since| claim.since > since)
                && self.is_newest_of_agent(claim)
        });
        match (main, sub_agents.next()) {
            (_, Some(sub_agent)) => sub_agent.clone(),
            (Some(main), None) => self.refine(main),
            (None, None) => self.start(now),
        }
    }

    /// Nobody said anything of the agent yet.
    fn start(&self, now: Time) -> Claim {
        match self.of(Source::Process) {
            Some(process) if now.0.saturating_sub(process.since.0) < STARTING_US => process.clone(),
            Some(process) => {
                Claim::of_process(AgentState::Unknown, process.since, "it has not told what it does")
            }
            None if self.status.claim.state == AgentState::Unknown => self.status.claim.clone(),
            // What was said was taken back: a CLI that ran in a shell has ended.
            None => Claim::of_process(AgentState::Unknown, now, "nothing is said of it any more"),
        }
    }

    /// What a source says of the agent itself.
    fn of(&self, source: Source) -> Option<&Claim> {
        self.status.claims.iter().find(|claim| claim.source == source && claim.agent.is_none())
    }

    /// Of all that is said of the agent itself, beside its own report, what was said last.
    fn newest(&self) -> Option<&Claim> {
        let said = self.status.claims.iter().filter(|claim| {
            claim.agent.is_none()
                && !matches!(claim.source, Source::Process | Source::Report)
                && claim.state != AgentState::Unknown
        });
        said.max_by_key(|claim| claim.since)
    }

    /// The plan that a screen shows since a turn was over: a report has no word for one, and Codex asks when it is done.
    fn plan_after(&self, main: &Claim) -> Option<&Claim> {
        let is_over = matches!(main.state, AgentState::Idle | AgentState::Done);
        let screen = self.of(Source::Screen).filter(|claim| claim.on == Some(BlockKind::Plan))?;
        // That it is over may be told again while the plan stands there.
        let is_known = self.status.claim.source == Source::Screen && self.status.claim.on == screen.on;
        let is_later = screen.since.0 >= main.since.0.saturating_sub(SAME_MOMENT_US);
        (is_over && (is_known || is_later)).then_some(screen)
    }

    fn is_newest_of_agent(&self, claim: &Claim) -> bool {
        let same = self.status.claims.iter().filter(|known| known.agent == claim.agent);
        same.max_by_key(|known| known.since).is_some_and(|newest| newest.state == claim.state)
    }

    /// The same with what others know better: which question, and how a turn ended.
    fn refine(&self, main: &Claim) -> Claim {
        if let Some(plan) = self.plan_after(main) {
            return plan.clone();
        }
        let since =
            if phase(main.state) == phase(self.status.claim.state) { self.phase_since } else { main.since };
        let since = since.0.saturating_sub(SAME_MOMENT_US);
        let fits = |claim: &&Claim| {
            claim.agent.is_none() && claim.since.0 >= since && phase(claim.state) == phase(main.state)
        };
        let others = || self.status.claims.iter().filter(fits);
        let mut claim = main.clone();
        match main.state {
            AgentState::Blocked => {
                // A report knows no plans, a register no kinds at all.
                if let Some(other) =
                    others().max_by_key(|other| (other.on == Some(BlockKind::Plan), other.on.is_some()))
                    && (main.on.is_none() || other.on == Some(BlockKind::Plan))
                {
                    claim.on = other.on;
                }
            }
            AgentState::Idle | AgentState::Done | AgentState::Error => {
                // What a program reports of its own rest is so; that it ran into a limit it has no word for.
                let is_better = |other: &&Claim| {
                    other.state == AgentState::Limit
                        || main.source != Source::Report && ending(other.state) > ending(main.state)
                };
                if let Some(better) = others().filter(is_better).max_by_key(|other| ending(other.state)) {
                    claim = Claim { since: main.since, ..better.clone() };
                }
            }
            _ => {}
        }
        if claim.reason.is_none() {
            // Of a limit a report says why, and calls it an error.
            let is_same = |other: &&Claim| {
                other.state == claim.state
                    || (claim.state, other.state) == (AgentState::Limit, AgentState::Error)
            };
            let said = others()
                .filter(is_same)
                .filter_map(|other| Some(((other.state == claim.state, other.since), other.reason.clone()?)));
            claim.reason = said.max_by_key(|(order, _)| *order).map(|(_, reason)| reason);
        }
        claim
    }
}

/// Whether it says less than what the same source said before of the same, and is no news: a question without its kind, and
/// of a rest only that it is one. A program that reports says what is so.
fn is_reminder(claim: &Claim, known: &Claim) -> bool {
    match claim.state {
        AgentState::Blocked => claim.on.is_none() && known.state == AgentState::Blocked,
        AgentState::Idle => claim.source == Source::Hook && ending(known.state) > 0,
        _ => false,
    }
}

/// Whether it is what the terminal of a process tells of it: more than that it began.
fn is_of_terminal(claim: &Claim) -> bool {
    matches!(claim.state, AgentState::Working | AgentState::Blocked | AgentState::Idle)
}

fn phase(state: AgentState) -> Phase {
    match state {
        AgentState::Unknown => Phase::Unknown,
        AgentState::Starting => Phase::Starting,
        AgentState::Working => Phase::Working,
        AgentState::Blocked => Phase::Blocked,
        AgentState::Idle | AgentState::Done | AgentState::Error | AgentState::Limit => Phase::Resting,
        AgentState::Exited => Phase::Gone,
    }
}

/// How much a word for the end of a turn tells: `idle` is what anybody can see.
fn ending(state: AgentState) -> u8 {
    match state {
        AgentState::Limit => 3,
        AgentState::Error => 2,
        AgentState::Done => 1,
        _ => 0,
    }
}

/// Who told of a question.
pub fn of_ask(ask: &Ask) -> Source {
    if ask.screen { Source::Screen } else { Source::Hook }
}

/// What a question that waits says.
pub fn of_question(approval: &Approval) -> Claim {
    let ask = &approval.ask;
    Claim {
        state: AgentState::Blocked,
        on: Some(ask.kind),
        reason: Some(line(&format!("{}: {}", ask.tool, gist(&ask.input)))),
        source: of_ask(ask),
        since: approval.since,
        evidence: format!("question {}", approval.id),
        agent: ask.agent.clone(),
    }
}

#[cfg(test)]
mod tests;
