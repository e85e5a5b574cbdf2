//! `centerfire projects`: what belongs together, in figures.

use crate::context::Context;
use crate::fit;
use crate::intake::up_to_date;
use crate::term::{counted, one_line, say};
use crate::when::ago;
use conversation::project::{self, Need, Project, Summary};
use conversation::store::{Mentioned, Store};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// List projects: how much was said and done in each, for how long, what it cost, what waits for you
///
/// A folder belongs to its git repository, and a worktree to the one that it was made from; else to the nearest folder above
/// with a manifest such as Cargo.toml or package.json; else it stands for itself. What was known of a folder stays known when
/// it is gone. Costs are by the price list.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire projects\n  centerfire projects show .\n  centerfire search --project . timeout"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show one: its files, the commands that fail, its days and cost, what waits, its latest conversations
    Show {
        /// Its name, its id or the beginning of it, or a folder
        project: String,
    },
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let store = up_to_date(context)?;
        let projects = all(context, &store)?;
        match self.what {
            Some(What::Show { project }) => {
                let summary = project::summary(&store, one(projects, &project)?)?;
                if context.json { say(json!(summary)) } else { show(&summary) }
            }
            None if context.json => say(json!(projects)),
            None if projects.is_empty() => {
                eprintln!("no project; `centerfire import` takes in what AI CLIs did on this machine");
            }
            None => table(&projects, fit::cols()).iter().for_each(|line| fit::say(line)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The id of a project that is named on a command line.
pub(super) fn id_of(context: &Context, store: &Store, named: &str) -> anyhow::Result<String> {
    Ok(one(all(context, store)?, named)?.id)
}

fn all(context: &Context, store: &Store) -> anyhow::Result<Vec<Project>> {
    let sessions: Vec<_> = context.registry().list()?.into_iter().flatten().collect();
    Ok(project::list(store, &sessions)?)
}

/// The project of a name, an id, or a folder.
fn one(projects: Vec<Project>, named: &str) -> anyhow::Result<Project> {
    let is_folder = named.contains('/') || matches!(named, "." | "..");
    let key = is_folder.then(|| std::path::absolute(Path::new(named))).transpose()?;
    let key = key.and_then(|folder| Some(project::key(&project::detect(&folder)?.root)));
    let fits = |one: &Project| match &key {
        Some(key) => one.id == *key,
        None => one.name == named || one.id.starts_with(named),
    };
    let mut found: Vec<Project> = projects.into_iter().filter(fits).collect();
    match found.len() {
        0 => anyhow::bail!("no project {named}; `centerfire projects` lists all"),
        1 => Ok(found.remove(0)),
        _ => {
            let roots: Vec<&str> = found.iter().map(|one| one.root.as_str()).take(3).collect();
            anyhow::bail!("{} are called {named}: {}; say which by its folder", found.len(), roots.join(", "))
        }
    }
}

/// A column of the table: its head, and how many characters it takes.
type Column = (&'static str, usize, fn(&Project) -> String);

/// The columns that are left out of a narrow terminal, the first of them last.
const COLUMNS: [Column; 5] = [
    ("COST", 9, cost),
    ("TALKS", 5, |one| one.conversations.to_string()),
    ("SESSIONS", 8, |one| one.sessions.to_string()),
    ("HOURS", 7, |one| format!("{:.1}", hours(one.active_s))),
    ("TOKENS", 7, |one| tokens(one.tokens)),
];
/// Characters that the place of a project has at least.
const ROOT_LEAST: usize = 20;

/// The table's lines for a terminal of so many columns, or for none.
fn table(projects: &[Project], cols: Option<usize>) -> Vec<String> {
    let width = projects.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).clamp(7, 24);
    let always = width + "  NEEDS  LAST  ".len();
    let mut columns = COLUMNS.to_vec();
    let taken = |columns: &[Column]| always + columns.iter().map(|(_, width, _)| width + 2).sum::<usize>();
    while cols.is_some_and(|cols| taken(&columns) + ROOT_LEAST > cols) && columns.pop().is_some() {}
    let room = cols.map(|cols| cols.saturating_sub(taken(&columns)).max(ROOT_LEAST));
    let line = |name: &str, last: &str, needs: &str, cells: Vec<String>, root: &str| {
        let cells: String =
            cells.iter().zip(&columns).map(|(cell, (_, width, _))| format!("{cell:>width$}  ")).collect();
        format!("{name:<width$}  {last:>4}  {needs:>5}  {cells}{root}")
    };
    let heads = columns.iter().map(|(head, ..)| (*head).to_owned()).collect();
    let mut lines = vec![line("PROJECT", "LAST", "NEEDS", heads, "ROOT")];
    lines.extend(projects.iter().map(|one| {
        let root = one_line(&one.root);
        let root = room.map_or(root.clone(), |room| fit::cut_path(&root, room));
        let last = one.last.map_or_else(|| "-".to_owned(), ago);
        let cells = columns.iter().map(|(_, _, cell)| cell(one)).collect();
        line(&one_line(&one.name), &last, &one.needs.len().to_string(), cells, &root)
    }));
    lines
}

fn show(summary: &Summary) {
    let Summary { project, usage, files, failing, todos, recent, .. } = summary;
    say(format!("{}  {}  {}", one_line(&project.name), project.id, one_line(&project.root)));
    say(format!(
        "{} ({} running), {}, {:.1} hours, {} tokens, {} by the price list{}",
        counted(project.sessions, "session"),
        project.running,
        counted(project.conversations, "conversation"),
        hours(project.active_s),
        tokens(project.tokens),
        cost(project),
        lacking(&project.unpriced)
    ));
    part("Waits for you", project.needs.iter().map(need));
    part(
        "By model",
        usage.iter().map(|total| {
            let cost = total.cost.map_or_else(|| "no price".to_owned(), dollars);
            let taken = tokens(total.usage.context() + total.usage.output);
            format!("{:>8}  {taken:>7} tokens  {:>5} requests  {}", cost, total.requests, total.model)
        }),
    );
    part(
        "Files most touched",
        touched(files).into_iter().map(|(path, read, written)| {
            format!("{read:>5} read  {written:>5} edited  {}", within(path, &project.root))
        }),
    );
    part(
        "Commands that failed",
        failing.iter().map(|one| format!("{:>2} of {:<3}  {}", one.failed, one.runs, one.command)),
    );
    part("Left to do", todos.iter().map(|todo| todo.value.clone()));
    part(
        "Latest conversations",
        recent.iter().map(|one| {
            let when = one.ended.map_or_else(|| "-".to_owned(), ago);
            format!("{when:>4}  {:<8}  {}  {}", one.cli, one.name, one.title.as_deref().unwrap_or_default())
        }),
    );
}

fn part(title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        say(format!("\n{title}"));
        lines.for_each(|line| fit::say(&format!("  {}", one_line(&line))));
    }
}

fn need(need: &Need) -> String {
    let what = need.kind.map_or_else(|| format!("{:?}", need.state), |kind| format!("{kind:?}"));
    let (what, tool) = (what.to_lowercase(), need.tool.as_deref().unwrap_or_default());
    format!("{:>4}  {}  {what}  {tool}", ago(need.since), need.name).trim_end().to_owned()
}

/// Each file once, with how often it was read and edited, the one that was touched most first.
fn touched(files: &[Mentioned]) -> Vec<(&str, u64, u64)> {
    let mut all: Vec<(&str, u64, u64)> = Vec::new();
    for file in files {
        let at = all.iter().position(|(path, ..)| *path == file.value).unwrap_or_else(|| {
            all.push((&file.value, 0, 0));
            all.len() - 1
        });
        match file.kind.as_str() {
            "file_read" => all[at].1 += file.times,
            _ => all[at].2 += file.times,
        }
    }
    all.sort_by_key(|(_, read, written)| std::cmp::Reverse(read + written));
    all
}

/// A path as it is below a folder.
fn within<'a>(path: &'a str, root: &str) -> &'a str {
    path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}

