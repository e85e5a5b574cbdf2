//! Jobs beside a server.

use super::Settings;
use super::work::{PATIENCE, Report, Step, Worker};
use crate::Error;
use protocol::Time;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks for what nobody told.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The same while somebody wants something now: what it waits for may be over before.
const LOOK_SOON: Duration = Duration::from_secs(1);
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);

/// What is asked of who works, from another thread.
#[derive(Default)]
pub struct Bell {
    asked: Mutex<Asked>,
    rung: Condvar,
}

#[derive(Default)]
struct Asked {
    /// Conversations that are to be done, also such as are not quiet yet.
    now: u64,
    /// When that was asked for last.
    since: Time,
    /// Whether it is to look at once.
    is_rung: bool,
}

impl Bell {
    /// Has so many conversations done now, as `centerfire jobs run` does.
    pub fn run(&self, conversations: u64) {
        let mut asked = self.asked();
        (asked.now, asked.since, asked.is_rung) = (conversations.max(asked.now), Time::now(), true);
        self.rung.notify_all();
    }

    /// Has it look again at what waits.
    pub fn ring(&self) {
        self.asked().is_rung = true;
        self.rung.notify_all();
    }

    /// How many are still to be done now.
    pub fn now(&self) -> u64 {
        self.asked().now
    }

    /// Since when something is to be done now, if it is.
    fn run_since(&self) -> Option<Time> {
        let asked = self.asked();
        (asked.now > 0).then_some(asked.since)
    }

    /// Waits until it is rung, and for so long at most; whether it was.
    fn wait(&self, time: Duration) -> bool {
        let asked = self.rung.wait_timeout_while(self.asked(), time, |asked| !asked.is_rung);
        std::mem::take(&mut asked.unwrap_or_else(PoisonError::into_inner).0.is_rung)
    }

    fn did(&self) {
        let mut asked = self.asked();
        asked.now = asked.now.saturating_sub(1);
    }

    /// Nothing more is to be done now, unless it was asked for since it looked last.
    fn give_up(&self) {
        let mut asked = self.asked();
        if !asked.is_rung {
            asked.now = 0;
        }
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Works beside a server, on a thread of its own, until `stopped`; a request under way is left when the process ends.
pub fn work(
    state: &Path,
    settings: &Settings,
    bell: &Bell,
    stopped: &dyn Fn() -> bool,
    tried: &dyn Fn(&Report),
    failed: &dyn Fn(&Error),
) {
    // Only this thread has it, and only when nobody else wants to run.
    let _ = rustix::process::setpriority_process(None, 19);
    let mut worker = None;
    while !stopped() {
        let (now, run) = (Time::now(), bell.run_since());
        let step = match &mut worker {
            Some(worker) => Worker::step(worker, now, run),
            None => Worker::new(state, settings).and_then(|new| worker.insert(new).step(now, run)),
        };
        match step {
            Ok(Step::Tried(report)) => {
                if report.is_paid() {
                    bell.did();
                }
                tried(&report);
                continue;
            }
            Ok(Step::PassedOver) => continue,
            // What was wanted now is not wanted at any later time.
            Ok(Step::Waits { until, .. } | Step::Idle(Some(until))) if until.since(now) <= PATIENCE => {}
            // What they wait for may be over before: somebody raises the budget, or tries again.
            Ok(Step::Waits { .. } | Step::Idle(_)) => bell.give_up(),
            Err(error) => {
                bell.give_up();
                // With the file that it has open, which may be moved away: what is spent counts in the one that lies there.
                worker = None;
                failed(&error);
            }
        }
        let next = Instant::now() + if bell.now() > 0 { LOOK_SOON } else { LOOK_EVERY };
        while !stopped() && Instant::now() < next {
            if bell.wait(STOP_EVERY.min(next.saturating_duration_since(Instant::now()))) {
                break;
            }
        }
    }
}
