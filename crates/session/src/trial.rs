//! Tries another binary before a host becomes it: in processes of their own, so that a file that crashes or hangs
//! costs the session nothing.
//!
//! The host starts its own binary as `__try`; that starts the other one as `__check`, watches it for a limited time,
//! and tells the host on its standard output what came of it.

use crate::poll::poll_until;
use crate::role::{self, HostArgs};
use crate::{binary, process, signals};
use protocol::ExitStatus;
use rustix::event::{PollFd, PollFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How long a binary may take to say that it works: some milliseconds are usual, a busy machine needs more.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes of what a binary says that are looked at: one line is expected.
const WORDS_BYTES: usize = 4 << 10; // 4 KiB
/// Characters of it that are told to people.
const TOLD_CHARS: usize = 200;

/// What is to be tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TryArgs {
    /// [`role::VERSION`] of the writer.
    #[serde(default)]
    pub version: u16,
    /// The file.
    pub binary: PathBuf,
    /// What it would be told as a host: whether it understands that is part of the trial.
    pub host: HostArgs,
}

/// What came of it: a line of JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It starts here and understands its arguments.
    Works,
    /// It does not.
    Broken {
        /// The rest of a sentence that begins with the file's name.
        why: String,
    },
}

/// What a binary that works says of itself: a line of JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Checked {
    /// Its [`role::VERSION`].
    version: u16,
    /// Its release, for people.
    release: String,
}

/// The role `__check`: this binary runs, and has understood its arguments.
pub fn check(_understood: &HostArgs) -> io::Result<()> {
    let release = env!("CARGO_PKG_VERSION").to_owned();
    say(&Checked { version: role::VERSION, release })
}

/// The role `__try`.
pub fn main(args: &TryArgs) -> io::Result<()> {
    // A host ignores it, and who ignores it cannot wait for a child.
    signals::restore(&[libc::SIGCHLD]);
    say(&judge(&args.binary, &args.host).unwrap_or_else(|error| broken(format!("cannot be tried: {error}"))))
}

fn say(value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    io::stdout().write_all(&line)
}

fn broken(why: String) -> Verdict {
    Verdict::Broken { why }
}

fn judge(file: &Path, host: &HostArgs) -> io::Result<Verdict> {
    let (words, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    let mut command = role::command(file, role::CHECK, host, Path::new("/dev/null"), Vec::new())?;
    command.stdout(Stdio::from(write.try_clone()?)).stderr(write);
    outlive_nobody(&mut command);
    binary::start_directly(&mut command)?;
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ok(broken(format!("cannot be started: {error}"))),
    };
    drop(command);
    let watch = process::watch(Pid::from_child(&child))?;
    let in_time = ends_within(&watch, LIMIT)?;
    if !in_time {
        process::signal(&watch, Pid::from_child(&child), Signal::KILL)?;
    }
    let status = child.wait()?;
    let said = read(&words);
    if !in_time {
        return Ok(broken(format!("does not answer within {} s", LIMIT.as_secs())));
    }
    let understood = serde_json::from_slice::<Checked>(&said).is_ok();
    if status.success() && understood {
        return Ok(Verdict::Works);
    }
    let told: String = String::from_utf8_lossy(&said).trim().chars().take(TOLD_CHARS).collect();
    let told = if told.is_empty() { "nothing".to_owned() } else { told };
    let end = ExitStatus::from_wait(status.into_raw());
    Ok(broken(format!("is no centerfire that works here: tried, it ended with {end} and said: {told}")))
}

/// Has what is tried die with this process.
fn outlive_nobody(command: &mut std::process::Command) {
    #[cfg(target_os = "linux")]
    {
        let tie = || Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?);
        // SAFETY: one async-signal-safe call.
        unsafe { command.pre_exec(tie) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = command;
}

fn ends_within(watch: &OwnedFd, limit: Duration) -> io::Result<bool> {
    Ok(poll_until(&mut [PollFd::new(watch, PollFlags::IN)], Some(Instant::now() + limit))? > 0)
}

/// What lies in the pipe, as far as it matters.
fn read(words: &OwnedFd) -> Vec<u8> {
    let mut said = vec![0; WORDS_BYTES];
    let count = rustix::io::read(words, &mut said).unwrap_or(0);
    said.truncate(count);
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An older host reads what a newer binary says, and the other way round.
    #[test]
    fn verdicts_and_checks_stay_as_they_are() {
        let works = serde_json::to_string(&Verdict::Works).unwrap();
        assert_eq!(works, r#""works""#);
        let why = "is no program".to_owned();
        assert_eq!(serde_json::to_string(&broken(why)).unwrap(), r#"{"broken":{"why":"is no program"}}"#);
        let checked = Checked { version: 1, release: "0.1.0".to_owned() };
        let line = r#"{"version":1,"release":"0.1.0"}"#;
        assert_eq!(serde_json::to_string(&checked).unwrap(), line);
        let newer = r#"{"version":7,"release":"9.0.0","new":[1]}"#;
        assert_eq!(serde_json::from_str::<Checked>(newer).unwrap().version, 7);
    }
}
