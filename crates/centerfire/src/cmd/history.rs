//! `centerfire history`: where a file, an error, a command, a symbol or a decision comes up, and what became of it.

use super::found;
use crate::context::Context;
use crate::intake::{known_folder, up_to_date};
use crate::term::{one_line, paint, say};
use crate::when::parse;
use conversation::relations;
use conversation::store::{Asked, AskedRelations, Filter, Hit, Related, Store};
use protocol::Time;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Entries and relations at most.
const LIMIT_MAX: u64 = 1_000;
/// Options that a decision may have been against, and files that it may be about.
const OPTIONS_MAX: usize = 20;

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
        let (mentions, relations) = self.asked(&store)?;
        let limit = self.limit as usize;
        // A decision is told with all that it was against.
        let each = if self.what.decisions && !context.json { OPTIONS_MAX } else { 1 };
        let entries = store.mentioning(&mentions, limit)?;
        let relations = store.related(&relations, limit * each)?;
        if context.json {
            say(json!({ "entries": entries, "relations": relations }));
        } else {
            match self.what {
                What { decisions: true, .. } => decided(&entries, &relations),
                What { file: Some(_), .. } => {
                    part("What became of it", relations.iter().map(tell));
                    part("Where it was touched", touched(&store, &mentions, limit)?.iter().map(touch));
                }
                _ => {
                    part("What became of it", relations.iter().map(tell));
                    part("Where it came up", entries.iter().map(print));
                }
            }
            if entries.is_empty() {
                eprintln!("nothing found");
            }
        }
        // As grep has it, so that scripts can ask.
        Ok(if entries.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn asked(&self, store: &Store) -> anyhow::Result<(Asked, AskedRelations)> {
        let folder = self.project.as_ref().map(|folder| known_folder(store, folder)).transpose()?;
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

/// Lines under a heading, where there are any.
fn part(title: &str, lines: impl ExactSizeIterator<Item = ()>) {
    if lines.len() > 0 {
        say(paint(title, "1"));
        lines.for_each(drop);
    }
}

fn tell(related: &Related) {
    let Related { from, kind, to, at } = related;
    let (from, to) = (one_line(&from.value), one_line(&to.value));
    let words = format!("{from} {} {to}", paint(&says(kind), "1;33"));
    found::print(at, &format!("{} {}", at.role, at.kind), "", &words);
}

fn print(hit: &Hit) {
    found::print(hit, &format!("{} {}", hit.role, hit.kind), by(hit), &one_line(&hit.snippet));
}

/// Who says so, where it is not who spoke.
fn by(hit: &Hit) -> &'static str {
    if hit.said_by.is_some() { "  (by a model)" } else { "" }
}

/// Each entry that read the file or changed it, the latest first.
fn touched(store: &Store, asked: &Asked, limit: usize) -> anyhow::Result<Vec<(&'static str, Hit)>> {
    let mut all = Vec::new();
    for (kind, says) in [("file_read", "read"), ("file_written", "edited")] {
        let asked = Asked { kind: Some(kind.to_owned()), ..asked.clone() };
        all.extend(store.mentioning(&asked, limit)?.into_iter().map(|hit| (says, hit)));
    }
    all.sort_by_key(|(_, hit)| std::cmp::Reverse(hit.time));
    all.truncate(limit);
    Ok(all)
}

fn touch((says, hit): &(&str, Hit)) {
    found::print(hit, says, by(hit), &one_line(&hit.snippet));
}

/// Each decision once, with what it was against.
fn decided(entries: &[Hit], relations: &[Related]) {
    for hit in entries {
        let of_it = |related: &&Related| {
            related.kind == "instead_of" && related.at.entry == hit.entry && related.from.value == hit.snippet
        };
        let options = relations.iter().filter(of_it).map(|related| related.to.value.as_str());
        let words = with_rejected(&hit.snippet, options);
        found::print(hit, "decided", by(hit), &one_line(&words));
    }
}

/// A decision, and what of the other options it does not say itself.
fn with_rejected<'a>(decision: &str, options: impl Iterator<Item = &'a str>) -> String {
    let said = decision.to_lowercase();
    let rejected: Vec<&str> = options.filter(|option| !said.contains(&option.to_lowercase())).collect();
    if rejected.is_empty() {
        return decision.to_owned();
    }
    format!("{decision}, instead of {}", rejected.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_decision_says_itself_is_not_said_again() {
        let told = |decision, options: &[&str]| with_rejected(decision, options.iter().copied());
        assert_eq!(told("use SQLite instead of Postgres", &["Postgres"]), "use SQLite instead of Postgres");
        assert_eq!(
            told("Which db? SQLite", &["Redis", "Postgres"]),
            "Which db? SQLite, instead of Redis, Postgres"
        );
        assert_eq!(told("approved: the plan", &[]), "approved: the plan");
    }
}
