//! `centerfire show`: all that is known of one session.

use super::held::{self, Held};
use crate::completion;
use crate::context::Context;
use crate::term::{counted, one_line};
use clap_complete::ArgValueCandidates;
use conversation::store::Brief;
use protocol::{Phase, Status};
use session::registry::Entry;
use session::summary::{describe, present_status, state_word};
use std::process::ExitCode;

/// Tell all that is known of a session
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let status = present_status(&entry, "show");
        let brief = Held::open(context).of(&entry);
        let mut value = describe(&entry, status.as_ref());
        held::add(&mut value, &entry, brief.as_ref());
        context.say(&value, || page(context, &entry, status.as_ref(), brief.as_ref()));
        Ok(ExitCode::SUCCESS)
    }
}

fn page(context: &Context, entry: &Entry, status: Option<&Status>, brief: Option<&Brief>) -> String {
    let meta = &entry.meta;
    let mut lines = vec![
        ("name", entry.name.clone()),
        ("id", meta.id.to_string()),
        ("state", state_word(entry, status)),
        ("command", one_line(&meta.command.join(" "))),
        ("cwd", meta.cwd.clone()),
        ("folder", entry.folder.path().display().to_string()),
    ];
    if let Some(imported) = &meta.imported {
        lines.push(("imported", format!("{} ({})", imported.file, imported.format)));
    }
    if let Some(parent) = meta.parent {
        // Of one that was removed there is only the id.
        let known = context.registry().find(&parent.to_string());
        let told = known.map_or(parent.to_string(), |known| format!("{} ({})", known.name, parent.short()));
        lines.push(("parent", told));
    }
    let title = held::title(entry, brief);
    if !title.is_empty() {
        lines.push(("title", title));
    }
    if let Some(resume) = held::resume(entry, brief) {
        lines.push(("resume", one_line(&resume)));
    }
    if let Some(status) = status {
        lines.push(("size", status.size.to_string()));
        lines.push(("output", counted(status.offset.0, "byte")));
        if entry.phase == Phase::Running {
            let pids = status.pids;
            lines.push((
                "pids",
                format!("program {}, host {}, keeper {}", pids.child, pids.host, pids.keeper),
            ));
            for client in &status.clients {
                let role = if client.control { "controls" } else { "watches" };
                lines.push(("client", format!("{} (pid {}) {role}", client.name, client.pid)));
            }
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
