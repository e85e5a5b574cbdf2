//! `centerfire list`: all sessions at a glance.

use super::held::{self, Held};
use crate::context::Context;
use crate::fit;
use crate::table::{self, Cell, Column, Fit};
use crate::term::{one_line, say};
use crate::when::ago;
use conversation::store::Brief;
use protocol::Phase;
use serde_json::{Value, json};
use session::registry::Entry;
use session::summary::{describe, state_word};
use std::process::ExitCode;

/// List sessions: those that run, or all
///
/// In a terminal the columns that fit are shown, NAME, STATE and AGE always; in a pipe all of them, whole. RESUME is the command
/// that takes up the conversation of a session that ended, in FOLDER.
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
        let held = Held::open(context);
        if context.json {
            let all: Vec<Value> = entries.iter().map(|entry| told(entry, &held)).collect();
            say(json!(all));
        } else if entries.is_empty() {
            let past = if self.all { "" } else { ", `centerfire list --all` shows the past" };
            let none = if self.all { "there is no session yet" } else { "no session runs" };
            eprintln!("{none}; `centerfire run -- claude` starts one{past}");
        } else {
            print_table(&entries, &held);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn told(entry: &Entry, held: &Held) -> Value {
    let mut value = describe(entry, entry.status.as_ref());
    held::add(&mut value, entry, held.of(entry).as_ref());
    value
}

/// What is told of a session, in the order of the columns.
const COLUMNS: [Column; 9] = [
    Column::new("NAME", 0, 12, 32, Fit::Text),
    Column::new("STATE", 1, 8, 24, Fit::Text),
    Column::new("AGE", 2, 4, 8, Fit::Figure),
    Column::new("CLIENTS", 7, 7, 7, Fit::Text),
    Column::new("ID", 6, 13, 13, Fit::Text),
    Column::new("FOLDER", 4, 12, 40, Fit::Path),
    Column::new("TITLE", 3, 16, 80, Fit::Text),
    // A command that lacks its end is worth nothing.
    Column::new("RESUME", 8, usize::MAX, usize::MAX, Fit::Text),
    Column::new("COMMAND", 5, 8, usize::MAX, Fit::Text),
];

fn print_table(entries: &[Entry], held: &Held) {
    let rows: Vec<_> = entries.iter().map(|entry| row(entry, held.of(entry).as_ref())).collect();
    let lines = table::lines(&COLUMNS, &rows, fit::cols());
    lines.iter().for_each(say);
    let has_resume = rows.iter().any(|row| !row[7].text.is_empty());
    if has_resume && !lines[0].contains("RESUME") {
        eprintln!("`centerfire show NAME` tells how to resume one that ended");
    }
}

fn row(entry: &Entry, brief: Option<&Brief>) -> [Cell; 9] {
    let status = entry.status.as_ref();
    let state = state_word(entry, status);
    let clients = status.filter(|_| entry.phase == Phase::Running).map_or(0, |status| status.clients.len());
    let sgr = Some(colour(&state));
    [
        one_line(&entry.name).into(),
        Cell { text: state, sgr },
        ago(entry.meta.created).into(),
        if clients == 0 { "-".to_owned() } else { clients.to_string() }.into(),
        entry.meta.id.short().to_string().into(),
        one_line(&fit::from_home(&entry.meta.cwd)).into(),
        held::title(entry, brief).into(),
        one_line(&held::resume(entry, brief).unwrap_or_default()).into(),
        one_line(&entry.meta.command.join(" ")).into(),
    ]
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
