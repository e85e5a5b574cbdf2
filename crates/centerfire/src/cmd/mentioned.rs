//! `centerfire history`: where a file, an error, a command, a symbol or a decision comes up, and what became of it.

use super::history::up_to_date;
use crate::context::Context;
use crate::term::{one_line, paint, say};
use crate::when::{ago, parse};
use conversation::relations;
use conversation::store::{Asked, AskedRelations, Filter, Hit, Related};
use protocol::Time;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Entries and relations at most.
const LIMIT_MAX: u64 = 1_000;

/// Tell what became of a file, an error, a command, a symbol, or what was decided
///
/// What touched this file; where this error was met before, and which edits fixed it; when this command ran, and with what it
/// failed; which edits define this symbol; what was decided, and against what. Found in the conversations of all CLIs: a fix
/// is what was edited between a command's failure and its success, a decision an answer to a question of the agent, a plan
/// that was approved, or a sentence that begins by deciding.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire history src/main.rs\n  centerfire history --error 'cannot find value'\n  centerfire history --command 'cargo test' --since 3d\n  centerfire history --symbol parse_line --json\n  centerfire history --decisions --project ."
)]
pub(crate) struct Args {
    #[command(flatten)]
    what: What,
    /// Only in this folder or below it
    #[arg(long, value_name = "PATH")]
    project: Option<PathBuf>,
    /// Not before this time: 2026-11-21, 2026-11-21T09:30, or how long ago, such as 12h or 3d
    #[arg(long, value_name = "TIME", value_parser = parse)]
    since: Option<Time>,
    /// So many of each at most
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=LIMIT_MAX))]
    limit: u64,
}

/// One of these.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A file: its path, or the end of it
    file: Option<String>,
    /// An error that has these words in it
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// A command that has these words in it
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,
    /// A function, type or other name that edits define
    #[arg(long, value_name = "NAME")]
    symbol: Option<String>,
    /// What was decided
    #[arg(long)]
    decisions: bool,
    /// What was left to do
    #[arg(long)]
    todos: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let mut store = up_to_date(context)?;
        // Whoever wrote last has the lock, and looks for it.
        if store.may_write() {
            relations::catch_up(&mut store, &|| false)?;
        }
        let left = store.to_read_again()?;
        if left > 0 {
            crate::exit::warn(&format!(
                "{left} entries from before an upgrade are still being read again; ask again in a while"
            ));
        }
        let (mentions, relations) = self.asked()?;
        let limit = self.limit as usize;
        let (entries, relations) = (store.mentioning(&mentions, limit)?, store.related(&relations, limit)?);
        if context.json {
            say(json!({ "entries": entries, "relations": relations }));
        } else {
            relations.iter().for_each(tell);
            entries.iter().for_each(print);
            if entries.is_empty() {
                eprintln!("nothing found");
            }
        }
        // As grep has it, so that scripts can ask.
        Ok(if entries.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn asked(&self) -> anyhow::Result<(Asked, AskedRelations)> {
        let folder = self.project.as_ref().map(std::path::absolute).transpose()?;
        let folder = folder.map(|folder| folder.to_string_lossy().trim_end_matches("/.").to_owned());
        let filter = Filter { folder, since: self.since, ..Filter::default() };
        let value = self.what.file.as_deref().or(self.what.symbol.as_deref());
        let value = value.map(|value| value.trim_start_matches("./").to_owned());
        let contains = self.what.error.as_deref().map(conversation::extract::error_line);
        let contains = contains.or(self.what.command.clone());
        let kind = match self.what {
            What { error: Some(_), .. } => "error",
            What { command: Some(_), .. } => "command",
            What { symbol: Some(_), .. } => "symbol",
            What { decisions: true, .. } => "decision",
            What { todos: true, .. } => "todo",
            _ => "file",
        };
        let (kind, of) = (Some(kind.to_owned()), Some(kind.to_owned()));
        let relations = AskedRelations {
            kind: None,
            of,
            value: value.clone(),
            contains: contains.clone(),
            filter: filter.clone(),
        };
        Ok((Asked { kind, value, contains, entry: None, filter }, relations))
    }
}

/// What kinds of relations say in words.
fn says(kind: &str) -> String {
    kind.replace('_', " ")
}

fn tell(related: &Related) {
    let Related { from, kind, to, at } = related;
    let head = format!("{} ago  {} {}", ago(at.time), at.cli, one_line(&at.conversation));
    say(paint(&head, "2"));
    let (from, to) = (one_line(&from.value), one_line(&to.value));
    say(format!("  {from} {} {to}", paint(&says(kind), "1;33")));
}

fn print(hit: &Hit) {
    let place = match &hit.place {
        Some(place) => format!("  replay {} --from {}", place.session.short(), place.offset),
        None => String::new(),
    };
    let about = one_line(hit.title.as_deref().or(hit.cwd.as_deref()).unwrap_or_default());
    let by = if hit.said_by.is_some() { "  (by a model)" } else { "" };
    let head = format!("{} ago  {}  {} {}  {about}{place}{by}", ago(hit.time), hit.cli, hit.role, hit.kind);
    say(paint(&head, "2"));
    say(format!("  {}", one_line(&hit.snippet)));
}
