//! A session in a few words: what `show`, `list` and the server say of it.

use crate::Error;
use crate::client::reach;
use crate::name::shell_word;
use crate::registry::Entry;
use adapter::gist;
use protocol::frame::{Answer, Request};
use protocol::{AgentState, AgentStatus, Approval, ExitStatus, Phase, Status};
use serde_json::{Value, json};

/// The status from the host itself, which a client called `name` asks, or its last words.
pub fn present_status(entry: &Entry, name: &str) -> Option<Status> {
    let ask = || reach(&entry.folder, &entry.meta, name)?.call(Request::Status);
    match entry.phase {
        Phase::Running => match ask() {
            Ok(Answer::Status(status)) => Some(*status),
            _ => entry.status.clone(),
        },
        _ => entry.status.clone(),
    }
}

/// Characters of what is asked that stand in a session's description; who wants more asks for the question.
const GIST_CHARS: usize = 200;

/// A session as JSON: of `show --json`, of each line of `list --json`, of the server.
pub fn describe(entry: &Entry, status: Option<&Status>) -> Value {
    let meta = &entry.meta;
    let mut value = json!({
        "id": meta.id,
        "name": entry.name,
        "phase": entry.phase,
        "state": state_word(entry, status),
        "exit": entry.exit,
        "command": meta.command,
        "cwd": meta.cwd,
        "created": meta.created,
        "parent": meta.parent,
        "folder": entry.folder.path(),
        "socket": meta.socket,
        "size": meta.size,
        "needs_you": needs_you(entry, status),
    });
    if let Some(bytes) = &meta.bytes {
        value["bytes"] = json!(bytes);
    }
    if let Some(imported) = &meta.imported {
        value["imported"] = json!(imported);
    }
    if entry.phase != Phase::Running
        && let Some(resume) = adapter::resume(&meta.command)
    {
        value["resume"] = json!(resume);
    }
    if let Some(status) = status {
        value["offset"] = json!(status.offset);
        value["size"] = json!(status.size);
        value["title"] = json!(status.title);
        value["agent"] = json!(agent(entry, Some(status)));
        value["program"] = json!(status.program);
        value["program_since"] = json!(status.program_since);
        value["last_output"] = json!(status.last_output);
        // Whoever was there when its host wrote that last is not there any more.
        let present = if entry.phase == Phase::Running { &status.clients[..] } else { &[] };
        value["clients"] = json!(present);
        value["degraded"] = json!(status.degraded);
        value["unsynced"] = json!(status.unsynced);
        if entry.phase == Phase::Running {
            value["approvals"] = status.approvals.iter().map(brief).collect();
            value["pids"] = json!(status.pids);
        }
    }
    value
}

/// A question that waits, without its input.
fn brief(approval: &Approval) -> Value {
    let Approval { id, since, ask, .. } = approval;
    let gist: String = gist(&ask.input).chars().take(GIST_CHARS).collect();
    json!({ "id": id, "since": since, "kind": ask.kind, "tool": ask.tool, "agent": ask.agent, "gist": gist })
}

/// Whether it goes on only if somebody answers it, or does something.
pub fn needs_you(entry: &Entry, status: Option<&Status>) -> bool {
    let asks = status.is_some_and(|status| !status.approvals.is_empty());
    entry.phase == Phase::Running && (asks || agent(entry, status).claim.state.needs())
}

/// What is taken for true of a session's agent.
pub fn agent(entry: &Entry, status: Option<&Status>) -> AgentStatus {
    let unknown = || AgentStatus::unknown(entry.meta.created);
    let known = status
        .map(Status::agent)
        .filter(|agent| agent.claim.state != AgentState::Unknown || !agent.claims.is_empty());
    known.unwrap_or_else(unknown)
}

/// One word for where a session stands: what its program does while it runs.
pub fn state_word(entry: &Entry, status: Option<&Status>) -> String {
    match (entry.phase, entry.exit) {
        (Phase::Running, _) => match status.map(|status| serde_json::to_value(status.agent().claim.state)) {
            // Nothing that a program says in its last moment is news of a session that runs.
            Some(Ok(Value::String(state))) if state != "unknown" && state != "exited" => state,
            _ => "running".to_owned(),
        },
        (Phase::Exited, Some(ExitStatus::Code(0))) => "exited".to_owned(),
        (Phase::Exited, Some(status)) => status.to_string(),
        // A recording does not always tell how it ended, and nothing of ours was lost.
        _ if entry.meta.imported.is_some() => "imported".to_owned(),
        _ => "lost".to_owned(),
    }
}

/// Why a session that does not run cannot be joined, and what can be done with it.
pub fn ended(entry: &Entry) -> Error {
    let name = &entry.name;
    let how = match (entry.phase, entry.exit) {
        (Phase::Exited, Some(status)) => format!("`{name}` has ended ({status})"),
        _ if entry.meta.imported.is_some() => format!("`{name}` is a recording that was imported"),
        _ => format!("`{name}` is lost: its processes are gone, by a reboot or because all were killed"),
    };
    let resume = match adapter::resume(&entry.meta.command) {
        Some(resume) => format!(", `{resume}` in {} takes its conversation up again", entry.meta.cwd),
        None => String::new(),
    };
    let word = shell_word(name);
    let next =
        format!("`centerfire replay {word}` shows it, `centerfire restart {word}` starts it again{resume}");
    Error::Ended { how, next }
}
