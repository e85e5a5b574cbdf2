//! Reading a conversation: which script is being played, and which of its answers comes next.
//!
//! The script is the last text of the user's own. Each of the model's messages after it that calls tools has played
//! one answer. Claude Code adds texts that are not the user's: reminders in tags, notes of an interruption, messages
//! of the role `system` in between; they are passed over.
//!
//! A stream that breaks off is asked for again in one of two ways. Whatever Claude Code had read of it by then it keeps
//! as a message of the model, and asks for the rest in a message of its own; if that was nothing, it sends the request
//! once more. Both are a retry of the same answer here.

use serde_json::Value;

use super::super::turn::{Prompt, Turn, sample};

/// Beginnings of texts in user messages that the user did not write.
const NOT_THE_USER: [&str; 3] =
    ["<system-reminder>", "[Request interrupted", "Your response above was cut off mid-stream."];

/// Reads the body of a request.
pub(super) fn read(body: &Value) -> Turn {
    let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
    let prompt = prompt(messages).unwrap_or_default();
    let streaming = body["stream"].as_bool().unwrap_or(false);
    Turn::new(&prompt, side_answer(body), streaming, &body["model"], body)
}

/// The user's last text in a conversation.
pub fn prompt(messages: &[Value]) -> Option<Prompt> {
    let mut answered = 0;
    for (at, message) in messages.iter().enumerate().rev() {
        match message["role"].as_str() {
            Some("user") => {
                if let Some(text) = users_text(&message["content"]) {
                    return Some(Prompt { text: text.to_owned(), at, answered });
                }
            }
            Some("assistant") if calls_tools(&message["content"]) => answered += 1,
            _ => {}
        }
    }
    None
}

fn users_text(content: &Value) -> Option<&str> {
    let own = |text: &&str| !NOT_THE_USER.iter().any(|start| text.trim_start().starts_with(start));
    match content {
        Value::String(text) => Some(text.as_str()).filter(own),
        Value::Array(blocks) => blocks.iter().rev().filter_map(|block| block["text"].as_str()).find(own),
        _ => None,
    }
}

fn calls_tools(content: &Value) -> bool {
    content.as_array().is_some_and(|blocks| blocks.iter().any(|block| block["type"] == "tool_use"))
}

/// The answer to a request beside the conversation (titles and the like), which offers no tools.
fn side_answer(body: &Value) -> Option<String> {
    let schema = &body["output_config"]["format"]["schema"];
    let tools = body["tools"].as_array().is_some_and(|tools| !tools.is_empty());
    match (schema.is_object(), tools) {
        (true, _) => Some(sample(schema).to_string()),
        (false, false) => Some("FAKE title".to_owned()),
        (false, true) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_script_is_the_users_last_text_past_what_is_put_in_between() {
        let messages = json!([
            {"role": "user", "content": "old"},
            {"role": "assistant", "content": [{"type": "tool_use"}]},
            {"role": "user", "content": [
                {"type": "tool_result"}, {"type": "text", "text": "[Request interrupted by user]"},
                {"type": "text", "text": "new"}, {"type": "text", "text": "<system-reminder>x</system-reminder>"},
            ]},
            {"role": "assistant", "content": [{"type": "text"}, {"type": "tool_use"}, {"type": "tool_use"}]},
            {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "out"}]}]},
            {"role": "system", "content": "note"},
        ]);
        let expect = Prompt { text: "new".to_owned(), at: 2, answered: 1 };
        assert_eq!(prompt(messages.as_array().unwrap()), Some(expect));
    }

    #[test]
    fn an_answer_that_is_asked_for_again_is_the_same_whether_or_not_some_of_it_arrived() {
        let whole = json!([{"role": "user", "content": "[[say:half a]] [[drop:once]] [[say:sentence]]"}]);
        let mut rest = whole.clone();
        rest.as_array_mut().unwrap().extend([
            json!({"role": "assistant", "content": [{"type": "text", "text": "half a"}]}),
            json!({"role": "user", "content": "Your response above was cut off mid-stream. Resume directly."}),
        ]);
        let turn = |messages| read(&json!({ "messages": messages, "tools": [{}] }));
        let (whole, rest) = (turn(whole), turn(rest));
        assert_eq!((whole.place, whole.steps), (rest.place, rest.steps));
    }

    #[test]
    fn a_schema_is_answered_in_its_shape() {
        let schema =
            json!({"type": "object", "properties": {"title": {"type": "string"}, "n": {"type": "integer"}}});
        let body = json!({"output_config": {"format": {"schema": schema}}, "tools": []});
        assert_eq!(side_answer(&body).unwrap(), r#"{"n":0,"title":"FAKE"}"#);
    }
}
