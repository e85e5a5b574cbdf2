//! OpenAI's Responses API, as far as Codex uses it: always streamed.

mod stream;
mod turn;

use std::io;

use serde_json::{Value, json};

use super::Shared;
use super::http::{Connection, Request};
use super::play::{Spoken, play};
use super::script::Call;
use super::turn::Beginning;

/// Answers one request.
pub(super) fn answer(request: &Request, connection: &mut Connection, shared: &Shared) -> io::Result<()> {
    // Who asks for a WebSocket is told that there is none.
    if request.method != "POST" {
        return connection.reply_empty(426);
    }
    let turn = turn::read(&request.body);
    let steps = match turn.begin(shared) {
        Beginning::Failure(status, kind) => {
            return connection.reply(status, &json!({ "error": failure(status, kind) }));
        }
        Beginning::Cut => return connection.cut(),
        Beginning::Steps(steps) => steps,
    };
    let mut stream = stream::Stream {
        shared,
        id: shared.id("resp"),
        patches: offers_patches(&request.body),
        usage: turn.usage(&steps),
        items: 0,
        spoken: Spoken::Said,
        item: String::new(),
        text: String::new(),
    };
    play(&mut stream, &steps, connection.events()?, shared)
}

/// Where ChatGPT is asked for the workspaces of a user.
pub(super) const WORKSPACES: &str = "/backend-api/wham/accounts/check";

/// Says of the one workspace that it is served at a port where nobody listens.
pub(super) fn workspaces(_: &Request, connection: &mut Connection, _: &Shared) -> io::Result<()> {
    let workspace = json!({
        "id": crate::codex::ACCOUNT, "plan_type": "plus", "structure": "personal",
        "workspace_backend_origin": "https://localhost:1", "account_routing_override": "NO_CONSTRAINT",
    });
    connection.reply(200, &json!({ "accounts": [workspace], "account_ordering": [crate::codex::ACCOUNT] }))
}

/// What an error is, within the body of a reply or an event.
fn failure(status: u16, kind: &str) -> Value {
    json!({ "message": format!("scripted {status}"), "type": kind, "code": kind })
}

/// Whether the client has a tool for patches; without it, its shell has one.
fn offers_patches(body: &Value) -> bool {
    body["tools"].as_array().is_some_and(|tools| tools.iter().any(|tool| tool["name"] == "apply_patch"))
}

/// What a tool of Codex is given.
enum Given {
    /// JSON that fits its schema.
    Function(Value),
    /// A text in a language of its own.
    Custom(String),
}

/// The name and input of a tool as Codex knows it.
fn tool(call: &Call, patches: bool) -> (&str, Given) {
    let shell = |command: String| ("exec_command", Given::Function(json!({ "cmd": command })));
    match call {
        Call::Bash(command) => shell(command.clone()),
        Call::Read(path) => shell(format!("cat {path}")),
        Call::Write { path, text } if patches => ("apply_patch", Given::Custom(patch(path, text))),
        Call::Write { path, text } => shell(format!("apply_patch <<'EOF'\n{}EOF", patch(path, text))),
        Call::Tool { name, input: Value::String(text) } => (name, Given::Custom(text.clone())),
        Call::Tool { name, input } => (name, Given::Function(input.clone())),
    }
}

/// The patch that adds a file.
fn patch(path: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("+{line}\n")).collect();
    format!("*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n")
}
