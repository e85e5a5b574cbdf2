//! The screen of a session, painted behind the byte path.
//!
//! What a person types and sees is painted at once: a few hundred bytes cost a microsecond. In a flood painting would
//! take a third of the host's time, so it waits for a moment in which there is nothing else to do, and then reads from
//! the journal what it missed. Whoever needs the screen (an attach, a query, a key) finds it painted.

use super::worker::{Priority, Worker};
use crate::folder::Folder;
use crate::replay;
use journal::Reader;
use protocol::{Body, Offset};
use terminal::Screen;

/// Bytes that are painted at once, on the byte path: some 25 µs.
const AT_ONCE_BYTES: u64 = 8 << 10; // 8 KiB
/// The painting may lag this far behind the output, which is about 0.1 s of painting. Beyond it the output waits.
const LAG_BYTES: u64 = 32 << 20; // 32 MiB
/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB

/// The screen, and how far it is painted.
pub(super) struct Canvas {
    folder: Folder,
    screen: Screen,
    /// Output up to here is painted.
    painted: Offset,
    /// Output up to here is stored, and is to be painted.
    stored: Offset,
    /// The cursor in the journal, once the painting lagged.
    reader: Option<Reader>,
    checkpointed: Offset,
    clerk: Worker<Errand>,
}

/// What the disk is needed for, which may be slow.
#[derive(Default)]
struct Errand {
    checkpoint: Option<Vec<u8>>,
    chore: Option<Chore>,
}

/// What is done in a pause, when the screen is written down.
type Chore = fn(&Folder);

impl Canvas {
    pub(super) fn new(folder: &Folder, screen: Screen, at: Offset) -> Self {
        let for_clerk = folder.clone();
        let clerk = Worker::new("cf-clerk", Priority::Lowest, move |errand| run(errand, &for_clerk));
        let (folder, reader) = (folder.clone(), None);
        Self { folder, screen, painted: at, stored: at, reader, checkpointed: at, clerk }
    }

    /// Takes in output that begins where the last ended and is stored; painted now, or soon.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let bytes_before = self.lag();
        self.stored += bytes.len() as u64;
        if bytes_before == 0 && self.lag() <= AT_ONCE_BYTES {
            return self.feed(bytes);
        }
        while self.lag() > LAG_BYTES {
            self.paint_some();
        }
    }

    /// Takes in output that is not in the journal, or behind which the screen is asked before anything else happens.
    pub(super) fn take_now(&mut self, bytes: &[u8]) {
        self.catch_up();
        self.stored += bytes.len() as u64;
        self.feed(bytes);
    }

    /// Looks at the screen, or changes it, all output painted.
    pub(super) fn with<T>(&mut self, look: impl FnOnce(&mut Screen) -> T) -> T {
        self.catch_up();
        look(&mut self.screen)
    }

    /// Whether output waits to be painted.
    pub(super) fn lags(&self) -> bool {
        self.lag() > 0
    }

    /// Whether the screen shows, but for a moment's work, what the program wrote.
    pub(super) fn is_near(&self) -> bool {
        self.lag() <= AT_ONCE_BYTES
    }

    /// Paints a record's worth of what waits, at most 64 KiB of output: some 200 µs.
    pub(super) fn paint_some(&mut self) {
        self.paint_record();
        self.write_down_after(CHECKPOINT_EVERY_BYTES);
    }

    /// The offset that a dump of the screen stands for: a sequence that is not complete is not painted.
    pub(super) fn painted(&mut self) -> Offset {
        self.catch_up();
        self.painted - self.screen.pending()
    }

    /// A second of output is over: time to write the screen down, and then for a chore.
    pub(super) fn pause(&mut self, chore: Chore) {
        if !self.lags() {
            self.reader = None;
            self.write_down_after(CHECKPOINT_MIN_BYTES);
        }
        self.clerk.order(|errand| errand.get_or_insert_default().chore = Some(chore));
    }

    /// Writes the screen down for the next host, before anything else happens.
    pub(super) fn checkpoint(&mut self) {
        let offset = self.painted();
        replay::write_checkpoint(&self.folder, &replay::checkpoint(offset, &self.screen));
    }

    /// Bytes of output that wait to be painted.
    fn lag(&self) -> u64 {
        self.stored.since(self.painted)
    }

    fn catch_up(&mut self) {
        while self.lags() {
            self.paint_record();
        }
    }

    /// Paints the last bytes stored.
    fn feed(&mut self, bytes: &[u8]) {
        self.screen.feed(bytes);
        self.painted = self.stored;
    }

    /// Paints the next stored record.
    fn paint_record(&mut self) {
        if self.reader.is_none() {
            self.reader = Reader::open(&self.folder.journal(), self.painted).ok();
        }
        let record = self.reader.as_mut().and_then(|reader| reader.next().ok().flatten());
        match record.map(|record| (record.offset, record.body)) {
            Some((offset, Body::Output { bytes, .. })) => {
                // What was painted at once is still before the cursor.
                let known = self.painted.since(offset).min(bytes.len() as u64);
                self.screen.feed(&bytes[known as usize..]);
                self.painted = self.painted.max(offset + bytes.len() as u64);
            }
            // Sizes are set when they change, with everything before them painted.
            Some(_) => {}
            // A journal that cannot be read hides its output from the screen, as it would from everyone.
            None => {
                self.reader = None;
                self.painted = self.stored;
            }
        }
    }

    /// Has the screen written down if so much output came since the last time. A slow disk does not hold up a key.
    fn write_down_after(&mut self, bytes: u64) {
        let offset = self.painted - self.screen.pending();
        if offset.since(self.checkpointed) < bytes {
            return;
        }
        self.checkpointed = offset;
        let checkpoint = replay::checkpoint(offset, &self.screen);
        self.clerk.order(|errand| errand.get_or_insert_default().checkpoint = Some(checkpoint));
    }
}

fn run(errand: Errand, folder: &Folder) {
    if let Some(checkpoint) = errand.checkpoint {
        replay::write_checkpoint(folder, &checkpoint);
    }
    if let Some(chore) = errand.chore {
        chore(folder);
    }
}
