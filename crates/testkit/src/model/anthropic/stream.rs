//! An answer as a stream of events, word by word: message_start, the blocks, message_delta, message_stop.

use std::io;

use serde_json::{Value, json};

use super::super::Shared;
use super::super::http::Events;
use super::super::play::{Form, Spoken};
use super::super::script::Call;
use super::{failure, tool, usage_object};

/// A stream under way.
pub(super) struct Stream<'a> {
    pub shared: &'a Shared,
    pub model: &'a str,
    pub input: u64,
    pub output: u64,
    pub stop_reason: &'static str,
    pub blocks: usize,
    pub spoken: Spoken,
}

impl Form for Stream<'_> {
    fn start(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        let message = json!({
            "id": self.shared.id("msg"), "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage_object(self.input, 1),
        });
        send(events, json!({ "type": "message_start", "message": message }))?;
        send(events, json!({ "type": "ping" }))
    }

    fn open(&mut self, spoken: Spoken, events: &mut Events<'_>) -> io::Result<()> {
        self.spoken = spoken;
        let block = match spoken {
            Spoken::Said => json!({ "type": "text", "text": "" }),
            Spoken::Thought => json!({ "type": "thinking", "thinking": "", "signature": "" }),
        };
        self.open_block(block, events)
    }

    fn word(&mut self, word: &str, events: &mut Events<'_>) -> io::Result<()> {
        let delta = match self.spoken {
            Spoken::Said => json!({ "type": "text_delta", "text": word }),
            Spoken::Thought => json!({ "type": "thinking_delta", "thinking": word }),
        };
        self.delta(delta, events)
    }

    fn close(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        if self.spoken == Spoken::Thought {
            self.delta(json!({ "type": "signature_delta", "signature": "scripted" }), events)?;
        }
        self.close_block(events)
    }

    fn call(&mut self, call: &Call, events: &mut Events<'_>) -> io::Result<()> {
        let (name, input) = tool(call);
        let id = self.shared.id("toolu");
        self.open_block(json!({ "type": "tool_use", "id": id, "name": name, "input": {} }), events)?;
        // In two pieces, because clients must put such JSON together.
        let input = input.to_string();
        let (first, second) = input.split_at(input.floor_char_boundary(input.len() / 2));
        for piece in [first, second] {
            self.delta(json!({ "type": "input_json_delta", "partial_json": piece }), events)?;
        }
        self.close_block(events)
    }

    fn fail(&mut self, status: u16, kind: &str, events: &mut Events<'_>) -> io::Result<()> {
        events.send("error", &failure(kind, &format!("scripted {status}")))
    }

    fn end(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        let delta = json!({ "stop_reason": self.stop_reason, "stop_sequence": null });
        let usage = json!({ "output_tokens": self.output });
        send(events, json!({ "type": "message_delta", "delta": delta, "usage": usage }))?;
        send(events, json!({ "type": "message_stop" }))
    }
}

impl Stream<'_> {
    fn open_block(&mut self, block: Value, events: &mut Events<'_>) -> io::Result<()> {
        send(events, json!({ "type": "content_block_start", "index": self.blocks, "content_block": block }))
    }

    fn delta(&mut self, delta: Value, events: &mut Events<'_>) -> io::Result<()> {
        send(events, json!({ "type": "content_block_delta", "index": self.blocks, "delta": delta }))
    }

    fn close_block(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        send(events, json!({ "type": "content_block_stop", "index": self.blocks }))?;
        self.blocks += 1;
        Ok(())
    }
}

/// Sends an event under the name of its own type.
fn send(events: &mut Events<'_>, data: Value) -> io::Result<()> {
    let name = data["type"].as_str().unwrap_or_default().to_owned();
    events.send(&name, &data)
}
