//! The role of a CLI's hook: what the CLI hands it goes to the session's host, and what somebody decided comes back.
//!
//! It ends well whatever happens. A CLI that waits for its hook must not wait for long, and one whose hook fails asks in
//! its own way.

use crate::restore::Restoring;
use adapter::Adapter;
use adapter::claude::hooks::INSTALLED;
use adapter::hooks::{Event, Hooks, RESTORE};
use conversation::line_file::LineFile;
use protocol::frame::Request;
use protocol::{SessionId, Time};
use session::folder::Folder;
use session::hook::{MAX_HOOK_BYTES, ask, tell};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Bytes that are read of what the CLI hands over. A longer one is told by its beginning.
const MAX_READ_BYTES: u64 = 1 << 20; // 1 MiB

/// The words of the role for Claude Code; behind them may stand more.
pub(crate) const CLAUDE: &[&str] = &[session::role::HOOK, "claude"];

pub(crate) fn run(words: &[OsString]) -> ExitCode {
    std::panic::set_hook(Box::new(|_| leave()));
    let is_off = std::env::var_os("CENTERFIRE_OFF").is_some_and(|off| off == "1");
    let cli = words.get(2).and_then(|name| adapter::by_name(name.to_str()?));
    if let Some(cli) = cli.filter(|_| !is_off) {
        let is_installed = words.get(3).map(OsString::as_os_str) == Some(OsStr::new(INSTALLED));
        // Where hooks were put in at the start, those in the user's settings have nothing to add.
        if !is_installed || std::env::var_os(session::role::HOOKS_VARIABLE).is_none() {
            let restore = words.get(3).filter(|word| *word == RESTORE).and(words.get(4));
            let _ = hear(cli, restore.and_then(|tokens| tokens.to_str()?.parse().ok()));
        }
    }
    ExitCode::SUCCESS
}

/// A fault of ours must not stand in the middle of the CLI as its error.
#[expect(clippy::disallowed_methods, reason = "nothing is open here, and a panic would end as a failure")]
fn leave() {
    std::process::exit(0)
}

fn hear(cli: &'static dyn Adapter, restore: Option<u64>) -> Option<()> {
    let hooks = cli.hooks()?;
    let (payload, is_whole) = handed_over().ok()?;
    let start = restore.and_then(|tokens| Some((hooks.start(&payload)?, tokens)));
    let restoring = start.and_then(|(start, tokens)| Restoring::begin(cli.name(), start, tokens));
    let done = pass_on(hooks, &payload, is_whole);
    if let Some(context) = restoring.and_then(Restoring::end) {
        io::stdout().write_all(hooks.started(&context).as_bytes()).ok()?;
    }
    done
}

/// Tells the session's host, and brings back what it was asked for.
fn pass_on(cli: &dyn Hooks, payload: &[u8], is_whole: bool) -> Option<()> {
    let told = cli.read(payload).unwrap_or(Event { event: "unknown".to_owned(), ask: None, ends: None });
    let sent = &payload[..payload.len().min(MAX_HOOK_BYTES)];
    let cut = !is_whole || sent.len() < payload.len();
    let Event { event, ask: asked, ends } = told;
    let claim = cli.claim(payload, Time::default()).map(Box::new);
    let request = Request::Hook { event, cut, claim, ask: asked.clone().map(Box::new), ends };
    let Some(socket) = socket() else { return keep(cli, sent, cut) };
    match asked.filter(|asked| !asked.typed) {
        None => tell(&socket, &request, sent),
        Some(asked) => {
            let decision = ask(&socket, &request, sent)?.decision?;
            io::stdout().write_all(cli.answer(&asked, &decision).as_bytes()).ok()
        }
    }
}

/// What stands on standard input, and whether that is all of it.
fn handed_over() -> io::Result<(Vec<u8>, bool)> {
    let mut payload = Vec::new();
    let mut stdin = io::stdin().lock();
    stdin.by_ref().take(MAX_READ_BYTES).read_to_end(&mut payload)?;
    // The CLI must not find its pipe closed.
    let rest = io::copy(&mut stdin, &mut io::sink())?;
    Ok((payload, rest == 0))
}

/// The host's socket: a session tells it to its program, and one of an older version at least who it is.
fn socket() -> Option<PathBuf> {
    if let Some(socket) = std::env::var_os(session::role::SOCKET_VARIABLE) {
        return Some(socket.into());
    }
    let id: SessionId = std::env::var("CENTERFIRE_SESSION").ok()?.parse().ok()?;
    let home = crate::config::home().ok()?;
    Some(Folder::of(&home.sessions(), id).meta().ok()?.socket.into())
}

/// Keeps what a hook tells of a CLI that runs in no session: a line in the conversation's own file.
fn keep(cli: &dyn Hooks, payload: &[u8], cut: bool) -> Option<()> {
    let conversation = cli.conversation(payload).filter(|_| !cut)?;
    let folder = crate::config::home().ok()?.state.join("hooks");
    LineFile::of(&folder, &conversation)?.append(payload).ok()
}
