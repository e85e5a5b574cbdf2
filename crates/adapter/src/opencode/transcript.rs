//! opencode's database: rows of sessions, messages and their parts, which are written anew as they grow.
//!
//! A message of the model is one request to it. A sub-agent is a session below another. A fork copies all messages under new
//! ids and does not say of what: it is read as a conversation of its own, whose copied requests were not paid for again.
//! Questions whether a tool may run are in no table until they are answered.

use super::part;
use crate::transcript::failed;
use crate::{Head, Heard, Transcript};
use protocol::{AgentState, Claim, Content, Entry, Source, Speaker, Time, Usage};
use serde_json::Value;

/// Milliseconds between the making of a message and of its id, at most; a copy has a new id and the old time.
const AT_ONCE: u64 = 1000;

/// Milliseconds after which the time in an id begins anew: more than two years.
const WRAPS: u64 = 1 << 36;

/// Reads the rows; each tells all that is needed.
pub(super) struct Reader;

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        let record: Value = match serde_json::from_slice(record) {
            Ok(record) => record,
            Err(error) => return heard.push(Heard::Garbled(error.to_string())),
        };
        let row = Row { record: &record };
        match record["table"].as_str() {
            Some("session") => heard.extend(head(&record)),
            Some("message" | "part") if !row.data().is_object() => {
                heard.push(Heard::Garbled(format!("{} is no JSON", row.id())));
            }
            Some("message") => message(&row, heard),
            Some("part") => part::read(&row, heard),
            _ => heard.push(Heard::Garbled("a row of no known table".to_owned())),
        }
    }

    fn state(&self) -> Value {
        Value::Null
    }
}

/// A row of a message or part.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub record: &'a Value,
}

impl<'a> Row<'a> {
    pub fn id(self) -> &'a str {
        self.record["id"].as_str().unwrap_or_default()
    }

    pub fn data(self) -> &'a Value {
        &self.record["data"]
    }

    /// The conversation, and the sub-agent in it.
    fn thread(self) -> (String, Option<String>) {
        let session = self.record["session"].as_str().unwrap_or_default().to_owned();
        match self.record["root"].as_str() {
            Some(root) => (root.to_owned(), Some(session)),
            None => (session, None),
        }
    }

    /// An entry under the id of the row and what distinguishes it from others of the row.
    pub fn entry(self, of_row: &str, time: Time, role: Speaker, content: Content) -> Heard {
        let (conversation, agent) = self.thread();
        let by_model = role == Speaker::Assistant;
        let model = self.record["model"].as_str().map(str::to_owned);
        Heard::Entry(Entry {
            id: format!("opencode:{}{of_row}", self.id()),
            conversation,
            agent,
            time,
            role,
            content,
            model: model.filter(|_| by_model),
            request: self.record["message"].as_str().filter(|_| by_model).map(str::to_owned),
            source: Source::Transcript,
            place: None,
        })
    }

    pub fn told(self, claim: Claim) -> Heard {
        Heard::Claim { conversation: self.thread().0, claim }
    }

    pub fn claim(self, state: AgentState, since: Time, evidence: &str, reason: Option<String>) -> Claim {
        let agent = self.thread().1;
        let (source, evidence) = (Source::Transcript, evidence.to_owned());
        Claim { state, on: None, reason, source, since, evidence, agent }
    }
}

/// A time as the database has it.
pub(super) fn time(milliseconds: &Value) -> Option<Time> {
    milliseconds.as_u64().map(|ms| Time(ms * 1000))
}

fn head(session: &Value) -> Option<Heard> {
    // Sub-agents have no conversation of their own.
    if session["parent"].is_string() {
        return None;
    }
    let text = |name: &str| session[name].as_str().map(str::to_owned);
    Some(Heard::Head(Head {
        conversation: text("id")?,
        cwd: text("directory"),
        branch: None,
        // Until the model has thought of one, the title is only a date.
        title: text("title").filter(|title| !title.starts_with("New session - ")),
        version: text("version"),
        parent: None,
    }))
}

/// What a message says beside its parts: what it took, how it ended.
fn message(row: &Row<'_>, heard: &mut Vec<Heard>) {
    let data = row.data();
    if data["role"] != "assistant" {
        return;
    }
    let created = time(&data["time"]["created"]).unwrap_or_default();
    let Some(completed) = time(&data["time"]["completed"]) else {
        return heard.push(row.told(row.claim(AgentState::Working, created, "message.created", None)));
    };
    heard.extend(usage(row, completed));
    let error = &data["error"];
    let (state, reason) = if let Some(name) = error["name"].as_str() {
        let text = error["data"]["message"].as_str().unwrap_or(name).to_owned();
        let (state, content) = if name == "MessageAbortedError" {
            (AgentState::Idle, Content::Notice { name: name.to_owned(), text: text.clone() })
        } else {
            let status = error["data"]["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            (failed(status), Content::Failure { text: text.clone(), status })
        };
        heard.push(row.entry(":error", completed, Speaker::System, content));
        (state, Some(text))
    } else if data["finish"] == "tool-calls" {
        (AgentState::Working, None)
    } else if data["finish"].is_null() {
        // It was interrupted while it waited for another try: no error is written down.
        (AgentState::Idle, None)
    } else {
        (AgentState::Done, None)
    };
    heard.push(row.told(row.claim(state, completed, "message.completed", reason)));
}

fn usage(row: &Row<'_>, time: Time) -> Option<Heard> {
    let data = row.data();
    let count = |tokens: &Value| tokens.as_u64().unwrap_or_default();
    let tokens = &data["tokens"];
    let usage = Usage {
        input: count(&tokens["input"]),
        output: count(&tokens["output"]) + count(&tokens["reasoning"]),
        cache_read: count(&tokens["cache"]["read"]),
        cache_write: count(&tokens["cache"]["write"]),
        cache_write_hour: 0,
    };
    (usage != Usage::default() && !is_copy(row)).then(|| Heard::Usage {
        conversation: row.thread().0,
        request: row.id().to_owned(),
        model: data["modelID"].as_str().unwrap_or_default().to_owned(),
        time,
        usage,
    })
}

/// Whether a message was copied by a fork: an id begins with the time of its making.
fn is_copy(row: &Row<'_>) -> bool {
    let made = row.id().strip_prefix("msg_").and_then(|id| u64::from_str_radix(id.get(..12)?, 16).ok());
    let (Some(made), Some(created)) = (made, row.data()["time"]["created"].as_u64()) else { return false };
    let later = (made >> 12).wrapping_sub(created) & (WRAPS - 1);
    // More than half the way round, it was made before.
    (AT_ONCE..WRAPS / 2).contains(&later)
}
