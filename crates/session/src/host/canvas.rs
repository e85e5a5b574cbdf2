//! The screen of a session, painted behind the byte path.
//!
//! What a person types and sees is painted at once: a few hundred bytes cost a microsecond. In a flood painting would
//! cost half of the throughput, so it is left to a helper thread of the lowest priority, which reads the journal like
//! any other cursor. Whoever needs the screen (an attach, a query, a key) waits until it has caught up.

use crate::folder::Folder;
use crate::{process, replay};
use journal::Reader;
use protocol::frame::Status;
use protocol::{Body, Offset};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use terminal::Screen;

/// Bytes that are painted at once, on the byte path: some 25 µs.
const AT_ONCE_BYTES: usize = 8 << 10; // 8 KiB
/// The painting may lag this far behind the output, which is about 0.1 s of painting. Beyond it the host paints too.
const LAG_BYTES: u64 = 32 << 20; // 32 MiB
/// The screen is written down after this much output, and in a pause after at least the second.
const CHECKPOINT_EVERY_BYTES: u64 = 8 << 20; // 8 MiB
const CHECKPOINT_MIN_BYTES: u64 = 256 << 10; // 256 KiB
/// Bytes of the helper's stack; it paints and writes small files.
const STACK_BYTES: usize = 256 << 10; // 256 KiB

/// The screen and the thread that keeps it up to date.
pub(super) struct Canvas {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// How many statuses were given to write.
    statuses: u64,
}

struct Shared {
    folder: Folder,
    painting: Mutex<Painting>,
    /// Output up to here is stored and is to be painted.
    target: AtomicU64,
    /// Output up to here is painted.
    painted: AtomicU64,
    /// The number of the status that was written last: an older one must not replace it.
    status_written: Mutex<u64>,
    orders: Mutex<Orders>,
    ordered: Condvar,
    stop: AtomicBool,
}

struct Painting {
    screen: Screen,
    position: Offset,
    /// The cursor in the journal while the painting lags.
    reader: Option<Reader>,
    checkpointed: Offset,
}

/// What the helper is to do.
#[derive(Default)]
struct Orders {
    paint: bool,
    status: Option<(u64, Box<Status>)>,
    pause: bool,
}

impl Canvas {
    pub(super) fn new(folder: &Folder, screen: Screen, at: Offset) -> Self {
        let painting = Painting { screen, position: at, reader: None, checkpointed: at };
        let shared = Shared {
            folder: folder.clone(),
            painting: Mutex::new(painting),
            target: AtomicU64::new(at.0),
            painted: AtomicU64::new(at.0),
            status_written: Mutex::default(),
            orders: Mutex::default(),
            ordered: Condvar::new(),
            stop: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared), thread: None, statuses: 0 }
    }

    /// Takes in output that begins where the last ended and is stored; painted now, or soon.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        let start = Offset(self.shared.target.load(Ordering::Acquire));
        if bytes.len() <= AT_ONCE_BYTES && self.shared.feed_if_free(start, bytes) {
            return;
        }
        let end = start + bytes.len() as u64;
        self.shared.target.store(end.0, Ordering::Release);
        if end.since(Offset(self.shared.painted.load(Ordering::Acquire))) > LAG_BYTES {
            self.with(|_| ());
        } else {
            self.order(|orders| orders.paint = true);
        }
    }

    /// Takes in output that is not in the journal, or behind which the screen is asked before anything else happens.
    pub(super) fn take_now(&mut self, bytes: &[u8]) {
        let mut painting = lock(&self.shared.painting);
        while self.shared.paint_stored(&mut painting) {}
        self.shared.feed(&mut painting, bytes);
    }

    /// Looks at the screen, or changes it, all output painted.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Screen) -> T) -> T {
        let mut painting = lock(&self.shared.painting);
        while self.shared.paint_stored(&mut painting) {}
        look(&mut painting.screen)
    }

    /// Whether the screen shows, but for a moment's work, what the program wrote.
    pub(super) fn is_near(&self) -> bool {
        let target = Offset(self.shared.target.load(Ordering::Acquire));
        target.since(Offset(self.shared.painted.load(Ordering::Acquire))) <= AT_ONCE_BYTES as u64
    }

    /// The offset that a dump of the screen stands for: a sequence that is not complete is not painted.
    pub(super) fn painted(&self) -> Offset {
        let pending = self.with(|screen| screen.pending());
        Offset(self.shared.painted.load(Ordering::Acquire)) - pending
    }

    /// Writes `status.json` before anything else happens.
    pub(super) fn write_status_now(&mut self, status: Status) {
        self.statuses += 1;
        self.shared.write_status(self.statuses, status);
    }

    /// Has `status.json` written.
    pub(super) fn write_status(&mut self, status: Status) {
        self.statuses += 1;
        let number = self.statuses;
        self.order(|orders| orders.status = Some((number, Box::new(status))));
    }

    /// The program paused: time to tidy up.
    pub(super) fn pause(&mut self) {
        self.order(|orders| orders.pause = true);
    }

    /// Writes the screen down for the next host.
    pub(super) fn checkpoint(&self) {
        let mut painting = lock(&self.shared.painting);
        while self.shared.paint_stored(&mut painting) {}
        if let Some(checkpoint) = Shared::checkpoint(&mut painting, 0) {
            replay::write_checkpoint(&self.shared.folder, &checkpoint);
        }
    }

    fn order(&mut self, give: impl FnOnce(&mut Orders)) {
        give(&mut lock(&self.shared.orders));
        self.shared.ordered.notify_one();
        if self.thread.is_none() {
            let shared = Arc::clone(&self.shared);
            let builder = std::thread::Builder::new().name("cf-paint".into()).stack_size(STACK_BYTES);
            // Without the thread the painting is done by whoever looks; only status.json would be missed.
            self.thread = builder.spawn(move || shared.run()).ok();
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        drop(lock(&self.shared.orders));
        self.shared.ordered.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Paints what begins at `start`, unless something before it waits to be painted or the helper is at work: a key
    /// does not wait for a thread that runs when nobody else wants to.
    fn feed_if_free(&self, start: Offset, bytes: &[u8]) -> bool {
        let Ok(mut painting) = self.painting.try_lock() else { return false };
        let current = painting.position == start;
        if current {
            self.feed(&mut painting, bytes);
        }
        current
    }

    /// Paints the next bytes. The target moves with them under the lock, so that the helper never takes them from the
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

    fn write_status(&self, number: u64, mut status: Status) {
        let mut written = lock(&self.status_written);
        if number > *written {
            *written = number;
            status.name = self.folder.name().unwrap_or_default();
            // A file that cannot be written (a full disk) is tried again with the next change.
            let _ = self.folder.write_status(&status);
        }
    }

    fn run(&self) {
        process::lower_priority();
        while let Some(orders) = self.next_orders() {
            if let Some((number, status)) = orders.status {
                self.write_status(number, *status);
            }
            if orders.paint || orders.pause {
                self.catch_up(orders.pause);
            }
            if orders.pause {
                journal::seal_closed(&self.folder.journal());
                process::give_back_memory();
            }
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

    /// Sleeps until there is something to do; `None` at the end.
    fn next_orders(&self) -> Option<Orders> {
        let mut orders = lock(&self.orders);
        loop {
            if self.stop.load(Ordering::Acquire) {
                return None;
            }
            if orders.paint || orders.pause || orders.status.is_some() {
                return Some(std::mem::take(&mut *orders));
            }
            orders = self.ordered.wait(orders).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while painting ends the process (release), or is a test's to see; the value is valid at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
