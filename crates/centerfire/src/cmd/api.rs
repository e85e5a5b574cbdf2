//! `centerfire api`: what a session's CLI and its model's server said to each other.

use crate::completion;
use crate::context::Context;
use crate::term::{one_line, say};
use clap_complete::ArgValueCandidates;
use gateway::tap::record::{Record, read};
use serde_json::json;
use std::process::ExitCode;

/// List the requests that a tapped session made to its model: status, time and tokens of each
///
/// `centerfire run --tap -- claude` keeps them, one line each, in `api.jsonl` of the session's folder. Bodies are kept only with
/// `tap.bodies`, in `api-bodies.jsonl`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire run --tap -- claude\n  centerfire api claude --json")]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let records = read(&entry.folder.api())?;
        if context.json {
            say(json!(records));
        } else if records.is_empty() {
            eprintln!("`{}` has no requests; `centerfire run --tap -- claude` keeps them", entry.name);
        } else {
            say(format!(
                "{:<24}  {:>6}  {:>8}  {:>8}  {:>7}  {:>6}  MODEL",
                "TIME", "STATUS", "FIRST MS", "ALL MS", "IN", "OUT"
            ));
            records.iter().for_each(|record| say(line(record)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(record: &Record) -> String {
    let or_none = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let usage = record.usage.unwrap_or_default();
    let read = usage.context();
    let mut line = format!(
        "{:<24}  {:>6}  {:>8}  {:>8}  {:>7}  {:>6}  {}",
        format!("{:.3}", record.time.utc()),
        or_none(record.status.map(u64::from)),
        or_none(record.first_byte_ms),
        record.took_ms,
        read,
        usage.output,
        one_line(record.model.as_deref().unwrap_or(&record.path)),
    );
    if record.outcome != "whole" {
        line += &format!("  {}", record.outcome.replace('_', " "));
    }
    if let Some(error) = &record.error {
        line += &format!("  {}", one_line(&format!("{}: {}", error.kind, error.message)));
    }
    if record.missed > 0 {
        line += &format!("  ({} before it are missing)", record.missed);
    }
    line
}
