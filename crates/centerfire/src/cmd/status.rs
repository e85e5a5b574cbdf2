//! `centerfire status`: the instance at a glance.

use crate::context::Context;
use crate::term;
use protocol::Phase;
use serde_json::json;
use session::summary::state_word;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Show the instance: its folders, sessions by state, disk use, terminals in use
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let home = &context.home;
        let (mut running, mut ended, mut unreadable) = (0, 0, 0);
        let mut states: BTreeMap<String, u64> = BTreeMap::new();
        for entry in context.registry().list()? {
            let Ok(entry) = entry else {
                unreadable += 1;
                continue;
            };
            *if entry.phase == Phase::Running { &mut running } else { &mut ended } += 1;
            let state = match entry.phase {
                Phase::Running => state_word(&entry, entry.status.as_ref()),
                Phase::Exited => "exited".to_owned(),
                Phase::Lost => "lost".to_owned(),
            };
            *states.entry(state).or_default() += 1;
        }
        let bytes = session::folder::disk_bytes(&home.sessions());
        let free = free_bytes(context);
        let ptys = ptys();
        let value = json!({
            "state": home.state, "sockets": home.runtime, "config": context.loaded.file,
            "sessions": { "running": running, "ended": ended, "unreadable": unreadable, "by_state": states },
            "disk": { "bytes": bytes, "free_bytes": free },
            "ptys": ptys.map(|(used, max)| json!({ "used": used, "max": max })),
            "version": env!("CARGO_PKG_VERSION"),
        });
        context.say(&value, || {
            let by_state: Vec<_> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
            let by_state = if by_state.is_empty() { "none".to_owned() } else { by_state.join(", ") };
            let mut lines = vec![
                format!("state     {}", home.state.display()),
                format!("sockets   {}", home.runtime.display()),
                format!("config    {}", context.loaded.file.display()),
                format!("sessions  {by_state}"),
                format!("disk      {} used, {} free", term::bytes(bytes), term::bytes(free)),
            ];
            if let Some((used, max)) = ptys {
                lines.push(format!("ptys      {used} of {max} in use on this machine"));
            }
            if unreadable > 0 {
                lines.push(format!("unreadable {unreadable}; `centerfire doctor` says why"));
            }
            lines.join("\n")
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// Bytes free for us where sessions lie, or will.
pub(crate) fn free_bytes(context: &Context) -> u64 {
    let there = context.home.state.ancestors().find(|folder| folder.exists());
    let facts = there.and_then(|folder| rustix::fs::statvfs(folder).ok());
    facts.map_or(0, |facts| facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// Pseudo-terminals in use and how many there may be, where the system tells.
pub(crate) fn ptys() -> Option<(u64, u64)> {
    let number = |name: &str| {
        std::fs::read_to_string(format!("/proc/sys/kernel/pty/{name}")).ok()?.trim().parse::<u64>().ok()
    };
    Some((number("nr")?, number("max")?))
}
