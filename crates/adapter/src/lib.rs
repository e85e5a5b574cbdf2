//! What is known of each AI CLI: where it keeps its conversations and in what form, how it is started, what its hooks and
//! its screen say.
//!
//! Everything here is a function of what was observed: nothing is opened, started or waited for, so that each is tested by a
//! folder of cases (`cases/`). A CLI is a folder with an [`Adapter`] and a line in [`ADAPTERS`].

pub mod captured;
pub mod claude;
pub mod codex;
mod command_line;
pub mod dialog;
pub mod gemini;
pub mod generic;
mod gist;
pub mod hooks;
pub mod log;
pub mod opencode;
pub mod question;
mod start;
pub mod state;
mod time;
mod told;
mod transcript;

pub use gist::gist;
pub use transcript::{Head, Heard, Layout, Transcript};

use protocol::{Claim, Time};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What we know of one CLI.
pub trait Adapter: Sync {
    /// The CLI's name, as it begins the ids of its entries: `claude`.
    fn name(&self) -> &'static str;

    /// What its program is called.
    fn programs(&self) -> &'static [&'static str];

    /// Where its conversations lie for a user with these variables.
    fn history(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf>;

    /// What a file in one of those folders is; `None` for one that holds no conversation.
    fn layout(&self, path: &Path) -> Option<Layout>;

    /// Whether it reports its state to its terminal (OSC 7501).
    fn reports(&self) -> bool {
        false
    }

    /// What its screen says of its state; of what is no program there are no rules.
    fn rules(&self) -> &'static state::Rules {
        static NONE: state::Rules = state::Rules::none();
        &NONE
    }

    /// The folder in which it keeps a file for each of its processes, named by its number; nothing of most.
    fn register(&self, _variables: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        None
    }

    /// What a file of [`Adapter::register`] says.
    fn registered(&self, _file: &[u8], _since: Time) -> Option<Claim> {
        None
    }

    /// How its session is told what it does, by the CLI itself; nothing of what is no program.
    fn hooks(&self) -> Option<&'static dyn hooks::Hooks> {
        None
    }

    /// The dialogs in its terminal that a key of ours may answer; nothing of most.
    fn dialogs(&self) -> Option<&'static dyn dialog::Dialogs> {
        None
    }

    /// The arguments with which it takes up the conversation of that id again, or else its latest: it keeps them in its own
    /// files, whatever became of the terminal. `None` of what is no program.
    fn resume(&self, _id: Option<&str>) -> Option<String> {
        None
    }

    /// The id of the conversation that its arguments name, if they do.
    fn named<'a>(&self, _arguments: &'a [String]) -> Option<&'a str> {
        None
    }

    /// The variables that it leaves in the environment of what it starts, by which another one would take itself for its child.
    fn marks(&self) -> &'static [&'static str] {
        &[]
    }

    /// Begins to read such a file, or goes on where [`Transcript::state`] was taken.
    fn transcript(&self, path: &Path, state: Option<&Value>) -> Box<dyn Transcript>;
}

/// All that are known, each asked in its turn.
pub const ADAPTERS: &[&dyn Adapter] = &[
    &claude::Claude,
    &codex::Codex,
    &gemini::Gemini,
    &opencode::Opencode,
    &log::Log,
    &captured::Captured,
    &generic::Generic,
];

/// The adapter of that name.
pub fn by_name(name: &str) -> Option<&'static dyn Adapter> {
    ADAPTERS.iter().copied().find(|adapter| adapter.name() == name)
}

/// The CLI that a command line starts.
pub fn of_command(command: &[OsString]) -> Option<&'static dyn Adapter> {
    let program = Path::new(command.first()?).file_name()?;
    let is_its = |adapter: &&&dyn Adapter| adapter.programs().iter().any(|name| OsStr::new(name) == program);
    ADAPTERS.iter().find(is_its).copied()
}

/// A folder that a variable names; an empty one names none.
fn given(variables: &dyn Fn(&str) -> Option<OsString>, name: &str) -> Option<PathBuf> {
    variables(name).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// The command that takes up the conversation of a session's command again; `None` where nothing is known of the program.
pub fn resume(command: &[String]) -> Option<String> {
    let (program, arguments) = command.split_first()?;
    let adapter = of_command(&[program.into()])?;
    Some(format!("{program} {}", adapter.resume(adapter.named(arguments))?))
}

/// The command that takes up the conversation of that id again, of the CLI of that name; its program may lie elsewhere.
pub fn resume_conversation(cli: &str, id: &str, program: Option<&str>) -> Option<String> {
    let adapter = by_name(cli)?;
    // Ids are of files, which anybody may have written, and the command is there to be copied into a shell.
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let is_id = id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(is_word);
    let arguments = is_id.then(|| adapter.resume(Some(id)))??;
    Some(format!("{} {arguments}", program.or_else(|| adapter.programs().first().copied())?))
}

/// What stands for bytes that have no name of their own: FNV-1a, which tells a few apart and guards against nobody.
pub fn digest(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[test]
fn a_variable_without_a_value_names_no_folder() {
    let variables = |name: &str| Some(OsString::from(if name == "HOME" { "/h" } else { "" }));
    for adapter in [&claude::Claude as &dyn Adapter, &codex::Codex, &gemini::Gemini, &opencode::Opencode] {
        let folders = adapter.history(&variables);
        assert!(!folders.is_empty() && folders.iter().all(|folder| folder.starts_with("/h")), "{folders:?}");
    }
}

#[test]
fn a_command_takes_its_conversation_up_again() {
    let id = "0196a1b2-0000-7000-8000-123456789abc";
    let of = |line: &str| resume(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let resumed = |program: &str| Some(format!("{program} --resume {id}"));
    assert_eq!(of(&format!("claude --session-id {id} hello")), resumed("claude"));
    assert_eq!(of(&format!("/opt/bin/claude --model x --resume={id}")), resumed("/opt/bin/claude"));
    assert_eq!(of(&format!("claude -r {id}")), resumed("claude"));
    assert_eq!(of(&format!("gemini -r {id}")), resumed("gemini"));
    for (command, latest) in [
        ("claude --resume --verbose", Some("claude --continue")),
        ("claude", Some("claude --continue")),
        ("codex -m x", Some("codex resume --last")),
        ("gemini", Some("gemini --resume latest")),
        ("opencode", Some("opencode --continue")),
        ("vim --resume x", None),
    ] {
        assert_eq!(of(command).as_deref(), latest, "{command}");
    }
}

#[test]
fn a_conversation_is_taken_up_again_by_its_id() {
    for (cli, id, command) in [
        ("claude", "0196-a", Some("claude --resume 0196-a")),
        ("codex", "0196-a", Some("codex resume 0196-a")),
        ("gemini", "0196-a", Some("gemini --resume 0196-a")),
        ("opencode", "ses_5a", Some("opencode --session ses_5a")),
        ("log", "0196-a", None),
        ("claude", "", None),
        ("claude", "-x", None),
        ("claude", "a;rm", None),
    ] {
        assert_eq!(resume_conversation(cli, id, None).as_deref(), command, "{cli} {id:?}");
    }
}
