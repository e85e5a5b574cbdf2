//! What search by meaning costs: `cargo bench -p conversation`, on one core: `taskset -c 1 cargo bench ...`. Time for a text
//! of so many tokens alone and among others, what the model takes to load, and a search over 200,000 vectors.

use conversation::embed::{Embedder, Local};
use conversation::vectors::{self, Matrix};
use rusqlite::Connection;
use std::collections::HashSet;
use std::time::{Duration, Instant};

const ENTRIES: i64 = 100_000;
const CHUNKS_PER_ENTRY: usize = 2;
const DIM: usize = 384;
const RUNS: usize = 200;

fn main() {
    model();
    search();
}

fn model() {
    let folder = testkit::tools::minilm().expect("the model");
    let before = resident_mb();
    let begin = Instant::now();
    let model = Local::load(&folder).expect("it loads");
    println!("load: {:.0} ms, {} MB", ms(begin.elapsed()), resident_mb() - before);
    for tokens in [12, 32, 128, 256] {
        // Each of these words is one piece; begin and end have a mark.
        let words = ["the", "first", "line", "of", "a", "file", "is", "not", "read"];
        let text = words.iter().cycle().take(tokens - 2).copied().collect::<Vec<_>>().join(" ");
        assert_eq!(model.pieces(&text), tokens - 2);
        let times = (0..RUNS / 8).map(|_| timed(|| model.embed(&[&text]).expect("a vector").len()));
        let [p50, p95] = percentiles(times.collect());
        let many = vec![text.as_str(); 32];
        let among = timed(|| model.embed(&many).expect("vectors").len()) / 32;
        println!(
            "{tokens} tokens: p50 {:.1} ms, p95 {:.1} ms; among others {:.1} ms",
            ms(p50),
            ms(p95),
            ms(among)
        );
    }
}

fn search() {
    let store = Connection::open_in_memory().expect("SQLite");
    store.execute_batch(vectors::SCHEMA).expect("the table");
    let mut state = 1_u64;
    let mut vector = || -> Vec<f32> {
        let mut number = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..DIM).map(|_| number()).collect()
    };
    let write = store.unchecked_transaction().expect("a transaction");
    for entry in 0..ENTRIES {
        let own: Vec<(usize, Vec<f32>)> = (0..CHUNKS_PER_ENTRY).map(|at| (at, vector())).collect();
        vectors::put(&write, entry, "m", &own).expect("it is written");
    }
    write.commit().expect("it is written");
    let mut matrix = Matrix::new("m", DIM);
    let load = timed(|| matrix.refresh(&store).expect("it is read"));
    println!("{} vectors: loaded in {:.0} ms, {} MB", matrix.len(), ms(load), matrix.bytes() / 1_000_000);
    let tenth: HashSet<i64> = (0..ENTRIES).step_by(10).collect();
    for (what, allowed) in [("all", None), ("a tenth of the entries", Some(&tenth))] {
        let queries: Vec<Vec<f32>> = (0..RUNS).map(|_| vector()).collect();
        let times = queries.iter().map(|query| timed(|| matrix.nearest(query, 50, allowed).len()));
        let [p50, p95] = percentiles(times.collect());
        println!("search over {what}: p50 {:.1} ms, p95 {:.1} ms", ms(p50), ms(p95));
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    std::hint::black_box(work());
    begin.elapsed()
}

fn percentiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    [times[times.len() / 2], times[times.len() * 95 / 100]]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory that this process has; 0 where the system does not tell it so.
fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kb| kb / 1000)
}
