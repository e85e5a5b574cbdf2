//! How the processes of a session start one another: descriptors that are inherited, and a line of JSON that says
//! which is which.
//!
//! A role is started as `centerfire __keeper JSON [-- COMMAND...]`, `centerfire __host JSON` or `centerfire __attach
//! JSON`. It is taken before any argument parser, so that a keeper never touches the memory that one needs.
//!
//! At an upgrade one version writes the JSON and another reads it. Within a [`VERSION`] keys may be added, with a
//! default: readers pass over those they do not know. `tests.rs` has samples of each version.

use protocol::AgentState;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The version of the arguments of roles and of the words on the link between keeper and host. What has none is of
/// version 0, which had the same keys and no word for a host's binary.
pub const VERSION: u16 = 1;

/// The first argument of a keeper.
pub const KEEPER: &str = "__keeper";
/// The first argument of a host.
pub const HOST: &str = "__host";

/// The first argument of the process that sits at a person's terminal.
pub const ATTACH: &str = "__attach";

/// The first argument of a binary that is asked whether it works.
pub const CHECK: &str = "__check";

/// The first argument of a hook of the program; the next one names the CLI whose hook it is.
pub const HOOK: &str = "__hook";

/// The first argument of the process that tells somebody of a session's state.
pub const NOTIFY: &str = "__notify";

/// The first argument of the process that asks it.
pub const TRY: &str = "__try";

/// The first argument of the two processes of a session's tap; the binary owns what they do.
pub const TAP: &str = "__tap";

/// The variable with the path of the session's `host.sock`, for hooks.
pub const SOCKET_VARIABLE: &str = "CENTERFIRE_SOCKET";

/// The variable that says that the CLI was started with its hooks put in.
pub const HOOKS_VARIABLE: &str = "CENTERFIRE_HOOKS";

/// What stays the same for all hosts of a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Lines that are kept when they scroll off the screen.
    pub history_lines: usize,
    /// Recording stops where the disk has less than this free, in bytes.
    pub min_free_bytes: u64,
    /// A question of the program that nobody answers for so many seconds is denied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny_after_seconds: Option<u64>,
    /// Of one that nobody answers for so many seconds somebody is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_after_seconds: Option<u64>,
    /// Whether questions are read off the screen of a CLI that tells of them in no other way.
    #[serde(skip_serializing_if = "is_on")]
    pub screen_questions: bool,
    /// Whether those are that the hooks of a CLI leave out.
    #[serde(skip_serializing_if = "is_on")]
    pub screen_forms: bool,
    /// The states of which somebody is told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notify_on: Vec<AgentState>,
    /// What was said at the start alone of how somebody is told, as variables of the session's processes: arguments are for
    /// everybody to read, and an address may hold a secret.
    #[serde(skip)]
    pub variables: Vec<(&'static str, String)>,
}

/// As it is where nothing is said.
fn is_on(on: &bool) -> bool {
    *on
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            history_lines: 2000,
            min_free_bytes: megabytes(64),
            deny_after_seconds: None,
            escalate_after_seconds: None,
            screen_questions: true,
            screen_forms: true,
            notify_on: Vec::new(),
            variables: Vec::new(),
        }
    }
}

/// The megabytes of the configuration and of messages in bytes: 10⁶ each, as disks are sold and `df --si` counts.
pub const fn megabytes(count: u64) -> u64 {
    count * 1_000_000
}

/// The numbers of inherited descriptors, and the program they belong to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shared {
    /// [`VERSION`] of the writer.
    #[serde(default)]
    pub(crate) version: u16,
    /// The session's folder.
    pub folder: PathBuf,
    /// The master of the pseudo-terminal.
    pub master: RawFd,
    /// The listening `host.sock`: it stays open while hosts come and go, so that no client is ever refused.
    pub listener: RawFd,
    /// The lock that says that the session is alive.
    pub alive: RawFd,
    /// For all hosts.
    pub settings: Settings,
}

/// What a keeper is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeeperArgs {
    /// What it shares with its host.
    #[serde(flatten)]
    pub(crate) shared: Shared,
    /// Start a program, or take over one.
    pub(crate) task: Task,
}

/// How a keeper comes to its program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// The first keeper: starts the program on the slave, in its own working directory, and says so on `ready`.
    Start {
        /// The slave of the pseudo-terminal.
        slave: RawFd,
        /// A pipe for one line.
        ready: RawFd,
    },
    /// A keeper in the place of one that died: its host started it.
    Adopt {
        /// The program.
        child: i32,
        /// Its pidfd, where there are such.
        child_watch: RawFd,
        /// How the program ended, where the host knows: the keeper before may have died before it could write that
        /// down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<protocol::ExitStatus>,
        /// The socket to the host.
        link: RawFd,
    },
}

