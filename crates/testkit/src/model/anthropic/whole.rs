//! An answer in one piece, for requests that do not ask for a stream.

use std::io;

use serde_json::{Value, json};

use super::super::Shared;
use super::super::http::Connection;
use super::super::script::Step;
use super::super::turn::Turn;
use super::{failure, stop_reason, tool, usage_object};

/// Plays the steps, then sends what was said and called.
pub(super) fn send(
    turn: &Turn,
    steps: &[&Step],
    connection: &mut Connection,
    shared: &Shared,
) -> io::Result<()> {
    let mut content: Vec<Value> = Vec::new();
    for step in steps {
        match step {
            Step::Say(text) => content.push(json!({ "type": "text", "text": text })),
            Step::Think(text) => {
                content.push(json!({ "type": "thinking", "thinking": text, "signature": "scripted" }));
            }
            Step::Call(call) => {
                let (name, input) = tool(call);
                let id = shared.id("toolu");
                content.push(json!({ "type": "tool_use", "id": id, "name": name, "input": input }));
            }
            Step::Sleep(time) => shared.pace.pause(*time),
            Step::Error { status, kind, .. } => {
                return connection.reply(*status, &failure(kind, &format!("scripted {status}")));
            }
            Step::Drop { .. } => return connection.cut(),
            Step::Stall => return connection.stall(),
            Step::Rate(_) | Step::Usage { .. } => {}
        }
    }
    let (input, output) = turn.usage(steps);
    connection.reply(
        200,
        &json!({
            "id": shared.id("msg"), "type": "message", "role": "assistant", "model": turn.model,
            "content": content, "stop_reason": stop_reason(steps), "stop_sequence": null,
            "usage": usage_object(input, output),
        }),
    )
}
