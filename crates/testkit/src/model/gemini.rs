//! Gemini's API, as far as Gemini CLI uses it: content, streamed for the conversation and whole for what is beside it, and
//! counting tokens.

use std::io;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Events, Request};
use super::play::{Form, Spoken, play};
use super::script::{Call, Step};
use super::turn::{Beginning, Prompt, Turn, estimate, sample};

/// Beginnings of texts in user messages that the user did not write.
const NOT_THE_USER: [&str; 3] = ["<session_context>", "--- ", "Content from @"];

/// Answers one request.
pub(super) fn answer(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    let (model, method) = request.path.rsplit_once(':').unwrap_or((&request.path, ""));
    let model = model.rsplit('/').next().unwrap_or_default();
    if method == "countTokens" {
        return connection.reply(200, &json!({ "totalTokens": estimate(&request.body) }));
    }
    let turn = read(&request.body, model, method == "streamGenerateContent");
    let steps = match turn.begin(shared) {
        Beginning::Failure(status, kind) => return connection.reply(status, &failure(status, kind)),
        Beginning::Cut => return connection.cut(),
        Beginning::Steps(steps) => steps,
    };
    let mut stream =
        Stream { shared, model, usage: turn.usage(&steps), spoken: Spoken::Said, thought: String::new() };
    if turn.streaming {
        return play(&mut stream, &steps, connection.events()?, shared);
    }
    let parts: Vec<Value> = steps.iter().filter_map(|step| stream.part(step)).collect();
    connection.reply(200, &stream.content(&parts, Some("STOP")))
}

/// The error of a limit that no other try today is within, and what it says beside its number.
const DAILY_LIMIT: &str = "DAILY_LIMIT";
const OF_DAY: &str = ", limit: 0";

fn failure(status: u16, kind: &str) -> Value {
    let about = if kind == DAILY_LIMIT { OF_DAY } else { "" };
    json!({ "error": { "code": status, "message": format!("scripted {status}{about}"), "status": kind } })
}

/// Reads the body of a request.
fn read(body: &Value, model: &str, streaming: bool) -> Turn {
    let contents = body["contents"].as_array().map_or(&[][..], Vec::as_slice);
    let prompt = prompt(contents).unwrap_or_default();
    let tools = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let config = &body["generationConfig"];
    let schema = [&config["responseJsonSchema"], &config["responseSchema"]]
        .into_iter()
        .find(|schema| schema.is_object());
    let side = match schema {
        Some(schema) => Some(sample(schema).to_string()),
        None => (!tools).then(|| "FAKE summary".to_owned()),
    };
    Turn::new(&prompt, side, streaming, &model.into(), body)
}

/// The user's last text in a conversation.
fn prompt(contents: &[Value]) -> Option<Prompt> {
    let mut answered = 0;
    for (at, content) in contents.iter().enumerate().rev() {
        let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
        match content["role"].as_str() {
            Some("user") => {
                let own =
                    |text: &&str| !NOT_THE_USER.iter().any(|start| text.trim_start().starts_with(start));
                if let Some(text) = parts.iter().rev().filter_map(|part| part["text"].as_str()).find(own) {
                    return Some(Prompt { text: text.to_owned(), at, answered });
                }
            }
            Some("model") if parts.iter().any(|part| part["functionCall"].is_object()) => answered += 1,
            _ => {}
        }
    }
    None
}

/// The name and input of a tool as Gemini CLI knows it.
fn tool(call: &Call) -> (&str, Value) {
    match call {
        Call::Bash(command) => {
            ("run_shell_command", json!({ "command": command, "description": "scripted command" }))
        }
        Call::Write { path, text } => ("write_file", json!({ "file_path": path, "content": text })),
        Call::Read(path) => ("read_file", json!({ "file_path": path })),
        Call::Tool { name, input } => (name, input.clone()),
    }
}

/// A stream under way.
struct Stream<'a> {
    shared: &'a Shared,
    model: &'a str,
    usage: (u64, u64),
    spoken: Spoken,
    /// A thought under way: thoughts come whole.
    thought: String,
}

impl Form for Stream<'_> {
    fn start(&mut self, _events: &mut Events<'_>) -> io::Result<()> {
        Ok(())
    }

    fn open(&mut self, spoken: Spoken, _events: &mut Events<'_>) -> io::Result<()> {
        self.spoken = spoken;
        Ok(())
    }

    fn word(&mut self, word: &str, events: &mut Events<'_>) -> io::Result<()> {
        if self.spoken == Spoken::Thought {
            self.thought.push_str(word);
            return Ok(());
        }
        self.send(&[text(word, Spoken::Said)], None, events)
    }

    fn close(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        if self.spoken == Spoken::Said {
            return Ok(());
        }
        let thought = std::mem::take(&mut self.thought);
        self.send(&[text(&thought, Spoken::Thought)], None, events)
    }

    fn call(&mut self, call: &Call, events: &mut Events<'_>) -> io::Result<()> {
        let part = self.called(call);
        self.send(&[part], None, events)
    }

    fn fail(&mut self, status: u16, kind: &str, events: &mut Events<'_>) -> io::Result<()> {
        events.send_unnamed(&failure(status, kind).to_string())
    }

    fn end(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        self.send(&[text("", Spoken::Said)], Some("STOP"), events)
    }
}

impl Stream<'_> {
    fn send(&self, parts: &[Value], finish: Option<&str>, events: &mut Events<'_>) -> io::Result<()> {
        events.send_unnamed(&self.content(parts, finish).to_string())
    }

    /// A piece of an answer; the last one says why it ends and what it took.
    fn content(&self, parts: &[Value], finish: Option<&str>) -> Value {
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        let mut content = json!({ "modelVersion": self.model, "responseId": "scripted" });
        if let Some(reason) = finish {
            let (input, output) = self.usage;
            candidate["finishReason"] = reason.into();
            content["usageMetadata"] = json!({
                "promptTokenCount": input, "candidatesTokenCount": output, "totalTokenCount": input + output,
            });
        }
        content["candidates"] = json!([candidate]);
        content
    }

    fn part(&self, step: &Step) -> Option<Value> {
        match step {
            Step::Say(said) => Some(text(said, Spoken::Said)),
            Step::Think(thought) => Some(text(thought, Spoken::Thought)),
            Step::Call(call) => Some(self.called(call)),
            _ => None,
        }
    }

    fn called(&self, call: &Call) -> Value {
        let (name, args) = tool(call);
        json!({ "functionCall": { "id": self.shared.id("call"), "name": name, "args": args }, "thoughtSignature": "c2NyaXB0ZWQ=" })
    }
}

fn text(text: &str, spoken: Spoken) -> Value {
    match spoken {
        Spoken::Said => json!({ "text": text }),
        Spoken::Thought => json!({ "text": text, "thought": true }),
    }
}