/// What a host is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostArgs {
    /// What it shares with its keeper.
    #[serde(flatten)]
    pub(crate) shared: Shared,
    /// The program.
    pub(crate) child: i32,
    /// Its pidfd, where there are such.
    pub(crate) child_watch: RawFd,
    /// The keeper.
    pub(crate) keeper: i32,
    /// The socket to the keeper.
    pub(crate) link: RawFd,
    /// [`VERSION`] of the keeper: which words it knows.
    #[serde(default)]
    pub(crate) keeper_version: u16,
    /// A pipe that the first host closes once it can be asked and its status lies on disk: who starts the session
    /// waits for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ready: Option<RawFd>,
    /// Whether hosts before it died so often that the screen may be why: then it begins with an empty one.
    #[serde(default)]
    pub(crate) distrust_screen: bool,
    /// Whether this host takes the place of one that left in good order.
    #[serde(default)]
    pub(crate) upgraded: bool,
}

/// What the process at a person's terminal is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttachArgs {
    /// [`VERSION`] of the writer.
    #[serde(default)]
    pub version: u16,
    /// The session's folder.
    pub folder: PathBuf,
    /// The session's name, for what is said to people.
    pub name: String,
    /// How to join.
    pub options: crate::attach::Options,
}

/// Becomes the process that sits at the terminal: a new program image, so that what the command line took of memory
/// does not stay for as long as the session is looked at. Comes back only with the reason why it could not.
pub fn become_attach(args: &AttachArgs) -> io::Error {
    match serde_json::to_string(args) {
        Ok(json) => Command::new(this_binary()).arg0("centerfire").arg(ATTACH).arg(json).exec(),
        Err(error) => error.into(),
    }
}

/// The line that a first keeper writes on `ready`, which the first host closes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ready {
    /// The program runs.
    Started {
        /// Its process id.
        child: i32,
    },
    /// It does not.
    Failed {
        /// The system's error number, 0 if there is none.
        errno: i32,
    },
}

/// Gives this process the name under which `ps` and `top` show it; it was started through a nameless link.
pub fn set_name(name: &std::ffi::CStr) {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(name);
    #[cfg(not(target_os = "linux"))]
    let _ = name;
}

/// Reads the JSON of a role. A later version than ours has keys that mean something else: it is refused.
pub fn parse<T: DeserializeOwned>(argument: Option<&OsString>) -> io::Result<T> {
    #[derive(Deserialize)]
    struct Versioned {
        #[serde(default)]
        version: u16,
    }
    let text = argument.and_then(|text| text.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
    let Versioned { version } = serde_json::from_str(text)?;
    if version > VERSION {
        let why = format!("arguments of version {version}; this centerfire knows versions up to {VERSION}");
        return Err(io::Error::other(why));
    }
    Ok(serde_json::from_str(text)?)
}

/// Prepares the start of a role by this very program, or by another binary of it. The descriptors in `inherit` stay
/// open in it, standard input and output are nowhere, standard error is the session's log.
pub fn command(
    binary: &Path,
    role: &str,
    args: &impl Serialize,
    log: &Path,
    inherit: Vec<RawFd>,
) -> io::Result<Command> {
    let mut command = Command::new(binary);
    command.arg0("centerfire").arg(role).arg(serde_json::to_string(args)?);
    // Of a log that cannot be made shorter more is kept.
    let _ = crate::log::trim(log);
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let log = options.append(true).create(true).open(log)?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    let keep = move || {
        // Whoever started us may have left files open for all to inherit: a pipe would never end (T22).
        terminal::pty::close_on_exec_from(3);
        for fd in &inherit {
            // SAFETY: clears a flag of a descriptor that the parent keeps open.
            if unsafe { libc::fcntl(*fd, libc::F_SETFD, 0) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: only async-signal-safe calls on memory that was prepared before the fork.
    unsafe { command.pre_exec(keep) };
    Ok(command)
}

/// Has a process that is started outlive the terminal of whoever starts it.
pub fn outlive_terminal(command: &mut Command) {
    let leave = || rustix::process::setsid().map(drop).map_err(io::Error::from);
    // SAFETY: one async-signal-safe call.
    unsafe { command.pre_exec(leave) };
}

/// This program, also after its file was replaced.
pub fn this_binary() -> PathBuf {
    if cfg!(target_os = "linux") {
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().unwrap_or_else(|_| PathBuf::from("centerfire"))
    }
}

/// Takes an inherited descriptor as ours, and keeps it from what we start.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: asks for flags only; the answer says whether the number is open.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the number is open, and each number is taken once, by the role it was given to.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// The number of a descriptor for the arguments of a role.
pub fn number(fd: &impl AsRawFd) -> RawFd {
    fd.as_raw_fd()
}

#[cfg(test)]
mod tests;
