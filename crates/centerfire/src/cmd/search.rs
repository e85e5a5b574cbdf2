//! `centerfire search`: finds what was said and done, in all conversations of all CLIs.

use super::found;
use super::projects::id_of;
use crate::completion;
use crate::context::Context;
use crate::exit::Usage;
use crate::intake::{known_folder, make_vectors, meaning, up_to_date};
use crate::term::{one_line, paint, say};
use crate::when::parse;
use clap_complete::ArgValueCandidates;
use conversation::search::{self, Mode};
use conversation::store::{By, Filter, Hit, Store};
use protocol::Time;
use serde_json::json;
use session::nearest::did_you_mean;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Hits at most.
const LIMIT_MAX: u64 = 1_000;
/// For entries that came since the last time, before who asks is kept waiting for their vectors.
const VECTORS_WITHIN: Duration = Duration::from_secs(1);

/// Search everything that was said and done
///
/// Where a model is installed (`centerfire models`), by what it means as well: ask in your own words. Titles and summaries that a
/// model made (`centerfire jobs`) are searched, too, and marked as that.
///
/// Words are all to be there; "several words" in this order; begin* for a beginning; -word, behind --, for one that must not be there.
/// What is no word, such as foo::bar( or ->, is found letter by letter. Secrets are never found: they are masked before.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire search connection refused --since 3d\n  centerfire search '\"exit code\"' --role tool\n  centerfire search error --command 'cargo test'\n  centerfire search --mode meaning why did the build get slower\n  centerfire search --folder . -- retry -timeout"
)]
pub(crate) struct Args {
    /// What to search for
    #[arg(required = true)]
    query: Vec<String>,
    /// Find by words, by what they mean, or both; without it both, where a model is installed
    #[arg(long, value_name = "MODE")]
    mode: Option<How>,
    /// Only conversations of this CLI: claude, codex, …
    #[arg(long)]
    cli: Option<String>,
    /// Only in this folder or below it
    #[arg(long, value_name = "PATH")]
    folder: Option<PathBuf>,
    /// Only of this project: its name, its id, or a folder of it
    #[arg(long)]
    project: Option<String>,
    /// Only what was said in this session
    #[arg(long, add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// Only of this speaker
    #[arg(long, value_parser = ["user", "assistant", "tool", "system"])]
    role: Option<String>,
    /// Only entries of this kind, or what a model made of conversations: summary, decision, todo
    #[arg(long, value_parser = ["message", "thinking", "tool_call", "tool_result", "compaction", "failure", "notice", "unknown", "summary", "decision", "todo"])]
    kind: Option<String>,
    /// Only calls of this tool
    #[arg(long)]
    tool: Option<String>,
    /// Only what is about this file: its path, or the end of it
    #[arg(long, value_name = "PATH")]
    file: Option<String>,
    /// Only commands with these words, and what they gave
    #[arg(long, value_name = "WORDS")]
    command: Option<String>,
    /// Not before this time: 2026-11-21, 2026-11-21T09:30, or how long ago, such as 12h or 3d
    #[arg(long, value_name = "TIME", value_parser = parse)]
    since: Option<Time>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = parse)]
    until: Option<Time>,
    /// So many hits at most
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
    limit: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum How {
    Words,
    Meaning,
    Both,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let session = self.session.as_deref().map(|name| context.registry().find(name)).transpose()?;
        let mut store = up_to_date(context)?;
        if let Some(cli) = &self.cli {
            known_cli(&store, cli)?;
        }
        let folder = self.folder.map(|folder| known_folder(&store, &folder)).transpose()?;
        let project = self.project.map(|project| id_of(context, &store, &project)).transpose()?;
        let filter = Filter {
            cli: self.cli,
            project,
            folder,
            session: session.map(|entry| entry.meta.id),
            role: self.role,
            kind: self.kind,
            tool: self.tool,
            file: self.file,
            command: self.command,
            since: self.since,
            until: self.until,
        };
        let mode = self.mode.map(|mode| match mode {
            How::Words => Mode::Words,
            How::Meaning => Mode::Meaning,
            How::Both => Mode::Both,
        });
        let meaning = meaning(context)?;
        if mode != Some(Mode::Words) {
            // What is wrong with the model is told by the search.
            let _ = make_vectors(context, &mut store, &meaning, Some(VECTORS_WITHIN));
        }
        let query = self.query.join(" ");
        let answer = search::search(&store, &meaning, &query, &filter, mode, self.limit as usize)?;
        if let Some(note) = &answer.note {
            eprintln!("centerfire: {note}");
        }
        let hits = answer.hits;
        if context.json {
            say(json!(hits));
        } else {
            hits.iter().for_each(print);
            if hits.is_empty() {
                eprintln!("nothing found");
            }
        }
        // As grep has it, so that scripts can ask.
        Ok(if hits.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// Refuses a CLI of which nothing can be there. What was captured elsewhere may be of any.
fn known_cli(store: &Store, cli: &str) -> anyhow::Result<()> {
    let filter = Filter { cli: Some(cli.to_owned()), ..Filter::default() };
    if adapter::by_name(cli).is_some() || !store.conversations(&filter, 1)?.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = adapter::ADAPTERS.iter().map(|adapter| adapter.name()).collect();
    let near = did_you_mean(cli, known.iter().copied());
    Err(Usage(format!("no such CLI: {cli}{near}; known are {}", known.join(", "))).into())
}

fn print(hit: &Hit) {
    let of_model = if hit.said_by.is_some() { " (by a model)" } else { "" };
    let by = if hit.found_by == Some(By::Meaning) { "  by meaning" } else { "" };
    // What was looked for stands between two control characters, which nothing else of it keeps.
    let mut line = String::new();
    for (number, part) in hit.snippet.split(['\u{2}', '\u{3}']).enumerate() {
        let part = one_line(part);
        line += &if number % 2 == 1 { paint(&part, "1;33") } else { part };
    }
    found::print(hit, &format!("{} {}", hit.role, hit.kind), &format!("{of_model}{by}"), &line);
}
