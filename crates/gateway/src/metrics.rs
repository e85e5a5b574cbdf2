//! What the server counts, in the text form that Prometheus and its kin read.

use crate::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Upper bounds of the time that requests take, in seconds: half a millisecond to ten seconds.
const SECONDS: [f64; 9] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 10.0];
/// The form of the text.
const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All of it.
pub(crate) struct Metrics {
    /// When the server began.
    pub(crate) started: Instant,
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
    /// WebSockets that are open.
    pub(crate) viewers: Gauge,
    /// Bytes of output that viewers were sent.
    pub(crate) sent_bytes: Counter,
    watched: Gauge,
    uptime: Gauge,
    jobs: Family<Outcome, Counter>,
    jobs_cost: Counter<f64, AtomicU64>,
    /// The same requests once more, for the history.
    pub(crate) tally: Tally,
}

/// Requests since somebody last took them.
#[derive(Default)]
pub(crate) struct Tally {
    requests: AtomicU64,
    micros: AtomicU64,
    slowest_micros: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// What a [`Tally`] came to.
pub(crate) struct Taken {
    pub(crate) requests: u64,
    /// The sum of their times.
    pub(crate) micros: u64,
    pub(crate) slowest_micros: u64,
    /// With a status of 4xx.
    pub(crate) refused: u64,
    /// With a status of 5xx.
    pub(crate) failed: u64,
}

impl Tally {
    fn add(&self, time: Duration, status: u16) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.slowest_micros.fetch_max(micros, Ordering::Relaxed);
        match status {
            400..500 => self.refused.fetch_add(1, Ordering::Relaxed),
            500.. => self.failed.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    /// Begins anew.
    pub(crate) fn take(&self) -> Taken {
        let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
        Taken {
            requests: take(&self.requests),
            micros: take(&self.micros),
            slowest_micros: take(&self.slowest_micros),
            refused: take(&self.refused),
            failed: take(&self.failed),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Labels {
    method: String,
    /// The endpoint's, with names in braces: one label for all sessions.
    path: String,
    status: u16,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl Metrics {
    /// Counts a request to a model, and what it cost in millionths of a dollar.
    pub(crate) fn count_job(&self, is_done: bool, cost: u64) {
        let outcome = if is_done { "done" } else { "failed" };
        self.jobs.get_or_create(&Outcome { outcome }).inc();
        self.jobs_cost.inc_by(cost as f64 / 1e6);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("centerfire");
        let metrics = Self {
            started: Instant::now(),
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            viewers: Gauge::default(),
            sent_bytes: Counter::default(),
            watched: Gauge::default(),
            jobs: Family::default(),
            jobs_cost: Counter::default(),
            uptime: Gauge::default(),
            tally: Tally::default(),
            registry: Registry::default(),
        };
        registry.register("http_requests", "Requests that were answered", metrics.requests.clone());
        let about = "Time until an answer began";
        registry.register_with_unit("http_request_duration", about, Unit::Seconds, metrics.seconds.clone());
        registry.register("viewers", "WebSockets that are open", metrics.viewers.clone());
        registry.register(
            "viewers_sent_bytes",
            "Bytes of output sent to viewers",
            metrics.sent_bytes.clone(),
        );
        registry.register("jobs", "Times that a model was asked about a conversation", metrics.jobs.clone());
        let about = "What that cost by the price list, in US dollars, as far as it is known";
        registry.register("jobs_cost_dollars", about, metrics.jobs_cost.clone());
        registry.register("watched_sessions", "Sessions that somebody watches", metrics.watched.clone());
        registry.register_with_unit(
            "uptime",
            "Since the server began",
            Unit::Seconds,
            metrics.uptime.clone(),
        );
        Self { registry, ..metrics }
    }
}

/// `GET /metrics`.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let metrics = &app.0.metrics;
    metrics.watched.set(app.0.sessions.count() as i64);
    metrics.uptime.set(metrics.started.elapsed().as_secs() as i64);
    let mut text = String::new();
    // A string takes whatever is written.
    let _ = encode(&mut text, &metrics.registry);
    ([(header::CONTENT_TYPE, KIND)], text).into_response()
}

/// Counts a request.
pub(crate) async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    // Whoever invents methods must not make labels.
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PATCH" | "DELETE") => known.to_owned(),
        _ => "other".to_owned(),
    };
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let metrics = &app.0.metrics;
    let (time, status) = (begun.elapsed(), response.status().as_u16());
    metrics.seconds.observe(time.as_secs_f64());
    // Who waits for a session wants to.
    if !path.ends_with("/wait") {
        metrics.tally.add(time, status);
    }
    metrics.requests.get_or_create(&Labels { method, path, status }).inc();
    response
}
