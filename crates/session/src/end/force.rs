//! Ends a program whose host does not answer: stopped, stuck, or gone with its socket.
//!
//! The keeper is its parent, and still the one who says how it ended.

use super::{HARDER, HOST_ANSWERS_WITHIN, is_silent};
use crate::client::HostClient;
use crate::crew::Crew;
use crate::registry::Entry;
use crate::{Error, Result};
use protocol::ExitStatus;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// How long the keeper may take to write down how the program ended.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);
/// Between two looks for that.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Sends the program one signal.
pub(super) fn send(entry: &Entry, signal: Signal) -> Result<()> {
    let program = Crew::find(&entry.folder).program;
    let program = program.ok_or_else(|| Error::NoHost(entry.name.clone()))?;
    program.signal_groups(signal).map_err(Error::system("signal the program"))
}

/// Ends the program and gives how it ended.
pub(super) fn end(entry: &Entry, grace: Duration) -> Result<ExitStatus> {
    let crew = Crew::find(&entry.folder);
    if crew.is_empty() {
        return exit(entry)?.ok_or_else(|| Error::NoHost(entry.name.clone()));
    }
    crew.resume();
    if let Some(program) = &crew.program {
        let ends = |signal: Signal| {
            // One that ended in between refuses the signal.
            let _ = program.signal_groups(signal);
            program.ended_within(grace)
        };
        if !HARDER.into_iter().any(ends) {
            return Err(Error::Unending(entry.name.clone()));
        }
    }
    let status = written(entry)?;
    replace_stuck_host(entry, &crew)?;
    match status {
        Some(status) => Ok(status),
        // One that was found has ended by now.
        None if crew.program.is_some() || crew.collected => Ok(ExitStatus::Lost),
        None => Err(Error::Unfound(entry.name.clone())),
    }
}

fn exit(entry: &Entry) -> Result<Option<ExitStatus>> {
    Ok(entry.folder.exit()?.map(|exit| exit.status))
}

/// Waits for the keeper's word. Without a keeper there is none.
fn written(entry: &Entry) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + WRITTEN_WITHIN;
    loop {
        let status = exit(entry)?;
        if status.is_some() || Instant::now() >= end {
            return Ok(status);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A host that neither leaves now nor answers never will; its keeper starts another, which closes the recording.
fn replace_stuck_host(entry: &Entry, crew: &Crew) -> Result<()> {
    if crew.hosts.iter().all(|host| host.ended_within(HOST_ANSWERS_WITHIN)) {
        return Ok(());
    }
    match HostClient::connect_within(&entry.meta, "kill", HOST_ANSWERS_WITHIN) {
        Err(error) if is_silent(&error) => {
            for host in &crew.hosts {
                let _ = host.signal(Signal::KILL);
            }
            Ok(())
        }
        other => other.map(drop),
    }
}
