//! Words for a shell that completes a command line of ours. The shell's script asks this program, which alone knows what
//! sessions there are.

use crate::cli::Cli;
use crate::config;
use clap::CommandFactory;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, CompletionCandidate, Shell};
use protocol::Phase;
use session::registry::{Entry, Registry};
use session::summary::state_word;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::OnceLock;

/// Names the shell that asks, in its question.
const VARIABLE: &str = "CENTERFIRE_COMPLETE";
/// Whether it is bash that asks.
static IS_BASH: OnceLock<bool> = OnceLock::new();
/// Sessions that are offered at most: the newest. Nobody picks from a longer list.
const SESSIONS: usize = 200;

/// The script by which a shell asks.
pub(crate) fn script(shell: Shell) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let shells = Shells::builtins();
    let shell = shells.completer(&shell.to_string());
    let shell = shell.ok_or_else(|| std::io::Error::other("no script for this shell"))?;
    shell.write_registration(VARIABLE, "centerfire", "centerfire", "centerfire", &mut text)?;
    Ok(text)
}

/// Answers a shell, if it was one that called.
pub(crate) fn answer(words: &[OsString]) -> Option<ExitCode> {
    let shell = std::env::var_os(VARIABLE)?;
    // The variable is gone when sessions are offered.
    let _ = IS_BASH.set(shell == "bash");
    let asked = CompleteEnv::with_factory(Cli::command).var(VARIABLE);
    match asked.try_complete(words.iter().cloned(), std::env::current_dir().ok().as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        // Whatever were printed would stand in the middle of somebody's command line.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// The names of all sessions.
pub(crate) fn all() -> Vec<CompletionCandidate> {
    sessions(|_| true)
}

/// The names of those that run.
pub(crate) fn running() -> Vec<CompletionCandidate> {
    sessions(|phase| phase == Phase::Running)
}

/// The names of those that ended.
pub(crate) fn ended() -> Vec<CompletionCandidate> {
    sessions(|phase| phase != Phase::Running)
}

fn sessions(wanted: fn(Phase) -> bool) -> Vec<CompletionCandidate> {
    let Ok(entries) = config::home().and_then(|home| Ok(Registry::new(&home).list()?)) else {
        return Vec::new();
    };
    let mut newest: Vec<Entry> =
        entries.into_iter().rev().flatten().filter(|entry| wanted(entry.phase)).collect();
    // The newest of a name is the one that is meant by it.
    let mut seen = std::collections::HashSet::new();
    newest.retain(|entry| seen.insert(entry.name.clone()));
    // Bash puts it into the line as it is; the other shells quote it themselves.
    let is_bash = IS_BASH.get() == Some(&true);
    let word = |name: &str| if is_bash { escaped(name) } else { name.to_owned() };
    let offer = |entry: &Entry| {
        CompletionCandidate::new(word(&entry.name))
            .help(Some(state_word(entry, entry.status.as_ref()).into()))
    };
    newest.iter().take(SESSIONS).map(offer).collect()
}

/// A name as a word of a shell that begins as it does, so that one half written goes on.
fn escaped(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        if !(c.is_alphanumeric() || "-_./,:@%+=".contains(c)) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}
