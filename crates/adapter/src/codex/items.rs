//! The items of a conversation as the model got and gave them: messages, thoughts, calls and their results.

use super::transcript::Known;
use crate::Heard;
use protocol::{Content, Speaker};
use serde_json::{Value, json};

/// Beginnings of texts in the user's name that the harness wrote, where the record does not say it.
const NOT_THE_USER: [&str; 5] = [
    "<environment_context>",
    "<user_instructions>",
    "<turn_aborted>",
    "<user_shell_command>",
    "# AGENTS.md instructions",
];

/// The tool by which the model asks the user.
const ASKS: &str = "request_user_input";

/// Reads a record that is an item.
pub(super) fn read(known: &mut Known, record: &Value, heard: &mut Vec<Heard>) {
    let item = &record["payload"];
    let kind = item["type"].as_str().unwrap_or_default();
    let id = item["id"].as_str().map_or_else(|| format!("record:{}", known.ordinal), str::to_owned);
    let call = item["call_id"].as_str().unwrap_or(&id).to_owned();
    match kind {
        "message" => message(known, &id, record, heard),
        "agent_message" => {
            let text = texts(&item["content"]).join("\n");
            heard.push(known.entry(&id, Speaker::System, notice("agent_message", text)));
        }
        "reasoning" => {
            let said = [texts(&item["summary"]), texts(&item["content"])];
            let text = said.into_iter().find(|texts| !texts.is_empty()).unwrap_or_default().join("\n\n");
            heard.push(known.entry(&id, Speaker::Assistant, Content::Thinking { text }));
        }
        "function_call" => {
            if item["name"] == ASKS {
                heard.push(known.asks(&call));
            }
            let text = item["arguments"].as_str().unwrap_or_default();
            let input = serde_json::from_str(text).unwrap_or_else(|_| text.into());
            heard.push(called(known, &call, item, input));
        }
        "custom_tool_call" => heard.push(called(known, &call, item, item["input"].clone())),
        "local_shell_call" => {
            heard.push(called(known, &call, &json!({ "name": "shell" }), item["action"].clone()))
        }
        "web_search_call" => {
            heard.push(called(known, &call, &json!({ "name": "web_search" }), item["action"].clone()))
        }
        "tool_search_call" => {
            heard.push(called(known, &call, &json!({ "name": "tool_search" }), item["arguments"].clone()));
        }
        "image_generation_call" => {
            heard.push(called(
                known,
                &call,
                &json!({ "name": "image_generation" }),
                item["revised_prompt"].clone(),
            ));
            let data = item["result"].as_str().map(str::to_owned);
            let image = Content::Image { media_type: "image/png".to_owned(), data };
            heard.push(known.entry(&format!("{id}:image"), Speaker::Tool, image));
        }
        "function_call_output" | "custom_tool_call_output" => result(known, &call, &item["output"], heard),
        "tool_search_output" => result(known, &call, &json!(item["tools"].to_string()), heard),
        "compaction" | "context_compaction" => {
            heard.push(known.entry(&id, Speaker::System, Content::Compaction { text: String::new() }));
        }
        // What the model is offered, and with which settings.
        "additional_tools" | "configuration_update" => {}
        _ => heard.push(known.unknown(kind, record)),
    }
}

/// The texts of a list of parts.
fn texts(parts: &Value) -> Vec<&str> {
    parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect()
}

fn notice(name: &str, text: String) -> Content {
    Content::Notice { name: name.to_owned(), text }
}

/// A message is one text, its pictures, and what the harness put among them.
fn message(known: &Known, id: &str, record: &Value, heard: &mut Vec<Heard>) {
    let item = &record["payload"];
    // The summary at a compaction: the record of the compaction, which follows, has it.
    if record["metadata"]["compaction_output"] == true {
        return;
    }
    let role = match item["role"].as_str() {
        Some("user") => Speaker::User,
        Some("assistant") => Speaker::Assistant,
        // The developer's and the system's are instructions to the model.
        _ => return,
    };
    let kinds = &item["internal_chat_message_metadata_passthrough"]["content_item_kinds"];
    let mut text = String::new();
    for (at, part) in item["content"].as_array().into_iter().flatten().enumerate() {
        let kind = kinds[at].as_str().unwrap_or_default();
        if let Some(url) = part["image_url"].as_str() {
            heard.push(known.entry(&format!("{id}:{at}"), role, picture(url)));
        } else if let Some(part) = part["text"].as_str() {
            if role == Speaker::User && !is_users(kind, part) {
                if !(kind.is_empty() || told_elsewhere(kind)) {
                    let content = notice(kind, part.to_owned());
                    heard.push(known.entry(&format!("{id}:{at}"), Speaker::System, content));
                }
            } else if !is_frame_of_picture(part) {
                text.push_str(if text.is_empty() { "" } else { "\n" });
                text.push_str(part);
            }
        }
    }
    if !text.is_empty() {
        heard.push(known.entry(id, role, Content::Message { text }));
    }
}

