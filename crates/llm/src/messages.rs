//! A request to the Messages API of Anthropic, or of who speaks as it does: one text, and one tool that must be called, so
//! that the answer has a form that was asked for. The answer itself is read by [`crate::anthropic::whole`].

use crate::Answer;
use serde_json::{Value, json};

/// The version of the interface that is spoken.
pub const VERSION: &str = "2023-06-01";
/// What a request takes beside its own bytes: the vendor puts words of its own before tools. In tokens.
const OVERHEAD_TOKENS: u64 = 1_000;

/// One request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The model.
    pub model: &'a str,
    /// What it is to do.
    pub system: &'a str,
    /// What it is to do it with.
    pub prompt: &'a str,
    /// The name of the tool by which it answers.
    pub tool: &'a str,
    /// The form of the tool's input, as a JSON schema.
    pub schema: Value,
    /// It stops there.
    pub max_tokens: u64,
}

impl Request<'_> {
    /// Its body.
    pub fn body(&self) -> Value {
        let content = json!([{ "type": "text", "text": self.prompt }]);
        json!({
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": self.system,
            "messages": [{ "role": "user", "content": content }],
            "tools": [{ "name": self.tool, "description": "Takes the answer.", "input_schema": self.schema }],
            "tool_choice": { "type": "tool", "name": self.tool },
        })
    }

    /// More tokens than it can have before the model: none has less than a byte.
    pub fn input_at_most(&self) -> u64 {
        let texts = self.system.len() + self.prompt.len() + self.tool.len() + self.schema.to_string().len();
        texts as u64 + OVERHEAD_TOKENS
    }
}

/// What a tool was called with in an answer.
pub fn input_of<'a>(answer: &'a Answer, tool: &str) -> Option<&'a Value> {
    let called = |block: &&Value| block["type"] == "tool_use" && block["name"] == tool;
    answer.content.iter().find(called).map(|block| &block["input"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{anthropic, count};

    fn request(prompt: &str) -> Request<'_> {
        let schema = json!({ "type": "object", "properties": { "title": { "type": "string" } } });
        Request { model: "m", system: "Name it.", prompt, tool: "report", schema, max_tokens: 50 }
    }

    #[test]
    fn a_request_has_the_form_of_the_interface() {
        let body = request("hello").body();
        assert_eq!((&body["model"], &body["max_tokens"]), (&json!("m"), &json!(50)));
        assert_eq!(body["messages"][0]["content"][0]["text"], "hello");
        assert_eq!(body["tool_choice"]["name"], body["tools"][0]["name"]);
        assert_eq!(body.get("stream"), None);
    }

    #[test]
    fn no_text_has_more_tokens_than_are_reckoned_with() {
        for text in ["", "a b c", "函数定义在这里", "{}[]<>!?…", "\u{1f600}\u{1f600}"] {
            assert!(request(text).input_at_most() > count::estimate(text) * 4 / 3, "{text}");
        }
    }

    #[test]
    fn the_answer_is_what_the_tool_was_called_with() {
        let block = |name| json!({ "type": "tool_use", "name": name, "input": { "title": name } });
        let body =
            json!({ "content": [{ "type": "text", "text": "Well." }, block("other"), block("report")] });
        let answer = anthropic::whole(&body);
        assert_eq!(input_of(&answer, "report"), Some(&json!({ "title": "report" })));
        assert_eq!(input_of(&answer, "none"), None);
    }
}
