//! The screen of a session, painted behind the byte path.
//!
//! What a person types and sees is painted at once: a few hundred bytes cost a microsecond. In a flood painting would
//! cost half of the throughput, so it is left to a thread of the lowest priority, which reads the journal like any
//! other cursor. Whoever needs the screen (an attach, a query, a key) waits until it has caught up.

use super::worker::{Priority, Worker, lock};
use crate::folder::Folder;
use crate::replay;
use journal::Reader;
use protocol::{Body, Offset};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use terminal::Screen;

/// Bytes that are painted at once, on the byte path: some 25 µs.
const AT_ONCE_BYTES: usize = 8 << 10; // 8 KiB
/// The painting may lag this far behind the output, which is about 0.1 s of painting. Beyond it the host paints too.
const LAG_BYTES: u64 = 32 << 20; // 32 MiB
/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB

/// The screen and who keeps it up to date.
pub(super) struct Canvas {
    easel: Arc<Easel>,
    painter: Worker<Orders>,
}

/// What the host and its painter both work at.
struct Easel {
    folder: Folder,
    painting: Mutex<Painting>,
    /// Output up to here is stored and is to be painted.
    target: AtomicU64,
    /// Output up to here is painted.
    painted: AtomicU64,
    stop: AtomicBool,
}

struct Painting {
    screen: Screen,
    position: Offset,
    /// The cursor in the journal while the painting lags.
    reader: Option<Reader>,
    checkpointed: Offset,
}

/// What is done in a pause, when all is painted and the screen is written down.
type Chore = fn(&Folder);

/// What the painter is to do: to paint, and perhaps more.
#[derive(Default)]
struct Orders {
    pause: Option<Chore>,
}

impl Canvas {
    pub(super) fn new(folder: &Folder, screen: Screen, at: Offset) -> Self {
        let painting = Painting { screen, position: at, reader: None, checkpointed: at };
        let easel = Easel {
            folder: folder.clone(),
            painting: Mutex::new(painting),
            target: AtomicU64::new(at.0),
            painted: AtomicU64::new(at.0),
            stop: AtomicBool::new(false),
        };
        let easel = Arc::new(easel);
        let for_painter = Arc::clone(&easel);
        // Without a thread the painting is done by whoever looks.
        let painter = Worker::new("cf-paint", Priority::Lowest, move |orders| for_painter.carry_out(&orders));
        Self { easel, painter }
    }

    /// Takes in output that begins where the last ended and is stored; painted now, or soon.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let start = Offset(self.easel.target.load(Ordering::Acquire));
        if bytes.len() <= AT_ONCE_BYTES && self.easel.feed_if_free(start, bytes) {
            return;
        }
        let end = start + bytes.len() as u64;
        self.easel.target.store(end.0, Ordering::Release);
        if end.since(Offset(self.easel.painted.load(Ordering::Acquire))) > LAG_BYTES {
            self.with(|_| ());
        } else {
            self.painter.order(|orders| _ = orders.get_or_insert_default());
        }
    }

    /// Takes in output that is not in the journal, or behind which the screen is asked before anything else happens.
    pub(super) fn take_now(&mut self, bytes: &[u8]) {
        let mut painting = lock(&self.easel.painting);
        while self.easel.paint_stored(&mut painting) {}
        self.easel.feed(&mut painting, bytes);
    }

    /// Looks at the screen, or changes it, all output painted.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        let mut painting = lock(&self.easel.painting);
        while self.easel.paint_stored(&mut painting) {}
        look(&mut painting.screen)
    }

    /// Whether the screen shows, but for a moment's work, what the program wrote.
    pub(super) fn is_near(&self) -> bool {
        let target = Offset(self.easel.target.load(Ordering::Acquire));
        target.since(Offset(self.easel.painted.load(Ordering::Acquire))) <= AT_ONCE_BYTES as u64
    }

    /// The offset that a dump of the screen stands for: a sequence that is not complete is not painted.
    pub(super) fn painted(&self) -> Offset {
        let pending = self.with(|screen| screen.pending());
        Offset(self.easel.painted.load(Ordering::Acquire)) - pending
    }

    /// The program paused: time to write the screen down, and then for a chore.
    pub(super) fn pause(&mut self, chore: Chore) {
        self.painter.order(|orders| orders.get_or_insert_default().pause = Some(chore));
    }

    /// Writes the screen down for the next host.
    pub(super) fn checkpoint(&self) {
        let mut painting = lock(&self.easel.painting);
        while self.easel.paint_stored(&mut painting) {}
        if let Some(checkpoint) = Easel::checkpoint(&mut painting, 0) {
            replay::write_checkpoint(&self.easel.folder, &checkpoint);
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.easel.stop.store(true, Ordering::Release);
    }
}

