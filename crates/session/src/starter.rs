//! How an instance starts sessions, whoever asks for one: a user at a terminal, or a client of the server.
//!
//! A [`Wish`] says what is to run. [`Starter::plan`] adds what every session of the instance gets: an id, the hooks of its
//! CLI, what its terminal is called, and what its hosts are told. [`launch`](crate::launch::launch) makes a session of it.

use crate::folder::Folder;
use crate::home::Home;
use crate::launch::{Launch, cli_version, variable};
use crate::role::{self, Settings};
use adapter::hooks::{Launching, Overlaid, Overlay};
use protocol::{SessionId, Size};
use rustix::termios::Termios;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Bytes of a settings file that are read: more than fits into a command line is refused later.
const MAX_SETTINGS_BYTES: u64 = 128 << 10; // 128 KiB
/// What a terminal is called that nobody named.
const TERM: &str = "xterm-256color";
/// Variables by which a program would take itself for one of an enclosing multiplexer.
const MULTIPLEXERS: &[&str] =
    &["STY", "TMUX", "TMUX_PANE", "ZELLIJ", "ZELLIJ_PANE_ID", "ZELLIJ_SESSION_NAME"];

/// What all sessions of an instance are started with.
#[derive(Clone, Debug)]
pub struct Starter {
    /// For the hosts.
    pub settings: Settings,
    /// The CLIs that are started with our hooks, by name.
    pub hooks: Vec<&'static str>,
    /// CLIs that are told their project's history, by name, and within how many tokens.
    pub restore: Vec<(&'static str, u64)>,
    /// Variables of this process that are no session's business.
    pub own: Vec<&'static str>,
    /// Is told why a CLI's hooks are left out.
    pub warn: fn(&str),
}

/// What somebody wants to run.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The session's name; `None` for one made from the program's.
    pub name: Option<String>,
    /// Where the program starts.
    pub cwd: PathBuf,
    /// Variables to set beside those of this process.
    pub env: Vec<(String, OsString)>,
    /// The terminal's first size.
    pub size: Size,
    /// Whether the terminal is called as that of this process is.
    pub inherits_term: bool,
    /// The settings of the terminal it is started from.
    pub termios: Option<Termios>,
    /// The session that this one repeats.
    pub parent: Option<SessionId>,
}

impl Wish {
    /// A command in a folder, from no terminal.
    pub fn of(command: Vec<OsString>, cwd: PathBuf, size: Size) -> Self {
        let (name, env, termios, parent) = (None, Vec::new(), None, None);
        Self { command, name, cwd, env, size, inherits_term: false, termios, parent }
    }
}

impl Starter {
    /// What is to be launched.
    pub fn plan(&self, home: &Home, wish: Wish) -> Launch {
        let Wish { command, name, cwd, mut env, size, inherits_term, termios, parent } = wish;
        let inherited = inherits_term && std::env::var_os("TERM").is_some_and(|term| !term.is_empty());
        if !inherited && !env.iter().any(|(name, _)| name == "TERM") {
            env.insert(0, ("TERM".to_owned(), TERM.into()));
        }
        let id = SessionId::generate();
        let folder = Folder::of(&home.sessions(), id).overlay();
        let overlay = self.overlay(&command, &cwd, &env, &folder);
        let without = enclosing_marks().chain(self.own.iter().copied()).collect();
        let settings = self.settings.clone();
        Launch { command, overlay, id, name, cwd, size, env, without, termios, parent, settings }
    }

    /// What a command is started with, so that the CLI's hooks tell its session, and give it a history of so many tokens:
    /// `None` for what has none. `folder` is where the files of it will lie.
    fn overlay(
        &self,
        command: &[OsString],
        cwd: &Path,
        env: &[(String, OsString)],
        folder: &Path,
    ) -> Option<Overlay> {
        let adapter = adapter::of_command(command).filter(|adapter| self.hooks.contains(&adapter.name()))?;
        let binary = crate::binary::present().ok()?;
        let role = [binary.to_str()?, role::HOOK, adapter.name()];
        let version = cli_version(command, env, cwd);
        let start = Launching {
            words: command,
            role: &role,
            version: version.as_deref(),
            restore: self.restore.iter().find(|(cli, _)| *cli == adapter.name()).map(|(_, tokens)| *tokens),
            folder,
            variable: &|name| variable(env, name),
            read: &|path| read_settings(&cwd.join(path)),
        };
        match adapter.hooks()?.overlay(&start) {
            Overlaid::With(overlay) => Some(overlay),
            Overlaid::Needless => None,
            Overlaid::Not(why) => {
                (self.warn)(&format!("the hooks of {} are left out: {why}", adapter.name()));
                None
            }
        }
    }
}

/// The marks that an enclosing CLI leaves in the environment of what it starts. With them a CLI would take itself
/// for a child of another one (T30). A user's own settings are never touched.
fn enclosing_marks() -> impl Iterator<Item = &'static str> {
    let of_clis = adapter::ADAPTERS.iter().flat_map(|adapter| adapter.marks());
    of_clis.chain(MULTIPLEXERS).copied()
}

fn read_settings(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_SETTINGS_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}
