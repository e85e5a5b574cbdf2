//! What a model was asked about conversations.

use crate::extract::Json;
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use conversation::jobs::Overview;
use protocol::Time;
use serde_json::{Value, json};

/// `GET /api/v1/jobs`.
pub(super) async fn show(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    if access.0.session.is_some() {
        return Err(ApiError::forbidden(
            "a token for one session does not hear of others; read its conversations",
        ));
    }
    let overview = super::blocking(move || {
        Ok::<_, ApiError>(Overview::read(&app.0.home.state, &app.0.options.jobs, Time::now())?)
    });
    Ok(Json(json!(overview.await?)))
}
