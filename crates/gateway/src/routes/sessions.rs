//! Sessions: listed, started, shown, renamed, ended, removed.

use crate::blocking::blocking;
use crate::extract::{Json, Path, Query};
use crate::guard::Access;
use crate::questions::TURN_WITHIN;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use protocol::{Phase, Size};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use session::again::{Again, again};
use session::launch::launch;
use session::starter::Wish;
use session::summary::{describe, present_status};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Between a gentle signal and the next, harder one.
const GRACE: Duration = Duration::from_secs(3);

/// Which sessions are wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Which {
    /// Those that ended, too.
    #[serde(default)]
    all: bool,
}

/// `GET /api/v1/sessions`.
pub(super) async fn list(
    State(app): State<App>,
    access: Access,
    Query(which): Query<Which>,
) -> Result<impl IntoResponse, ApiError> {
    blocking(move || {
        let body = app.0.roster.list(&app.0.registry)?.body(which.all, access.0.session);
        Ok(([(header::CONTENT_TYPE, "application/json")], body))
    })
    .await
}

/// How much of the past is told.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Last {
    /// Moments of the past, up to 1000; without it 100.
    last: Option<u16>,
}

/// `GET /api/v1/sessions/{session}/explain`.
pub(super) async fn explain(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(Last { last }): Query<Last>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    // A whole journal is read.
    let place = app.0.limits.readings.take_soon(&access.0.id)?;
    let explained = move || {
        let _place = place;
        Ok(session::explain::explain(&entry, "serve", usize::from(last.unwrap_or(100)))?)
    };
    Ok(Json(json!(blocking(explained).await?)))
}

/// What to start.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// The program and its arguments.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// Made from the program's, if it is not told.
    name: Option<String>,
    /// The folder in which it runs; `~` is the home folder, which is also taken without it.
    cwd: Option<PathBuf>,
    /// Variables beside the server's own.
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[schemars(with = "Option<super::endpoint::SizeForm>")]
    size: Option<Size>,
}

/// `POST /api/v1/sessions`.
pub(super) async fn create(
    State(app): State<App>,
    access: Access,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    may_start(&access)?;
    if new.command.is_empty() {
        return Err(ApiError::bad_request("`command` is empty: name the program and its arguments"));
    }
    if let Some(name) = new.env.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(ApiError::bad_request(format!("`{name}` cannot be a variable's name")));
    }
    let size = new.size.map(checked).transpose()?.unwrap_or(Size::DEFAULT);
    let command = new.command.into_iter().map(OsString::from).collect();
    let cwd = new.cwd.map_or_else(home_folder, below_home);
    let env = new.env.into_iter().map(|(name, value)| (name, value.into())).collect();
    start(app, access, Wish { name: new.name, env, ..Wish::of(command, cwd, size) }).await
}

fn may_start(access: &Access) -> Result<(), ApiError> {
    match access.0.session {
        None => Ok(()),
        Some(_) => Err(ApiError::forbidden("this token opens one session, and starts no other")),
    }
}

async fn start(app: App, access: Access, wish: Wish) -> Result<(StatusCode, Json<Value>), ApiError> {
    blocking(move || {
        let plan = app.0.options.starter.plan(&app.0.home, wish);
        let beside = (app.0.options.beside)(&plan);
        let started = launch(&app.0.home, &plan, beside)?;
        app.0.audit.note(&access.0, "start", Some(started.id));
        let entry = app.0.registry.find(&started.id.to_string())?;
        Ok((StatusCode::CREATED, Json(describe(&entry, entry.status.as_ref()))))
    })
    .await
}

fn checked(size: Size) -> Result<Size, ApiError> {
    Size::new(size.cols, size.rows)
        .ok_or_else(|| ApiError::bad_request(format!("{size} is no terminal's size")))
}

fn home_folder() -> PathBuf {
    std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// A folder as a shell would read it, which knows a user's home by `~`; the homes of others are not looked up.
fn below_home(folder: PathBuf) -> PathBuf {
    match folder.strip_prefix("~") {
        Ok(rest) if rest.as_os_str().is_empty() => home_folder(),
        Ok(rest) => home_folder().join(rest),
        Err(_) => folder,
    }
}

/// `GET /api/v1/sessions/{session}`.
pub(super) async fn show(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    match app.0.questions.turn(&entry, TURN_WITHIN).await {
        Ok(turn) => {
            let describe = move || {
                let _turn = turn;
                Ok(Json(describe(&entry, present_status(&entry, "serve").as_ref())))
            };
            blocking(describe).await
        }
        // What its host wrote last is better than nothing.
        Err(_) => Ok(Json(describe(&entry, entry.status.as_ref()))),
    }
}

/// What to change.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[schemars(length(min = 1))]
    name: String,
}

/// `PATCH /api/v1/sessions/{session}`.
pub(super) async fn rename(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Json(change): Json<Change>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    blocking(move || {
        let registry = app.0.registry.clone();
        registry.rename(&entry, &change.name)?;
        app.0.audit.note(&access.0, "rename", Some(entry.meta.id));
        let entry = registry.find(&entry.meta.id.to_string())?;
        Ok(Json(describe(&entry, entry.status.as_ref())))
    })
    .await
}

/// `DELETE /api/v1/sessions/{session}`.
pub(super) async fn remove(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<StatusCode, ApiError> {
    let entry = access.find(&app, session).await?;
    blocking(move || {
        app.0.registry.remove(&entry)?;
        app.0.audit.note(&access.0, "remove", Some(entry.meta.id));
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// How to end it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Kill {
    /// Only this signal, by number.
    signal: Option<i32>,
}

/// `POST /api/v1/sessions/{session}/kill`.
pub(super) async fn kill(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    kill: Option<Json<Kill>>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let signal = kill.and_then(|Json(kill)| kill.signal);
    blocking(move || {
        if entry.phase != Phase::Running {
            return Err(session::summary::ended(&entry).into());
        }
        app.0.audit.note(&access.0, "kill", Some(entry.meta.id));
        Ok(Json(match signal {
            Some(signal) => {
                session::end::signal(&entry, signal)?;
                json!({ "signal": signal })
            }
            None => json!({ "exit": session::end::end(&entry, GRACE)? }),
        }))
    })
    .await
}

/// `POST /api/v1/sessions/{session}/restart`.
pub(super) async fn restart(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let entry = access.find(&app, session).await?;
    may_start(&access)?;
    let Again { words, folder, name, missing } = again(&app.0.registry, &entry)?;
    let size = entry.status.as_ref().map_or(entry.meta.size, |status| status.size);
    let wish = Wish { name, parent: Some(entry.meta.id), ..Wish::of(words, folder, size) };
    let (status, Json(mut told)) = start(app, access, wish).await?;
    told["missing"] = json!(missing);
    Ok((status, Json(told)))
}
