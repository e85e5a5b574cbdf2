//! The journal as its host writes it: stored, or, where the disk refuses, counted as a gap (T29).

use super::tally::Tally;
use crate::folder::Folder;
use crate::role::megabytes;
use crate::{Error, Result};
use journal::{Place, Recovered, Writer};
use protocol::Status;
use protocol::{Body, Notice, Offset, SessionId};
use rustix::fs::statvfs;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Output between two looks at the free space, in bytes.
const LOOK_AT_DISK_EVERY_BYTES: u64 = 4 << 20; // 4 MiB
/// While degraded the disk is tried again this often.
const TRY_AGAIN_EVERY: Duration = Duration::from_secs(1);

/// A journal that is being written, and what could not be.
pub(super) struct Recording {
    dir: PathBuf,
    writer: Writer,
    tally: Tally,
    min_free_bytes: u64,
    /// Output that was shown and is not stored, after `writer.offset()`.
    lost_bytes: u64,
    degraded: Option<Degraded>,
    /// Where the free space was looked at last; nowhere yet by a host that takes over.
    looked_at: Option<Offset>,
}

struct Degraded {
    reason: String,
    try_again: Instant,
}

impl Recording {
    /// Begins a journal, or goes on with the one that an earlier host left.
    pub(super) fn open(
        folder: &Folder,
        session: SessionId,
        min_free_bytes: u64,
    ) -> Result<(Self, Option<Recovered>)> {
        let dir = folder.journal();
        let (writer, recovered) = match Writer::open(&dir) {
            Ok((writer, recovered)) => (writer, Some(recovered)),
            Err(journal::Error::Missing(_)) => (Writer::create(&dir, session)?, None),
            Err(error) => return Err(Error::Journal(error)),
        };
        let tally = Tally::open(folder)?;
        // What the host before us showed while nothing could be stored.
        let lost_bytes = tally.read().since(writer.offset());
        let degraded = (lost_bytes > 0).then(|| Degraded {
            reason: "the disk refused to store it for the host before".to_owned(),
            try_again: Instant::now(),
        });
        let looked_at = recovered.is_none().then(|| writer.offset());
        let mut recording = Self { dir, writer, tally, min_free_bytes, lost_bytes, degraded, looked_at };
        recording.recover();
        Ok((recording, recovered))
    }

    /// Output of the program so far, stored or not.
    pub(super) fn offset(&self) -> Offset {
        self.writer.offset() + self.lost_bytes
    }

    /// Where what comes next is stored.
    pub(super) fn place(&self) -> Place {
        self.writer.place()
    }

    /// Why nothing is stored now.
    pub(super) fn degraded(&self) -> Option<&str> {
        self.degraded.as_ref().map(|degraded| degraded.reason.as_str())
    }

    /// Stores output, with the ranges that are answered by the time it ends. False if the disk refuses.
    pub(super) fn output(&mut self, bytes: &[u8], held: u16, answered: &[Range<Offset>]) -> bool {
        let output = Body::Output { bytes, held };
        let stored = if answered.is_empty() {
            self.append(&[output])
        } else {
            self.append(&[Body::Answered { ranges: answered.to_vec() }, output])
        };
        if !stored {
            self.lost_bytes += bytes.len() as u64;
            self.tally.write(self.offset());
        }
        stored
    }

    /// Stores records that are no output; what cannot be stored is lost, and the recording says it is degraded.
    pub(super) fn note(&mut self, body: Body<'_>) {
        self.append(&[body]);
    }

    /// Has all of it put on the disk, where the loss of power does not reach it.
    pub(super) fn sync_soon(&mut self) {
        self.writer.sync_soon();
    }

    fn append(&mut self, bodies: &[Body<'_>]) -> bool {
        if self.degraded.is_some() && !self.recover() {
            return false;
        }
        match self.has_room().and_then(|()| self.writer.append(bodies).map_err(|error| error.to_string())) {
            Ok(()) => true,
            Err(reason) => {
                self.degraded = Some(Degraded { reason, try_again: Instant::now() + TRY_AGAIN_EVERY });
                false
            }
        }
    }

    /// Looks at the free space now and then: filling the last megabyte would hurt everyone on the machine.
    fn has_room(&mut self) -> std::result::Result<(), String> {
        let offset = self.writer.offset();
        if self.looked_at.is_some_and(|looked_at| offset.since(looked_at) < LOOK_AT_DISK_EVERY_BYTES) {
            return Ok(());
        }
        self.enough_free()?;
        self.looked_at = Some(offset);
        Ok(())
    }

    fn enough_free(&self) -> std::result::Result<(), String> {
        let Ok(disk) = statvfs(&self.dir) else { return Ok(()) };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free >= self.min_free_bytes {
            return Ok(());
        }
        Err(format!(
            "the disk has {} MB left, less than min_free_mb ({} MB)",
            free / megabytes(1),
            self.min_free_bytes / megabytes(1)
        ))
    }

    /// Tries to go on; the exact gap and the reason come first.
    fn recover(&mut self) -> bool {
        let Some(degraded) = &mut self.degraded else { return true };
        if Instant::now() < degraded.try_again {
            return false;
        }
        degraded.try_again = Instant::now() + TRY_AGAIN_EVERY;
        let reason = degraded.reason.clone();
        let story = [
            Body::Notice(Notice::Degraded { reason }),
            Body::Gap(self.lost_bytes),
            Body::Notice(Notice::Recovered),
        ];
        if self.enough_free().is_err() || self.writer.append(&story).is_err() {
            return false;
        }
        self.lost_bytes = 0;
        self.degraded = None;
        true
    }

    /// Fills in what the recording knows.
    pub(super) fn describe(&self, status: &mut Status) {
        status.offset = self.offset();
        status.degraded = self.degraded().map(str::to_owned);
        status.unsynced = self.writer.sync_failed().then(|| "the disk refuses to sync".to_owned());
    }
}
