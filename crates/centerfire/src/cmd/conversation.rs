//! `centerfire conversation`: what was said and done in a session.

use super::projects::id_of;
use super::sink::Sink;
use crate::completion;
use crate::context::Context;
use crate::fit;
use crate::intake::{known_folder, up_to_date};
use crate::term::{one_line, plain_lines, say};
use crate::when::{ago, parse};
use crate::wrap;
use clap_complete::ArgValueCandidates;
use conversation::render;
use conversation::store::{Conversation, Filter, Store};
use protocol::{Phase, SessionId, Time};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Characters of a first prompt that the store has for a title.
const TITLE_CHARS: usize = 200;

/// Show what was said and done in a session: messages, tools and their results, what it took
///
/// It is read from the CLI's own records, which are copied before the CLI deletes them. Of a program that is no AI CLI that is
/// known it is read from the recording: what was typed, and what came back. In JSON each entry has its place in the
/// recording, as a session and an offset: `centerfire replay SESSION --from OFFSET` shows it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A session by name or id, or a conversation by the CLI's own id; without it the latest session
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// List conversations, the one that was held last first, of all sessions and of none
    #[arg(long, conflicts_with_all = ["session", "markdown", "html"])]
    list: bool,
    /// With --list: only those in this folder or below it
    #[arg(long, requires = "list", value_name = "PATH")]
    folder: Option<PathBuf>,
    /// With --list: only those of this project: its name, its id, or a folder of it
    #[arg(long, requires = "list")]
    project: Option<String>,
    /// With --list: so many at most
    #[arg(long, requires = "list", default_value_t = 50, value_name = "N")]
    limit: usize,
    /// With --list: not before this time, such as 2026-11-21 or 3d
    #[arg(long, requires = "list", value_name = "TIME", value_parser = parse)]
    since: Option<Time>,
    /// Write Markdown (the default)
    #[arg(long, conflicts_with = "html")]
    markdown: bool,
    /// Write a page that any browser shows
    #[arg(long)]
    html: bool,
    /// Write to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let store = up_to_date(context)?;
        if self.list {
            return self.list(context, &store);
        }
        let conversations = self.find(context, &store)?;
        let mut sink = Sink::open(self.output.as_deref())?;
        let mut told = Vec::new();
        for conversation in &conversations {
            let entries = store.entries(conversation.id)?;
            if context.json {
                let mut value = json!(conversation);
                value["resume"] = json!(resume(context, conversation));
                value["entries"] = json!(entries);
                told.push(value);
            } else if self.html {
                sink.write(render::html(conversation, &entries).as_bytes())?;
            } else {
                let mut text = render::markdown(conversation, &entries);
                if let Some(resume) = resume(context, conversation) {
                    let folder =
                        conversation.cwd.as_deref().map(|cwd| format!(" in {cwd}")).unwrap_or_default();
                    text.push_str(&format!("\n---\n\nTo take it up again{folder}:\n\n`{resume}`\n"));
                }
                sink.write(self.shown(text).as_bytes())?;
            }
        }
        if context.json {
            sink.write(json!(told).to_string().as_bytes())?;
            sink.write(b"\n")?;
        }
        sink.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    /// A text as its reader gets it: in a terminal in lines that fit. What was said must not act on that.
    fn shown(&self, text: String) -> String {
        match fit::cols().filter(|_| self.output.is_none()) {
            Some(cols) => wrap::prose(&plain_lines(&text), cols),
            None => text,
        }
    }

    /// The conversations of a session, or the one that is named.
    fn find(&self, context: &Context, store: &Store) -> anyhow::Result<Vec<Conversation>> {
        let entry = match context.find(self.session.as_deref()) {
            Ok(entry) => entry,
            Err(error) => {
                let named = match &self.session {
                    Some(name) if name.len() >= 4 => store.named(name)?,
                    _ => Vec::new(),
                };
                return if named.is_empty() { Err(error) } else { Ok(named) };
            }
        };
        let conversations = store.of_session(entry.meta.id)?;
        if conversations.is_empty() {
            let why = match adapter::of_command(&entry.meta.words()) {
                None => "nothing was shown or typed in it",
                Some(_) if entry.phase == Phase::Running => "its CLI has not written one down yet",
                Some(_) => "its CLI has written none down, or two ran in one folder at a time",
            };
            anyhow::bail!(
                "no conversation of session {}: {why}; `centerfire conversation --list` shows all there are",
                entry.name
            );
        }
        Ok(conversations)
    }

    fn list(&self, context: &Context, store: &Store) -> anyhow::Result<ExitCode> {
        let folder = self.folder.as_ref().map(|folder| known_folder(store, folder)).transpose()?;
        let project = self.project.as_ref().map(|project| id_of(context, store, project)).transpose()?;
        let filter = Filter { project, folder, since: self.since, ..Filter::default() };
        let conversations = store.conversations(&filter, self.limit)?;
        if conversations.is_empty() && !context.json {
            eprintln!(
                "{}",
                match filter == Filter::default() {
                    true =>
                        "no conversation; `centerfire import` takes in those that AI CLIs had on this machine",
                    false =>
                        "no conversation fits --folder, --project and --since; without them all are listed",
                }
            );
        }
        if context.json {
            say(json!(conversations));
        } else {
            table(&conversations);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The command that takes a conversation up again, where no session holds it now.
fn resume(context: &Context, conversation: &Conversation) -> Option<String> {
    let registry = context.registry();
    let runs =
        |id: &SessionId| registry.find(&id.to_string()).is_ok_and(|entry| entry.phase == Phase::Running);
    conversation.resume.clone().filter(|_| !conversation.sessions.iter().any(runs))
}

/// A table of them, its head first.
fn table(conversations: &[Conversation]) {
    if conversations.is_empty() {
        return;
    }
    let width = |text: &dyn Fn(&Conversation) -> usize, least: usize| {
        conversations.iter().map(text).max().unwrap_or(0).max(least)
    };
    let clis = width(&|one| one.cli.chars().count(), 3);
    let names = width(&|one| one_line(&one.name).chars().count(), 4);
    fit::say(&format!("{:<clis$}  {:>4}  {:>7}  {:<names$}  TITLE", "CLI", "AGE", "ENTRIES", "NAME"));
    for one in conversations {
        let title = one.title.as_deref().or(one.cwd.as_deref()).unwrap_or_default();
        fit::say(&format!(
            "{:<clis$}  {:>4}  {:>7}  {:<names$}  {}{}",
            one.cli,
            one.ended.map_or_else(|| "-".to_owned(), ago),
            one.entry_count,
            one_line(&one.name),
            one_line(&whole_words(title)),
            if one.made.as_ref().is_some_and(|made| made.is_title) { " (by a model)" } else { "" },
        ));
    }
}

/// A title whose end the store cut off, up to its last whole word and with a sign that there is more.
fn whole_words(title: &str) -> String {
    if title.chars().count() < TITLE_CHARS {
        return title.trim().to_owned();
    }
    let words = title.rsplit_once(char::is_whitespace).map_or(title, |(words, _)| words.trim_end());
    format!("{words}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_was_cut_ends_with_a_whole_word_and_says_so() {
        assert_eq!(whole_words(" mend the till "), "mend the till");
        let long = "word ".repeat(60);
        let cut: String = long.chars().take(TITLE_CHARS - 2).chain("wo".chars()).collect();
        let told = whole_words(&cut);
        assert!(told.ends_with("word…") && told.chars().count() < TITLE_CHARS, "{told}");
    }
}
