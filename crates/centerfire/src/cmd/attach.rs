//! `centerfire attach`: joins a session.

use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use protocol::frame::DetachReason;
use protocol::{Phase, SessionId};
use session::attach::{Options, Outcome};
use session::name::shell_word;
use session::role::{self, AttachArgs};
use std::fs::File;
use std::io::{IsTerminal as _, stderr, stdin, stdout};
use std::path::Path;
use std::process::ExitCode;
use terminal::key::DetachKey;

/// An empty file in the state, once somebody was told of the detach key.
const TOLD: &str = "detach-key.told";

/// Join a session: see its screen and type
///
/// Whoever joins first controls the session: types, and gives it the size of the terminal. Others watch, unless they
/// take control. Press the detach key (Ctrl-] by default) twice to leave; a watcher may also press q.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: Option<String>,
    /// Watch only: never type, never change the size
    #[arg(long, short, conflicts_with = "take")]
    read_only: bool,
    /// Take control from whoever has it
    #[arg(long, short)]
    take: bool,
    /// Show this many lines of history first
    #[arg(long, value_name = "LINES", default_value_t = 0)]
    history: usize,
    /// The key that detaches when pressed twice within a second; `none` for none
    #[arg(long, value_name = "KEY")]
    detach_key: Option<DetachKey>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        if entry.phase != Phase::Running {
            return Err(session::summary::ended(&entry).into());
        }
        let detach_key = self.detach_key.unwrap_or(context.config.detach_key);
        let (control, history) = (!self.read_only, self.history);
        let inside = enclosing_session();
        let options = Options { control, take: self.take, fresh: false, detach_key, history, inside };
        Err(join(context, entry.folder.path(), &entry.name, options))
    }
}

/// The session that this command was started in.
pub(crate) fn enclosing_session() -> Option<SessionId> {
    std::env::var("CENTERFIRE_SESSION").ok()?.parse().ok()
}

/// Goes to the terminal as a process of its own; comes back only if that fails.
pub(crate) fn join(context: &Context, folder: &Path, name: &str, options: Options) -> anyhow::Error {
    tell_of_key(context, name, options.detach_key);
    let args = AttachArgs {
        version: session::role::VERSION,
        folder: folder.to_owned(),
        name: name.to_owned(),
        options,
    };
    anyhow::Error::new(role::become_attach(&args)).context("start the process at the terminal")
}

/// Says the first time how to leave and come back: above the session, whose screen is painted below or over it.
fn tell_of_key(context: &Context, name: &str, key: DetachKey) {
    let is_seen = stdin().is_terminal() && stdout().is_terminal() && stderr().is_terminal();
    let key = key.to_string();
    if is_seen && key != "none" && File::create_new(context.home.state.join(TOLD)).is_ok() {
        let word = shell_word(name);
        eprintln!("[{key} twice leaves it running; centerfire attach {word} comes back]");
    }
}

/// Says how it ended, and gives the exit code.
pub(crate) fn tell_outcome(outcome: Outcome, name: &str) -> ExitCode {
    match outcome {
        Outcome::Exited(status) => return ExitCode::from(u8::try_from(status.shell_code()).unwrap_or(1)),
        Outcome::Signalled(signal) => return ExitCode::from(u8::try_from(128 + signal).unwrap_or(1)),
        Outcome::Detached(DetachReason::Hangup) => {}
        Outcome::Detached(_) => {
            eprintln!("[detached from {name}; centerfire attach {}]", shell_word(name));
        }
    }
    ExitCode::SUCCESS
}
