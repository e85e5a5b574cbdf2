//! Starts a session: its folder, its terminal, its socket, its keeper.

use crate::folder::Folder;
use crate::home::Home;
use crate::poll::poll_until;
use crate::registry::Registry;
use crate::role::{self, KeeperArgs, Ready, Settings, Shared, Task};
use crate::{Error, Result, process, version};
use adapter::claude::base::untapped;
use adapter::hooks::Overlay;
use protocol::{Bytes, META_VERSION, Meta, SessionId, Size, Time};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::termios::Termios;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long the first host may take to write its status down; the session runs without as well.
const STATUS_WITHIN: Duration = Duration::from_secs(5);

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// What it is started with, where that is more than what was asked for: the CLI's hooks are put in.
    pub overlay: Option<Overlay>,
    /// The session's id.
    pub id: SessionId,
    /// The session's name; `None` for one made from the program's.
    pub name: Option<String>,
    /// Where the program starts.
    pub cwd: PathBuf,
    /// The terminal's first size.
    pub size: Size,
    /// Variables to set beside those of the caller.
    pub env: Vec<(String, OsString)>,
    /// Variables of the caller to leave out: the marks of an enclosing CLI.
    pub without: Vec<&'static str>,
    /// The settings of the terminal it is started from.
    pub termios: Option<Termios>,
    /// The session that this one repeats.
    pub parent: Option<SessionId>,
    /// For its hosts.
    pub settings: Settings,
}

/// What a program gets beyond what was asked for, which is made anew for a repetition of the session.
#[derive(Clone, Default, Debug)]
pub struct Extra {
    /// Variables.
    pub variables: Vec<(String, OsString)>,
    /// Words between the program and its arguments.
    pub words: Vec<OsString>,
}

/// A session that was started.
#[derive(Clone, Debug)]
pub struct Launched {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: Folder,
    /// How it was started.
    pub meta: Meta,
}

/// Starts a session and returns when its program runs and its status lies on disk, or it could not be started. Something may be
/// started beside it before the program is: its folder is there, and held.
pub fn launch(
    home: &Home,
    launch: &Launch,
    beside: impl FnOnce(&Folder) -> Result<Extra>,
) -> Result<Launched> {
    let id = launch.id;
    let socket = home.socket_folder()?.join(format!("{}.sock", id.short()));
    let meta = Meta {
        version: META_VERSION,
        id,
        command: launch.command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        cwd: launch.cwd.to_string_lossy().into_owned(),
        bytes: Bytes::beyond_text(&launch.command, &launch.cwd),
        size: launch.size,
        created: Time::now(),
        boot: process::boot_id().to_owned(),
        machine: process::machine(),
        parent: launch.parent,
        env: launch.env.iter().map(|(name, _)| name.clone()).collect(),
        variables: variables(&launch.command, &launch.env),
        socket: socket.to_string_lossy().into_owned(),
        cli_version: cli_version(&launch.command, &launch.env, &launch.cwd),
        imported: None,
    };
    let registry = Registry::new(home);
    let (folder, name, alive) = registry.create(&meta, launch.name.as_deref())?;
    let started = beside(&folder).and_then(|extra| {
        let overlaid = launch.overlay.as_ref().map(|overlay| overlay.variables.clone()).unwrap_or_default();
        let untapped = untapped(&launch.env, |name| std::env::var_os(name));
        let env = [launch.env.clone(), overlaid, untapped, extra.variables].concat();
        let launch = Launch { env, ..launch.clone() };
        if let Some(overlay) = &launch.overlay {
            folder.write_overlay(&overlay.files)?;
        }
        start_keeper(&launch, &extra.words, &folder, &socket, &alive, id, &name)
    });
    match started {
        Ok(()) => Ok(Launched { id, name, folder, meta }),
        Err(error) => {
            // A session that never ran leaves nothing behind.
            let _ = std::fs::remove_file(&socket);
            let _ = std::fs::remove_dir_all(folder.path());
            Err(error)
        }
    }
}

