//! The end of a program, told apart from the end of its output: neither means the other (T2, T4).

use super::Host;
use super::clients::Client;
use super::tidy;
use crate::hook::end_silence;
use crate::link::News;
use crate::{Error, Result};
use protocol::frame::{Event, Refusal};
use protocol::{Body, ExitStatus};
use std::path::Path;
use std::time::{Duration, Instant};

/// After the program's end its output counts as complete when none came for this long.
const QUIET: Duration = Duration::from_millis(60);
/// A background process that goes on writing delays the word of the program's end by no more than this.
const LIMIT: Duration = Duration::from_secs(1);
/// The least version of a keeper that goes on trying to write the end down.
const KEEPER_TRIES_AGAIN: u16 = 1;
/// Clients may take this long for what waits for them when all is over.
const LAST_FRAMES: Duration = Duration::from_secs(1);

/// How far the end has come.
#[derive(Default)]
pub(super) enum Ending {
    /// The program runs, for all we know.
    #[default]
    None,
    /// It ended; its last output is being read.
    Draining { status: ExitStatus, quiet_until: Instant, limit: Instant },
    /// Everyone was told.
    Told(ExitStatus),
}

impl Ending {
    /// The program ended.
    pub(super) fn begin(&mut self, status: ExitStatus) {
        if matches!(self, Self::None) {
            let now = Instant::now();
            *self = Self::Draining { status, quiet_until: now + QUIET, limit: now + LIMIT };
        }
    }

    /// More output came.
    pub(super) fn output(&mut self) {
        if let Self::Draining { quiet_until, .. } = self {
            *quiet_until = Instant::now() + QUIET;
        }
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Draining { quiet_until, limit, .. } => Some(*quiet_until.min(limit)),
            _ => None,
        }
    }

    /// The status to tell now, once: `ended` says that no output can come any more.
    pub(super) fn tell(&mut self, ended: bool) -> Option<ExitStatus> {
        let Self::Draining { status, .. } = *self else { return None };
        if !ended && self.deadline().is_some_and(|deadline| Instant::now() < deadline) {
            return None;
        }
        *self = Self::Told(status);
        Some(status)
    }

    /// Whether the program runs, for all we know.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// How the program ended, whether or not everyone was told.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        match self {
            Self::None => None,
            Self::Draining { status, .. } | Self::Told(status) => Some(*status),
        }
    }

    pub(super) fn told(&self) -> Option<ExitStatus> {
        match self {
            Self::Told(status) => Some(*status),
            _ => None,
        }
    }
}

impl Host {
    /// The program may have ended in the time of the host before us, which told everyone of it, or died before.
    pub(super) fn resume_ending(&mut self, told: bool) {
        match self.folder.exit() {
            Ok(Some(exit)) if told => self.ending = Ending::Told(exit.status),
            Ok(Some(exit)) => self.ending.begin(exit.status),
            _ => {}
        }
    }

    /// Tells everyone of the end, once.
    pub(super) fn tend_end(&mut self) {
        let Some(status) = self.ending.tell(self.output.ended) else { return };
        self.end_approvals();
        self.agent.ended(status);
        self.tend_agent();
        self.recording.note(Body::Exit(status));
        for receipt in self.input.abandon() {
            let message = "the program ended before it read this";
            self.clients.refuse(receipt.client, receipt.call, Refusal::Ended, message);
        }
        self.say_farewell(status);
        // Whoever hears of the end may read the file at once.
        self.status_file.write_now(self.status());
        let offset = self.recording.offset();
        self.clients.publish(&Event::Exited { status, offset });
    }

    /// All output is stored, everyone was told, nobody can write any more, and whoever comes later finds the end
    /// written down. Where the disk refuses that, a keeper tries again and says when it is done; those of version 0 do
    /// not. In a folder that was deleted nobody looks for it.
    pub(super) fn is_over(&self) -> bool {
        let unwritten = || matches!(self.folder.exit(), Ok(None)) && !self.folder.is_gone();
        let awaited = || self.keeper.version >= KEEPER_TRIES_AGAIN && unwritten();
        self.output.ended && self.ending.told().is_some() && !awaited()
    }

    /// Lets the clients have what is theirs, then closes the session and packs its journal.
    pub(super) fn finish(&mut self) -> Result<()> {
        let end = Instant::now() + LAST_FRAMES;
        while self.clients.all.iter().any(Client::wants_write) && Instant::now() < end {
            let ready = self.wait().map_err(Error::system("wait for events"))?;
            self.serve_clients(&ready.clients);
        }
        let _ = std::fs::remove_file(&self.meta.socket);
        end_silence(Path::new(&self.meta.socket));
        if let Some(link) = &self.keeper.link {
            link.tell(News::Finished);
        }
        // Nobody waits for us any more.
        self.alive = None;
        tidy::at_end(&self.folder);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: ExitStatus = ExitStatus::Code(3);

    /// The output of an ended program is quiet until `quiet` and its limit is `limit`, both from now.
    fn draining(quiet: Duration, limit: Duration) -> Ending {
        let now = Instant::now();
        Ending::Draining { status: STATUS, quiet_until: now + quiet, limit: now + limit }
    }

    #[test]
    fn the_end_is_told_once_as_soon_as_the_output_has_ended_too() {
        let mut ending = Ending::default();
        assert_eq!(ending.tell(true), None, "output that ended is no program that ended");
        ending.begin(STATUS);
        assert_eq!((ending.is_none(), ending.told()), (false, None));
        assert_eq!(ending.tell(true), Some(STATUS));
        assert_eq!((ending.tell(true), ending.told(), ending.deadline()), (None, Some(STATUS), None));
    }

    #[test]
    fn output_that_goes_on_delays_the_word_but_not_beyond_the_limit() {
        let mut quiet = draining(Duration::ZERO, LIMIT);
        assert_eq!(quiet.tell(false), Some(STATUS), "no output came for long enough");
        let mut busy = draining(Duration::ZERO, LIMIT);
        busy.output();
        assert!(busy.deadline().is_some_and(|deadline| deadline > Instant::now()));
        assert_eq!(busy.tell(false), None, "output came just now");
        let mut endless = draining(Duration::ZERO, Duration::ZERO);
        endless.output();
        assert_eq!(endless.tell(false), Some(STATUS));
    }

    #[test]
    fn a_second_word_of_the_end_changes_nothing() {
        let mut ending = Ending::Told(STATUS);
        ending.begin(ExitStatus::Lost);
        ending.output();
        assert_eq!(ending.told(), Some(STATUS));
    }
}
