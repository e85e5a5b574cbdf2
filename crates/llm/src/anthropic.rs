//! The Messages API of Anthropic: a stream's events put together to an answer.
//!
//! Blocks stay JSON in the vendor's own form, so that kinds that are new go through unharmed. Usage in a stream is cumulative: the
//! last figure of each name counts.

use crate::answer::{append, number, text};
use crate::{Answer, Failure, sse};
use protocol::Usage;
use serde_json::Value;
use std::collections::BTreeMap;

/// Citations, and pieces of an unknown kind, that are kept of a block.
const ITEMS_MAX: usize = 1024;

/// An event of a stream.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The answer begins; its blocks are still empty.
    MessageStart(Value),
    /// A block begins.
    BlockStart {
        /// Which one.
        index: u64,
        /// What is known of it at its beginning.
        block: Value,
    },
    /// More of a block.
    BlockDelta {
        /// Which one.
        index: u64,
        /// What.
        delta: Value,
    },
    /// A block is whole.
    BlockStop {
        /// Which one.
        index: u64,
    },
    /// Why it stops, and what it took so far.
    MessageDelta {
        /// What changes of the answer.
        delta: Value,
        /// Cumulative.
        usage: Value,
    },
    /// The answer is whole.
    MessageStop,
    /// Nothing; it keeps the connection open.
    Ping,
    /// Something went wrong.
    Error(Failure),
    /// A kind that this version does not know, or no JSON at all.
    Unknown(Value),
}

impl Event {
    /// Reads the data of an event; its name says nothing that they do not.
    pub fn read(event: &sse::Event) -> Self {
        let Ok(mut data) = serde_json::from_str::<Value>(&event.data) else {
            return Self::Unknown(event.data.clone().into());
        };
        let index = data["index"].as_u64();
        let kind = data["type"].as_str().unwrap_or(&event.name).to_owned();
        match (kind.as_str(), index) {
            ("message_start", _) => Self::MessageStart(data["message"].take()),
            ("content_block_start", Some(index)) => {
                Self::BlockStart { index, block: data["content_block"].take() }
            }
            ("content_block_delta", Some(index)) => Self::BlockDelta { index, delta: data["delta"].take() },
            ("content_block_stop", Some(index)) => Self::BlockStop { index },
            ("message_delta", _) => {
                Self::MessageDelta { delta: data["delta"].take(), usage: data["usage"].take() }
            }
            ("message_stop", _) => Self::MessageStop,
            ("ping", _) => Self::Ping,
            ("error", _) => Self::Error(Failure::read(&data["error"])),
            _ => Self::Unknown(data),
        }
    }
}

/// Puts an answer together from the events of a stream.
#[derive(Default, Debug)]
pub struct Folding {
    answer: Answer,
    blocks: BTreeMap<u64, Block>,
    /// All figures of usage so far, the newest of each name.
    usage: Value,
}

#[derive(Default, Debug)]
struct Block {
    value: Value,
    /// A tool's input comes as pieces of JSON text.
    input: String,
}

impl Folding {
    /// Takes the next event.
    pub fn take(&mut self, event: Event) {
        match event {
            Event::MessageStart(message) => {
                self.answer.id = text(&message, "id");
                self.answer.model = text(&message, "model");
                merge(&mut self.usage, &message["usage"]);
            }
            Event::BlockStart { index, block } => {
                self.blocks.insert(index, Block { value: block, input: String::new() });
            }
            Event::BlockDelta { index, delta } => self.blocks.entry(index).or_default().grow(delta),
            Event::BlockStop { index } => {
                if let Some(block) = self.blocks.get_mut(&index) {
                    block.close();
                }
            }
            Event::MessageDelta { delta, usage } => {
                self.answer.stop = text(&delta, "stop_reason").or(self.answer.stop.take());
                merge(&mut self.usage, &usage);
            }
            Event::MessageStop => self.answer.is_complete = true,
            Event::Ping => {}
            Event::Error(failure) => self.answer.failure = Some(failure),
            Event::Unknown(event) => self.answer.keep_unknown(event),
        }
    }

    /// The answer, as far as it came.
    pub fn finish(self) -> Answer {
        let mut answer = self.answer;
        for mut block in self.blocks.into_values() {
            block.close();
            answer.content.push(block.value);
        }
        answer.usage = usage(&self.usage);
        answer
    }
}

impl Block {
    fn grow(&mut self, delta: Value) {
        if self.value.is_null() {
            // Its beginning was missed.
            self.value = serde_json::json!({});
        }
        let piece = |name: &str| delta[name].as_str().unwrap_or_default();
        match delta["type"].as_str() {
            Some("text_delta") => append(&mut self.value, "text", piece("text")),
            Some("thinking_delta") => append(&mut self.value, "thinking", piece("thinking")),
            Some("signature_delta") => append(&mut self.value, "signature", piece("signature")),
            Some("input_json_delta") => self.input.push_str(piece("partial_json")),
            Some("citations_delta") => push(&mut self.value, "citations", delta["citation"].clone()),
            _ => push(&mut self.value, "unknown_deltas", delta),
        }
    }

    fn close(&mut self) {
        let input = std::mem::take(&mut self.input);
        if input.is_empty() || !self.value.is_object() {
            return;
        }
        match serde_json::from_str::<Value>(&input) {
            Ok(whole) => self.value["input"] = whole,
            // The stream was cut: what there is may still tell what was meant.
            Err(_) => self.value["partial_json"] = input.into(),
        }
    }
}

/// Reads an answer that came in one piece; an error's body gives its failure.
pub fn whole(body: &Value) -> Answer {
    if body["type"] == "error" {
        return Answer { failure: Some(Failure::read(&body["error"])), ..Answer::default() };
    }
    Answer {
        id: text(body, "id"),
        model: text(body, "model"),
        content: body["content"].as_array().cloned().unwrap_or_default(),
        stop: text(body, "stop_reason"),
        usage: usage(&body["usage"]),
        is_complete: true,
        ..Answer::default()
    }
}

/// Reads a usage object. Where it does not say for how long tokens are kept in the cache, it is five minutes.
pub fn usage(usage: &Value) -> Usage {
    let written = &usage["cache_creation"];
    let hour = number(written, "ephemeral_1h_input_tokens");
    let all = number(usage, "cache_creation_input_tokens");
    let short = written["ephemeral_5m_input_tokens"].as_u64().unwrap_or(all.saturating_sub(hour));
    Usage {
        input: number(usage, "input_tokens"),
        output: number(usage, "output_tokens"),
        cache_read: number(usage, "cache_read_input_tokens"),
        cache_write: short,
        cache_write_hour: hour,
    }
}

/// Takes over each figure that is told anew; a null tells nothing.
fn merge(known: &mut Value, new: &Value) {
    let Value::Object(new) = new else { return };
    if !known.is_object() {
        *known = serde_json::json!({});
    }
    for (name, value) in new.iter().filter(|(_, value)| !value.is_null()) {
        known[name.as_str()] = value.clone();
    }
}

fn push(object: &mut Value, name: &str, item: Value) {
    let Value::Object(object) = object else { return };
    let list = object.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    if let Some(items) = list.as_array_mut().filter(|items| items.len() < ITEMS_MAX) {
        items.push(item);
    }
}
