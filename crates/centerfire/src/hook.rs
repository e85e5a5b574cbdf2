//! The role of a CLI's hook: what the CLI hands it goes to the session's host, and what somebody decided comes back.
//!
//! It ends well whatever happens. A CLI that waits for its hook must not wait for long, and one whose hook fails asks in
//! its own way.

use crate::restore::Restoring;
use adapter::claude::hooks::{self, Told};
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

/// The role's words: the binary, and the CLI whose hook it is.
pub(crate) const CLAUDE: &[&str] = &[session::role::HOOK, "claude"];

pub(crate) fn run(words: &[OsString]) -> ExitCode {
    std::panic::set_hook(Box::new(|_| leave()));
    let is_off = std::env::var_os("CENTERFIRE_OFF").is_some_and(|off| off == "1");
    if !is_off && words.get(2).map(OsString::as_os_str) == Some(OsStr::new("claude")) {
        let is_installed = words.get(3).map(OsString::as_os_str) == Some(OsStr::new(hooks::INSTALLED));
        // Where hooks were put in at the start, those in the user's settings have nothing to add.
        if !is_installed || std::env::var_os(session::role::HOOKS_VARIABLE).is_none() {
            let restore = words.get(3).filter(|word| *word == hooks::RESTORE).and(words.get(4));
            let _ = claude(restore.and_then(|tokens| tokens.to_str()?.parse().ok()));
        }
    }
    ExitCode::SUCCESS
}

/// A fault of ours must not stand in the middle of the CLI as its error.
#[expect(clippy::disallowed_methods, reason = "nothing is open here, and a panic would end as a failure")]
fn leave() {
    std::process::exit(0)
}

fn claude(restore: Option<u64>) -> Option<()> {
    let (payload, is_whole) = handed_over().ok()?;
    let restoring = restore.and_then(|tokens| Restoring::begin(&payload, tokens));
    let done = pass_on(&payload, is_whole);
    if let Some(context) = restoring.and_then(Restoring::end) {
        io::stdout().write_all(hooks::started(&context).as_bytes()).ok()?;
    }
    done
}

/// Tells the session's host, and brings back what it was asked for.
fn pass_on(payload: &[u8], is_whole: bool) -> Option<()> {
    let told = hooks::read(payload).unwrap_or(Told { event: "unknown".to_owned(), ask: None, ends: None });
    let sent = &payload[..payload.len().min(MAX_HOOK_BYTES)];
    let cut = !is_whole || sent.len() < payload.len();
    let Told { event, ask: asked, ends } = told;
    let claim = hooks::claim(payload, Time::default()).map(Box::new);
    let request = Request::Hook { event, cut, claim, ask: asked.clone().map(Box::new), ends };
    let Some(socket) = socket() else { return keep(sent, cut) };
    match asked {
        None => tell(&socket, request, sent),
        Some(asked) => {
            let decision = ask(&socket, &request, sent)?.decision?;
            io::stdout().write_all(hooks::answer(&asked, &decision).as_bytes()).ok()
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
fn keep(payload: &[u8], cut: bool) -> Option<()> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok().filter(|_| !cut)?;
    let conversation = value["session_id"].as_str()?;
    let folder = crate::config::home().ok()?.state.join("hooks");
    LineFile::of(&folder, conversation)?.append(payload).ok()
}

/// What is started in the place of a command, so that the CLI's hooks tell its session, and give it a history of so many tokens:
/// `None` for what has none.
pub(crate) fn put_in(
    words: &[OsString],
    cwd: &std::path::Path,
    restore: Option<u64>,
) -> Option<Vec<OsString>> {
    if adapter::of_command(words)?.name() != "claude" {
        return None;
    }
    let binary = std::env::current_exe().ok()?;
    let role: Vec<&str> = [binary.to_str()?].into_iter().chain(CLAUDE.iter().copied()).collect();
    match hooks::put_in(words, &role, restore, &|path| read_settings(&cwd.join(path))) {
        hooks::Put::In(all) => Some(all),
        hooks::Put::Needless => None,
        hooks::Put::Not(why) => {
            eprintln!("centerfire: the hooks of claude are left out: {why}");
            None
        }
    }
}

/// Bytes of a settings file that are read: more than fits into a command line is refused later.
const MAX_SETTINGS_BYTES: u64 = 128 << 10; // 128 KiB

fn read_settings(path: &std::path::Path) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(MAX_SETTINGS_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}
