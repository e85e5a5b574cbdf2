//! Whether the server is well, told to anybody.

use crate::extract::{Json, Query};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use protocol::Time;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /api/v1/health`.
pub(super) async fn health(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.0.metrics.started.elapsed().as_secs(),
        "watched_sessions": app.0.sessions.count(),
    }))
}

/// Which part of the history.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Part {
    /// Only what was sampled after this time, in microseconds since 1970.
    #[serde(default)]
    after: u64,
}

/// `GET /api/v1/health/history`.
pub(super) async fn history(
    State(app): State<App>,
    Access(grant): Access,
    Query(part): Query<Part>,
) -> Result<Json<Value>, ApiError> {
    if grant.session.is_some() {
        return Err(ApiError::forbidden("this token opens one session, and the figures are of all"));
    }
    Ok(Json(app.0.samples.since(Time(part.after))))
}
