//! Exit codes, stable because scripts rely on them, and errors as one line with a next step.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done, or detached |
//! | 1 | failed |
//! | 2 | the command line is wrong |
//! | 3 | no such session |
//! | 4 | the session's program ended, or its host is gone |
//! | 5 | refused: the program does not read its input, another client is in control, a session would show itself, it runs and must not, or nobody knows how to run it again |
//! | 124 | a time-out of `wait` |
//! | 125 | the program's exit status is lost |
//! | 126, 127 | the program could not be started; was not found |
//! | 141 | standard output was closed, as by `| head` |
//! | other | the program's own, or 128 + signal |

use anyhow::Error;
use protocol::frame::Refusal;
use serde_json::json;
use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

/// What was written on the command line makes no sense, in a way that its parser cannot see.
#[derive(Debug)]
pub(crate) struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The command line is wrong: what its parser gives, too.
pub(crate) const USAGE: u8 = 2;

/// What has no code of its own.
const FAILED: u8 = 1;

/// `wait` did not see what it waited for.
pub(crate) const TIMED_OUT: u8 = 124;

/// Nobody reads what we write: what SIGPIPE would end other programs with.
const OUTPUT_CLOSED: u8 = 128 + 13;

/// Ends the process of a role: what went wrong is in the session's log.
pub(crate) fn of_role(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", std::process::id());
            ExitCode::FAILURE
        }
    }
}

/// Tells an error to a person, or to a program as {`error`, `code`}: in the place of the answer, or on standard error
/// where the command line is wrong.
pub(crate) fn report(error: &Error, as_json: bool) -> ExitCode {
    let (code, word) = facts(error);
    let error_line = sentence(error);
    let told = || json!({ "error": error_line, "code": word });
    if as_json && code == USAGE {
        // Nothing was asked, so nothing is the answer.
        eprintln!("{}", told());
    } else if as_json {
        crate::term::say(told());
    } else {
        tell("31", &error_line);
    }
    ExitCode::from(code)
}

/// Tells what is not right and stops nothing. It is for people, and for no answer in JSON.
pub(crate) fn warn(line: &str) {
    tell("33", line);
}

fn tell(sgr: &str, line: &str) {
    let (colour, plain) = match crate::term::colour_on_stderr() {
        true => (format!("\x1b[{sgr}m"), "\x1b[0m"),
        false => (String::new(), ""),
    };
    // Names and words of others are in it, which are not to move the cursor.
    eprintln!("{colour}centerfire:{plain} {}", crate::term::one_line(line));
}

/// An error and its causes as one line. Most of our errors name their cause already; it is not said twice.
pub(crate) fn sentence(error: &Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.ends_with(&cause) {
            line += &format!(": {cause}");
        }
    }
    line
}

/// Says nothing when nobody reads the output any more: that is how `| head` ends a copy.
pub(crate) fn quietly(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match result {
        Err(error) if facts(&error).0 == OUTPUT_CLOSED => Ok(ExitCode::from(OUTPUT_CLOSED)),
        other => other,
    }
}

/// The exit code of an error, and its word for programs.
fn facts(error: &Error) -> (u8, &'static str) {
    match error.downcast_ref::<session::Error>() {
        Some(error) => (code_of_session(error), error.word()),
        None if error.is::<Usage>() => (USAGE, "USAGE"),
        None if is_broken_pipe(error) => (OUTPUT_CLOSED, "OUTPUT_CLOSED"),
        None => (FAILED, "FAILED"),
    }
}

/// Without a wildcard: who adds an error decides what scripts see of it.
fn code_of_session(error: &session::Error) -> u8 {
    use session::Error as S;
    match error {
        S::NoSuchSession { .. } | S::Ambiguous { .. } => 3,
        S::NoHost(_) | S::Ended { .. } | S::Refused { code: Refusal::Ended, .. } => 4,
        S::Running(_) | S::Imported { .. } | S::Occupied(_) | S::Inside { .. } | S::Refused { .. } => 5,
        S::Exec { source, .. } if source.kind() == ErrorKind::NotFound => 127,
        S::Exec { .. } => 126,
        S::OutputClosed => OUTPUT_CLOSED,
        S::BadName { .. }
        | S::LongCommand { .. }
        | S::Folder { .. }
        | S::Unending(_)
        | S::Unfound(_)
        | S::NoSuchSignal(_)
        | S::Connection { .. }
        | S::Protocol(_)
        | S::Busy { .. }
        | S::Journal(_)
        | S::NoTerminals(_)
        | S::System { .. }
        | S::Io { .. } => FAILED,
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
