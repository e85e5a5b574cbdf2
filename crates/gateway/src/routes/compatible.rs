//! The addresses of the first plans (rows A20 and A21), for clients that were written for them. What no part of the
//! server does yet answers 501 with a code, so that such a client can tell it from a mistake of its own.

use crate::extract::Json;
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// `GET /api/health`.
pub(super) async fn health(State(app): State<App>, _: Access) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.0.started.elapsed().as_secs(),
        "agents": {},
    }))
}

/// Whatever needs agents.
pub(super) async fn agents() -> ApiError {
    not_yet("agents")
}

/// Whatever needs conversations.
pub(super) async fn conversations() -> ApiError {
    not_yet("conversations")
}

/// Whatever needs projects.
pub(super) async fn projects() -> ApiError {
    not_yet("projects")
}

fn not_yet(what: &str) -> ApiError {
    let message = format!("this server has no {what} yet; GET /api/v1/health tells its version");
    ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message)
}
