//! `centerfire kill`: ends a session's program.

use super::quantity::seconds;
use crate::completion;
use crate::context::Context;
use clap_complete::ArgValueCandidates;
use protocol::Phase;
use rustix::process::Signal;
use serde_json::json;
use session::end;
use std::process::ExitCode;
use std::time::Duration;

/// End a session's program: hang up, then ask it to terminate, then force it
///
/// If the session's host does not answer, the program is found and ended without it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    #[arg(add = ArgValueCandidates::new(completion::running))]
    session: String,
    /// Send only this signal, by name or number, and do not wait
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    signal: Option<i32>,
    /// Wait this many seconds after each signal before the next, harder one
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = seconds)]
    grace: Duration,
}

/// The signals that a name is known for; their numbers are this system's.
const SIGNALS: &[(&str, Signal)] = &[
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("KILL", Signal::KILL),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("TERM", Signal::TERM),
    ("CONT", Signal::CONT),
    ("STOP", Signal::STOP),
];

fn signal(text: &str) -> Result<i32, String> {
    let name = text.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let known = SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, signal)| signal.as_raw());
    known
        .or_else(|| text.parse().ok().filter(|number| (1..=64).contains(number)))
        .ok_or_else(|| format!("no signal `{text}`; write HUP, INT, TERM, KILL or a number"))
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        if entry.phase != Phase::Running {
            return Err(session::summary::ended(&entry).into());
        }
        if let Some(signal) = self.signal {
            end::signal(&entry, signal)?;
            context.say(&json!({ "signal": signal }), String::new);
            return Ok(ExitCode::SUCCESS);
        }
        let status = end::end(&entry, self.grace)?;
        context.say(&json!({ "exit": status }), || format!("{}: {status}", entry.name));
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::ExitStatus;

    /// The names in exit statuses are written down for each system; these are the system's own.
    #[test]
    fn a_signal_that_is_sent_by_name_is_told_by_it() {
        let ending = SIGNALS.iter().filter(|(name, _)| !["CONT", "STOP"].contains(name));
        for (name, signal) in ending {
            assert_eq!(ExitStatus::Signal(signal.as_raw()).to_string(), format!("signal {name}"));
        }
        let others =
            [("ABRT", Signal::ABORT), ("BUS", Signal::BUS), ("SEGV", Signal::SEGV), ("SYS", Signal::SYS)];
        for (name, signal) in others {
            assert_eq!(ExitStatus::Signal(signal.as_raw()).to_string(), format!("signal {name}"));
        }
    }
}
