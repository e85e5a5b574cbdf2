//! `centerfire projects`: what belongs together, in figures.

use super::history::up_to_date;
use crate::context::Context;
use crate::fit;
use crate::term::{counted, one_line, say};
use crate::when::ago;
use conversation::project::{self, Need, Project, Summary};
use conversation::store::Store;
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
            None => table(&projects),
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

fn table(projects: &[Project]) {
    let width = projects.iter().map(|one| one.name.chars().count()).max().unwrap_or(0).clamp(7, 24);
    fit::say(&format!(
        "{:<width$}  {:>4}  {:>8}  {:>5}  {:>7}  {:>7}  {:>8}  {:>5}  ROOT",
        "PROJECT", "LAST", "SESSIONS", "TALKS", "HOURS", "TOKENS", "COST", "NEEDS"
    ));
    for one in projects {
        fit::say(&format!(
            "{:<width$}  {:>4}  {:>8}  {:>5}  {:>7.1}  {:>7}  {:>8}  {:>5}  {}",
            one_line(&one.name),
            one.last.map_or_else(|| "-".to_owned(), ago),
            one.sessions,
            one.conversations,
            hours(one.active_s),
            tokens(one.tokens),
            dollars(one.cost),
            one.needs.len(),
            one_line(&one.root),
        ));
    }
}

fn show(summary: &Summary) {
    let Summary { project, usage, files, failing, todos, recent, .. } = summary;
    say(format!("{}  {}  {}", one_line(&project.name), project.id, one_line(&project.root)));
    say(format!(
        "{} ({} running), {}, {:.1} hours, {} tokens, {} by the price list",
        counted(project.sessions, "session"),
        project.running,
        counted(project.conversations, "conversation"),
        hours(project.active_s),
        tokens(project.tokens),
        dollars(project.cost)
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
        files.iter().map(|file| format!("{:>5}  {}", file.times, within(&file.value, &project.root))),
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
    let what = need.kind.map_or_else(|| "blocked".to_owned(), |kind| format!("{kind:?}").to_lowercase());
    let tool = need.tool.as_deref().unwrap_or_default();
    format!("{:>4}  {}  {what}  {tool}", ago(need.since), need.name)
}

/// A path as it is below a folder.
fn within<'a>(path: &'a str, root: &str) -> &'a str {
    path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
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
