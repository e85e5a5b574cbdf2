//! An input on which a law was broken: found without ending the run, made smaller, written down, told.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Time to make an input smaller.
const SMALLER: Duration = Duration::from_secs(10);

/// Whether the target takes this input without a panic.
pub(super) fn passes(target: &dyn Fn(&[u8]), input: &[u8]) -> bool {
    panic::catch_unwind(AssertUnwindSafe(|| target(input))).is_ok()
}

/// Writes the smallest input that still fails into `folder`, and fails with it.
pub(super) fn tell(folder: &Path, target: &dyn Fn(&[u8]), input: &[u8]) -> ! {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let small = smaller(target, input);
    panic::set_hook(loud);
    println!("failing input: {}", write(folder, &small));
    target(&small);
    panic!("it failed before, and passes now: the target is not the same each time");
}

/// What is being tried, and since when.
type Tried = Arc<Mutex<Option<(Instant, Vec<u8>)>>>;

/// Ends the process when one input takes longer than `limit`: a target that hangs never comes back to tell.
pub(super) struct Watch(Tried);

impl Watch {
    pub(super) fn new(folder: PathBuf, limit: Duration) -> Self {
        let tried = Tried::default();
        let watched = Arc::downgrade(&tried);
        std::thread::spawn(move || {
            while let Some(tried) = watched.upgrade() {
                let now = tried.lock().expect("nobody panics with it").clone();
                if let Some((_, input)) = now.filter(|(begin, _)| begin.elapsed() > limit) {
                    println!("longer than {limit:?}: {}", write(&folder, &input));
                    std::process::abort();
                }
                drop(tried);
                std::thread::sleep(limit / 10);
            }
        });
        Self(tried)
    }

    pub(super) fn begin(&self, input: &[u8]) {
        *self.0.lock().expect("nobody panics with it") = Some((Instant::now(), input.to_vec()));
    }

    pub(super) fn end(&self) {
        *self.0.lock().expect("nobody panics with it") = None;
    }
}

/// Writes an input into `folder`, and gives its name and bytes for people.
fn write(folder: &Path, input: &[u8]) -> String {
    let path = folder.join(format!("{:016x}", hash(input)));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, input));
    format!("{} ({written:?})\nb\"{}\"", path.display(), input.escape_ascii())
}

/// Leaves out whatever is not needed to fail, in ever smaller pieces.
fn smaller(target: &dyn Fn(&[u8]), input: &[u8]) -> Vec<u8> {
    let (begin, mut best) = (Instant::now(), input.to_vec());
    let mut piece = best.len().next_power_of_two() / 2;
    while piece > 0 {
        let mut at = 0;
        while at < best.len() && begin.elapsed() < SMALLER {
            let without = [&best[..at], &best[(at + piece).min(best.len())..]].concat();
            if passes(target, &without) {
                at += piece;
            } else {
                best = without;
            }
        }
        piece /= 2;
    }
    best
}

/// A name for an input.
pub(super) fn hash(input: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}
