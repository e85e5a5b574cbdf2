//! What the board shows: the sessions that run, in the order of how much they need somebody.

use crate::cmd::explain;
use crate::cmd::held::{self, Held};
use crate::fit;
use crate::table::{self, Cell, Column, Fit};
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
    /// What it is about; perhaps nothing.
    title: String,
}

/// What is told of a session, in the order of the columns.
const COLUMNS: [Column; 6] = [
    Column::new("NAME", 0, 10, 24, Fit::Text),
    Column::new("STATE", 1, 8, 24, Fit::Text),
    Column::new("SINCE", 2, 5, 8, Fit::Figure),
    Column::new("WHAT", 3, 24, 80, Fit::Text),
    Column::new("FOLDER", 5, 12, 40, Fit::Path),
    Column::new("TITLE", 4, 16, usize::MAX, Fit::Text),
];

/// Stands before those who need nobody.
const MARK: &str = "  ";

impl Board {
    pub(super) fn read(registry: &Registry, held: &Held) -> anyhow::Result<Self> {
        let entries = registry.list()?.into_iter().filter_map(Result::ok);
        let mut rows: Vec<Row> =
            entries.filter(|entry| entry.phase == Phase::Running).map(|entry| Row::of(entry, held)).collect();
        // Of two that need somebody as much, the one that waits longer.
        rows.sort_by_key(|row| (row.urgency(), row.agent.claim.since, row.entry.meta.id));
        Ok(Self { rows })
    }

    /// It as a table that fits into so many columns of a terminal, its heads first.
    pub(super) fn lines(&self, room: Option<usize>) -> Vec<String> {
        let rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
        let table = table::lines(&COLUMNS, &rows, room.map(|room| room.saturating_sub(MARK.len())));
        let marks = self
            .rows
            .iter()
            .map(|row| if row.needs_you() { paint("●", "31") + " " } else { MARK.to_owned() });
        let marked =
            std::iter::once(MARK.to_owned()).chain(marks).zip(table).map(|(mark, line)| mark + &line);
        // Of no session there is nothing to head.
        let marked = marked.take(if self.rows.is_empty() { 0 } else { usize::MAX });
        std::iter::once(self.summary()).chain(marked).collect()
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
    fn of(entry: Entry, held: &Held) -> Self {
        let title = held::title(&entry, held.of(&entry).as_ref());
        let agent = agent(&entry, entry.status.as_ref());
        let questions = entry.status.as_ref().map_or(0, |status| status.approvals.len());
        Self { agent, questions, title, entry }
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

    fn cells(&self) -> [Cell; 6] {
        let sgr = Some(explain::colour(self.agent.claim.state));
        [
            one_line(&self.entry.name).into(),
            Cell { text: self.state(), sgr },
            ago(self.agent.claim.since).into(),
            one_line(&self.what()).into(),
            one_line(&fit::from_home(&self.entry.meta.cwd)).into(),
            if self.title.is_empty() {
                one_line(&self.entry.meta.command.join(" "))
            } else {
                self.title.clone()
            }
            .into(),
        ]
    }

    /// What it waits for, or does, where it says so.
    fn what(&self) -> String {
        let reason = self.agent.claim.reason.clone().unwrap_or_default();
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
            "title": self.title,
            "cwd": self.entry.meta.cwd,
            "command": self.entry.meta.command,
        })
    }
}
