//! Kills a command at moments of chance, anywhere in the time that it takes on this machine now.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Some kills come when all is done, so that none of its parts is too late to be hit.
const BEYOND: f64 = 1.2;

/// Chance, and what came of it.
pub(crate) struct Kills {
    seed: u64,
    /// Kills that came after the first byte was written, and before the end.
    pub in_the_middle: u32,
}

impl Kills {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, in_the_middle: 0 }
    }

    /// Runs a command that takes so long as a whole, and writes into this folder; kills it somewhere on the way.
    pub(crate) fn strike(&mut self, command: Command, whole: Duration, folder: &Path) {
        let at = whole.mul_f64(BEYOND * self.chance());
        self.strike_after(command, at, folder);
    }

    /// The same at a time that is told.
    pub(crate) fn strike_after(&mut self, mut command: Command, at: Duration, folder: &Path) {
        let before = written(folder);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + at;
        while Instant::now() < end && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = child.kill();
        let was_whole = child.wait().unwrap().success();
        self.in_the_middle += u32::from(!was_whole && written(folder) != before);
    }

    /// From 0 to 1.
    pub(crate) fn chance(&mut self) -> f64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) as f64 / (1_u64 << 31) as f64
    }
}

/// How long this takes.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// All files below a folder, how long they are and when they were written.
fn written(folder: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
    let mut all = Vec::new();
    // What is gone meanwhile was removed by who was killed a moment ago, and is another state all the same.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(data) = entry.metadata() else { continue };
        all.extend(data.modified().map(|at| (entry.path(), data.len(), at)));
        if data.is_dir() {
            all.extend(written(&entry.path()));
        }
    }
    all.sort();
    all
}
