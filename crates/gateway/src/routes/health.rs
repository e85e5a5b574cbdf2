//! Whether the server is well, told to anybody.

use crate::App;
use crate::extract::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// `GET /api/v1/health`.
pub(super) async fn health(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.0.started.elapsed().as_secs(),
        "watched_sessions": app.0.sessions.count(),
    }))
}
