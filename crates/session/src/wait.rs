//! What can be waited for at a session, and when it has come true. Whoever waits, for a user or for a client of the server,
//! follows the session's host by himself, and shows what it tells to a [`Condition`].

use crate::Result;
use crate::folder::Folder;
use protocol::{AgentState, AgentStatus, Exit, ExitStatus, Offset};
use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as Unknown;
use serde_json::{Value, json};

/// What can be waited for. A text on the screen is none of them, for no host tells of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The program's end.
    Exit,
    /// That it waits for a new task; one that is done does so as well.
    Idle,
    /// That it works.
    Working,
    /// That it cannot go on until somebody answers.
    Blocked,
    /// That its turn is over.
    Done,
    /// That its turn ended in an error.
    Error,
    /// That its user's limit is reached.
    Limit,
}

/// What came true.
#[derive(Clone, PartialEq, Debug)]
pub enum Seen {
    /// The program ended, and so much it had written.
    Exit(ExitStatus, Offset),
    /// A line on the screen, and how far that was painted.
    Line(String, Offset),
    /// A state.
    State(Box<AgentStatus>),
}

impl Condition {
    /// The names of all.
    pub const NAMES: [&str; 7] = ["exit", "idle", "working", "blocked", "done", "error", "limit"];

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        let read: std::result::Result<Self, Unknown> = Self::deserialize(name.into_deserializer());
        read.ok()
    }

    /// What is seen of a state, if it is the one, and was not reached before an offset.
    pub fn met(self, agent: &AgentStatus, since: Option<Offset>) -> Option<Seen> {
        let wanted = match self {
            Self::Idle => AgentState::Idle,
            Self::Working => AgentState::Working,
            Self::Blocked => AgentState::Blocked,
            Self::Done => AgentState::Done,
            Self::Error => AgentState::Error,
            Self::Limit => AgentState::Limit,
            Self::Exit => return None,
        };
        let fits = agent.claim.state.satisfies(wanted);
        let counts = since.is_none_or(|since| agent.offset >= since);
        (fits && counts).then(|| Seen::State(Box::new(agent.clone())))
    }
}

impl Seen {
    /// The end of a session that is over, from what it left in its folder.
    pub fn end(exit: &Exit, folder: &Folder) -> Result<Self> {
        let offset = folder.status()?.map_or(Offset::ZERO, |status| status.offset);
        Ok(Self::Exit(exit.status, offset))
    }

    /// As programs are told it.
    pub fn json(&self) -> Value {
        match self {
            Self::Exit(status, offset) => json!({ "exit": status, "offset": offset }),
            Self::Line(line, offset) => json!({ "line": line, "offset": offset }),
            Self::State(agent) => json!({ "agent": agent, "offset": agent.offset }),
        }
    }
}

#[test]
fn every_condition_has_a_name_and_a_text_is_none() {
    for name in Condition::NAMES {
        assert_eq!(format!("{:?}", Condition::named(name).unwrap()).to_lowercase(), name);
    }
    assert_eq!(Condition::named("text"), None);
}
