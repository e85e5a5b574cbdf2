//! The last hour of the server in figures, for charts: a sample every ten seconds, kept in memory.

use crate::App;
use protocol::{Phase, SessionId, Time};
use serde::Serialize;
use serde_json::{Value, json};
use session::summary::state_word;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two samples: the folders of all sessions are read for each.
const EVERY: Duration = Duration::from_secs(10);
/// Samples that are kept: an hour.
const SAMPLES_MAX: usize = 360;

/// The samples, the oldest first.
#[derive(Default)]
pub(crate) struct Samples(Mutex<VecDeque<Sample>>);

/// The server at one moment; what is counted, since the sample before.
#[derive(Clone, Debug, Serialize)]
struct Sample {
    time: Time,
    /// Sessions that run, by the word for their state; and those that ended.
    states: BTreeMap<String, usize>,
    ended: usize,
    connections: usize,
    /// Bytes per second that programs wrote, and that viewers were sent.
    written_rate: f64,
    sent_rate: f64,
    request_rate: f64,
    /// Until an answer began, milliseconds: the mean, and the slowest.
    latency_ms: f64,
    slowest_ms: f64,
    /// Answers per second with a status of 4xx, and of 5xx.
    refused_rate: f64,
    failed_rate: f64,
    /// Bytes of memory that the server holds, where the system tells.
    memory: Option<u64>,
}

/// What was there at the sample before, to tell what came since.
struct Before {
    at: Instant,
    sent: u64,
    written: HashMap<SessionId, u64>,
}

/// The sessions, as a sample counts them.
#[derive(Default)]
struct Census {
    states: BTreeMap<String, usize>,
    ended: usize,
    written: HashMap<SessionId, u64>,
}

impl Samples {
    /// The samples that were taken after that time.
    pub(crate) fn since(&self, after: Time) -> Value {
        let samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: Vec<&Sample> = samples.iter().filter(|sample| sample.time > after).collect();
        json!({ "every_s": EVERY.as_secs(), "kept": SAMPLES_MAX, "samples": wanted })
    }

    fn push(&self, sample: Sample) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.len() == SAMPLES_MAX {
            samples.pop_front();
        }
        samples.push_back(sample);
    }
}

/// Takes samples for as long as the server runs.
pub(crate) async fn keep(app: App) {
    let mut before = Before { at: Instant::now(), sent: 0, written: census(&app).await.written };
    loop {
        let sample = take(&app, &mut before).await;
        app.0.samples.push(sample);
        tokio::time::sleep(EVERY).await;
    }
}

async fn take(app: &App, before: &mut Before) -> Sample {
    let census = census(app).await;
    let metrics = &app.0.metrics;
    let seconds = before.at.elapsed().as_secs_f64().max(1.0);
    let rate = |count: u64| count as f64 / seconds;
    let tally = metrics.tally.take();
    let sent = metrics.sent_bytes.get();
    // A session that was not there before wrote all that it has since then.
    let grown = |(id, now): (&SessionId, &u64)| now.saturating_sub(*before.written.get(id).unwrap_or(&0));
    let written: u64 = census.written.iter().map(grown).sum();
    let sample = Sample {
        time: Time::now(),
        states: census.states,
        ended: census.ended,
        connections: app.0.connections.count(),
        written_rate: rate(written),
        sent_rate: rate(sent.saturating_sub(before.sent)),
        request_rate: rate(tally.requests),
        latency_ms: tally.micros as f64 / 1000.0 / tally.requests.max(1) as f64,
        slowest_ms: tally.slowest_micros as f64 / 1000.0,
        refused_rate: rate(tally.refused),
        failed_rate: rate(tally.failed),
        memory: memory_bytes(),
    };
    *before = Before { at: Instant::now(), sent, written: census.written };
    sample
}

async fn census(app: &App) -> Census {
    let registry = app.0.registry.clone();
    let count = move || {
        let mut census = Census::default();
        for entry in registry.list().unwrap_or_default().into_iter().flatten() {
            if entry.phase != Phase::Running {
                census.ended += 1;
                continue;
            }
            *census.states.entry(state_word(&entry, entry.status.as_ref())).or_default() += 1;
            let written = entry.status.as_ref().map_or(0, |status| status.offset.0);
            census.written.insert(entry.meta.id, written);
        }
        census
    };
    tokio::task::spawn_blocking(count).await.unwrap_or_default()
}

/// Memory of this process that is in use; only Linux tells it in a file.
fn memory_bytes() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let resident: u64 = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(resident * rustix::param::page_size() as u64)
}
