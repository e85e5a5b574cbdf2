//! The Anthropic Messages API, as far as Claude Code uses it: messages, streamed or whole, and counting tokens.

mod stream;
pub mod turn;
mod whole;

use std::io;
use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Request};
use super::play::{Spoken, play};
use super::script::{Call, Step};
use super::turn::{Beginning, calls, estimate};

/// The type of error that is a limit of use and not of the rate; OpenAI's has the same name.
const USAGE_LIMIT: &str = "usage_limit_reached";

/// Answers one request.
pub(super) fn answer(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v1/messages") => messages(request, connection, shared),
        ("POST", "/v1/messages/count_tokens") => {
            connection.reply(200, &json!({ "input_tokens": estimate(&request.body) }))
        }
        ("HEAD", _) => connection.reply_empty(200),
        (_, path) => connection.reply(404, &failure("not_found_error", &format!("nothing at {path}"))),
    }
}

fn messages(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    let turn = turn::read(&request.body);
    let steps = match turn.begin(shared) {
        Beginning::Failure(status, USAGE_LIMIT) => {
            let body = failure("rate_limit_error", &format!("scripted {status}"));
            return connection.reply_with(status, &used_up(resets_at()), &body);
        }
        Beginning::Failure(status, kind) => {
            return connection.reply(status, &failure(kind, &format!("scripted {status}")));
        }
        Beginning::Cut => return connection.cut(),
        Beginning::Steps(steps) => steps,
    };
    if !turn.streaming {
        return whole::send(&turn, &steps, connection, shared);
    }
    let (input, output) = turn.usage(&steps);
    let stop_reason = stop_reason(&steps);
    let (model, blocks, spoken) = (turn.model.as_str(), 0, Spoken::Said);
    let mut stream = stream::Stream { shared, model, input, output, stop_reason, blocks, spoken };
    play(&mut stream, &steps, connection.events()?, shared)
}

/// When the limit of use ends, in seconds since 1970: a full hour, between one and two hours from now.
pub fn resets_at() -> u64 {
    let now = UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    (now / 3600 + 2) * 3600
}

/// What the service says of a subscription that is used up: without these headers a 429 is one of the rate.
fn used_up(resets_at: u64) -> String {
    let of = |name: &str, value: &str| format!("anthropic-ratelimit-unified-{name}: {value}\r\n");
    of("status", "rejected") + &of("representative-claim", "five_hour") + &of("reset", &resets_at.to_string())
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
    if calls(steps) { "tool_use" } else { "end_turn" }
}

/// The usage object of an answer.
fn usage_object(input: u64, output: u64) -> Value {
    json!({
        "input_tokens": input, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": output, "service_tier": "standard",
    })
}
