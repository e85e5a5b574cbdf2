//! A CLI's own record of its conversations, read record by record.

use protocol::{AgentState, Claim, Entry, Time, Usage};
use serde_json::Value;

/// How a file holds its records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// One to a line, and lines are only ever appended.
    Lines,
    /// One, which is written anew whenever it changes.
    Whole,
    /// It is a database of SQLite, whose rows are records. Who follows it opens it for reading alone, and asks again when it or
    /// its `-wal` has changed.
    Database {
        /// What to ask. Its one parameter is a number, at first 0 and then the greatest that an answer had; each row of the answer
        /// is a number and a record as text, in the order in which they are to be read. The last rows come once more each
        /// time, for others of their number may have come since; they have the ids that they had.
        changes: &'static str,
    },
}

/// Reads the records of one file, in their order.
pub trait Transcript: Send {
    /// Reads a record: a line without its end, or a whole file. Records that cannot be read are told as
    /// [`Heard::Garbled`] and harm no others.
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>);

    /// Tells what it holds back because more of it may come, as far as it is known at the file's present end. It is told
    /// again under the same id when it is whole.
    fn rest(&self, _heard: &mut Vec<Heard>) {}

    /// What it has to remember between two records, to be kept beside how far the file was read.
    fn state(&self) -> Value;
}

/// What a record tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Heard {
    /// Something about a conversation as a whole; what it leaves open is known from before.
    Head(Head),
    /// Something that was said or done. One with a known id replaces what was known under it.
    Entry(Entry),
    /// What a request took. A later one for the same request replaces it.
    Usage {
        /// The conversation.
        conversation: String,
        /// The request, as in [`Entry::request`].
        request: String,
        /// The model that answered.
        model: String,
        /// When.
        time: Time,
        /// How much.
        usage: Usage,
    },
    /// What the record says of the CLI's state.
    Claim {
        /// The conversation.
        conversation: String,
        /// What.
        claim: Claim,
    },
    /// A record that is none: why not.
    Garbled(String),
}

/// What is known of a conversation as a whole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Head {
    /// The CLI's own id of it.
    pub conversation: String,
    /// Where the CLI worked.
    pub cwd: Option<String>,
    /// The branch it was on.
    pub branch: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// The CLI's version.
    pub version: Option<String>,
    /// The conversation that it goes on from, where that is another.
    pub parent: Option<String>,
}

/// The state of a turn that ended in an HTTP status: too many requests and payment required are limits of the user.
pub(crate) fn failed(status: Option<u16>) -> AgentState {
    match status {
        Some(402 | 429) => AgentState::Limit,
        _ => AgentState::Error,
    }
}
