//! What can go wrong with a session, by what the caller may do about it.

use crate::name::shell_word;
use protocol::frame::Refusal;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A session's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done with a session.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No session has that name, id or beginning of an id.
    #[error("no session `{wanted}`{hint}; `centerfire list --all` shows them")]
    NoSuchSession {
        /// What was asked for.
        wanted: String,
        /// What may have been meant, as the rest of a sentence.
        hint: String,
    },
    /// More than one session fits.
    #[error("`{text}` fits {count} sessions ({examples}); write more of the id, or the name")]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// How many fit.
        count: usize,
        /// Some of them.
        examples: String,
    },
    /// A name that cannot be one.
    #[error("`{name}` cannot be a session's name: {why}")]
    BadName {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
    /// The program could not be started.
    #[error("cannot start `{command}`{}: {source}", hint(command, source))]
    Exec {
        /// The program.
        command: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The folder that the program was to start in cannot be entered.
    #[error("cannot start in {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The session's host does not answer: its processes are gone.
    #[error("the session has no host any more; `centerfire show {0}` tells what is left of it")]
    NoHost(String),
    /// The connection to the host broke, or the host said nothing in time. It may have died; a successor may come.
    #[error("{}: {source}", path.display())]
    Connection {
        /// The socket.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The session runs, which is in the way of what was asked.
    #[error("`{0}` is running; `centerfire kill {word}` ends it first", word = shell_word(.0))]
    Running(String),
    /// It is a recording of others: nobody knows how its program was started.
    #[error(
        "`{name}` was imported from {file}, which does not tell how to start it; `centerfire run -- PROGRAM` starts one"
    )]
    Imported {
        /// The session.
        name: String,
        /// The file that it was read from.
        file: String,
    },
    /// Its program ended, and something that it started lives on in its terminal.
    #[error("`{0}` has ended, but something it started still holds its terminal; end that first")]
    Occupied(String),
    /// Its words could not be kept.
    #[error(
        "the command has {bytes} bytes as it would be kept, and 4 MiB is the most; put what is long into a file"
    )]
    LongCommand {
        /// As JSON.
        bytes: u64,
    },
    /// Its program was killed and is still there.
    #[error("`{0}` does not end, even by SIGKILL; the kernel may be holding it")]
    Unending(String),
    /// Its program was not found, and nothing says that it ended.
    #[error(
        "`{0}` may still run: its program was not found, and no end of it was written down; `centerfire kill {word}` \
         tries again",
        word = shell_word(.0)
    )]
    Unfound(String),
    /// A number that is no signal's.
    #[error("there is no signal {0}")]
    NoSuchSignal(i32),
    /// The session does not run any more, and nothing can be asked of it.
    #[error("{how}; {next}")]
    Ended {
        /// How it ended, with its name.
        how: String,
        /// What can be done with it.
        next: String,
    },
    /// The host refused.
    #[error("{message}")]
    Refused {
        /// A word for programs.
        code: Refusal,
        /// A sentence for people.
        message: String,
    },
    /// The terminal is shown by the very session that it would show.
    #[error(
        "this terminal is inside session `{session}`{through}, which would show itself without end; attach in \
         another terminal, or look with `centerfire screen {word}` (if it is not inside: unset CENTERFIRE_SESSION)",
        word = shell_word(session)
    )]
    Inside {
        /// The session.
        session: String,
        /// The sessions between, as a part of the sentence.
        through: String,
    },
    /// The host said something that this version does not understand.
    #[error("the session's host speaks another language: {0}")]
    Protocol(String),
    /// Nobody reads our standard output any more.
    #[error("standard output was closed; the session goes on")]
    OutputClosed,
    /// Another process is in the way and does not go.
    #[error(
        "another process has held the lock on {0} for {1} s; `fuser -v {0}` names it: end it, and try again",
        path.display(), waited.as_secs()
    )]
    Busy {
        /// What is locked.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The journal could not be read or written.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// This machine has no pseudo-terminal left.
    #[error(
        "no pseudo-terminal is left on this machine ({0}): `centerfire status` tells how many there are; end what you \
         do not need, or raise kernel.pty.max"
    )]
    NoTerminals(io::Error),
    /// The system refused something that is about no file of ours.
    #[error("{doing}: {source}")]
    System {
        /// What was tried: a verb and its object.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The system refused something with a file, a folder or a socket.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file, folder or socket.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    /// A word for programs: the `code` of every error that is told as JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoSuchSession { .. } => "NO_SUCH_SESSION",
            Self::Ambiguous { .. } => "AMBIGUOUS",
            Self::BadName { .. } => "BAD_NAME",
            Self::Exec { .. } => "EXEC",
            Self::Folder { .. } => "FOLDER",
            Self::NoHost(_) => "NO_HOST",
            Self::Running(_) => "RUNNING",
            Self::Imported { .. } => "IMPORTED",
            Self::Occupied(_) => "OCCUPIED",
            Self::LongCommand { .. } => "LONG_COMMAND",
            Self::Ended { .. } => "ENDED",
            Self::Inside { .. } => "INSIDE",
            Self::OutputClosed => "OUTPUT_CLOSED",
            Self::NoSuchSignal(_) => "NO_SUCH_SIGNAL",
            Self::Refused { code, .. } => match code {
                Refusal::Ended => "ENDED",
                Refusal::BadRequest => "BAD_REQUEST",
                Refusal::Version => "VERSION",
                Refusal::NotInControl => "NOT_IN_CONTROL",
                Refusal::WriteRejected => "WRITE_REJECTED",
                Refusal::Settled => "SETTLED",
                Refusal::Failed => "FAILED",
            },
            Self::Unending(_)
            | Self::Unfound(_)
            | Self::Connection { .. }
            | Self::Protocol(_)
            | Self::Busy { .. }
            | Self::Journal(_)
            | Self::NoTerminals(_)
            | Self::System { .. }
            | Self::Io { .. } => "FAILED",
        }
    }

    /// Whether the host died or left: the session may have another in a moment ([`crate::client::reach`]).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NoHost(_) | Self::Connection { .. })
    }

    /// Whether the host was waited for and said nothing.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Connection { source, .. } if source.kind() == io::ErrorKind::TimedOut)
    }

    pub(crate) fn io(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { path: path.to_owned(), source: source.into() }
    }

    /// For `map_err`: the system refused, when we were `doing` something.
    pub(crate) fn system<E: Into<io::Error>>(doing: &'static str) -> impl Fn(E) -> Self + Copy {
        move |source| Self::System { doing, source: source.into() }
    }
}

/// What a person can do about a program that is not there.
fn hint(command: &str, source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound if command.contains(char::is_whitespace) => {
            " (a program and its arguments are words of their own: `centerfire run -- sleep 5`)"
        }
        io::ErrorKind::NotFound if !command.contains('/') => ", which no folder of PATH holds",
        _ => "",
    }
}
