//! Claude Code's transcripts: a line of JSON for each block of each message, in a form that its makers call internal.
//!
//! Seen in 2.1.197 and 2.1.329. A conversation that was forked begins with copies of the lines of the one that it comes
//! from, under their ids; a sub-agent writes a file of its own. Lines of kinds that are known to tell nothing of the
//! conversation ([`SILENT`]) are passed over, those of kinds that are not known at all are kept whole.

use super::pasted::unwrapped;
use crate::time;
use crate::{Head, Heard, Transcript};
use protocol::{AgentState, Claim, Content, Entry, Source, Speaker, Time, Usage};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// Lines for the CLI's own use: what it sent to the model word for word, where its files stood, what it reminds itself of.
const SILENT: &[&str] = &[
    "api-request",
    "api-request-blob",
    "api-request-shape",
    "atis-latch",
    "attachment",
    "cost-state",
    "file-history-delta",
    "file-history-snapshot",
    "last-prompt",
    "mode",
    "permission-mode",
    "queue-operation",
    "tools-used",
];
/// Kinds of `system` lines that tell nothing.
const SILENT_SYSTEM: &[&str] = &["stop_hook_summary", "turn_duration"];
/// A text that the CLI writes in the user's name begins so, and is called this here.
const IN_HIS_NAME: &[(&str, &str)] = &[
    ("[Request interrupted by user", INTERRUPTED),
    ("<command-name>", "command"),
    ("<command-message>", "command"),
    ("<local-command-stdout>", "command_output"),
    ("<local-command-stderr>", "command_output"),
    ("<bash-input>", "shell_input"),
    ("<bash-stdout>", "shell_output"),
    ("<task-notification>", "task_notification"),
    ("<system-reminder>", "reminder"),
];
const INTERRUPTED: &str = "interrupted";
/// What stands for a model where the CLI itself speaks.
const NO_MODEL: &str = "<synthetic>";

/// A line, as far as it is of use.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    subtype: Option<String>,
    uuid: Option<String>,
    timestamp: Option<String>,
    session_id: Option<String>,
    request_session_id: Option<String>,
    agent_id: Option<String>,
    cwd: Option<String>,
    git_branch: Option<String>,
    version: Option<String>,
    message: Option<Message>,
    tool_use_result: Option<Value>,
    content: Option<Value>,
    #[serde(default)]
    is_meta: bool,
    #[serde(default)]
    is_compact_summary: bool,
    #[serde(default)]
    is_api_error_message: bool,
    api_error_status: Option<u16>,
    error: Option<Value>,
    tool_denial_kind: Option<String>,
    summary: Option<String>,
    #[serde(alias = "customTitle", alias = "aiTitle", alias = "agentName")]
    title: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    content: Value,
    usage: Option<Tokens>,
    stop_reason: Option<String>,
}

/// Tokens in the words of the Messages API.
#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    input_tokens: u64,
    #[serde(default)]
    output_tokens: u64,
    #[serde(default)]
    cache_read_input_tokens: u64,
    #[serde(default)]
    cache_creation_input_tokens: u64,
    cache_creation: Option<CacheCreation>,
}

#[derive(Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

/// Reads one file. Each line stands for itself, so that nothing is remembered.
pub(super) struct Reader {
    /// The conversation, for lines that do not name it.
    named: String,
}

impl Reader {
    pub(super) fn new(path: &Path) -> Self {
        Self { named: path.file_stem().unwrap_or_default().to_string_lossy().into_owned() }
    }
}

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        match serde_json::from_slice::<Line>(record) {
            Ok(line) if SILENT.contains(&line.kind.as_str()) => {}
            Ok(line) => Reading { named: &self.named, line: &line, record, heard }.read(),
            // A line of JSON that has none of the forms is kept; one that is no JSON cannot be.
            Err(error) => match serde_json::from_slice::<Value>(record) {
                Ok(_) => heard.push(Heard::Garbled(format!("a line of an unknown form: {error}"))),
                Err(error) => heard.push(Heard::Garbled(error.to_string())),
            },
        }
    }

    fn state(&self) -> Value {
        Value::Null
    }
}

/// One line on its way to what it tells.
struct Reading<'a> {
    named: &'a str,
    line: &'a Line,
    record: &'a [u8],
    heard: &'a mut Vec<Heard>,
}

