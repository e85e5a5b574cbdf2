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

use super::super::script::{self, Step};

/// Beginnings of texts in user messages that the user did not write.
const NOT_THE_USER: [&str; 3] =
    ["<system-reminder>", "[Request interrupted", "Your response above was cut off mid-stream."];

/// What one request asks for.
pub struct Turn {
    /// The steps of the answer.
    pub steps: Vec<Step>,
    /// Whether it is to be streamed.
    pub streaming: bool,
    /// The model asked for.
    pub model: String,
    /// The size of the request in tokens, roughly.
    pub input_tokens: u64,
    /// What distinguishes this point of the conversation from others, but not from its retries.
    pub place: String,
}

impl Turn {
    /// Reads the body of a request.
    pub fn read(body: &Value) -> Turn {
        let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
        let prompt = prompt(messages).unwrap_or_default();
        let steps = match side_answer(body) {
            Some(text) => vec![Step::Say(text)],
            None => next_answer(&prompt),
        };
        Turn {
            steps,
            streaming: body["stream"].as_bool().unwrap_or(false),
            model: body["model"].as_str().unwrap_or("unknown").to_owned(),
            input_tokens: estimate(body),
            place: format!("{} {} {}", prompt.at, prompt.answered, prompt.text),
        }
    }
}

/// The number of tokens in a request, at four bytes each.
pub fn estimate(body: &Value) -> u64 {
    (body.to_string().len() / 4) as u64
}

/// The user's last text.
#[derive(Debug, Default, PartialEq)]
pub struct Prompt {
    /// What the user wrote.
    pub text: String,
    /// Which message of the conversation it is, from 0.
    pub at: usize,
    /// How many answers with calls of tools followed it.
    pub answered: usize,
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

fn next_answer(prompt: &Prompt) -> Vec<Step> {
    let steps = script::parse(&prompt.text).into_iter().nth(prompt.answered).unwrap_or_default();
    // An answer must hold something: after its last call, a script may say nothing more.
    if steps.is_empty() { vec![Step::Say("FAKE: done".to_owned())] } else { steps }
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

/// A value that fits a JSON schema of the simple kinds.
fn sample(schema: &Value) -> Value {
    match schema["type"].as_str() {
        Some("object") => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), sample(schema))).collect()
        }
        Some("array") => Value::Array(Vec::new()),
        Some("boolean") => Value::Bool(false),
        Some("integer" | "number") => 0.into(),
        _ => schema["enum"].get(0).cloned().unwrap_or_else(|| "FAKE".into()),
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
        let read = |messages| Turn::read(&json!({ "messages": messages, "tools": [{}] }));
        let (whole, rest) = (read(whole), read(rest));
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
