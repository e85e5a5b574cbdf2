//! `centerfire list`: all sessions at a glance.

use crate::context::Context;
use crate::fit;
use crate::term::{one_line, paint, say};
use crate::when::ago;
use protocol::Phase;
use serde_json::{Value, json};
use session::registry::Entry;
use session::summary::{describe, state_word};
use std::process::ExitCode;

/// List sessions: those that run, or all
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also those that ended
    #[arg(long, short)]
    all: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut entries = Vec::new();
        for entry in context.registry().list()? {
            match entry {
                Ok(entry) if self.all || entry.phase == Phase::Running => entries.push(entry),
                Ok(_) => {}
                Err(error) => eprintln!("centerfire: {error}"),
            }
        }
        if context.json {
            let all: Vec<Value> =
                entries.iter().map(|entry| describe(entry, entry.status.as_ref())).collect();
            say(json!(all));
        } else if entries.is_empty() {
            let past = if self.all { "" } else { ", `centerfire list --all` shows the past" };
            let none = if self.all { "there is no session yet" } else { "no session runs" };
            eprintln!("{none}; `centerfire run -- claude` starts one{past}");
        } else {
            print_table(&entries);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_table(entries: &[Entry]) {
    let width = entries.iter().map(|entry| entry.name.chars().count()).max().unwrap_or(0).max(4);
    let state_width = entries.iter().map(|entry| state_word(entry, entry.status.as_ref()).len()).max();
    let state_width = state_width.unwrap_or(0).max(10);
    fit::say(&format!(
        "{:<width$}  {:<state_width$}  {:>4}  {:<7}  {:<13}  COMMAND",
        "NAME", "STATE", "AGE", "CLIENTS", "ID"
    ));
    for entry in entries {
        let status = entry.status.as_ref();
        let state = state_word(entry, status);
        let clients =
            status.filter(|_| entry.phase == Phase::Running).map_or(0, |status| status.clients.len());
        fit::say(&format!(
            "{:<width$}  {}  {:>4}  {:<7}  {:<13}  {}",
            entry.name,
            paint(&format!("{state:<state_width$}"), colour(&state)),
            ago(entry.meta.created),
            if clients == 0 { "-".to_owned() } else { clients.to_string() },
            entry.meta.id.short(),
            one_line(&entry.meta.command.join(" ")),
        ));
    }
}

fn colour(state: &str) -> &'static str {
    match state {
        "blocked" | "error" | "limit" | "lost" => "31",
        "working" | "starting" => "33",
        "idle" | "done" => "32",
        "running" => "36",
        _ => "2",
    }
}
