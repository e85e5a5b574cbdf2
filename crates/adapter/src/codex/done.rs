//! What the CLI says of items that are complete: it completes a result that comes later, or is all that is known.

use super::transcript::Known;
use crate::Heard;
use protocol::{Content, Speaker};
use serde_json::{Value, json};

/// Reads an event of an item that is complete.
pub(super) fn read(known: &mut Known, record: &Value, heard: &mut Vec<Heard>) {
    let item = &record["payload"]["item"];
    match item["type"].as_str().unwrap_or_default() {
        kind @ ("CommandExecution"
        | "FileChange"
        | "McpToolCall"
        | "DynamicToolCall"
        | "CollabAgentToolCall") => {
            if !known.detail(&item["id"], item) {
                heard.extend(ran(known, kind, item));
            }
        }
        "Plan" => {
            let text = item["text"].as_str().unwrap_or_default().to_owned();
            let id = item["id"].as_str().unwrap_or_default();
            heard.push(known.entry(id, Speaker::Assistant, Content::Message { text }));
        }
        // Told by items of the conversation.
        "UserMessage" | "AgentMessage" | "Reasoning" | "WebSearch" | "ImageView" | "ImageGeneration"
        | "ContextCompaction" | "SubAgentActivity" | "Sleep" | "FunctionCallOutput" => {}
        kind => heard.push(known.unknown(kind, record)),
    }
}

/// The call and the result of what ran without a call of the model's own.
fn ran(known: &Known, kind: &str, item: &Value) -> [Heard; 2] {
    let call = item["id"].as_str().unwrap_or_default().to_owned();
    let text = |name: &str| item[name].as_str().unwrap_or_default();
    let (name, input, output) = match kind {
        "CommandExecution" => {
            let input = json!({ "command": item["command"], "cwd": item["cwd"] });
            ("exec_command".to_owned(), input, text("aggregated_output").to_owned())
        }
        "FileChange" => {
            let input = json!({ "changes": item["changes"] });
            ("apply_patch".to_owned(), input, format!("{}{}", text("stdout"), text("stderr")))
        }
        "McpToolCall" => {
            let said = item["error"]["message"].as_str().map(str::to_owned);
            let name = format!("{}.{}", text("server"), text("tool"));
            (name, item["arguments"].clone(), said.unwrap_or_else(|| texts(&item["result"]["content"])))
        }
        "DynamicToolCall" => {
            (text("tool").to_owned(), item["arguments"].clone(), texts(&item["content_items"]))
        }
        _ => (text("tool").to_owned(), json!({ "prompt": item["prompt"] }), String::new()),
    };
    let by = if item["source"] == "user_shell" { Speaker::User } else { Speaker::Assistant };
    let is_error = matches!(text("status"), "failed" | "declined");
    let is_denied = text("status") == "declined";
    let detail = Some(more(kind, item));
    let result = Content::ToolResult { call: call.clone(), text: output, is_error, is_denied, detail };
    [
        known.entry(&call, by, Content::ToolCall { call: call.clone(), name, input }),
        known.entry(&format!("{call}:result"), Speaker::Tool, result),
    ]
}

/// What an item has beyond its call and the text of its result.
fn more(kind: &str, item: &Value) -> Value {
    let told: &[&str] = match kind {
        "CommandExecution" => &["id", "type", "command", "cwd", "aggregated_output"],
        "FileChange" => &["id", "type", "stdout", "stderr"],
        _ => &["id", "type", "arguments", "prompt"],
    };
    let members = item.as_object().into_iter().flatten();
    let more = members.filter(|(name, _)| !told.contains(&name.as_str()));
    more.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn texts(parts: &Value) -> String {
    parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect()
}
