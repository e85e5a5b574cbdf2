//! The messages of a conversation.

use super::transcript::Known;
use crate::Heard;
use crate::transcript::failed;
use protocol::{AgentState, Content, Speaker, Usage};
use serde_json::Value;

/// Around the content of files that a prompt names.
const FRAME: &str = "--- ";

/// What the CLI says when its user cancels a request.
const CANCELLED: &str = "Request cancelled.";

/// The texts of a content, which is one text or a list of parts.
pub(super) fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// Reads a record that is a message.
pub(super) fn read(known: &Known, kind: &str, message: &Value, heard: &mut Vec<Heard>) {
    let id = message["id"].as_str().unwrap_or_default();
    let said = text(&message["content"]);
    match kind {
        "user" => users(known, id, message, heard),
        "gemini" => models(known, id, message, heard),
        "info" | "warning" if said.is_empty() => {}
        "info" | "warning" => {
            if said == CANCELLED {
                heard.push(known.claim(AgentState::Idle, message, Some(said.clone())));
            }
            let content = Content::Notice { name: kind.to_owned(), text: said };
            heard.push(known.entry(id, message, Speaker::System, content));
        }
        "error" => {
            let (text, status) = failure(&said);
            heard.push(known.claim(failed(status), message, Some(text.clone())));
            heard.push(known.entry(id, message, Speaker::System, Content::Failure { text, status }));
        }
        _ => heard.push(known.unknown(kind, message)),
    }
}

/// What Gemini CLI itself says below an error of status 429, whose number is not told otherwise.
const LIMIT_HINT: &str = "\nPlease wait and try again later. To increase your limits";

/// The message and status in `[API Error: {…}]`, or the text as it is.
fn failure(text: &str) -> (String, Option<u16>) {
    if let Some((text, _)) = text.split_once(LIMIT_HINT) {
        return (failure(text).0, Some(429));
    }
    let inner = text.strip_prefix("[API Error: ").and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let body: Value = serde_json::from_str(inner).unwrap_or_default();
    let error = &body["error"];
    let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
    (error["message"].as_str().unwrap_or(inner).to_owned(), status)
}

/// A prompt, with the pictures and files that it names.
fn users(known: &Known, id: &str, message: &Value, heard: &mut Vec<Heard>) {
    let content = &message["content"];
    let parts = content.as_array().map_or(&[][..], Vec::as_slice);
    if !parts.is_empty() && parts.iter().all(|part| part["functionResponse"].is_object()) {
        return;
    }
    heard.push(known.claim(AgentState::Working, message, None));
    pictures(known, id, message, parts, Speaker::User, heard);
    let typed = text(if message["displayContent"].is_null() { content } else { &message["displayContent"] });
    let named = parts.iter().filter_map(|part| part["text"].as_str());
    let named: String =
        named.filter(|part| !typed.contains(part) && !part.trim_start().starts_with(FRAME)).collect();
    if !named.is_empty() {
        let content = Content::Notice { name: "referenced files".to_owned(), text: named };
        heard.push(known.entry(&format!("{id}:files"), message, Speaker::System, content));
    }
    heard.push(known.entry(id, message, Speaker::User, Content::Message { text: typed }));
}

/// What the model thought, said and called, and what came of it.
fn models(known: &Known, id: &str, message: &Value, heard: &mut Vec<Heard>) {
    let thoughts: Vec<String> = message["thoughts"].as_array().into_iter().flatten().map(thought).collect();
    if !thoughts.is_empty() {
        let content = Content::Thinking { text: thoughts.join("\n\n") };
        heard.push(known.entry(&format!("{id}:thoughts"), message, Speaker::Assistant, content));
    }
    let said = text(&message["content"]);
    if !said.is_empty() {
        heard.push(known.entry(id, message, Speaker::Assistant, Content::Message { text: said }));
    }
    for call in message["toolCalls"].as_array().into_iter().flatten() {
        tool(known, message, call, heard);
    }
    heard.extend(usage(known, id, message));
}

