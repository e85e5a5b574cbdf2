//! The addresses of the first plans (rows A20 and A21), for clients that were written for them. What no part of the
//! server does yet answers 501 with a code, so that such a client can tell it from a mistake of its own.

use crate::blocking::blocking;
use crate::conversations::read;
use crate::extract::{Json, Path};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use protocol::Phase;
use serde_json::{Value, json};
use std::collections::HashSet;

/// `GET /api/health`.
pub(super) async fn health(State(app): State<App>, _: Access) -> Json<Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.0.metrics.started.elapsed().as_secs(),
        "agents": {},
    }))
}

/// Whatever needs agents.
pub(super) async fn agents() -> ApiError {
    not_yet("agents")
}

/// `GET /api/conversation/session/{session}`.
pub(super) async fn of_session(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let id = entry.meta.id;
    let told = read(&app, move |store| {
        let mut told = Vec::new();
        for conversation in store.of_session(id)? {
            let mut value = json!(conversation);
            value["entries"] = json!(store.entries(conversation.id)?);
            told.push(value);
        }
        Ok(told)
    });
    Ok(Json(json!({ "session_id": id, "conversations": told.await? })))
}

/// `GET /api/conversation/active`.
pub(super) async fn active(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    let registry = app.0.registry.clone();
    let running = blocking(move || {
        let entries = registry.list()?.into_iter().filter_map(Result::ok);
        let runs = entries.filter(|entry| entry.phase == Phase::Running && access.0.opens(entry.meta.id));
        Ok(runs.map(|entry| entry.meta.id).collect::<Vec<_>>())
    });
    let running = running.await?;
    let told = read(&app, move |store| {
        let mut told = Vec::new();
        for session in running {
            told.extend(store.of_session(session)?);
        }
        // Two sessions may go on with the same.
        let mut known = HashSet::new();
        told.retain(|conversation| known.insert(conversation.id));
        Ok(told)
    });
    Ok(Json(json!({ "conversations": told.await? })))
}

fn not_yet(what: &str) -> ApiError {
    let message = format!("this server has no {what} yet; GET /api/v1/health tells its version");
    ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message)
}
