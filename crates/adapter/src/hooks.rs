//! What a CLI is started with so that its session knows what it does and what it asks, and what its hooks then tell.
//!
//! Nothing of the user's own configuration is changed: an overlay is words of the command line, variables and files of the
//! session's own, and the CLI puts the user's hooks beside ours.

use protocol::approval::{Ask, Decision, Ends};
use protocol::{Claim, Content, Speaker, Time};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The word of a hook that is to give a history; behind it stands how many tokens.
pub const RESTORE: &str = "restore";

/// The hooks of one CLI.
pub trait Hooks: Sync {
    /// What it is to be started with.
    fn overlay(&self, start: &Launching<'_>) -> Overlaid;

    /// Reads what a hook was given; `None` for what is no hook's.
    fn read(&self, payload: &[u8]) -> Option<Event>;

    /// The conversation of which it tells.
    fn conversation(&self, payload: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            session_id: String,
        }
        serde_json::from_slice::<Named>(payload).ok().map(|named| named.session_id)
    }

    /// What it tells of the conversation itself; nothing of most events, and of a CLI of which this is not known.
    fn told(&self, _payload: &[u8]) -> Option<Told> {
        None
    }

    /// The start of a conversation, if that is what it tells, at which the CLI waits for what its model is to know.
    fn start(&self, _payload: &[u8]) -> Option<Start> {
        None
    }

    /// What the hook of a start prints so that the model knows this.
    fn started(&self, _context: &str) -> String {
        String::new()
    }

    /// What the event with this JSON says of the state; `None` where it says nothing.
    fn claim(&self, payload: &[u8], since: Time) -> Option<Claim>;

    /// What the hook that asked prints for a decision.
    fn answer(&self, ask: &Ask, decision: &Decision) -> String;
}

/// A CLI that is about to be started.
pub struct Launching<'a> {
    /// Its program and arguments.
    pub words: &'a [OsString],
    /// The hook's own program and arguments.
    pub role: &'a [&'a str],
    /// Its version, where that is known.
    pub version: Option<&'a str>,
    /// Tokens of its project's history that it is told, if it is.
    pub restore: Option<u64>,
    /// Where the files of the overlay will lie.
    pub folder: &'a Path,
    /// A variable as the CLI would have it.
    pub variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// The text of a file, by a path from where the CLI is started.
    pub read: &'a dyn Fn(&Path) -> Option<String>,
}

/// What a CLI is started with.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Overlay {
    /// In the place of its program and arguments.
    pub words: Vec<OsString>,
    /// Beside its variables.
    pub variables: Vec<(String, OsString)>,
    /// Names and texts of files in its folder.
    pub files: Vec<(&'static str, String)>,
}

/// What became of a start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Overlaid {
    /// It is started with this.
    With(Overlay),
    /// This is no conversation.
    Needless,
    /// It cannot be done, for this reason.
    Not(String),
}

/// What a hook tells, in the words of no CLI.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// The event's name.
    pub event: String,
    /// What is asked.
    pub ask: Option<Ask>,
    /// Which questions are over by it.
    pub ends: Option<Ends>,
}

/// What was said or done, as a hook tells it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// The sub-agent in which it happened.
    pub agent: Option<String>,
    /// Where the CLI worked.
    pub cwd: Option<String>,
    /// The model that made it.
    pub model: Option<String>,
    /// Who said or did it.
    pub role: Speaker,
    /// What.
    pub content: Content,
}

/// A conversation that starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Its id.
    pub conversation: String,
    /// Where the program works.
    pub cwd: PathBuf,
    /// Where it writes it down, if it does.
    pub transcript: Option<PathBuf>,
    /// Whether the model has what was said in it before.
    pub is_known: bool,
}