/// What a project cost at least, where some of its models have no price.
fn cost(project: &Project) -> String {
    match (project.unpriced.is_empty(), project.cost) {
        (true, cost) => dollars(cost),
        (false, 0) => "no price".to_owned(),
        (false, cost) => format!("≥ {}", dollars(cost)),
    }
}

/// The models that a cost is without.
fn lacking(unpriced: &[String]) -> String {
    match unpriced {
        [] => String::new(),
        models => format!(", which has no price of {}", models.join(", ")),
    }
}

fn hours(seconds: u64) -> f64 {
    seconds as f64 / 3600.0
}

/// Millionths of a dollar, for people.
pub(super) fn dollars(cost: u64) -> String {
    format!("${:.2}", cost as f64 / 1e6)
}

/// Tokens, for people.
pub(super) fn tokens(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{:.1}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use conversation::project::{Detected, Kind};

    #[test]
    fn a_narrow_terminal_has_what_is_needed_and_the_end_of_each_path() {
        let root = "/home/user/work/customers/till".into();
        let project = Project::of(&Detected { root, kind: Kind::Git });
        let lines = table(&[project], Some(60));
        assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:?}");
        assert!(lines[0].contains("NEEDS") && lines[0].contains("ROOT"), "{lines:?}");
        assert!(lines[1].ends_with("/till") && lines[1].starts_with("till "), "{lines:?}");
        assert!(lines[1].contains('…'), "{lines:?}");
        let whole = table(&[], None);
        assert!(COLUMNS.iter().all(|(head, ..)| whole[0].contains(head)), "{whole:?}");
    }

    #[test]
    fn a_file_that_was_read_and_edited_is_one() {
        let file = |kind: &str, value: &str, times| Mentioned {
            kind: kind.to_owned(),
            value: value.to_owned(),
            times,
            conversations: 1,
            last: 1,
            said_by: None,
        };
        let files = [file("file_read", "a", 3), file("file_read", "b", 2), file("file_written", "b", 2)];
        assert_eq!(touched(&files), [("b", 2, 2), ("a", 3, 0)]);
    }
}
