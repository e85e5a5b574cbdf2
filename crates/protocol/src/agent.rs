//! What an agent does: what single sources say of it, and what is taken for true.

use crate::{BlockKind, Offset, ProgramReport, ProgramState, Source, Time};
use serde::{Deserialize, Serialize};

/// What an agent does, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Its process runs and has not said anything yet.
    Starting,
    /// It works.
    Working,
    /// It cannot go on until somebody answers; [`Claim::on`] says what.
    Blocked,
    /// It waits for a new task.
    Idle,
    /// Its turn is over, and nobody has looked yet.
    Done,
    /// Its turn ended in an error.
    Error,
    /// Its user's limit is reached.
    Limit,
    /// Its process is gone.
    Exited,
    /// Nothing is known.
    Unknown,
}

impl AgentState {
    /// Whether it needs somebody: it goes on only if somebody answers or does something. One that is done is finished, and needs
    /// nobody.
    pub fn needs(self) -> bool {
        matches!(self, Self::Blocked | Self::Limit | Self::Error)
    }

    /// Whether who waits for that state has waited enough: one that is done is idle as well.
    pub fn satisfies(self, wanted: Self) -> bool {
        self == wanted || (wanted == Self::Idle && self == Self::Done)
    }
}

/// What one source says of an agent's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The state.
    pub state: AgentState,
    /// On what it is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<BlockKind>,
    /// Why, in a line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who says so.
    pub source: Source,
    /// Since when; left out where a record has a time.
    #[serde(default, skip_serializing_if = "is_none")]
    pub since: Time,
    /// What exactly was seen: the event's name, the rule that fitted, the line. Left out where a record beside it has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// The sub-agent of which it speaks; `None` is the agent itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// What is taken for true of an agent, and on whose word.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AgentStatus {
    /// The claim that decided. Its `since` is when the state began, whoever said so first.
    #[serde(flatten)]
    pub claim: Claim,
    /// Where the output stands that told it last: the first byte of a report, else the last one before.
    pub offset: Offset,
    /// What each source said last, of the agent and its sub-agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

impl AgentStatus {
    /// What is known of a program of which nothing is known.
    pub fn unknown(since: Time) -> Self {
        Self {
            claim: Claim::of_process(AgentState::Unknown, since, "nothing was said"),
            offset: Offset::ZERO,
            claims: Vec::new(),
        }
    }
}

impl Claim {
    /// What the process itself tells.
    pub fn of_process(state: AgentState, since: Time, evidence: &str) -> Self {
        let evidence = evidence.to_owned();
        Self { state, on: None, reason: None, source: Source::Process, since, evidence, agent: None }
    }

    /// What a program reported to its terminal.
    pub fn of_report(report: &ProgramReport, since: Time) -> Self {
        let state = match report.state {
            ProgramState::Unknown => AgentState::Unknown,
            ProgramState::Idle => AgentState::Idle,
            ProgramState::Working => AgentState::Working,
            ProgramState::Blocked => AgentState::Blocked,
            ProgramState::Done => AgentState::Done,
            ProgramState::Error => AgentState::Error,
        };
        let evidence = match report.kind {
            Some(kind) => format!("state={} kind={}", word(&report.state), word(&kind)),
            None => format!("state={}", word(&report.state)),
        };
        let reason = report.msg.clone().or_else(|| report.title.clone());
        let agent = report.id.clone();
        Self { state, on: report.kind, reason, source: Source::Report, since, evidence, agent }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(time: &Time) -> bool {
    *time == Time::default()
}

/// The word that stands for a value in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_idle_takes_done_and_not_the_other_way() {
        assert!(AgentState::Done.satisfies(AgentState::Idle) && AgentState::Idle.satisfies(AgentState::Idle));
        assert!(
            !AgentState::Idle.satisfies(AgentState::Done) && !AgentState::Unknown.satisfies(AgentState::Idle)
        );
    }
}
