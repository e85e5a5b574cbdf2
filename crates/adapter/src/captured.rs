//! Conversations that clients of the server hand over: `POST /api/conversation/capture`. Their record is a line for each
//! request, which the server writes; its form is ours.

use crate::{Adapter, Head, Heard, Layout, Transcript, time};
use protocol::{Content, Entry, Source, Speaker, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What clients hand over. It has no program, and lies in the state of the instance instead of the user's home.
pub struct Captured;

/// One request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Capture {
    /// The conversation.
    pub session_id: String,
    /// The same for the same request.
    pub id: String,
    /// Where it was held.
    pub working_dir: String,
    /// When, in RFC 3339.
    pub timestamp: String,
    /// What was said: a text, or entries as JSON in a list or on lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_data: Option<String>,
    /// What the client knows beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_context: Option<Value>,
}

impl Capture {
    /// When it was, or nothing where that is no time since 1970.
    pub fn time(&self) -> Option<Time> {
        time::parse(&self.timestamp)
    }

    /// The id of its first entry.
    pub fn first_entry(&self) -> String {
        format!("captured:{}:0", self.id)
    }
}

impl Adapter for Captured {
    fn name(&self) -> &'static str {
        "captured"
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn history(&self, _variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        Vec::new()
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        (path.extension()? == "jsonl").then_some(Layout::Lines)
    }

    fn transcript(&self, _path: &Path, _state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(Reader)
    }
}

struct Reader;

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        // Each line begins with a line feed of its own.
        if record.is_empty() {
            return;
        }
        let capture: Capture = match serde_json::from_slice(record) {
            Ok(capture) => capture,
            Err(error) => return heard.push(Heard::Garbled(error.to_string())),
        };
        let Some(time) = capture.time() else {
            return heard.push(Heard::Garbled(format!("no time: {}", capture.timestamp)));
        };
        let title = capture.session_context.as_ref().and_then(|context| context["title"].as_str());
        heard.push(Heard::Head(Head {
            conversation: capture.session_id.clone(),
            cwd: Some(capture.working_dir.clone()),
            title: title.map(str::to_owned),
            ..Head::default()
        }));
        for (number, (time, role, content)) in contents(&capture, time).into_iter().enumerate() {
            heard.push(Heard::Entry(Entry {
                id: format!("captured:{}:{number}", capture.id),
                conversation: capture.session_id.clone(),
                agent: None,
                time,
                role,
                content,
                model: None,
                request: None,
                source: Source::Log,
                place: None,
            }));
        }
    }

    fn state(&self) -> Value {
        Value::Null
    }
}

/// What was said; of a request that says nothing, that it came.
fn contents(capture: &Capture, time: Time) -> Vec<(Time, Speaker, Content)> {
    let Some(data) = capture.conversation_data.as_deref().filter(|data| !data.trim().is_empty()) else {
        let text = capture.session_context.as_ref().map(Value::to_string).unwrap_or_default();
        return vec![(time, Speaker::System, Content::Notice { name: "capture".to_owned(), text })];
    };
    match items(data) {
        Some(items) => items.iter().map(|item| said(item, time)).collect(),
        None => vec![(time, Speaker::User, Content::Message { text: data.to_owned() })],
    }
}

/// The entries that a text is as JSON: a list, one, or one on each line.
fn items(data: &str) -> Option<Vec<Value>> {
    let items = match serde_json::from_str(data) {
        Ok(Value::Array(items)) => items,
        Ok(value) => vec![value],
        Err(_) => {
            let lines = data.lines().filter(|line| !line.trim().is_empty());
            lines.map(serde_json::from_str).collect::<Result<_, _>>().ok()?
        }
    };
    let is_entry = |item: &Value| item["entry_type"].is_string() || item["role"].is_string();
    (!items.is_empty() && items.iter().all(is_entry)).then_some(items)
}

fn said(item: &Value, time: Time) -> (Time, Speaker, Content) {
    let time = item["timestamp"].as_str().and_then(time::parse).unwrap_or(time);
    let text = match &item["content"] {
        Value::String(text) => text.clone(),
        Value::Null => item["text"].as_str().unwrap_or_default().to_owned(),
        other => other.to_string(),
    };
    let kind = item["entry_type"].as_str().or(item["role"].as_str()).unwrap_or_default();
    let (role, content) = match kind {
        "UserInput" | "user_input" | "user" => (Speaker::User, Content::Message { text }),
        "ClaudeOutput" | "claude_output" | "assistant" => (Speaker::Assistant, Content::Message { text }),
        "ToolExecution" | "tool_execution" | "tool" => {
            let call = String::new();
            let content = Content::ToolResult { call, text, is_error: false, is_denied: false, detail: None };
            (Speaker::Tool, content)
        }
        other => (Speaker::System, Content::Notice { name: other.to_owned(), text }),
    };
    (time, role, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: Option<&str>) -> Vec<(Speaker, Content)> {
        let capture = Capture {
            session_id: "s".to_owned(),
            id: "1".to_owned(),
            working_dir: "/w".to_owned(),
            timestamp: "2026-01-01T00:00:00Z".to_owned(),
            conversation_data: data.map(str::to_owned),
            session_context: None,
        };
        let mut heard = Vec::new();
        Reader.read(&serde_json::to_vec(&capture).unwrap(), &mut heard);
        let entries = heard.into_iter().filter_map(|heard| match heard {
            Heard::Entry(entry) => Some((entry.role, entry.content)),
            _ => None,
        });
        entries.collect()
    }

    #[test]
    fn what_was_said_is_read_as_text_as_a_list_and_as_lines() {
        let message = |role, text: &str| (role, Content::Message { text: text.to_owned() });
        assert_eq!(read(Some("plain [1] text")), [message(Speaker::User, "plain [1] text")]);
        assert_eq!(read(Some("[1, 2]")), [message(Speaker::User, "[1, 2]")], "JSON, and no entries");
        let both = [message(Speaker::User, "hello"), message(Speaker::Assistant, "hi")];
        assert_eq!(
            read(Some(r#"[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]"#)),
            both
        );
        let lines = "{\"entry_type\":\"UserInput\",\"content\":\"hello\"}\n{\"entry_type\":\"ClaudeOutput\",\"content\":\"hi\"}\n";
        assert_eq!(read(Some(lines)), both);
        let nothing = Content::Notice { name: "capture".to_owned(), text: String::new() };
        assert_eq!(read(None), [(Speaker::System, nothing)]);
    }
}
