//! `centerfire context`: the history of a project, as much as fits.

use crate::completion;
use crate::context::Context;
use crate::intake::{known_folder, up_to_date};
use crate::term::{one_line, plain_lines, say};
use anyhow::Context as _;
use clap_complete::ArgValueCandidates;
use conversation::context::{Wanted, assemble};
use conversation::project::{Project, detect};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Tokens at most.
const BUDGET_MAX: u64 = 1_000_000;

/// Write down what was done in a project, within a number of tokens: for the model of the next conversation
///
/// What was said last, what is found for a query, what was decided and left to do, errors that came, and files that were touched
/// most; each line says where it is from. It never has more tokens than the budget, by an estimate on the safe side, and the
/// same history always gives the same text. Secrets are masked.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire context --cwd . --budget 4000\n  centerfire context claude retry timeout\nIn Claude Code or Codex by itself:  centerfire run --restore-context -- claude"
)]
pub(crate) struct Args {
    /// A session, whose conversation comes first; without it the latest, or with --cwd none
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// What to look for; without it, what the session's user said last
    query: Vec<String>,
    /// The project of this folder, and of no session: then all words are what to look for
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Tokens at most
    #[arg(long, value_name = "TOKENS", default_value_t = 4000, value_parser = clap::value_parser!(u64).range(1..=BUDGET_MAX))]
    budget: u64,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let store = up_to_date(context)?;
        let mut query = self.query;
        let (folder, session) = match self.cwd {
            Some(cwd) => {
                query.splice(0..0, self.session);
                (PathBuf::from(known_folder(&store, &cwd)?), None)
            }
            None => {
                let entry = context.find(self.session.as_deref()).map_err(|error| match &self.session {
                    Some(word) => error.context(format!(
                        "the first word is a session, unless a folder is named (`centerfire context --cwd . {word}`)"
                    )),
                    None => error,
                })?;
                (entry.meta.folder(), Some(entry.meta.id))
            }
        };
        let project = store.project_of(&folder)?.or_else(|| Some(Project::of(&detect(&folder)?)));
        let nowhere = || "it is not known where this recording of others was made: name a folder with --cwd";
        let wanted = Wanted {
            project: project.with_context(nowhere)?,
            session,
            query: Some(query.join(" ")).filter(|query| !query.trim().is_empty()),
            budget: self.budget,
            conversation: None,
            is_known: false,
            bytes_max: None,
        };
        let found = assemble(&store, &wanted)?;
        if context.json {
            say(json!(found));
        } else if found.text.is_empty() {
            eprintln!(
                "nothing is known of {} that fits; `centerfire projects` lists what is",
                one_line(&folder.display().to_string())
            );
        } else {
            say(plain_lines(&found.text));
        }
        Ok(ExitCode::SUCCESS)
    }
}
