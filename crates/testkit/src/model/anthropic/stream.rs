//! An answer as a stream of events, word by word: message_start, the blocks, message_delta, message_stop.

use std::io;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::Shared;
use super::super::http::{Connection, Events};
use super::super::script::{Call, Step};
use super::turn::Turn;
use super::{failure, stop_reason, tool, usage, usage_object};

/// Plays the steps into a stream.
pub(super) fn send(
    turn: &Turn,
    steps: &[&Step],
    connection: &mut Connection,
    shared: &Shared,
) -> io::Result<()> {
    let (input, output) = usage(turn, steps);
    let mut player =
        Player { events: connection.events()?, shared, blocks: 0, between_words: Duration::ZERO };
    player.start(turn, input)?;
    for step in steps {
        match step {
            Step::Say(text) => player.say(text)?,
            Step::Think(text) => player.think(text)?,
            Step::Call(call) => player.call(call)?,
            Step::Sleep(time) => shared.pace.pause(*time),
            Step::Rate(words_per_second) => {
                player.between_words = Duration::from_secs_f64(1.0 / words_per_second);
            }
            Step::Error { status, kind, .. } => {
                player.events.send("error", &failure(kind, &format!("scripted {status}")))?;
                return player.events.end();
            }
            Step::Drop { .. } => return player.events.cut(),
            Step::Stall => return player.events.stall(),
            Step::Usage { .. } => {}
        }
    }
    player.end(stop_reason(steps), output)
}

/// A stream under way.
struct Player<'a> {
    events: Events<'a>,
    shared: &'a Shared,
    blocks: usize,
    between_words: Duration,
}

impl Player<'_> {
    fn start(&mut self, turn: &Turn, input: u64) -> io::Result<()> {
        let message = json!({
            "id": self.shared.id("msg"), "type": "message", "role": "assistant", "model": turn.model,
            "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage_object(input, 1),
        });
        self.event(json!({ "type": "message_start", "message": message }))?;
        self.event(json!({ "type": "ping" }))
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.open(json!({ "type": "text", "text": "" }))?;
        for word in words(text) {
            self.delta(json!({ "type": "text_delta", "text": word }))?;
            self.shared.pace.pause(self.between_words);
        }
        self.close()
    }

    fn think(&mut self, text: &str) -> io::Result<()> {
        self.open(json!({ "type": "thinking", "thinking": "", "signature": "" }))?;
        for word in words(text) {
            self.delta(json!({ "type": "thinking_delta", "thinking": word }))?;
            self.shared.pace.pause(self.between_words);
        }
        self.delta(json!({ "type": "signature_delta", "signature": "scripted" }))?;
        self.close()
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        let (name, input) = tool(call);
        self.open(json!({ "type": "tool_use", "id": self.shared.id("toolu"), "name": name, "input": {} }))?;
        // In two pieces, because clients must put such JSON together.
        let input = input.to_string();
        let (first, second) = input.split_at(input.floor_char_boundary(input.len() / 2));
        for piece in [first, second] {
            self.delta(json!({ "type": "input_json_delta", "partial_json": piece }))?;
        }
        self.close()
    }

    fn end(mut self, reason: &str, output: u64) -> io::Result<()> {
        let delta = json!({ "stop_reason": reason, "stop_sequence": null });
        self.event(json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": output } }))?;
        self.event(json!({ "type": "message_stop" }))?;
        self.events.end()
    }

    fn open(&mut self, block: Value) -> io::Result<()> {
        self.event(json!({ "type": "content_block_start", "index": self.blocks, "content_block": block }))
    }

    fn delta(&mut self, delta: Value) -> io::Result<()> {
        self.event(json!({ "type": "content_block_delta", "index": self.blocks, "delta": delta }))
    }

    fn close(&mut self) -> io::Result<()> {
        self.event(json!({ "type": "content_block_stop", "index": self.blocks }))?;
        self.blocks += 1;
        Ok(())
    }

    /// Sends an event under the name of its own type.
    fn event(&mut self, data: Value) -> io::Result<()> {
        let name = data["type"].as_str().unwrap_or_default().to_owned();
        self.events.send(&name, &data)
    }
}

/// The words of a text, each with the blanks that follow it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace)
}
