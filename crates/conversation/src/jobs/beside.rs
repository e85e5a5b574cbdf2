//! Jobs beside a server.

use super::Settings;
use super::work::{Report, Step, Worker};
use crate::Error;
use protocol::Time;
use std::path::Path;
use std::time::{Duration, Instant};

/// Between two looks for what nobody told.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);

/// Works beside a server, on a thread of its own, until `stopped`; a request under way is left when the process ends.
pub fn work(
    state: &Path,
    settings: &Settings,
    stopped: &dyn Fn() -> bool,
    tried: &dyn Fn(&Report),
    failed: &dyn Fn(&Error),
) {
    // Only this thread has it, and only when nobody else wants to run.
    let _ = rustix::process::setpriority_process(None, 19);
    let mut worker = None;
    while !stopped() {
        let step = match &mut worker {
            Some(worker) => Worker::step(worker, Time::now(), false),
            None => Worker::new(state, settings).and_then(|new| worker.insert(new).step(Time::now(), false)),
        };
        match step {
            Ok(Step::Tried(report)) => {
                tried(&report);
                continue;
            }
            Ok(Step::PassedOver) => continue,
            // What they wait for may be over before: somebody raises the budget, or tries again.
            Ok(Step::Waits { .. } | Step::Idle(_)) => {}
            Err(error) => {
                // With the file that it has open, which may be moved away: what is spent counts in the one that lies there.
                worker = None;
                failed(&error);
            }
        }
        let next = Instant::now() + LOOK_EVERY;
        while !stopped() && Instant::now() < next {
            std::thread::sleep(STOP_EVERY);
        }
    }
}
