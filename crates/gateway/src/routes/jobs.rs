//! What a model was asked about conversations, and asking it now.

use crate::blocking::blocking;
use crate::conversations::place_to_read;
use crate::extract::Json;
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use conversation::jobs::{Ledger, Overview};
use protocol::Time;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a conversation's id: far more than any CLI's have.
const NAME_MAX_CHARS: usize = 500;

/// What is done now.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// So many conversations at most, 1 at least; without it all that are to do.
    #[schemars(range(min = 1))]
    limit: Option<u64>,
}

/// What is tried again.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Only this conversation: the CLI's own id, or the beginning of it; without it all that failed.
    #[schemars(length(min = 1, max = 500))]
    conversation: Option<String>,
}

/// `GET /api/v1/jobs`.
pub(super) async fn show(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    of_all(&access)?;
    let place = place_to_read(&app).await?;
    blocking(move || {
        let _place = place;
        let mut told = json!(overview(&app)?);
        told["asked"] = json!(app.0.conversations.jobs_bell.now());
        Ok(Json(told))
    })
    .await
}

/// `POST /api/v1/jobs/run`.
pub(super) async fn run(
    State(app): State<App>,
    access: Access,
    run: Option<Json<Run>>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    of_all(&access)?;
    let limit = run.and_then(|Json(run)| run.limit);
    if limit == Some(0) {
        return Err(ApiError::bad_request("`limit` is 1 conversation at least; without it all are done"));
    }
    blocking(move || {
        let overview = overview(&app)?;
        if overview.state != "on" {
            let why = overview.why.unwrap_or_default();
            return Err(ApiError::new(StatusCode::CONFLICT, "JOBS_OFF", why));
        }
        app.0.audit.note(&access.0, "jobs run", None);
        let asked = overview.waiting.min(limit.unwrap_or(u64::MAX));
        app.0.conversations.jobs_bell.run(asked);
        let told = json!({ "asked": asked, "waiting": overview.waiting, "why": overview.why, "until": overview.until });
        Ok((StatusCode::ACCEPTED, Json(told)))
    })
    .await
}

/// `POST /api/v1/jobs/retry`.
pub(super) async fn retry(
    State(app): State<App>,
    access: Access,
    retry: Option<Json<Retry>>,
) -> Result<Json<Value>, ApiError> {
    of_all(&access)?;
    let name = retry.and_then(|Json(retry)| retry.conversation);
    if name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > NAME_MAX_CHARS) {
        return Err(ApiError::bad_request(
            "`conversation` has 1 to 500 characters; without it all are tried again",
        ));
    }
    blocking(move || {
        let state = &app.0.home.state;
        app.0.audit.note(&access.0, "jobs retry", None);
        let is_there = Ledger::path(state).exists();
        let retried = if is_there { Ledger::open(state)?.retry(name.as_deref())? } else { 0 };
        if let (0, Some(_)) = (retried, name) {
            let why = "no such conversation failed; GET /api/v1/jobs lists those that did";
            return Err(ApiError::new(StatusCode::NOT_FOUND, "JOB_NOT_FOUND", why));
        }
        app.0.conversations.jobs_bell.ring();
        Ok(Json(json!({ "retried": retried })))
    })
    .await
}

fn overview(app: &App) -> Result<Overview, ApiError> {
    Ok(Overview::read(&app.0.home.state, &app.0.options.jobs, Time::now())?)
}

/// Jobs are of all conversations.
fn of_all(access: &Access) -> Result<(), ApiError> {
    match access.0.session {
        None => Ok(()),
        Some(_) => Err(ApiError::forbidden(
            "a token for one session does not hear of others; read its conversations",
        )),
    }
}
