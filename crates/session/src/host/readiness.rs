//! What a host waits for: one `poll` over the descriptors that are there, each under its name.

use super::Host;
use super::local::Local;
use crate::poll::poll_until;
use protocol::ClientNumber;
use rustix::event::{PollFd, PollFlags};
use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

/// What can be done now.
#[derive(Default)]
pub(super) struct Readiness {
    /// The program's output can be read.
    pub output: bool,
    /// The controlling terminal's keys can be read, or it is gone.
    pub keys: bool,
    /// The controlling terminal takes more.
    pub local_writable: bool,
    /// Somebody connects.
    pub knock: bool,
    /// Somebody could not.
    pub bell: bool,
    pub keeper: bool,
    /// A binary was tried, and there is word of it.
    pub trial: bool,
    /// Who sent something, takes something, or is gone.
    pub clients: Vec<ClientNumber>,
}

impl Readiness {
    /// Whether a person typed, and nothing else happened.
    pub(super) fn is_only_keys(&self) -> bool {
        let Self { output, keys, local_writable, knock, bell, keeper, trial, clients } = self;
        *keys && clients.is_empty() && ![output, local_writable, knock, bell, keeper, trial].contains(&&true)
    }
}

/// Whose descriptor it is.
#[derive(Clone, Copy)]
enum Source {
    Master,
    Local,
    Door,
    Bell,
    Keeper,
    Trial,
    Client(ClientNumber),
}

/// How many there are at most that are no client's.
const BESIDE_CLIENTS: usize = 6;

/// The descriptors that are waited for.
struct Watched<'a> {
    sources: Vec<Source>,
    fds: Vec<PollFd<'a>>,
}

impl<'a> Watched<'a> {
    fn with_room(count: usize) -> Self {
        Self { sources: Vec::with_capacity(count), fds: Vec::with_capacity(count) }
    }

    fn add(&mut self, source: Source, fd: &'a impl AsFd, read: bool, write: bool) {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, read);
        flags.set(PollFlags::OUT, write);
        self.sources.push(source);
        self.fds.push(PollFd::new(fd, flags));
    }

    /// Sleeps until something happens to one of them, or the deadline; gives what happened.
    fn wait(&mut self, deadline: Option<Instant>) -> io::Result<impl Iterator<Item = (Source, PollFlags)>> {
        poll_until(&mut self.fds, deadline)?;
        let events = self.sources.iter().zip(&self.fds).map(|(source, fd)| (*source, fd.revents()));
        Ok(events.filter(|(_, events)| !events.is_empty()))
    }
}

impl Host {
    /// Sleeps until something can be done. Nothing runs while nothing happens: there is no timer in an idle host.
    pub(super) fn wait(&self) -> io::Result<Readiness> {
        let reading = !self.output.ended && !self.local.as_ref().is_some_and(Local::holds_up);
        let writing = self.input.wants_write();
        let mut watched = Watched::with_room(BESIDE_CLIENTS + self.clients.all.len());
        // A master whose slaves are closed reports a hang-up for ever, whatever is asked of it. It is left out unless
        // something waits to be written, which then has nowhere to go and is found out at once.
        if reading || writing {
            watched.add(Source::Master, &self.master, reading, writing && !self.output.ended);
        }
        if let Some(local) = &self.local {
            watched.add(Source::Local, local, self.input.takes_keys(), local.wants_write());
        }
        let (listener, bell) = (self.door.listener(), self.door.bell());
        if let Some(listener) = &listener {
            watched.add(Source::Door, listener, true, false);
        }
        watched.add(Source::Bell, &bell, true, false);
        if let Some(link) = &self.keeper.link {
            watched.add(Source::Keeper, link, true, false);
        }
        if let Some(words) = self.upgrade.trial() {
            watched.add(Source::Trial, words, true, false);
        }
        for client in &self.clients.all {
            watched.add(Source::Client(client.number), client, true, client.wants_write());
        }
        let mut ready = Readiness::default();
        for (source, events) in watched.wait(self.deadline())? {
            let readable = events.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
            match source {
                Source::Master => ready.output = readable && reading,
                Source::Local => {
                    ready.keys = readable;
                    ready.local_writable = events.contains(PollFlags::OUT);
                }
                Source::Door => ready.knock = readable,
                Source::Bell => ready.bell = readable,
                Source::Keeper => ready.keeper = readable,
                Source::Trial => ready.trial = readable,
                Source::Client(number) => ready.clients.push(number),
            }
        }
        Ok(ready)
    }

    /// When something is due without an event.
    fn deadline(&self) -> Option<Instant> {
        let local = self.local.as_ref().and_then(Local::deadline);
        let asking = self.output.asking.deadline();
        let (input, ending) = (self.input.deadline(), self.ending.deadline());
        let (door, silent) = (self.door.deadline(), self.clients.deadline());
        let approvals = self.approvals.deadline(&self.approval_limits());
        let watching = || [self.dialog_deadline(), self.seen_deadline(), self.agent.deadline()];
        let watching = if self.output.canvas.is_behind() { [None; 3] } else { watching() };
        [
            self.status_file.age.deadline(),
            local,
            asking,
            input,
            ending,
            self.keeper.deadline(),
            door,
            silent,
            approvals,
            self.output.canvas.deadline(),
        ]
        .into_iter()
        .chain(watching)
        .flatten()
        .min()
    }
}
