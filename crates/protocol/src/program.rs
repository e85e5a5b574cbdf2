//! What a program says of itself: the states of the Program Status Protocol (OSC 7501).

use serde::{Deserialize, Serialize};

/// The state of a program, as it reported it. There is no guess here: a program that reports nothing is
/// [`ProgramState::Unknown`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgramState {
    /// It has not reported, or it took its report back (`clear`).
    #[default]
    Unknown,
    /// It waits for a new task.
    Idle,
    /// It works.
    Working,
    /// It cannot go on until somebody answers; [`ProgramReport::kind`] says what kind of answer.
    Blocked,
    /// Its turn is over, and nobody has looked yet.
    Done,
    /// Its turn ended in an error.
    Error,
}

/// What a blocked program waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Leave to do something.
    Permission,
    /// An answer to a question.
    Question,
    /// Leave to do as it planned. OSC 7501 has no word for it; hooks tell.
    Plan,
}

/// One report, whole: a later one with the same `id` replaces it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProgramReport {
    /// The reported state; `clear` is [`ProgramState::Unknown`].
    pub state: ProgramState,
    /// What it is blocked on, where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<BlockKind>,
    /// Which sub-agent it speaks for: up to 8 levels of up to 32 bytes, `/` between. `None` is the program itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The program's own name for itself, such as `claude-code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// One line for people: what it does or waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    /// The title of the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}
