//! One thing that was said or done in a conversation with an AI CLI, as it is read from the CLI's own records.
//!
//! What is read twice, or from two sources, has the same id both times: that is how nothing is doubled.

use crate::{Offset, SessionId, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that was said or done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Stable and unique over all conversations; it begins with the name of the CLI.
    pub id: String,
    /// The CLI's own id of the conversation.
    pub conversation: String,
    /// The sub-agent in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// When, by the clock of the CLI.
    pub time: Time,
    /// Who said or did it.
    pub role: Speaker,
    /// What.
    #[serde(flatten)]
    pub content: Content,
    /// The model that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The request to a model that it came of: entries of one request share its [`Usage`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// From where it is known.
    pub source: Source,
    /// Where it stands in a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The person, or the program that speaks for one.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called.
    Tool,
    /// The CLI itself.
    System,
}

/// What was said or done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// Words.
    Message {
        /// The words, mostly Markdown.
        text: String,
    },
    /// What the model thought before it spoke; empty where the CLI keeps only a seal of it.
    Thinking {
        /// The thought.
        text: String,
    },
    /// The model calls a tool.
    ToolCall {
        /// The id by which its result is found.
        call: String,
        /// The tool.
        name: String,
        /// What it is given.
        input: Value,
    },
    /// What came of a tool.
    ToolResult {
        /// The id of its call.
        call: String,
        /// What the model was shown.
        text: String,
        /// Whether it failed, or was denied.
        is_error: bool,
        /// Whether the tool never ran, because leave for it was denied.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_denied: bool,
        /// What the CLI knows beyond that, such as the patch of an edit or an exit code; in the CLI's own form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<Value>,
    },
    /// A picture.
    Image {
        /// Its type, such as `image/png`.
        media_type: String,
        /// Its bytes in base64, where they are known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
    },
    /// The conversation was shortened: what came before is known to the model only by this summary.
    Compaction {
        /// The summary, or nothing where the CLI does not keep it.
        text: String,
    },
    /// Something went wrong that no tool did: a refused request, a lost connection.
    Failure {
        /// What the CLI says of it.
        text: String,
        /// The HTTP status of the model's server, if that was it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Something that the CLI tells beside the conversation: an interrupt, a command of the user to the CLI, a mode.
    Notice {
        /// Its name in the CLI's own words.
        name: String,
        /// What it says to people.
        text: String,
    },
    /// A record of a kind that this version does not know, kept as it is.
    Unknown {
        /// Its kind in the CLI's own words.
        name: String,
        /// The whole record.
        record: Value,
    },
}

/// From where an entry or a claim is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The CLI's own record of the conversation.
    Transcript,
    /// What the CLI's hooks told.
    Hook,
    /// Its traffic with the model's server.
    Api,
    /// What the program reported to its terminal (OSC 7501).
    Report,
    /// The CLI's register of its running processes.
    Register,
    /// What was on the screen.
    Screen,
    /// The process itself: that it began, runs or ended.
    Process,
    /// A log that somebody else wrote.
    Log,
}

/// A place in a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Whose recording.
    pub session: SessionId,
    /// Behind so much output.
    pub offset: Offset,
}

/// What one request to a model took, in tokens. Each request counts once, however many entries came of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens that were read and not kept in the model's cache.
    pub input: u64,
    /// Tokens that were written.
    pub output: u64,
    /// Tokens that were read from the cache.
    #[serde(default)]
    pub cache_read: u64,
    /// Tokens that were put into the cache, for five minutes.
    #[serde(default)]
    pub cache_write: u64,
    /// Tokens that were put into the cache for an hour.
    #[serde(default)]
    pub cache_write_hour: u64,
}

impl Usage {
    /// Tokens that the model had before it when it answered.
    pub fn context(&self) -> u64 {
        [self.cache_read, self.cache_write, self.cache_write_hour]
            .into_iter()
            .fold(self.input, u64::saturating_add)
    }
}
