//! Links that open one session.

use crate::blocking::blocking;
use crate::extract::{Json, Path};
use crate::guard::{Access, broken_store};
use crate::token::{Role, SHARE_LASTS, SHARE_LASTS_MAX, Wanted};
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How it is shared.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// `view`, if nothing else is said, or `type`.
    role: Option<Role>,
    /// Seconds until the link, and what it opened, ends: an hour, if nothing else is said, 30 days at most, and with the
    /// token that makes it at the latest.
    expires_in: Option<u64>,
    /// For whom it is, in your words.
    #[serde(default)]
    label: String,
}

/// `POST /api/v1/sessions/{session}/share`.
pub(super) async fn share(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    wish: Option<Json<Wish>>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let Wish { role, expires_in, label } = wish.map(|Json(wish)| wish).unwrap_or_default();
    let session = access.find(&app, session).await?.meta.id;
    let role = role.unwrap_or(Role::View);
    if role == Role::Manage {
        return Err(ApiError::bad_request(
            "a link may let others view or type; POST /api/v1/tokens does more",
        ));
    }
    let lasts = expires_in.map_or(SHARE_LASTS, Duration::from_secs);
    if lasts.is_zero() || lasts > SHARE_LASTS_MAX {
        return Err(ApiError::bad_request("`expires_in` is 1 second to 30 days"));
    }
    let wanted = Wanted::share(session, role, label.chars().take(100).collect(), lasts).within(&access.0);
    blocking(move || {
        let (secret, grant) = app.0.tokens.create(wanted).map_err(broken_store)?;
        app.0.audit.note(&access.0, "share", Some(session));
        let path = format!("/s/{session}#login={secret}");
        Ok((StatusCode::CREATED, Json(json!({ "path": path, "token": secret, "grant": grant }))))
    })
    .await
}
