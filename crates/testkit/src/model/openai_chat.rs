//! OpenAI's chat completions, as far as opencode uses them: always streamed, with thoughts in `reasoning_content` as most
//! servers that speak this API send them.

use std::io;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Events, Request};
use super::play::{Form, Spoken, play};
use super::script::Call;
use super::turn::{Beginning, Prompt, Turn, calls};

/// How opencode asks for a summary of the conversation, as if its user did.
const COMPACTION: &str = "Create a new anchored summary";

/// What begins a text that opencode puts behind its user's, in the mode for plans.
const REMINDER: &str = "<system-reminder>";

/// Answers one request.
pub(super) fn answer(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    let turn = read(&request.body);
    let steps = match turn.begin(shared) {
        Beginning::Failure(status, kind) => {
            return connection.reply(status, &json!({ "error": failure(status, kind) }));
        }
        Beginning::Cut => return connection.cut(),
        Beginning::Steps(steps) => steps,
    };
    let mut stream = Stream {
        shared,
        id: shared.id("chatcmpl"),
        model: &turn.model,
        usage: turn.usage(&steps),
        finish: if calls(&steps) { "tool_calls" } else { "stop" },
        calls: 0,
        spoken: Spoken::Said,
    };
    play(&mut stream, &steps, connection.events()?, shared)
}

fn failure(status: u16, kind: &str) -> Value {
    json!({ "message": format!("scripted {status}"), "type": kind, "code": kind })
}

/// Reads the body of a request.
fn read(body: &Value) -> Turn {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let prompt = prompt(messages).unwrap_or_default();
    let tools = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    let side = if prompt.text.contains(COMPACTION) {
        Some("FAKE summary".to_owned())
    } else {
        (!tools).then(|| "FAKE title".to_owned())
    };
    Turn::new(&prompt, side, true, &body["model"], body)
}

/// The user's last text in a conversation.
fn prompt(messages: &[Value]) -> Option<Prompt> {
    let mut answered = 0;
    for (at, message) in messages.iter().enumerate().rev() {
        match message["role"].as_str() {
            Some("user") => {
                let text = users_text(&message["content"]).unwrap_or_default();
                return Some(Prompt { text, at, answered });
            }
            Some("assistant") if message["tool_calls"].is_array() => answered += 1,
            _ => {}
        }
    }
    None
}

fn users_text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let mut texts = parts.iter().rev().filter_map(|part| part["text"].as_str());
            texts.find(|text| !text.trim_start().starts_with(REMINDER)).map(str::to_owned)
        }
        _ => None,
    }
}

/// The name and input of a tool as opencode knows it.
fn tool(call: &Call) -> (&str, Value) {
    match call {
        Call::Bash(command) => ("bash", json!({ "command": command, "description": "scripted command" })),
        Call::Write { path, text } => ("write", json!({ "filePath": path, "content": text })),
        Call::Read(path) => ("read", json!({ "filePath": path })),
        Call::Tool { name, input } => (name, input.clone()),
    }
}

/// A stream under way.
struct Stream<'a> {
    shared: &'a Shared,
    id: String,
    model: &'a str,
    usage: (u64, u64),
    finish: &'static str,
    calls: usize,
    spoken: Spoken,
}

impl Form for Stream<'_> {
    fn start(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        self.delta(json!({ "role": "assistant", "content": "" }), events)
    }

    fn open(&mut self, spoken: Spoken, _events: &mut Events<'_>) -> io::Result<()> {
        self.spoken = spoken;
        Ok(())
    }

    fn word(&mut self, word: &str, events: &mut Events<'_>) -> io::Result<()> {
        let name = if self.spoken == Spoken::Said { "content" } else { "reasoning_content" };
        self.delta(json!({ name: word }), events)
    }

    fn close(&mut self, _events: &mut Events<'_>) -> io::Result<()> {
        Ok(())
    }

    fn call(&mut self, call: &Call, events: &mut Events<'_>) -> io::Result<()> {
        let (name, input) = tool(call);
        let (index, id) = (self.calls, self.shared.id("call"));
        self.calls += 1;
        let head = json!({ "index": index, "id": id, "type": "function", "function": { "name": name, "arguments": "" } });
        self.delta(json!({ "tool_calls": [head] }), events)?;
        // In two pieces, because clients must put such JSON together.
        let input = input.to_string();
        let (first, second) = input.split_at(input.floor_char_boundary(input.len() / 2));
        for piece in [first, second] {
            let rest = json!({ "index": index, "function": { "arguments": piece } });
            self.delta(json!({ "tool_calls": [rest] }), events)?;
        }
        Ok(())
    }

    fn fail(&mut self, status: u16, kind: &str, events: &mut Events<'_>) -> io::Result<()> {
        events.send_unnamed(&json!({ "error": failure(status, kind) }).to_string())
    }

    fn end(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        self.chunk(json!([{ "index": 0, "delta": {}, "finish_reason": self.finish }]), Value::Null, events)?;
        let (input, output) = self.usage;
        let usage =
            json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output });
        self.chunk(json!([]), usage, events)?;
        events.send_unnamed("[DONE]")
    }
}

impl Stream<'_> {
    fn delta(&self, delta: Value, events: &mut Events<'_>) -> io::Result<()> {
        self.chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }]), Value::Null, events)
    }

    fn chunk(&self, choices: Value, usage: Value, events: &mut Events<'_>) -> io::Result<()> {
        let chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": 0, "model": self.model,
            "choices": choices, "usage": usage,
        });
        events.send_unnamed(&chunk.to_string())
    }
}
