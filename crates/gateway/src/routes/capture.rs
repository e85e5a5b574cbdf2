//! Conversations that clients hand over.

use crate::blocking::blocking;
use crate::conversations::read;
use crate::extract::Json;
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use conversation::capture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long a client waits until what it handed over is in the store.
const STORED_WITHIN: Duration = Duration::from_secs(2);
/// Of a change nobody may have told: the follower was just starting.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What is handed over.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Request {
    /// Where it was said: an absolute path.
    working_dir: String,
    /// When: a time since 1970, such as `2026-11-21T09:30:00Z`.
    timestamp: String,
    /// What was said: a text, or a list or lines of `{"role" or "entry_type", "content", "timestamp"?}`.
    conversation_data: Option<String>,
    /// What is known beside it: `session_id` names the conversation that it goes on, `title` what it is called.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    session_context: Option<serde_json::Map<String, Value>>,
}

/// `POST /api/conversation/capture`. Who sends the same again gets the same answer, and it is there once.
pub(super) async fn capture(
    State(app): State<App>,
    access: Access,
    request: Result<Json<Request>, ApiError>,
) -> Result<Json<Value>, ApiError> {
    if access.0.session.is_some() {
        return Err(ApiError::forbidden("a token for one session hands over no conversations"));
    }
    let Json(request) = request.map_err(|error| error.called(CODE))?;
    let context = request.session_context.map(Value::Object);
    let made = capture::request(request.working_dir, request.timestamp, request.conversation_data, context);
    let made =
        made.map_err(|error| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, CODE, error.to_string()))?;
    let entry = made.first_entry();
    let session_id = made.session_id.clone();
    let mut changes = app.0.conversations.changes.listen();
    if !is_stored(&app, &entry).await? {
        let state = app.0.home.state.clone();
        let failed = |error: conversation::Error| {
            let status = match error {
                conversation::Error::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            ApiError::new(status, CODE, error.to_string())
        };
        blocking(move || capture::write(&state, &made).map_err(failed)).await?;
    }
    let end = Instant::now() + STORED_WITHIN;
    let mut processed = is_stored(&app, &entry).await?;
    while !processed && app.0.options.follows_conversations && Instant::now() < end {
        let _ = timeout_at(end.min(Instant::now() + LOOK_EVERY), changes.recv()).await;
        processed = is_stored(&app, &entry).await?;
    }
    // What has it now: its file alone, or also the store in which it is found.
    let services: &[&str] = if processed { &["capture", "conversations", "search"] } else { &["capture"] };
    Ok(Json(json!({ "session_id": session_id, "processed": processed, "services_active": services })))
}

/// By which clients of the first plans know that it failed.
const CODE: &str = "CONVERSATION_CAPTURE_ERROR";

async fn is_stored(app: &App, entry: &str) -> Result<bool, ApiError> {
    let entry = entry.to_owned();
    let asked = read(app, move |store| store.has_entry(&entry)).await;
    asked.map_err(|error| error.called(CODE))
}