fn start_keeper(
    launch: &Launch,
    extra: &[OsString],
    folder: &Folder,
    socket: &Path,
    alive: &OwnedFd,
    id: SessionId,
    name: &str,
) -> Result<()> {
    let no_entry = |error: Errno| Error::Folder { path: launch.cwd.clone(), source: error.into() };
    access(&launch.cwd, Access::EXEC_OK).map_err(no_entry)?;
    let pty = terminal::pty::open(launch.size, launch.termios.as_ref()).map_err(no_terminal)?;
    terminal::pty::set_nonblocking(&pty.master).map_err(no_terminal)?;
    let listener = UnixListener::bind(socket).map_err(|error| Error::io(socket, error))?;
    listener.set_nonblocking(true).map_err(|error| Error::io(socket, error))?;
    let (ready, ready_write) = pipe_with(PipeFlags::CLOEXEC).map_err(Error::system("open a pipe"))?;
    let shared = Shared {
        version: role::VERSION,
        folder: folder.path().to_owned(),
        master: role::number(&pty.master),
        listener: role::number(&listener),
        alive: role::number(alive),
        settings: launch.settings.clone(),
    };
    let slave = role::number(&pty.slave);
    let inherit = vec![shared.master, shared.listener, shared.alive, slave, role::number(&ready_write)];
    let task = Task::Start { slave, ready: role::number(&ready_write) };
    let args = KeeperArgs { shared, task };
    let mut command = role::command(&role::this_binary(), role::KEEPER, &args, &folder.log(), inherit)
        .map_err(|error| Error::io(&folder.log(), error))?;
    // The keeper's own folder, until the program runs: a path of any bytes gets there without being written down.
    let words = launch.overlay.as_ref().map_or(&launch.command, |overlay| &overlay.words);
    let (program, arguments) = words.split_at(words.len().min(1));
    command.arg("--").args(program).args(extra).args(arguments).current_dir(&launch.cwd);
    set_environment(&mut command, launch, id, name);
    command.env(role::SOCKET_VARIABLE, socket).env_remove(role::HOOKS_VARIABLE);
    if launch.overlay.is_some() {
        command.env(role::HOOKS_VARIABLE, "1");
    }
    command.spawn().map_err(|source| match source.kind() {
        // A NUL in a word, or more words than a program can be given: the caller's own.
        ErrorKind::InvalidInput | ErrorKind::ArgumentListTooLong => exec_failed(launch, source),
        _ => Error::system("start a process")(source),
    })?;
    drop(ready_write);
    await_start(ready.into(), launch)
}

/// A variable as the program will have it: of those that were given for it the last, and else ours.
pub fn variable(env: &[(String, OsString)], name: &str) -> Option<OsString> {
    let given = env.iter().rfind(|(given, _)| given == name).map(|(_, value)| value.clone());
    given.or_else(|| std::env::var_os(name))
}

/// The version of an AI CLI that is started with these words, by a user with these variables beside ours.
pub(crate) fn cli_version(command: &[OsString], env: &[(String, OsString)], cwd: &Path) -> Option<String> {
    adapter::of_command(command)?;
    version::of_program(command.first()?, variable(env, "PATH").as_deref(), cwd)
}

/// The variables that say where the CLI of these words keeps its conversations, as it has them.
fn variables(command: &[OsString], env: &[(String, OsString)]) -> BTreeMap<String, String> {
    let asked = RefCell::new(BTreeMap::new());
    let variable = |name: &str| {
        let value = variable(env, name);
        if let Some(text) = value.as_ref().and_then(|value| value.to_str()) {
            asked.borrow_mut().insert(name.to_owned(), text.to_owned());
        }
        value
    };
    if let Some(adapter) = adapter::of_command(command) {
        adapter.history(&variable);
    }
    asked.into_inner()
}

/// Why there is no terminal: what is full is no disk, though the kernel's word for it is the same.
fn no_terminal(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull => Error::NoTerminals(error),
        _ => Error::System { doing: "open a pseudo-terminal", source: error },
    }
}

fn set_environment(command: &mut Command, launch: &Launch, id: SessionId, name: &str) {
    for name in &launch.without {
        command.env_remove(name);
    }
    command.envs(launch.settings.variables.iter().map(|(name, value)| (name, value)));
    command.envs(launch.env.iter().map(|(name, value)| (name, value)));
    command.env("CENTERFIRE_SESSION", id.to_string()).env("CENTERFIRE_SESSION_NAME", name);
}

/// Waits for the keeper's one line, then for the first host's status. The pipe closes with both of them, so this
/// cannot hang.
fn await_start(ready: std::fs::File, launch: &Launch) -> Result<()> {
    let mut ready = BufReader::new(ready);
    let mut line = String::new();
    let _ = ready.read_line(&mut line);
    let source = match serde_json::from_str(&line) {
        Ok(Ready::Started { .. }) => {
            let fds = &mut [PollFd::new(ready.get_ref(), PollFlags::IN)];
            let _ = poll_until(fds, Some(Instant::now() + STATUS_WITHIN));
            return Ok(());
        }
        Ok(Ready::Failed { errno: 0 }) | Err(_) => io::Error::other("the keeper died"),
        Ok(Ready::Failed { errno }) => io::Error::from_raw_os_error(errno),
    };
    Err(exec_failed(launch, source))
}

fn exec_failed(launch: &Launch, source: io::Error) -> Error {
    let command = launch.command.first().map(|word| word.to_string_lossy().into_owned());
    Error::Exec { command: command.unwrap_or_default(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_terminals_is_told_as_such_with_the_next_step() {
        // What openpt(3) says when kernel.pty.max is reached.
        let told = no_terminal(rustix::io::Errno::NOSPC.into()).to_string();
        assert!(told.starts_with("no pseudo-terminal is left") && told.contains("kernel.pty.max"), "{told}");
    }
}
