//! `centerfire kill`: ends a session's program.

mod force;

use crate::context::Context;
use protocol::frame::{Event, Request};
use protocol::{ExitStatus, Phase};
use rustix::process::Signal;
use serde_json::json;
use session::client::HostClient;
use session::registry::Entry;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// End a session's program: hang up, then ask it to terminate, then force it
///
/// If the session's host does not answer, the program is found and ended without it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one
    session: String,
    /// Send only this signal, by name or number, and do not wait
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    signal: Option<i32>,
    /// Wait this many seconds after each signal before the next, harder one
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    grace: f64,
}

/// What ends a program, the gentlest first.
const HARDER: [Signal; 3] = [Signal::HUP, Signal::TERM, Signal::KILL];

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

/// How long the host may take to answer before its processes are looked for.
const HOST_ANSWERS_WITHIN: Duration = Duration::from_secs(3);

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(Some(&self.session))?;
        if entry.phase != Phase::Running {
            return Err(super::show::ended(&entry));
        }
        if let Some(signal) = self.signal {
            send(&entry, signal)?;
            context.say(&json!({ "signal": signal }), String::new);
            return Ok(ExitCode::SUCCESS);
        }
        let grace = Duration::try_from_secs_f64(self.grace)?;
        let status = match by_host(&entry, grace) {
            Ok(Some(status)) => status,
            // What it does leads to nothing: a keeper that is stopped tells no end.
            Ok(None) => force::end(&entry, grace)?,
            Err(error) if is_silent(&error) => force::end(&entry, grace)?,
            Err(error) => return Err(error.into()),
        };
        context.say(&json!({ "exit": status }), || format!("{}: {status}", entry.name));
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether nobody answers. Only then is a session's end forced: a host that answers otherwise than was hoped for is well.
fn is_silent(error: &session::Error) -> bool {
    error.is_gone() || error.is_timeout()
}

fn host(entry: &Entry) -> session::Result<HostClient> {
    HostClient::connect_within(&entry.meta, "kill", HOST_ANSWERS_WITHIN)
}

fn ask(client: &mut HostClient, request: Request) -> session::Result<()> {
    client.call_with(request, &[], None, HOST_ANSWERS_WITHIN).map(drop)
}

/// Sends the program one signal, through its host if that answers.
fn send(entry: &Entry, signal: i32) -> anyhow::Result<()> {
    match host(entry).and_then(|mut client| ask(&mut client, Request::Signal { signal })) {
        Err(error) if is_silent(&error) => force::send(entry, signal),
        other => Ok(other?),
    }
}

/// Has the host end the program.
fn by_host(entry: &Entry, grace: Duration) -> session::Result<Option<ExitStatus>> {
    let mut client = host(entry)?;
    ask(&mut client, Request::Follow)?;
    for signal in HARDER.map(Signal::as_raw) {
        match ask(&mut client, Request::Signal { signal }) {
            // A program that ended in between refuses the signal; that is what was wanted.
            Ok(()) | Err(session::Error::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        let ended = match ended(&mut client, grace) {
            // The host may leave with the program, before its word arrives.
            Err(error) if error.is_gone() => entry.folder.exit()?.map(|exit| exit.status),
            other => other?,
        };
        if ended.is_some() {
            return Ok(ended);
        }
    }
    Ok(None)
}

fn ended(client: &mut HostClient, grace: Duration) -> session::Result<Option<ExitStatus>> {
    let end = Instant::now() + grace;
    loop {
        while let Some(event) = client.event()? {
            if let Event::Exited { status, .. } = event {
                return Ok(Some(status));
            }
        }
        if Instant::now() >= end {
            return Ok(None);
        }
        match client.receive(end) {
            Ok(()) => {}
            Err(error) if error.is_timeout() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}
