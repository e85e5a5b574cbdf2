//! Projects.

use crate::blocking::blocking;
use crate::conversations::read;
use crate::extract::{Json, Path};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use conversation::project::{self, Project, Summary};
use conversation::store::Store;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use session::registry::Entry;
use std::time::Duration;

/// How long the store may be asked about projects.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// A folder.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Place {
    /// An absolute path.
    #[schemars(length(min = 1))]
    #[serde(alias = "path")]
    working_dir: String,
}

/// `GET /api/v1/projects`.
pub(super) async fn list(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!({ "projects": all(&app, &access).await? })))
}

/// `GET /api/v1/projects/{project}`.
pub(super) async fn show(
    State(app): State<App>,
    access: Access,
    Path(wanted): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!(summary(&app, &access, wanted).await?)))
}

/// `POST /api/projects/detect`.
pub(super) async fn detect(
    State(app): State<App>,
    access: Access,
    Json(place): Json<Place>,
) -> Result<Json<Value>, ApiError> {
    let folder = std::path::PathBuf::from(&place.working_dir);
    let wrong = || ApiError::bad_request("`working_dir` is no absolute path");
    if place.working_dir.contains('\0') {
        return Err(wrong());
    }
    may_see(&access)?;
    let looked = blocking(move || {
        let found = project::detect(&folder).ok_or_else(wrong)?;
        Ok((Project::of(&found), folder.is_dir()))
    });
    let (Project { id, name, root, kind, .. }, there) = looked.await?;
    let key = id.clone();
    let known = read(&app, move |store| store.knows_project(&key)).await?;
    Ok(Json(json!({
        "project_id": id, "name": name, "root": root, "kind": kind,
        "working_dir": place.working_dir, "exists": there, "known": known,
    })))
}

/// `GET /api/projects/list`.
pub(super) async fn compatible_list(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    let all = all(&app, &access).await?;
    Ok(Json(json!({ "projects": all.iter().map(with_old_name).collect::<Vec<_>>() })))
}

/// `GET /api/projects/{project_id}/summary`.
pub(super) async fn compatible_summary(
    State(app): State<App>,
    access: Access,
    Path(wanted): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(with_old_name(&summary(&app, &access, wanted).await?)))
}

/// The first plans call its id so.
fn with_old_name(project: &impl serde::Serialize) -> Value {
    let mut value = json!(project);
    value["project_id"] = value["id"].clone();
    value
}

/// Who may see one session alone learns nothing of the others around it.
fn may_see(access: &Access) -> Result<(), ApiError> {
    match access.0.session {
        None => Ok(()),
        Some(_) => Err(ApiError::forbidden("a token for one session does not see the projects of others")),
    }
}

async fn all(app: &App, access: &Access) -> Result<Vec<Project>, ApiError> {
    of_all(app, access, |store, sessions| project::list(store, &sessions)).await
}

async fn summary(app: &App, access: &Access, wanted: String) -> Result<Summary, ApiError> {
    let found = of_all(app, access, move |store, sessions| {
        let found = project::list(store, &sessions)?.into_iter().find(|project| project.id == wanted);
        found.map(|project| project::summary(store, project)).transpose()
    });
    let unknown = || {
        ApiError::new(
            StatusCode::NOT_FOUND,
            "NO_SUCH_PROJECT",
            "there is no such project; GET /api/v1/projects lists all",
        )
    };
    found.await?.ok_or_else(unknown)
}

/// Asks the store, and all sessions, for as long as it may take.
async fn of_all<T: Default + Send + 'static>(
    app: &App,
    access: &Access,
    work: impl FnOnce(&Store, Vec<Entry>) -> conversation::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    may_see(access)?;
    let place = app.0.limits.readings.take_soon(&access.0.id)?;
    let registry = app.0.registry.clone();
    read(app, move |store| {
        let _place = place;
        let _limit = store.within(TOLD_WITHIN);
        let sessions = registry.list()?.into_iter().flatten().collect();
        work(store, sessions)
    })
    .await
}
