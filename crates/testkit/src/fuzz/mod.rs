//! Attacks a target with bytes: first the committed corpus, then what chance makes of it.
//!
//! A target is a test like any other: `fuzz::attack("scan", env!("CARGO_MANIFEST_DIR"), WORDS, |bytes| …)`, whose
//! closure panics where a law is broken. Under `cargo test` it runs for two seconds from the same seed each time
//! (`SEED` gives another one, `FUZZ_SECONDS` another time). `cargo xtask fuzz` builds it with counters at every edge
//! of the code, and what reaches a new one is kept and changed further.
//!
//! bolero and libFuzzer were the alternative: the one brings a hundred crates and a layout of its own for corpora, the
//! other a compiler for C++. What is needed of them is a few files here, and works on the stable compiler.

mod chance;
mod coverage;
mod failure;
mod mutate;

use chance::Chance;
use coverage::Coverage;
use failure::Watch;
use mutate::Mutator;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Seconds of a run by chance where nobody asks for another time: enough to meet a fresh mistake, on every test run.
const SECONDS: u64 = 2;
/// The seed where none is given: the same inputs each time, so that a red run is red for everyone.
const SEED: u64 = 0x5eed;
/// Bytes of an input at most. What needs more is found by tests that know what they look for.
const MAX_BYTES: usize = 16 << 10;
/// One input may take so long; more is a cost that grows too fast.
const SLOW: Duration = Duration::from_secs(5);
/// After so long it is a hang.
const HANGS: Duration = Duration::from_secs(20);
/// Inputs that are kept for reaching new code, at most; then new ones take the places of old ones.
const MAX_KEPT: usize = 20_000;

/// Gives `target` every file of `tests/fuzz/corpus/<name>` in the crate at `manifest`, then changed copies of them.
/// `words` are pieces that make sense to the target.
///
/// # Panics
/// With the first input on which the target panics; it is made smaller and written below `target/fuzz/failed`.
pub fn attack(name: &str, manifest: &str, words: &'static [&'static [u8]], target: impl Fn(&[u8])) {
    let corpus = read(&Path::new(manifest).join("tests/fuzz/corpus").join(name));
    assert!(!corpus.is_empty(), "tests/fuzz/corpus/{name} has no file to begin with");
    let found = folder("found", name);
    let watch = Watch::new(folder("failed", name), HANGS);
    let mut run = Run { name, target: &target, watch, coverage: Coverage::new(), slowest: Duration::ZERO };
    let mut kept = Vec::new();
    for input in corpus.into_iter().chain(read(&found)) {
        run.try_one(&input);
        kept.push(input);
    }
    run.by_chance(kept, Mutator::new(words), &found);
}

/// Where inputs of one target lie that are not committed.
fn folder(kind: &str, name: &str) -> PathBuf {
    crate::tools::repository().join("target/fuzz").join(kind).join(name)
}

/// The files of a folder by name, none where there is no folder.
fn read(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a file of the corpus")).collect()
}

struct Run<'a> {
    name: &'a str,
    target: &'a dyn Fn(&[u8]),
    watch: Watch,
    coverage: Coverage,
    slowest: Duration,
}

impl Run<'_> {
    fn by_chance(&mut self, mut kept: Vec<Vec<u8>>, mutator: Mutator, found: &Path) {
        let seed = number("SEED").unwrap_or(SEED);
        let time = Duration::from_secs(number("FUZZ_SECONDS").unwrap_or(SECONDS));
        println!("{}: SEED={seed}, {} inputs to begin with, {}", self.name, kept.len(), self.coverage);
        let mut chance = Chance::new(seed);
        let (begin, committed, mut tried) = (Instant::now(), kept.len(), 0u64);
        while begin.elapsed() < time {
            let input = mutator.change(&kept, &mut chance);
            tried += 1;
            if !self.try_one(&input) {
                continue;
            }
            keep_file(found, &input);
            match kept.len() {
                MAX_KEPT => kept[committed + chance.below(MAX_KEPT - committed)] = input,
                _ => kept.push(input),
            }
        }
        println!(
            "{}: {tried} inputs in {:.1} s, {} of them reached something new, {}, slowest {:.0?}",
            self.name,
            begin.elapsed().as_secs_f64(),
            kept.len() - committed,
            self.coverage,
            self.slowest,
        );
    }

    /// Runs the target on one input; true if it reached code that no input before it did.
    fn try_one(&mut self, input: &[u8]) -> bool {
        self.watch.begin(input);
        self.coverage.begin();
        let begin = Instant::now();
        let passed = failure::passes(self.target, input);
        let (took, new) = (begin.elapsed(), self.coverage.learn());
        self.watch.end();
        self.slowest = self.slowest.max(took);
        if !passed {
            failure::tell(&folder("failed", self.name), self.target, input);
        }
        assert!(took < SLOW, "{took:?} for {} bytes: b\"{}\"", input.len(), input.escape_ascii());
        new
    }
}

fn keep_file(folder: &Path, input: &[u8]) {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(folder.join(format!("{:016x}", failure::hash(input))), input));
    written.expect("keep an input below target/fuzz");
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