fn thought(thought: &Value) -> String {
    let part = |name: &str| thought[name].as_str().unwrap_or_default();
    match (part("subject"), part("description")) {
        ("", description) => description.to_owned(),
        (subject, description) => format!("**{subject}** {description}").trim_end().to_owned(),
    }
}

fn tool(known: &Known, message: &Value, tool: &Value, heard: &mut Vec<Heard>) {
    let call = tool["id"].as_str().unwrap_or_default().to_owned();
    let name = tool["name"].as_str().unwrap_or_default().to_owned();
    let content = Content::ToolCall { call: call.clone(), name, input: tool["args"].clone() };
    heard.push(known.entry(&call, message, Speaker::Assistant, content));
    let Some(parts) = tool["result"].as_array() else { return };
    let answers = parts.iter().map(|part| &part["functionResponse"]["response"]);
    let answers = answers.filter_map(|answer| answer["output"].as_str().or_else(|| answer["error"].as_str()));
    let text: String = answers.collect();
    let failed = tool["status"].as_str().is_some_and(|status| status != "success");
    // What has changed, or a text, which mostly is in the result; a list is the screen of a shell, cell by cell.
    let shown = &tool["resultDisplay"];
    let more = shown.is_object() || shown.as_str().is_some_and(|shown| !text.contains(shown));
    let detail = more.then(|| shown.clone());
    // One that was cancelled while it ran did run.
    let is_denied = tool["status"] == "cancelled" && text.contains("User did not allow tool call");
    let is_error = failed || exit_code(&text).is_some_and(|code| code != 0);
    let content = Content::ToolResult { call: call.clone(), text, is_error, is_denied, detail };
    heard.push(known.entry(&format!("{call}:result"), tool, Speaker::Tool, content));
    pictures(known, &format!("{call}:result"), tool, parts, Speaker::Tool, heard);
}

/// The exit code that a shell's result names.
fn exit_code(text: &str) -> Option<i64> {
    let inside = text.strip_prefix("<untrusted_context>")?;
    inside.lines().find_map(|line| line.strip_prefix("Exit Code: "))?.parse().ok()
}

fn pictures(known: &Known, id: &str, record: &Value, parts: &[Value], role: Speaker, heard: &mut Vec<Heard>) {
    for (at, part) in parts.iter().enumerate() {
        let Some(media_type) = part["inlineData"]["mimeType"].as_str() else { continue };
        let data = part["inlineData"]["data"].as_str().map(str::to_owned);
        let content = Content::Image { media_type: media_type.to_owned(), data };
        heard.push(known.entry(&format!("{id}:{at}"), record, role, content));
    }
}

/// Gemini counts what came from the cache among what was read, and thoughts apart from what was written.
fn usage(known: &Known, id: &str, message: &Value) -> Option<Heard> {
    let tokens = message["tokens"].as_object()?;
    let count = |name: &str| tokens.get(name).and_then(Value::as_u64).unwrap_or_default();
    let usage = Usage {
        input: (count("input") + count("tool")).saturating_sub(count("cached")),
        output: count("output") + count("thoughts"),
        cache_read: count("cached"),
        ..Usage::default()
    };
    Some(Heard::Usage {
        conversation: known.conversation.clone(),
        request: id.to_owned(),
        model: message["model"].as_str().unwrap_or_default().to_owned(),
        time: known.when(message),
        usage,
    })
}

#[test]
fn a_limit_is_known_by_what_is_said_below_it() {
    let hint =
        format!("[API Error: quota, limit: 0]{LIMIT_HINT}, request a quota increase through AI Studio");
    assert_eq!(failure(&hint), ("quota, limit: 0".to_owned(), Some(429)));
    let whole = r#"[API Error: {"error":{"code":400,"message":"bad"}}]"#;
    assert_eq!(failure(whole), ("bad".to_owned(), Some(400)));
    assert_eq!(failure("[API Error: terminated]"), ("terminated".to_owned(), None));
}
