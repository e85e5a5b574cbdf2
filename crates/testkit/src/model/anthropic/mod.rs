//! The Anthropic Messages API, as far as Claude Code uses it: messages, streamed or whole, and counting tokens.
//!
//! Which answer of a script comes next is read from the conversation itself ([`turn`]): the server keeps no state of
//! it, and a conversation can be resumed, branched or retried.

mod stream;
pub mod turn;
mod whole;

use std::io;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Request};
use super::script::{Call, Step};
use turn::Turn;

/// Answers one request.
pub(super) fn answer(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v1/messages") => messages(request, connection, shared),
        ("POST", "/v1/messages/count_tokens") => {
            connection.reply(200, &json!({ "input_tokens": turn::estimate(&request.body) }))
        }
        ("HEAD", _) => connection.reply_empty(200),
        (_, path) => connection.reply(404, &failure("not_found_error", &format!("nothing at {path}"))),
    }
}

fn messages(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    let turn = Turn::read(&request.body);
    let mut steps = turn.steps.iter().peekable();
    // A pause before a failure belongs to the time before the reply begins.
    while let Some(Step::Sleep(time)) = steps.peek() {
        shared.pace.pause(*time);
        steps.next();
    }
    let steps: Vec<&Step> = steps.filter(|step| !spent(step, &turn, shared)).collect();
    match steps.first() {
        Some(Step::Error { status, kind, .. }) => {
            connection.reply(*status, &failure(kind, &format!("scripted {status}")))
        }
        Some(Step::Drop { .. }) => connection.cut(),
        _ if turn.streaming => stream::send(&turn, &steps, connection, shared),
        _ => whole::send(&turn, &steps, connection, shared),
    }
}

/// Whether this step was to come once, and has come.
fn spent(step: &Step, turn: &Turn, shared: &Shared) -> bool {
    let once = matches!(step, Step::Error { once: true, .. } | Step::Drop { once: true });
    once && !shared.first_time(format!("{} {step:?}", turn.place))
}

/// The body of an error.
fn failure(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// The name and input of a tool as Claude Code knows it.
fn tool(call: &Call) -> (&str, Value) {
    match call {
        Call::Bash(command) => ("Bash", json!({ "command": command, "description": "scripted command" })),
        Call::Write { path, text } => ("Write", json!({ "file_path": path, "content": text })),
        Call::Read(path) => ("Read", json!({ "file_path": path })),
        Call::Tool { name, input } => (name, input.clone()),
    }
}

/// Why an answer of these steps ends.
fn stop_reason(steps: &[&Step]) -> &'static str {
    if steps.iter().any(|step| matches!(step, Step::Call(_))) { "tool_use" } else { "end_turn" }
}

/// Tokens read and written: as the script says, or else estimated.
fn usage(turn: &Turn, steps: &[&Step]) -> (u64, u64) {
    let scripted = steps.iter().find_map(|step| match step {
        Step::Usage { input, output } => Some((*input, *output)),
        _ => None,
    });
    let words = |step: &&Step| match step {
        Step::Say(text) | Step::Think(text) => text.split_whitespace().count() as u64,
        _ => 1,
    };
    scripted.unwrap_or_else(|| (turn.input_tokens, steps.iter().map(words).sum()))
}

/// The usage object of an answer.
fn usage_object(input: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output, "service_tier": "standard",
    })
}