/// Whether a text is no news: the environment, and what has a record of its own (an interrupt, a command of the user's).
fn told_elsewhere(kind: &str) -> bool {
    kind.starts_with("environments.") || kind == "generic.turn_aborted" || kind == "shell.user_command"
}

fn is_users(kind: &str, text: &str) -> bool {
    match kind {
        "" | "unknown" => !NOT_THE_USER.iter().any(|start| text.trim_start().starts_with(start)),
        kind => kind.starts_with("user."),
    }
}

/// Whether a text only stands around a picture for the model.
fn is_frame_of_picture(text: &str) -> bool {
    text == "</image>" || (text.starts_with("<image") && text.ends_with('>'))
}

/// A picture that is within its address, or elsewhere.
fn picture(url: &str) -> Content {
    let within = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match within {
        Some((kind, data)) => Content::Image { media_type: kind.to_owned(), data: Some(data.to_owned()) },
        None => Content::Image { media_type: "image/*".to_owned(), data: None },
    }
}

fn called(known: &mut Known, call: &str, item: &Value, input: Value) -> Heard {
    let tool = item["name"].as_str().unwrap_or_default();
    known.called(call);
    let name = item["namespace"].as_str().map_or(tool.to_owned(), |group| format!("{group}.{tool}"));
    known.entry(call, Speaker::Assistant, Content::ToolCall { call: call.to_owned(), name, input })
}

fn result(known: &mut Known, call: &str, output: &Value, heard: &mut Vec<Heard>) {
    heard.extend(known.answered(call));
    let detail = known.calls.remove(call).flatten();
    // Old versions put JSON around the text.
    let wrapped: Value = output.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let text = match (wrapped["output"].as_str(), output.as_str()) {
        (Some(text), _) | (None, Some(text)) => text.to_owned(),
        (None, None) => texts(output).join("\n"),
    };
    let code = detail.as_ref().and_then(|detail| detail["exit_code"].as_i64());
    let code = code.or_else(|| wrapped["metadata"]["exit_code"].as_i64()).or_else(|| code_in(&text));
    let status = detail.as_ref().and_then(|detail| detail["status"].as_str()).unwrap_or_default();
    let is_denied = status == "declined" || text.ends_with("rejected by user");
    let is_error = is_denied
        || code.is_some_and(|code| code != 0)
        || status == "failed"
        || text.starts_with("unsupported call")
        || text.ends_with("aborted by user");
    let mut detail = detail.or_else(|| wrapped.get("metadata").cloned());
    // The output is there twice, mostly.
    if let Some(members) = detail.as_mut().and_then(Value::as_object_mut) {
        members.retain(|name, value| {
            name != "aggregated_output" || !text.contains(value.as_str().unwrap_or_default())
        });
    }
    let content = Content::ToolResult { call: call.to_owned(), text, is_error, is_denied, detail };
    heard.push(known.entry(&format!("{call}:result"), Speaker::Tool, content));
    for (at, part) in output.as_array().into_iter().flatten().enumerate() {
        if let Some(url) = part["image_url"].as_str() {
            heard.push(known.entry(&format!("{call}:result:{at}"), Speaker::Tool, picture(url)));
        }
    }
}

/// The exit code that the head of a result names.
fn code_in(text: &str) -> Option<i64> {
    let head = text.split("Output:").next()?;
    let names = ["Process exited with code ", "Exit code: "];
    head.lines().find_map(|line| names.iter().find_map(|name| line.strip_prefix(name)))?.trim().parse().ok()
}