impl Reading<'_> {
    fn read(mut self) {
        let line = self.line;
        match (line.kind.as_str(), &line.message) {
            ("user", Some(message)) => {
                self.head();
                self.message(message, Speaker::User);
            }
            ("assistant", Some(message)) => {
                self.head();
                self.usage(message);
                self.message(message, Speaker::Assistant);
            }
            ("system", _) => self.system(),
            ("summary" | "custom-title" | "ai-title" | "agent-name", _) => {
                let title = line.title.clone().or_else(|| line.summary.clone());
                let head = Head { conversation: self.conversation(), title, ..Head::default() };
                self.heard.push(Heard::Head(head));
            }
            (kind, _) => {
                let record = serde_json::from_slice(self.record).unwrap_or_default();
                self.entry(0, Speaker::System, Content::Unknown { name: kind.to_owned(), record });
            }
        }
    }

    fn conversation(&self) -> String {
        self.line.session_id.clone().unwrap_or_else(|| self.named.to_owned())
    }

    fn time(&self) -> Time {
        self.line.timestamp.as_deref().and_then(time::parse).unwrap_or_default()
    }

    fn head(&mut self) {
        let line = self.line;
        let conversation = self.conversation();
        let parent = line.request_session_id.clone().filter(|parent| *parent != conversation);
        self.heard.push(Heard::Head(Head {
            conversation,
            cwd: line.cwd.clone(),
            // So it says where there is no repository.
            branch: line.git_branch.clone().filter(|branch| branch != "HEAD" && !branch.is_empty()),
            title: None,
            version: line.version.clone(),
            parent,
        }));
    }

    fn usage(&mut self, message: &Message) {
        let (Some(tokens), Some(request), Some(model)) = (&message.usage, &message.id, &message.model) else {
            return;
        };
        if model == NO_MODEL {
            return;
        }
        let hour = tokens.cache_creation.as_ref().map_or(0, |made| made.ephemeral_1h_input_tokens);
        let usage = Usage {
            input: tokens.input_tokens,
            output: tokens.output_tokens,
            cache_read: tokens.cache_read_input_tokens,
            cache_write: tokens.cache_creation_input_tokens.saturating_sub(hour),
            cache_write_hour: hour,
        };
        let (request, model) = (request.clone(), model.clone());
        let (conversation, time) = (self.conversation(), self.time());
        self.heard.push(Heard::Usage { conversation, request, model, time, usage });
    }

    fn message(&mut self, message: &Message, speaker: Speaker) {
        match &message.content {
            Value::String(text) => self.said(0, text, speaker),
            Value::Array(blocks) => {
                for (number, block) in blocks.iter().enumerate() {
                    self.block(number, block, speaker);
                }
            }
            other => self.unknown(0, "content", other),
        }
        if speaker == Speaker::Assistant && message.stop_reason.as_deref() == Some("end_turn") {
            self.claim(AgentState::Done, None, "end_turn");
        }
    }

    fn block(&mut self, number: usize, block: &Value, speaker: Speaker) {
        let text = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        match block["type"].as_str().unwrap_or_default() {
            "text" => self.said(number, block["text"].as_str().unwrap_or_default(), speaker),
            "thinking" => self.entry(number, speaker, Content::Thinking { text: text("thinking") }),
            "redacted_thinking" => self.entry(number, speaker, Content::Thinking { text: String::new() }),
            "tool_use" | "server_tool_use" => {
                let (call, name, input) = (text("id"), text("name"), block["input"].clone());
                self.claim(AgentState::Working, Some(name.clone()), "tool_use");
                self.entry(number, speaker, Content::ToolCall { call, name, input });
            }
            "tool_result" => {
                let is_error = block["is_error"].as_bool().unwrap_or_default();
                let said = text_of(&block["content"]);
                let result = Content::ToolResult {
                    call: text("tool_use_id"),
                    is_error,
                    is_denied: is_error && self.is_denied(&said),
                    text: said,
                    detail: self.line.tool_use_result.clone().filter(Value::is_object),
                };
                self.claim(AgentState::Working, None, "tool_result");
                self.entry(number, Speaker::Tool, result);
                self.images_in(number, &block["content"]);
            }
            "image" => self.image(number, block, speaker),
            name => self.unknown(number, name, block),
        }
    }

    /// Whether leave for the tool was denied, so that it never ran. Older versions say so in words alone.
    fn is_denied(&self, text: &str) -> bool {
        match self.line.tool_denial_kind.as_deref() {
            Some(kind) => {
                ["user-rejected", "permission-rule"].contains(&kind) || kind.starts_with("automode")
            }
            None => text.starts_with("The user doesn't want to proceed with this tool use."),
        }
    }

    /// Words, which are not always those of the one in whose name they stand.
    fn said(&mut self, number: usize, text: &str, speaker: Speaker) {
        let line = self.line;
        let text = text.to_owned();
        if line.is_api_error_message {
            let name = line.error.as_ref().and_then(Value::as_str);
            self.claim(super::failed(name), Some(text.clone()), "isApiErrorMessage");
            return self.entry(
                number,
                Speaker::System,
                Content::Failure { text, status: line.api_error_status },
            );
        }
        if speaker != Speaker::User {
            return self.entry(number, speaker, Content::Message { text });
        }
        if line.is_compact_summary {
            return self.entry(number, Speaker::System, Content::Compaction { text });
        }
        let of_the_cli = IN_HIS_NAME.iter().find(|(begin, _)| text.starts_with(begin)).map(|(_, name)| *name);
        match of_the_cli.or(line.is_meta.then_some("meta")) {
            Some(name) => {
                if name == INTERRUPTED {
                    self.claim(AgentState::Idle, Some("interrupted".to_owned()), INTERRUPTED);
                }
                self.entry(number, Speaker::System, Content::Notice { name: name.to_owned(), text });
            }
            None => {
                self.claim(AgentState::Working, None, "prompt");
                let text = unwrapped(&text).into_owned();
                self.entry(number, Speaker::User, Content::Message { text });
            }
        }
    }

    fn system(&mut self) {
        let line = self.line;
        let name = line.subtype.clone().unwrap_or_else(|| "system".to_owned());
        if SILENT_SYSTEM.contains(&name.as_str()) {
            return;
        }
        self.head();
        let text = line.content.as_ref().map(text_of).unwrap_or_default();
        let content = match name.as_str() {
            "api_error" => Content::Failure { text, status: None },
            _ => Content::Notice { name, text },
        };
        self.entry(0, Speaker::System, content);
    }

    fn image(&mut self, number: usize, block: &Value, speaker: Speaker) {
        let source = &block["source"];
        let media_type = source["media_type"].as_str().unwrap_or("application/octet-stream").to_owned();
        let data = source["data"].as_str().map(str::to_owned);
        self.entry(number, speaker, Content::Image { media_type, data });
    }

    /// Pictures that a tool gave, each an entry behind that of the result.
    fn images_in(&mut self, number: usize, content: &Value) {
        let images = content.as_array().into_iter().flatten().filter(|block| block["type"] == "image");
        for (place, image) in images.enumerate() {
            self.image((number + 1) * 1_000 + place, image, Speaker::Tool);
        }
    }

    fn unknown(&mut self, number: usize, name: &str, record: &Value) {
        let (name, record) = (name.to_owned(), record.clone());
        self.entry(number, Speaker::System, Content::Unknown { name, record });
    }

    fn entry(&mut self, number: usize, role: Speaker, content: Content) {
        let line = self.line;
        let message = line.message.as_ref();
        let uuid = match &line.uuid {
            Some(uuid) => uuid.clone(),
            // A line without an id of its own has nothing that tells it from its likes but what it says.
            None => crate::digest(self.record),
        };
        let id = match number {
            0 => format!("claude:{uuid}"),
            _ => format!("claude:{uuid}:{number}"),
        };
        self.heard.push(Heard::Entry(Entry {
            id,
            conversation: self.conversation(),
            agent: line.agent_id.clone(),
            time: self.time(),
            role,
            content,
            model: message.and_then(|message| message.model.clone()).filter(|model| model != NO_MODEL),
            request: message.and_then(|message| message.id.clone()),
            source: Source::Transcript,
            place: None,
        }));
    }

    fn claim(&mut self, state: AgentState, reason: Option<String>, evidence: &str) {
        let claim = Claim {
            state,
            on: None,
            reason,
            source: Source::Transcript,
            since: self.time(),
            evidence: evidence.to_owned(),
            agent: self.line.agent_id.clone(),
        };
        self.heard.push(Heard::Claim { conversation: self.conversation(), claim });
    }
}

