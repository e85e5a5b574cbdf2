//! The Responses API of OpenAI: a stream's events put together to an answer.
//!
//! Items stay JSON in the vendor's own form. An item that is done replaces what was put together of its pieces, and so does
//! the whole response at the end; the pieces are what remains of a stream that was cut.

use crate::answer::{append, number, text};
use crate::{Answer, Failure, sse};
use protocol::Usage;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Parts of an item at most: an index beyond is not believed.
const PARTS_MAX: usize = 1024;

/// Puts an answer together from the events of a stream.
#[derive(Default, Debug)]
pub struct Folding {
    answer: Answer,
    items: BTreeMap<u64, Value>,
}

impl Folding {
    /// Takes the next event.
    pub fn take(&mut self, event: &sse::Event) {
        let Ok(mut data) = serde_json::from_str::<Value>(&event.data) else {
            // Some servers end with `[DONE]`.
            if event.data != "[DONE]" {
                self.answer.keep_unknown(event.data.clone().into());
            }
            return;
        };
        let kind = data["type"].as_str().unwrap_or(&event.name).to_owned();
        let item = number(&data, "output_index");
        match kind.as_str() {
            "response.created" | "response.in_progress" | "response.queued" => self.head(&data["response"]),
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(&mut data["response"])
            }
            "response.output_item.added" | "response.output_item.done" => {
                self.items.insert(item, data["item"].take());
            }
            "response.content_part.added" | "response.content_part.done" => {
                let (index, part) = (number(&data, "content_index"), data["part"].take());
                self.set_part(item, "content", index, part);
            }
            "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done" => {
                let (index, part) = (number(&data, "summary_index"), data["part"].take());
                self.set_part(item, "summary", index, part);
            }
            "response.output_text.delta" | "response.reasoning_text.delta" => {
                self.grow(&data, "content", "text")
            }
            "response.refusal.delta" => self.grow(&data, "content", "refusal"),
            "response.reasoning_summary_text.delta" => self.grow(&data, "summary", "text"),
            "response.function_call_arguments.delta" | "response.mcp_call_arguments.delta" => {
                append(self.item(item), "arguments", data["delta"].as_str().unwrap_or_default());
            }
            "response.custom_tool_call_input.delta" => {
                append(self.item(item), "input", data["delta"].as_str().unwrap_or_default());
            }
            // The item that is done says it all again.
            "response.output_text.done"
            | "response.refusal.done"
            | "response.reasoning_text.done"
            | "response.reasoning_summary_text.done"
            | "response.function_call_arguments.done"
            | "response.mcp_call_arguments.done"
            | "response.custom_tool_call_input.done"
            | "response.output_text.annotation.added"
            | "keepalive" => {}
            "error" => {
                let error = if data["error"].is_object() { data["error"].take() } else { data };
                self.answer.failure = Some(Failure::read(&error));
            }
            _ => self.answer.keep_unknown(data),
        }
    }

    /// The answer, as far as it came.
    pub fn finish(self) -> Answer {
        let mut answer = self.answer;
        if answer.content.is_empty() {
            answer.content = self.items.into_values().collect();
        }
        answer
    }

    fn head(&mut self, response: &Value) {
        self.answer.id = text(response, "id").or(self.answer.id.take());
        self.answer.model = text(response, "model").or(self.answer.model.take());
    }

    fn end(&mut self, response: &mut Value) {
        self.head(response);
        let last = whole(response);
        self.answer.content = last.content;
        self.answer.stop = last.stop;
        self.answer.usage = last.usage;
        self.answer.is_complete = last.is_complete;
        self.answer.failure = last.failure.or(self.answer.failure.take());
    }

    fn item(&mut self, index: u64) -> &mut Value {
        let item = self.items.entry(index).or_default();
        if !item.is_object() {
            *item = json!({});
        }
        item
    }

    fn part(&mut self, item: u64, list: &str, index: u64) -> Option<&mut Value> {
        let index = usize::try_from(index).ok().filter(|index| *index < PARTS_MAX)?;
        let item = self.item(item);
        if !item[list].is_array() {
            item[list] = json!([]);
        }
        let parts = item[list].as_array_mut()?;
        if parts.len() <= index {
            parts.resize(index + 1, json!({}));
        }
        parts.get_mut(index)
    }

    fn set_part(&mut self, item: u64, list: &str, index: u64, part: Value) {
        if let Some(place) = self.part(item, list, index) {
            *place = part;
        }
    }

    fn grow(&mut self, data: &Value, list: &str, field: &str) {
        let index = number(data, if list == "summary" { "summary_index" } else { "content_index" });
        let piece = data["delta"].as_str().unwrap_or_default();
        if let Some(part) = self.part(number(data, "output_index"), list, index) {
            append(part, field, piece);
        }
    }
}

/// Reads an answer that came in one piece; an error's body gives its failure.
pub fn whole(body: &Value) -> Answer {
    let failure = body["error"].is_object().then(|| Failure::read(&body["error"]));
    let status = text(body, "status");
    Answer {
        id: text(body, "id"),
        model: text(body, "model"),
        content: body["output"].as_array().cloned().unwrap_or_default(),
        // `incomplete` has a reason, such as `max_output_tokens`.
        stop: text(&body["incomplete_details"], "reason").or(status.clone()),
        usage: usage(&body["usage"]),
        is_complete: matches!(status.as_deref(), Some("completed" | "incomplete")),
        failure,
        unknown: Vec::new(),
    }
}

/// Reads a usage object. Tokens from the cache are among those of the input there, and are taken apart here.
pub fn usage(usage: &Value) -> Usage {
    let cache_read = number(&usage["input_tokens_details"], "cached_tokens");
    Usage {
        input: number(usage, "input_tokens").saturating_sub(cache_read),
        output: number(usage, "output_tokens"),
        cache_read,
        ..Usage::default()
    }
}
