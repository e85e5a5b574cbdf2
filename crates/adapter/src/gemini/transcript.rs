//! Gemini CLI's records: a head, then a line for each message, which is written again under its id when its tools have run,
//! and patches, `{"$set": …}`.
//!
//! A conversation that is resumed goes on in its file, below another head. A sub-agent is a file in a folder named for its
//! conversation. When a request was cancelled or failed, the whole history is written once more under new ids, from the
//! context of the session to the next patch of all messages: that is passed over. Such a patch is what the model has
//! before it now; it is news only after a compaction, whose summary is nowhere else.
//!
//! Passed over, too: results in the user's name, since the message with their calls has them. Whether a turn is over is in
//! no record.

use super::message;
use crate::{Head, Heard, Transcript, time};
use protocol::{AgentState, Claim, Content, Entry, Source, Speaker, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::Path;

/// How the CLI's own answer to a summary begins.
const AFTER_SUMMARY: &str = "Got it. Thanks for the additional context!";

/// How the context of a session begins.
const CONTEXT: &str = "<session_context>";

/// After this stand the folders of the session, one to a line.
const FOLDERS: &str = "**Workspace Directories:**\n  - ";

/// Reads one of them.
pub(super) struct Reader {
    /// The folder that it lies in, by its name.
    folder: String,
    known: Known,
}

/// What it has to remember between two records.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Known {
    /// The conversation.
    pub conversation: String,
    /// The sub-agent whose file this is.
    pub agent: Option<String>,
    /// Whether the history is being written once more.
    again: bool,
    /// When the last record was made that says so.
    time: Time,
    /// How many records came, for those without an id.
    records: u64,
}

impl Reader {
    pub(super) fn new(path: &Path, state: Option<&Value>) -> Self {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let known = state.and_then(|state| serde_json::from_value(state.clone()).ok());
        Self { folder: folder.to_string_lossy().into_owned(), known: known.unwrap_or_default() }
    }
}

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        self.known.records += 1;
        let record: Value = match serde_json::from_slice(record) {
            Ok(record) => record,
            Err(error) => return heard.push(Heard::Garbled(error.to_string())),
        };
        self.known.time = self.known.when(&record);
        if record["sessionId"].is_string() {
            self.begin(&record, heard);
            // A file of an old version is one record with all messages.
            for message in record["messages"].as_array().into_iter().flatten() {
                self.message(message, heard);
            }
        } else if record["$set"].is_object() {
            self.patch(&record["$set"], heard);
        } else if let Some(to) = record["$rewindTo"].as_str() {
            let content = Content::Notice { name: "rewind".to_owned(), text: format!("back to before {to}") };
            let id = format!("rewind:{}", self.known.records);
            heard.push(self.known.entry(&id, &record, Speaker::System, content));
        } else {
            self.message(&record, heard);
        }
    }

    fn state(&self) -> Value {
        json!(self.known)
    }
}

impl Reader {
    fn begin(&mut self, head: &Value, heard: &mut Vec<Heard>) {
        let id = head["sessionId"].as_str().unwrap_or_default().to_owned();
        if head["kind"] == "subagent" {
            self.known.conversation.clone_from(&self.folder);
            self.known.agent = Some(id);
            return;
        }
        self.known.conversation = id;
        heard.push(self.head(None, head["summary"].as_str()));
    }

    fn head(&self, cwd: Option<&str>, title: Option<&str>) -> Heard {
        Heard::Head(Head {
            conversation: self.known.conversation.clone(),
            cwd: cwd.map(str::to_owned),
            title: title.map(str::to_owned),
            ..Head::default()
        })
    }

    fn patch(&mut self, patch: &Value, heard: &mut Vec<Heard>) {
        if let Some(title) = patch["summary"].as_str() {
            heard.push(self.head(None, Some(title)));
        }
        let Some(messages) = patch["messages"].as_array() else { return };
        self.known.again = false;
        for message in messages {
            let context = message::text(&message["content"]);
            let cwd =
                context.strip_prefix(CONTEXT).and_then(|rest| rest.split_once(FOLDERS)?.1.lines().next());
            if let Some(cwd) = cwd.filter(|_| self.known.agent.is_none()) {
                heard.push(self.head(Some(cwd), None));
            }
        }
        for pair in messages.windows(2) {
            if message::text(&pair[1]["content"]).starts_with(AFTER_SUMMARY) {
                let text = message::text(&pair[0]["content"]);
                let id = pair[0]["id"].as_str().unwrap_or_default();
                heard.push(self.known.entry(id, &pair[0], Speaker::System, Content::Compaction { text }));
            }
        }
    }

    fn message(&mut self, message: &Value, heard: &mut Vec<Heard>) {
        let kind = message["type"].as_str().unwrap_or_default();
        if kind == "user" && message::text(&message["content"]).starts_with(CONTEXT) {
            self.known.again = true;
        }
        if self.known.again && matches!(kind, "user" | "gemini") {
            return;
        }
        message::read(&self.known, kind, message, heard);
    }
}

impl Known {
    /// An entry under an id that is unique in the conversation, made when this record was.
    pub fn entry(&self, id: &str, record: &Value, role: Speaker, content: Content) -> Heard {
        let by_model = role == Speaker::Assistant;
        let text = |name: &str| record[name].as_str().map(str::to_owned).filter(|_| by_model);
        Heard::Entry(Entry {
            id: format!("gemini:{}:{id}", self.conversation),
            conversation: self.conversation.clone(),
            agent: self.agent.clone(),
            time: self.when(record),
            role,
            content,
            model: text("model"),
            request: text("id"),
            source: Source::Transcript,
            place: None,
        })
    }

    /// When a record was made, or the last one that says it.
    pub fn when(&self, record: &Value) -> Time {
        record["timestamp"].as_str().and_then(time::parse).unwrap_or(self.time)
    }

    /// An entry that keeps a record of an unknown kind.
    pub fn unknown(&self, kind: &str, record: &Value) -> Heard {
        let id = record["id"].as_str().map_or_else(|| format!("record:{}", self.records), str::to_owned);
        let content = Content::Unknown { name: kind.to_owned(), record: record.clone() };
        self.entry(&id, record, Speaker::System, content)
    }

    pub fn claim(&self, state: AgentState, record: &Value, reason: Option<String>) -> Heard {
        let claim = Claim {
            state,
            on: None,
            reason,
            source: Source::Transcript,
            since: self.when(record),
            evidence: record["type"].as_str().unwrap_or_default().to_owned(),
            agent: self.agent.clone(),
        };
        Heard::Claim { conversation: self.conversation.clone(), claim }
    }
}