impl Easel {
    /// Paints what begins at `start`, unless something before it waits to be painted or the painter is at work: a key
    /// does not wait for a thread that runs when nobody else wants to.
    fn feed_if_free(&self, start: Offset, bytes: &[u8]) -> bool {
        let Ok(mut painting) = self.painting.try_lock() else { return false };
        let current = painting.position == start;
        if current {
            self.feed(&mut painting, bytes);
        }
        current
    }

    /// Paints the next bytes. The target moves with them under the lock, so that the painter never takes them from the
    /// journal as well.
    fn feed(&self, painting: &mut Painting, bytes: &[u8]) {
        painting.screen.feed(bytes);
        painting.position += bytes.len() as u64;
        painting.reader = None;
        self.target.store(painting.position.0, Ordering::Release);
        self.painted.store(painting.position.0, Ordering::Release);
    }

    /// Paints the next stored record; false when all is painted.
    fn paint_stored(&self, painting: &mut Painting) -> bool {
        let target = Offset(self.target.load(Ordering::Acquire));
        if painting.position >= target {
            painting.reader = None;
            return false;
        }
        let Painting { screen, position, reader, .. } = painting;
        if reader.is_none() {
            *reader = Reader::open(&self.folder.journal(), *position).ok();
        }
        let record = reader.as_mut().and_then(|reader| reader.next().ok().flatten());
        match record.map(|record| (record.offset, record.body)) {
            Some((offset, Body::Output { bytes, .. })) => {
                // What stands behind the target is not to be painted yet: a query may be in between.
                let length = target.since(offset).min(bytes.len() as u64) as usize;
                let known = position.since(offset).min(length as u64) as usize;
                screen.feed(&bytes[known..length]);
                *position += (length - known) as u64;
                if length < bytes.len() {
                    *reader = None;
                }
            }
            // Sizes are set when they change, with everything before them painted.
            Some(_) => {}
            // A journal that cannot be read hides its output from the screen, as it would from everyone.
            None => *position = target,
        }
        self.painted.store(position.0, Ordering::Release);
        true
    }

    /// The checkpoint that is due after so much output. Whoever holds the lock only makes it; a slow disk must not
    /// hold up a key.
    fn checkpoint(painting: &mut Painting, after_bytes: u64) -> Option<Vec<u8>> {
        let offset = painting.position - painting.screen.pending();
        if offset.since(painting.checkpointed) < after_bytes {
            return None;
        }
        painting.checkpointed = offset;
        Some(replay::checkpoint(offset, &painting.screen))
    }

    fn carry_out(&self, orders: &Orders) {
        self.catch_up(orders.pause.is_some());
        if let Some(chore) = orders.pause.filter(|_| !self.stop.load(Ordering::Acquire)) {
            chore(&self.folder);
        }
    }

    /// Paints what is stored, a record at a time, so that whoever needs the screen can take over.
    fn catch_up(&self, pause: bool) {
        loop {
            let mut painting = lock(&self.painting);
            let more = self.paint_stored(&mut painting);
            let enough = if pause && !more { CHECKPOINT_MIN_BYTES } else { CHECKPOINT_EVERY_BYTES };
            let checkpoint = Self::checkpoint(&mut painting, enough);
            drop(painting);
            if let Some(checkpoint) = checkpoint {
                replay::write_checkpoint(&self.folder, &checkpoint);
            }
            if !more || self.stop.load(Ordering::Acquire) {
                return;
            }
        }
    }
}
