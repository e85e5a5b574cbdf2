//! Tokens: who may do what.

use crate::blocking::blocking;
use crate::extract::{Json, Path};
use crate::guard::{Access, broken_store};
use crate::token::{Grant, Role, StoreError, Use, Wanted};
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// `GET /api/v1/tokens`.
pub(super) async fn list(State(app): State<App>, access: Access) -> Result<Json<Value>, ApiError> {
    blocking(move || Ok(Json(json!({ "tokens": within(&app, &access)? })))).await
}

/// The tokens that are a token's business: who opens one session manages what opens only that.
fn within(app: &App, Access(own): &Access) -> Result<Vec<Grant>, ApiError> {
    let mut grants = app.0.tokens.list().map_err(broken_store)?;
    grants.retain(|grant| own.session.is_none() || grant.session == own.session);
    Ok(grants)
}

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    role: Role,
    #[serde(default)]
    label: String,
    /// Whether it is for a browser: a link that works once.
    #[serde(default)]
    login: bool,
    /// The only session that it opens.
    session: Option<String>,
    /// Seconds until it ends, and what a link opened, 1 at least; without it never, but a link that nobody used after 15 minutes.
    /// It ends with the token that makes it at the latest.
    expires_in: Option<u64>,
}

/// `POST /api/v1/tokens`.
pub(super) async fn create(
    State(app): State<App>,
    access: Access,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let session = match new.session {
        Some(session) => Some(access.find(&app, session).await?.meta.id),
        // Who may see one session gives nobody more.
        None => access.0.session,
    };
    if new.expires_in == Some(0) {
        return Err(ApiError::bad_request("`expires_in` is 1 second at least, or left out"));
    }
    let kind = if new.login { Use::Login } else { Use::Bearer };
    let label = new.label.chars().take(100).collect();
    let wanted = Wanted::new(kind, new.role, label, new.expires_in.map(Duration::from_secs));
    let wanted = Wanted { session, ..wanted }.within(&access.0);
    blocking(move || {
        let (secret, grant) = app.0.tokens.create(wanted).map_err(broken_store)?;
        app.0.audit.note(&access.0, "token create", session);
        Ok((StatusCode::CREATED, Json(json!({ "token": secret, "grant": grant }))))
    })
    .await
}

/// `DELETE /api/v1/tokens/{token}`.
pub(super) async fn revoke(
    State(app): State<App>,
    access: Access,
    Path(token): Path<String>,
) -> Result<StatusCode, ApiError> {
    blocking(move || {
        if !within(&app, &access)?.iter().any(|grant| grant.id == token) {
            return Err(broken_store(StoreError::Unknown(token)));
        }
        app.0.tokens.revoke(&token).map_err(broken_store)?;
        app.0.audit.note(&access.0, "token revoke", None);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
