//! What the board shows: the sessions that run, in the order of how much they need somebody.

use crate::cmd::explain;
use crate::term::{one_line, paint};
use crate::when::ago;
use protocol::{AgentState, AgentStatus, Phase};
use serde_json::{Value, json};
use session::registry::{Entry, Registry};
use session::summary::{agent, needs_you};

/// The sessions that run.
pub(super) struct Board {
    pub rows: Vec<Row>,
}

/// One of them.
pub(super) struct Row {
    pub entry: Entry,
    agent: AgentStatus,
    /// Questions that wait for an answer.
    questions: usize,
}

impl Board {
    pub(super) fn read(registry: &Registry) -> anyhow::Result<Self> {
        let entries = registry.list()?.into_iter().filter_map(Result::ok);
        let mut rows: Vec<Row> = entries.filter(|entry| entry.phase == Phase::Running).map(Row::of).collect();
        // Of two that need somebody as much, the one that waits longer.
        rows.sort_by_key(|row| (row.urgency(), row.agent.claim.since, row.entry.meta.id));
        Ok(Self { rows })
    }

    /// It as a table, its head first.
    pub(super) fn lines(&self) -> Vec<String> {
        let width = |text: &dyn Fn(&Row) -> usize, least: usize| {
            self.rows.iter().map(text).max().unwrap_or(0).max(least)
        };
        let names = width(&|row| row.entry.name.chars().count(), 4);
        let states = width(&|row| row.state().chars().count(), 5);
        let mut lines =
            vec![self.summary(), format!("  {:<names$}  {:<states$}  {:>5}  WHAT", "NAME", "STATE", "SINCE")];
        lines.extend(self.rows.iter().map(|row| {
            format!(
                "{} {:<names$}  {}  {:>5}  {}",
                if row.needs_you() { paint("●", "31") } else { " ".to_owned() },
                one_line(&row.entry.name),
                paint(&format!("{:<states$}", row.state()), explain::colour(row.agent.claim.state)),
                ago(row.agent.claim.since),
                one_line(&row.what()),
            )
        }));
        lines
    }

    fn summary(&self) -> String {
        let all = self.rows.len();
        if all == 0 {
            return "no session runs; `centerfire run -- claude` starts one".to_owned();
        }
        let needing = match self.rows.iter().filter(|row| row.needs_you()).count() {
            0 => "none needs you".to_owned(),
            some => paint(&format!("{some} need{} you", if some == 1 { "s" } else { "" }), "1"),
        };
        let finished = match self.rows.iter().filter(|row| row.is_finished()).count() {
            0 => String::new(),
            some => format!(", {some} finished"),
        };
        format!("{all} running, {needing}{finished}")
    }
}

impl Row {
    fn of(entry: Entry) -> Self {
        let agent = agent(&entry, entry.status.as_ref());
        let questions = entry.status.as_ref().map_or(0, |status| status.approvals.len());
        Self { agent, questions, entry }
    }

    /// The less, the more it needs somebody.
    fn urgency(&self) -> u8 {
        match self.agent.claim.state {
            AgentState::Blocked => 0,
            AgentState::Error | AgentState::Limit => 1,
            AgentState::Done => 2,
            AgentState::Idle => 3,
            AgentState::Working | AgentState::Starting => 4,
            AgentState::Unknown | AgentState::Exited => 5,
        }
    }

    fn needs_you(&self) -> bool {
        needs_you(&self.entry, self.entry.status.as_ref())
    }

    /// Whether it has done what it was asked, and nobody has looked yet.
    fn is_finished(&self) -> bool {
        !self.needs_you() && self.agent.claim.state == AgentState::Done
    }

    fn state(&self) -> String {
        match self.agent.claim.state {
            AgentState::Unknown | AgentState::Exited => "running".to_owned(),
            _ => explain::plain(&self.agent.claim),
        }
    }

    /// What it waits for, or does; else what it is.
    fn what(&self) -> String {
        let claim = &self.agent.claim;
        let reason = claim.reason.clone().unwrap_or_else(|| {
            let title = self.entry.status.as_ref().map_or("", |status| status.title.trim());
            if title.is_empty() { self.entry.meta.command.join(" ") } else { title.to_owned() }
        });
        match self.questions {
            0 | 1 => reason,
            more => format!("{reason} (and {} more)", more - 1),
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.entry.meta.id,
            "name": self.entry.name,
            "needs_you": self.needs_you(),
            "agent": self.agent,
            "questions": self.questions,
            "cwd": self.entry.meta.cwd,
            "command": self.entry.meta.command,
        })
    }
}
