//! A thread beside the host's loop, for what must not hold up a key. It has one order at most: who gives another one
//! before the first was taken adds to it or replaces it, so nothing queues up.
//!
//! The thread starts with an order and ends when none came for a while. There may be hundreds of sessions on a
//! machine, most of them idle, and a thread that sleeps keeps 16 KiB of stack in the kernel alone.

use crate::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread that had no order for this long ends. Longer than the second between two statuses, so that one thread
/// lasts as long as the output does.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes of a thread's stack: it packs and writes small files.
const STACK_BYTES: usize = 256 << 10; // 256 KiB

/// What the thread may take from others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// As much as the host.
    Normal,
    /// It runs only when nobody else wants to.
    Lowest,
}

/// Who does one kind of work. Dropped, it ends the work that was ordered first.
pub(super) struct Worker<T> {
    bench: Arc<Bench<T>>,
    thread: Option<JoinHandle<()>>,
}

struct Bench<T> {
    name: &'static str,
    priority: Priority,
    work: Box<dyn Fn(T) + Send + Sync>,
    state: Mutex<State<T>>,
    ordered: Condvar,
}

struct State<T> {
    order: Option<T>,
    /// Whether the thread is there to see an order.
    staffed: bool,
    closed: bool,
}

impl<T: Send + 'static> Worker<T> {
    /// One that has nothing to do yet, and no thread.
    pub(super) fn new(
        name: &'static str,
        priority: Priority,
        work: impl Fn(T) + Send + Sync + 'static,
    ) -> Self {
        let state = Mutex::new(State { order: None, staffed: false, closed: false });
        let bench = Bench { name, priority, work: Box::new(work), state, ordered: Condvar::new() };
        Self { bench: Arc::new(bench), thread: None }
    }

    /// Gives an order, or changes the one that waits. Without a thread, where the system has none left, it waits for
    /// the next attempt.
    pub(super) fn order(&mut self, give: impl FnOnce(&mut Option<T>)) {
        let mut state = lock(&self.bench.state);
        give(&mut state.order);
        if state.staffed {
            self.bench.ordered.notify_one();
            return;
        }
        let bench = Arc::clone(&self.bench);
        let builder = std::thread::Builder::new().name(bench.name.into()).stack_size(STACK_BYTES);
        self.thread = builder.spawn(move || bench.run()).ok();
        state.staffed = self.thread.is_some();
    }

    /// Takes back the order that waits.
    pub(super) fn withdraw(&mut self) {
        lock(&self.bench.state).order = None;
    }

    /// Whether a thread was started that nobody waited for.
    #[cfg(test)]
    pub(super) fn has_thread(&self) -> bool {
        self.thread.is_some()
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        lock(&self.bench.state).closed = true;
        self.bench.ordered.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl<T> Bench<T> {
    fn run(&self) {
        if self.priority == Priority::Lowest {
            process::lower_priority();
        }
        while let Some(order) = self.next() {
            (self.work)(order);
        }
    }

    /// Sleeps until there is something to do; `None` if there was nothing for too long.
    fn next(&self) -> Option<T> {
        let idle = |state: &mut State<T>| state.order.is_none() && !state.closed;
        let woken = self.ordered.wait_timeout_while(lock(&self.state), LINGER, idle);
        let (mut state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        let order = state.order.take();
        state.staffed = order.is_some();
        order
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic at work ends the process (release), or is a test's to see; the value is valid at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// A worker that says what it was told, once it is let go on.
    fn slow() -> (Worker<u32>, Receiver<u32>, Sender<()>) {
        let (done, seen) = channel();
        let (go_on, gate) = channel();
        let gate = Mutex::new(gate);
        let worker = Worker::new("test", Priority::Normal, move |order| {
            done.send(order).unwrap();
            let _ = lock(&gate).recv();
        });
        (worker, seen, go_on)
    }

    #[test]
    fn an_order_that_waits_is_replaced_and_the_last_one_is_done_in_any_case() {
        let (mut worker, seen, go_on) = slow();
        worker.order(|order| *order = Some(1));
        assert_eq!(seen.recv(), Ok(1));
        worker.order(|order| *order = Some(2));
        worker.order(|order| *order = Some(3));
        drop(go_on);
        drop(worker);
        assert_eq!(seen.iter().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_worker_whose_thread_has_left_gets_another_one() {
        let (mut worker, seen, go_on) = slow();
        drop(go_on);
        worker.order(|order| *order = Some(1));
        worker.thread.take().expect("started with the order").join().unwrap();
        worker.order(|order| *order = Some(2));
        drop(worker);
        assert_eq!(seen.iter().collect::<Vec<_>>(), [1, 2]);
    }
}
