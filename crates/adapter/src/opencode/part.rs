//! The parts of a message.

use super::transcript::{Row, time};
use crate::Heard;
use protocol::{AgentState, BlockKind, Content, Speaker, Time};
use serde_json::Value;

/// Reads a row that is a part.
pub(super) fn read(row: &Row<'_>, heard: &mut Vec<Heard>) {
    let part = row.data();
    let role = if row.record["role"] == "assistant" { Speaker::Assistant } else { Speaker::User };
    let time = began(row);
    let text = || part["text"].as_str().unwrap_or_default().to_owned();
    let kind = part["type"].as_str().unwrap_or_default();
    match kind {
        // What it holds yet, while it grows.
        "text" if text().is_empty() => {}
        "text" if row.record["mode"] == "compaction" => {
            heard.push(row.entry("", time, Speaker::System, Content::Compaction { text: text() }));
        }
        "text" if part["synthetic"] == true => {
            heard.push(row.entry("", time, Speaker::System, notice("synthetic", text())))
        }
        "text" => heard.push(row.entry("", time, role, Content::Message { text: text() })),
        "reasoning" => {
            heard.push(row.entry("", time, Speaker::Assistant, Content::Thinking { text: text() }))
        }
        "tool" => tool(row, time, heard),
        "file" => heard.push(row.entry("", time, role, file(part))),
        "agent" | "subtask" => {
            let what = [&part["name"], &part["description"]].into_iter().find_map(Value::as_str);
            heard.push(row.entry(
                "",
                time,
                Speaker::System,
                notice(kind, what.unwrap_or_default().to_owned()),
            ));
        }
        "retry" => {
            let error = &part["error"]["data"];
            let text = error["message"].as_str().unwrap_or_default().to_owned();
            let status = error["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            heard.push(row.entry("", time, Speaker::System, Content::Failure { text, status }));
        }
        // Where a request begins and ends, what the files were then, and that a summary follows.
        "step-start" | "step-finish" | "snapshot" | "patch" | "compaction" => {}
        _ => {
            let content = Content::Unknown { name: kind.to_owned(), record: row.record.clone() };
            heard.push(row.entry("", time, Speaker::System, content));
        }
    }
}

/// When a part began, by itself or by its row.
fn began(row: &Row<'_>) -> Time {
    let part = row.data();
    let times = [&part["time"]["start"], &part["state"]["time"]["start"], &row.record["created"]];
    times.into_iter().find_map(time).unwrap_or_default()
}

fn notice(name: &str, text: String) -> Content {
    Content::Notice { name: name.to_owned(), text }
}

/// A file is a picture, or only its name is told.
fn file(part: &Value) -> Content {
    let mime = part["mime"].as_str().unwrap_or_default();
    let url = part["url"].as_str().unwrap_or_default();
    if !mime.starts_with("image/") {
        return notice("file", part["filename"].as_str().unwrap_or(url).to_owned());
    }
    let within = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    Content::Image { media_type: mime.to_owned(), data: within.map(|(_, data)| data.to_owned()) }
}

/// A call, and its result once there is one.
fn tool(row: &Row<'_>, time: Time, heard: &mut Vec<Heard>) {
    let part = row.data();
    let state = &part["state"];
    let call = part["callID"].as_str().unwrap_or_else(|| row.id()).to_owned();
    let name = part["tool"].as_str().unwrap_or_default().to_owned();
    let asks = name == "question" && state["status"] == "running";
    let content = Content::ToolCall { call: call.clone(), name, input: state["input"].clone() };
    heard.push(row.entry("", time, Speaker::Assistant, content));
    if asks {
        let mut claim = row.claim(AgentState::Blocked, time, "tool question running", None);
        claim.on = Some(BlockKind::Question);
        heard.push(row.told(claim));
    }
    let failed = state["status"] == "error";
    if !failed && state["status"] != "completed" {
        return;
    }
    let text = state[if failed { "error" } else { "output" }].as_str().unwrap_or_default().to_owned();
    let mut detail = Some(state["metadata"].clone()).filter(Value::is_object);
    let exit = detail.as_ref().and_then(|detail| detail["exit"].as_i64());
    // The output is there twice, mostly.
    if let Some(members) = detail.as_mut().and_then(Value::as_object_mut) {
        members.retain(|name, value| name != "output" || value.as_str() != Some(&text));
    }
    let is_error = failed || exit.is_some_and(|code| code != 0);
    let is_denied = failed && text.starts_with("The user rejected permission to use this specific tool call");
    let ended = super::transcript::time(&state["time"]["end"]).unwrap_or(time);
    let content = Content::ToolResult { call, text, is_error, is_denied, detail };
    heard.push(row.entry(":result", ended, Speaker::Tool, content));
    for (at, attached) in state["attachments"].as_array().into_iter().flatten().enumerate() {
        heard.push(row.entry(&format!(":result:{at}"), ended, Speaker::Tool, file(attached)));
    }
}
