//! An answer as a stream of events: response.created, the items with their parts, response.completed.

use std::io;

use serde_json::{Value, json};

use super::super::Shared;
use super::super::http::Events;
use super::super::play::{Form, Spoken};
use super::super::script::Call;
use super::{Given, failure, tool};

/// A stream under way.
pub(super) struct Stream<'a> {
    pub shared: &'a Shared,
    pub id: String,
    pub patches: bool,
    pub usage: (u64, u64),
    pub items: usize,
    pub spoken: Spoken,
    /// The id of the text that is being spoken, and so much of it as was.
    pub item: String,
    pub text: String,
}

impl Form for Stream<'_> {
    fn start(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        let response = json!({ "id": self.id, "object": "response", "status": "in_progress", "output": [] });
        send(events, json!({ "type": "response.created", "response": response }))
    }

    fn open(&mut self, spoken: Spoken, events: &mut Events<'_>) -> io::Result<()> {
        self.spoken = spoken;
        self.text.clear();
        self.item = self.shared.id(if spoken == Spoken::Said { "msg" } else { "rs" });
        let item = match spoken {
            Spoken::Said => {
                json!({ "type": "message", "id": self.item, "role": "assistant", "content": [], "status": "in_progress" })
            }
            Spoken::Thought => json!({ "type": "reasoning", "id": self.item, "summary": [] }),
        };
        send(
            events,
            json!({ "type": "response.output_item.added", "output_index": self.items, "item": item }),
        )?;
        if spoken == Spoken::Thought {
            let part = json!({ "type": "summary_text", "text": "" });
            let event = json!({ "type": "response.reasoning_summary_part.added", "part": part });
            return self.within(event, "summary_index", events);
        }
        let part = json!({ "type": "output_text", "text": "", "annotations": [] });
        self.within(json!({ "type": "response.content_part.added", "part": part }), "content_index", events)
    }

    fn word(&mut self, word: &str, events: &mut Events<'_>) -> io::Result<()> {
        self.text.push_str(word);
        let (kind, index) = match self.spoken {
            Spoken::Said => ("response.output_text.delta", "content_index"),
            Spoken::Thought => ("response.reasoning_summary_text.delta", "summary_index"),
        };
        self.within(json!({ "type": kind, "delta": word }), index, events)
    }

    fn close(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        let item = match self.spoken {
            Spoken::Said => {
                let content = json!([{ "type": "output_text", "text": self.text, "annotations": [] }]);
                json!({ "type": "message", "id": self.item, "role": "assistant", "content": content, "status": "completed" })
            }
            Spoken::Thought => {
                let summary = json!([{ "type": "summary_text", "text": self.text }]);
                json!({ "type": "reasoning", "id": self.item, "summary": summary, "encrypted_content": "scripted" })
            }
        };
        self.done(item, events)
    }

    fn call(&mut self, call: &Call, events: &mut Events<'_>) -> io::Result<()> {
        let (name, given) = tool(call, self.patches);
        let call_id = self.shared.id("call");
        let mut item = match given {
            Given::Function(input) => json!({
                "type": "function_call", "id": self.shared.id("fc"), "call_id": call_id, "name": name,
                "arguments": input.to_string(), "status": "completed",
            }),
            Given::Custom(input) => json!({
                "type": "custom_tool_call", "id": self.shared.id("ctc"), "call_id": call_id, "name": name,
                "input": input, "status": "completed",
            }),
        };
        // A tool of a group is named so: `group.tool`.
        if let Some((group, tool)) = name.split_once('.') {
            item["namespace"] = group.into();
            item["name"] = tool.into();
        }
        send(
            events,
            json!({ "type": "response.output_item.added", "output_index": self.items, "item": item }),
        )?;
        self.done(item, events)
    }

    fn fail(&mut self, status: u16, kind: &str, events: &mut Events<'_>) -> io::Result<()> {
        let response = json!({ "id": self.id, "status": "failed", "error": failure(status, kind) });
        send(events, json!({ "type": "response.failed", "response": response }))
    }

    fn end(&mut self, events: &mut Events<'_>) -> io::Result<()> {
        let (input, output) = self.usage;
        let usage = json!({
            "input_tokens": input, "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": output, "output_tokens_details": { "reasoning_tokens": 0 },
            "total_tokens": input + output,
        });
        let response = json!({ "id": self.id, "status": "completed", "usage": usage });
        send(events, json!({ "type": "response.completed", "response": response }))
    }
}

impl Stream<'_> {
    /// Sends an event about the text that is being spoken.
    fn within(&self, mut event: Value, index: &str, events: &mut Events<'_>) -> io::Result<()> {
        event["item_id"] = self.item.as_str().into();
        event["output_index"] = self.items.into();
        event[index] = 0.into();
        send(events, event)
    }

    fn done(&mut self, item: Value, events: &mut Events<'_>) -> io::Result<()> {
        let event = json!({ "type": "response.output_item.done", "output_index": self.items, "item": item });
        self.items += 1;
        send(events, event)
    }
}

/// Sends an event under the name of its own type.
fn send(events: &mut Events<'_>, data: Value) -> io::Result<()> {
    let name = data["type"].as_str().unwrap_or_default().to_owned();
    events.send(&name, &data)
}
