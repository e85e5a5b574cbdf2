//! The end of a program, told apart from the end of its output: neither means the other (T2, T4).

use protocol::ExitStatus;
use std::time::{Duration, Instant};

/// After the program's end its output counts as complete when none came for this long.
const QUIET: Duration = Duration::from_millis(60);
/// A background process that goes on writing delays the word of the program's end by no more than this.
const LIMIT: Duration = Duration::from_secs(1);

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

    pub(super) fn told(&self) -> Option<ExitStatus> {
        match self {
            Self::Told(status) => Some(*status),
            _ => None,
        }
    }
}
