//! Ends a session's program: by its host, or without it where that does not answer.

mod force;

use crate::client::HostClient;
use crate::registry::Entry;
use crate::{Error, Result};
use protocol::ExitStatus;
use protocol::frame::{Event, Request};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// What ends a program, the gentlest first.
const HARDER: [Signal; 3] = [Signal::HUP, Signal::TERM, Signal::KILL];

/// How long the host may take to answer before its processes are looked for.
const HOST_ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// Ends the program, `grace` after each signal with the next, harder one; gives how it ended.
pub fn end(entry: &Entry, grace: Duration) -> Result<ExitStatus> {
    match by_host(entry, grace) {
        Ok(Some(status)) => Ok(status),
        // What it does leads to nothing: a keeper that is stopped tells no end.
        Ok(None) => force::end(entry, grace),
        Err(error) if is_silent(&error) => force::end(entry, grace),
        Err(error) => Err(error),
    }
}

/// Whether nobody answers. Only then is a session's end forced: a host that answers otherwise than was hoped for is well.
fn is_silent(error: &Error) -> bool {
    error.is_gone() || error.is_timeout()
}

fn host(entry: &Entry) -> Result<HostClient> {
    HostClient::connect_within(&entry.meta, "kill", HOST_ANSWERS_WITHIN)
}

fn ask(client: &mut HostClient, request: Request) -> Result<()> {
    client.call_with(request, &[], None, HOST_ANSWERS_WITHIN).map(drop)
}

/// Sends the program one signal, through its host if that answers.
pub fn signal(entry: &Entry, signal: i32) -> Result<()> {
    let named = Signal::from_named_raw(signal).ok_or(Error::NoSuchSignal(signal))?;
    match host(entry).and_then(|mut client| ask(&mut client, Request::Signal { signal })) {
        Err(error) if is_silent(&error) => force::send(entry, named),
        other => other,
    }
}

/// Has the host end the program.
fn by_host(entry: &Entry, grace: Duration) -> Result<Option<ExitStatus>> {
    let mut client = host(entry)?;
    ask(&mut client, Request::Follow)?;
    for signal in HARDER.map(Signal::as_raw) {
        match ask(&mut client, Request::Signal { signal }) {
            // A program that ended in between refuses the signal; that is what was wanted.
            Ok(()) | Err(Error::Refused { .. }) => {}
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

fn ended(client: &mut HostClient, grace: Duration) -> Result<Option<ExitStatus>> {
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
