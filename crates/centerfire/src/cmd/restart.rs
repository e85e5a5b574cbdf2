//! `centerfire restart`: the same command again.

use super::run;
use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use session::again::{Again, again};
use std::ffi::OsString;
use std::process::ExitCode;

/// Run an ended session's command again, in the same folder, as a new session
///
/// The old session stays as it is; the new one names it as its parent. The environment is the one of this shell: the
/// values of variables are not kept, but for those that say in which folder its CLI keeps conversations.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  centerfire restart build --detached\n  centerfire restart claude")]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::ended))]
    session: String,
    /// Do not attach: print the new session's id once its program runs
    #[arg(long, short)]
    detached: bool,
    /// Call the new session NAME instead of like the old one
    #[arg(long, value_parser = run::name)]
    name: Option<String>,
    /// Set a variable for the program; may be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = run::variable)]
    env: Vec<(String, OsString)>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        let Again { words, folder, name, mut missing } = again(&context.registry(), &entry)?;
        missing.retain(|wanted| !self.env.iter().any(|(name, _)| name == wanted));
        if !missing.is_empty() {
            let names = missing.join(", ");
            eprintln!(
                "centerfire: {names} was set with --env then and is not now; give it again if it matters"
            );
        }
        let plan = run::Args {
            name: self.name.or(name),
            detached: self.detached,
            cwd: Some(folder),
            env: self.env,
            ..run::Args::default()
        };
        plan.begin(context, words, Some(entry.meta.id))
    }
}