/// The words of a content that is a text or a list of blocks.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => {
            let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Whether a tool failed, and whether it was denied, by the line of its result.
    fn told(kind: Option<&str>, text: &str, is_error: bool) -> (bool, bool) {
        let result =
            json!({ "type": "tool_result", "tool_use_id": "1", "content": text, "is_error": is_error });
        let line = json!({
            "type": "user", "uuid": "u", "toolDenialKind": kind, "message": { "role": "user", "content": [result] },
        });
        let mut heard = Vec::new();
        Reader::new(Path::new("c.jsonl")).read(line.to_string().as_bytes(), &mut heard);
        let result = heard.iter().find_map(|heard| match heard {
            Heard::Entry(Entry { content: Content::ToolResult { is_error, is_denied, .. }, .. }) => {
                Some((*is_error, *is_denied))
            }
            _ => None,
        });
        result.expect("a result")
    }

    #[test]
    fn a_call_that_was_denied_is_told_from_one_that_failed() {
        assert_eq!(told(Some("permission-rule"), "Permission denied by hook", true), (true, true));
        assert_eq!(told(Some("user-rejected"), "not today", true), (true, true));
        assert_eq!(told(Some("interrupted"), "[Request interrupted by user]", true), (true, false));
        let old = "The user doesn't want to proceed with this tool use. The tool use was rejected";
        assert_eq!(told(None, old, true), (true, true));
        assert_eq!(told(None, old, false), (false, false), "a file may say so");
        assert_eq!(told(None, "Exit code 1", true), (true, false));
    }
}
