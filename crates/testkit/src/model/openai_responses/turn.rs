//! Reading a conversation as Codex sends it: a list of items, with the developer's and the CLI's own between the user's.

use serde_json::Value;

use super::super::turn::{Prompt, Turn};

/// Beginnings of texts in user messages that the user did not write.
const NOT_THE_USER: [&str; 6] = [
    "<environment_context>",
    "<user_instructions>",
    "<turn_aborted>",
    "<skill>",
    "# AGENTS.md instructions",
    "<subagent_notification>",
];

/// How Codex asks for a summary of the conversation, as if its user did.
const COMPACTION: &str = "You are performing a CONTEXT CHECKPOINT COMPACTION";

/// Reads the body of a request.
pub(super) fn read(body: &Value) -> Turn {
    let items = body["input"].as_array().map_or(&[][..], Vec::as_slice);
    let prompt = prompt(items).unwrap_or_default();
    let side = prompt.text.starts_with(COMPACTION).then(|| "FAKE summary".to_owned());
    Turn::new(&prompt, side, true, &body["model"], body)
}

/// The user's last text in a conversation.
fn prompt(items: &[Value]) -> Option<Prompt> {
    let mut answered = 0;
    // Read backwards, the calls of one answer follow each other; between those of two are results.
    let mut within_calls = false;
    for (at, item) in items.iter().enumerate().rev() {
        match item["type"].as_str() {
            Some("function_call" | "custom_tool_call" | "local_shell_call") => {
                answered += usize::from(!std::mem::replace(&mut within_calls, true));
            }
            Some("function_call_output" | "custom_tool_call_output") => within_calls = false,
            _ if item["role"] == "user" => {
                if let Some(text) = users_text(&item["content"]) {
                    return Some(Prompt { text: text.to_owned(), at, answered });
                }
            }
            _ => {}
        }
    }
    None
}

fn users_text(content: &Value) -> Option<&str> {
    let own = |text: &&str| !NOT_THE_USER.iter().any(|start| text.trim_start().starts_with(start));
    content.as_array()?.iter().rev().filter_map(|block| block["text"].as_str()).find(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn calls_made_together_are_one_answer() {
        let items = json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
            {"type": "function_call"}, {"type": "function_call"},
            {"type": "function_call_output"}, {"type": "function_call_output"},
            {"type": "custom_tool_call"}, {"type": "custom_tool_call_output"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<turn_aborted>"}]},
        ]);
        let expect = Prompt { text: "go".to_owned(), at: 0, answered: 2 };
        assert_eq!(prompt(items.as_array().unwrap()), Some(expect));
    }
}
