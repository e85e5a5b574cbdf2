//! Puts what was written onto the disk, beside the byte path: what `write(2)` took survives the death of any
//! process, and at most [`SYNC_INTERVAL`] later it survives the loss of power too.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, park, park_timeout};
use std::time::{Duration, Instant};

/// The longest time that written bytes wait for `fdatasync` to begin.
pub(crate) const SYNC_INTERVAL: Duration = Duration::from_millis(50);

/// The helper thread's stack. It calls three functions and never recurses.
const STACK_BYTES: usize = 64 << 10; // 64 KiB

/// A thread that sleeps while nothing is written: no timer runs then.
pub(crate) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    /// What to sync; the newest segment, and the folder once after a segment was made.
    files: Mutex<Vec<Arc<File>>>,
    current: Mutex<Arc<File>>,
    dirty: AtomicBool,
    stop: AtomicBool,
    failed: AtomicBool,
}

impl Syncer {
    pub(crate) fn new(file: Arc<File>) -> Self {
        let shared = Arc::new(Shared {
            files: Mutex::default(),
            current: Mutex::new(file),
            dirty: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        });
        Self { shared, thread: None }
    }

    /// Notes that the current file has new bytes. Costs one atomic while the thread has not yet come round.
    pub(crate) fn dirty(&mut self) {
        self.dirty_with(start);
    }

    fn dirty_with(&mut self, start: impl FnOnce(Arc<Shared>) -> io::Result<JoinHandle<()>>) {
        if self.shared.dirty.swap(true, Ordering::AcqRel) {
            return;
        }
        if self.thread.is_none() {
            match start(Arc::clone(&self.shared)) {
                Ok(thread) => self.thread = Some(thread),
                Err(_) => {
                    self.shared.failed.store(true, Ordering::Release);
                    // The next write tries again.
                    self.shared.dirty.store(false, Ordering::Release);
                }
            }
        }
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Goes on with a new file; the old one, and the folder that lists both, are synced once more.
    pub(crate) fn switch(&mut self, file: Arc<File>, dir: Arc<File>) {
        let old = std::mem::replace(&mut *lock(&self.shared.current), file);
        lock(&self.shared.files).extend([old, dir]);
        self.dirty();
    }

    /// Whether the latest sync failed: then the disk's state is unknown, though every process still sees all bytes.
    pub(crate) fn failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }
}

fn start(shared: Arc<Shared>) -> io::Result<JoinHandle<()>> {
    let builder = std::thread::Builder::new().name("journal-sync".into()).stack_size(STACK_BYTES);
    builder.spawn(move || shared.run())
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.dirty.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        loop {
            while !self.dirty.load(Ordering::Acquire) {
                park();
            }
            self.gather();
            self.dirty.store(false, Ordering::Release);
            self.sync();
            if self.stop.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Lets many writes share one sync. Once they stop, this is the last nap.
    fn gather(&self) {
        let end = Instant::now() + SYNC_INTERVAL;
        while !self.stop.load(Ordering::Acquire) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            park_timeout(left);
        }
    }

    fn sync(&self) {
        let mut files = std::mem::take(&mut *lock(&self.files));
        files.push(Arc::clone(&lock(&self.current)));
        // Each of them, whatever became of the others.
        let failures = files.iter().filter(|file| file.sync_data().is_err()).count();
        self.failed.store(failures > 0, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nothing panics while holding one of these, and the values are valid at every step.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[test]
    fn a_disk_that_syncs_again_is_no_longer_told_as_one_that_does_not() {
        // No device of characters can be synced.
        let mut syncer = Syncer::new(Arc::new(File::open("/dev/null").unwrap()));
        syncer.dirty();
        testkit::eventually(LIMIT, || syncer.failed().then_some(())).expect("the failure is told");
        *lock(&syncer.shared.current) = Arc::new(tempfile::tempfile().unwrap());
        let works = testkit::eventually(LIMIT, || {
            syncer.dirty();
            (!syncer.failed()).then_some(())
        });
        assert!(works.is_some(), "the failure is told for ever");
    }

    #[test]
    fn a_thread_that_could_not_be_started_once_is_started_with_the_next_write() {
        let mut syncer = Syncer::new(Arc::new(tempfile::tempfile().unwrap()));
        syncer.dirty_with(|_| Err(io::ErrorKind::WouldBlock.into()));
        assert!(syncer.failed() && syncer.thread.is_none());
        syncer.dirty();
        let works = testkit::eventually(LIMIT, || (!syncer.failed()).then_some(()));
        assert!(works.is_some(), "the failure is told for ever");
    }
}
