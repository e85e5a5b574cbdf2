//! Waits until something is true of a session.

use crate::extract::{Json, Path};
use crate::guard::{Access, await_revocation};
use crate::host::Host;
use crate::places::busy;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use protocol::frame::{Answer, Event, Request};
use protocol::{ExitStatus, Offset, Phase};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value;
use session::registry::Entry;
use session::wait::{Condition, Seen};
use std::time::Duration;

/// A request waits so long at most; who wants to wait longer asks again.
const WAIT_MAX: Duration = Duration::from_secs(300);

/// What is waited for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// What is waited for.
    #[serde(rename = "for")]
    #[schemars(schema_with = "conditions")]
    condition: Condition,
    /// Only what comes after this offset counts.
    #[schemars(with = "Option<u64>")]
    since: Option<Offset>,
    /// Seconds.
    timeout: Option<f64>,
}

fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": Condition::NAMES })
}

/// `POST /api/v1/sessions/{session}/wait`.
pub(super) async fn wait(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Json(wait): Json<Wait>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let timeout = match wait.timeout.map(Duration::try_from_secs_f64) {
        None => WAIT_MAX,
        Some(Ok(timeout)) => timeout.min(WAIT_MAX),
        Some(Err(_)) => return Err(ApiError::bad_request("`timeout` is a number of seconds, 0 or more")),
    };
    let _place = app.0.limits.waits.take_soon(&access.0.id)?;
    let mut stopping = app.0.stopping.subscribe();
    let seen = tokio::select! {
        seen = tokio::time::timeout(timeout, until(&entry, &wait)) => seen,
        () = await_revocation(&app, &access.0) => {
            return Err(ApiError::unauthorized("the token was revoked or has ended"));
        }
        _ = stopping.wait_for(|stopping| *stopping) => {
            let message = "the server starts anew; ask again";
            return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "RESTARTING", message));
        }
    };
    match seen {
        Ok(seen) => Ok(Json(seen?.json())),
        Err(_) => {
            let message = format!("it did not come true within {} s", timeout.as_secs_f64());
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "TIMED_OUT", message))
        }
    }
}

/// Waits at the host, and where there is none looks at what is left.
async fn until(entry: &Entry, wait: &Wait) -> Result<Seen, ApiError> {
    if entry.phase == Phase::Running
        && let Some(seen) = at_host(entry, wait).await?
    {
        return Ok(seen);
    }
    match entry.folder.exit()? {
        Some(exit) if wait.condition == Condition::Exit => Ok(Seen::end(&exit, &entry.folder)?),
        // Lost is one that nobody holds; the host of another only has no ear.
        None if entry.folder.is_held(&entry.meta) => {
            Err(busy(format!("`{}` runs, and its host takes no more clients or does not answer", entry.name)))
        }
        exit => Err(ended(entry, exit.map(|exit| exit.status))),
    }
}

/// Waits through the death of hosts; nothing once there is none any more.
async fn at_host(entry: &Entry, wait: &Wait) -> Result<Option<Seen>, ApiError> {
    loop {
        let (host, mut events) = match Host::reach(entry, "serve").await {
            Ok(reached) => reached,
            Err(error) if error.is_gone() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let asked = async {
            host.call(Request::Follow, &[]).await?;
            host.call(Request::Status, &[]).await
        };
        let status = match asked.await {
            Ok((Answer::Status(status), _)) => status,
            Ok(_) => return Ok(None),
            Err(error) if error.is_gone() => continue,
            Err(error) => return Err(error.into()),
        };
        if let Some(seen) = wait.condition.met(&status.agent(), wait.since) {
            return Ok(Some(seen));
        }
        while let Some(event) = events.recv().await {
            match event {
                Event::Exited { status, offset } if wait.condition == Condition::Exit => {
                    return Ok(Some(Seen::Exit(status, offset)));
                }
                Event::Exited { status, .. } => return Err(ended(entry, Some(status))),
                Event::State { agent } => {
                    if let Some(seen) = wait.condition.met(&agent, wait.since) {
                        return Ok(Some(seen));
                    }
                }
                _ => {}
            }
        }
    }
}

fn ended(entry: &Entry, exit: Option<ExitStatus>) -> ApiError {
    let phase = if exit.is_some() { Phase::Exited } else { Phase::Lost };
    session::summary::ended(&Entry { phase, exit, ..entry.clone() }).into()
}

#[test]
fn the_limits_are_told_as_they_are() {
    use crate::places::{WAITS_EACH, WAITS_MAX};
    let wait = super::endpoints().into_iter().find(|endpoint| endpoint.path.ends_with("/wait")).unwrap();
    let limits = format!("while {WAITS_MAX} others wait, or {WAITS_EACH} of");
    assert!(wait.about.contains(&limits), "{}", wait.about);
}
