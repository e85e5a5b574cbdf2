//! `centerfire show`: all that is known of one session.

use super::resume::resume_command;
use crate::context::Context;
use crate::term::one_line;
use protocol::frame::{Answer, Request, Status};
use protocol::{ExitStatus, Phase};
use serde_json::{Value, json};
use session::registry::Entry;
use std::process::ExitCode;

/// Tell all that is known of a session
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    session: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let status = status(context, &entry);
        let value = describe(&entry, status.as_ref());
        context.say(&value, || page(&entry, status.as_ref()));
        Ok(ExitCode::SUCCESS)
    }
}

/// The status from the host itself, or its last words.
pub(crate) fn status(context: &Context, entry: &Entry) -> Option<Status> {
    if entry.phase == Phase::Running
        && let Ok(Answer::Status(status)) = context.ask(entry, "show", Request::Status)
    {
        return Some(*status);
    }
    entry.status.clone()
}

/// A session as JSON: `show --json`, and each line of `list --json`.
pub(crate) fn describe(entry: &Entry, status: Option<&Status>) -> Value {
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
    });
    if let Some(bytes) = &meta.bytes {
        value["bytes"] = json!(bytes);
    }
    if entry.phase != Phase::Running
        && let Some(resume) = resume_command(&meta.command)
    {
        value["resume"] = json!(resume);
    }
    if let Some(status) = status {
        value["offset"] = json!(status.offset);
        value["size"] = json!(status.size);
        value["title"] = json!(status.title);
        value["program"] = json!(status.program);
        value["program_since"] = json!(status.program_since);
        value["last_output"] = json!(status.last_output);
        value["clients"] = json!(status.clients);
        value["degraded"] = json!(status.degraded);
        value["unsynced"] = json!(status.unsynced);
        if entry.phase == Phase::Running {
            value["pids"] = json!(status.pids);
        }
    }
    value
}

/// One word for where a session stands: its program's own state while it runs.
pub(crate) fn state_word(entry: &Entry, status: Option<&Status>) -> String {
    match (entry.phase, entry.exit) {
        (Phase::Running, _) => match status.map(|status| serde_json::to_value(status.program.state)) {
            Some(Ok(Value::String(state))) if state != "unknown" => state,
            _ => "running".to_owned(),
        },
        (Phase::Exited, Some(ExitStatus::Code(0))) => "exited".to_owned(),
        (Phase::Exited, Some(status)) => status.to_string(),
        _ => "lost".to_owned(),
    }
}

fn page(entry: &Entry, status: Option<&Status>) -> String {
    let meta = &entry.meta;
    let mut lines = vec![
        ("name", entry.name.clone()),
        ("id", meta.id.to_string()),
        ("state", state_word(entry, status)),
        ("command", one_line(&meta.command.join(" "))),
        ("cwd", meta.cwd.clone()),
        ("folder", entry.folder.path().display().to_string()),
    ];
    if let Some(parent) = meta.parent {
        lines.push(("parent", parent.to_string()));
    }
    if entry.phase != Phase::Running
        && let Some(resume) = resume_command(&meta.command)
    {
        lines.push(("resume", resume));
    }
    if let Some(status) = status {
        lines.push(("size", status.size.to_string()));
        lines.push(("output", format!("{} bytes", status.offset)));
        if entry.phase == Phase::Running {
            let pids = status.pids;
            lines.push((
                "pids",
                format!("program {}, host {}, keeper {}", pids.child, pids.host, pids.keeper),
            ));
        }
        for client in &status.clients {
            let role = if client.control { "controls" } else { "watches" };
            lines.push(("client", format!("{} (pid {}) {role}", client.name, client.pid)));
        }
        if let Some(reason) = &status.degraded {
            lines.push(("degraded", reason.clone()));
        }
        if let Some(reason) = &status.unsynced {
            lines.push(("unsynced", reason.clone()));
        }
    }
    lines.iter().map(|(key, value)| format!("{key:<9}{value}")).collect::<Vec<_>>().join("\n")
}

/// Why a session that does not run cannot be joined, and what can be done with it.
pub(crate) fn ended(entry: &Entry) -> anyhow::Error {
    let name = &entry.name;
    let how = match (entry.phase, entry.exit) {
        (Phase::Exited, Some(status)) => format!("`{name}` has ended ({status})"),
        _ => format!("`{name}` is lost: its processes are gone, by a reboot or because all were killed"),
    };
    let resume = match resume_command(&entry.meta.command) {
        Some(resume) => format!(", `{resume}` in {} takes its conversation up again", entry.meta.cwd),
        None => String::new(),
    };
    let next =
        format!("`centerfire replay {name}` shows it, `centerfire restart {name}` starts it again{resume}");
    session::Error::Ended { how, next }.into()
}
