//! Says something to a program.

use super::Target;
use super::conversation::type_in;
use crate::extract::Json;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::StatusCode;
use protocol::frame::{InputForm, MAX_INPUT_BYTES};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// What is said. Fields that agentapi may add are none of ours.
#[derive(Deserialize, JsonSchema)]
pub(in crate::routes) struct Said {
    content: String,
    #[serde(rename = "type")]
    kind: Kind,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Submitted, where the status is `stable`.
    User,
    /// Typed as it is, always.
    Raw,
}

/// `POST …/message`.
pub(super) async fn message(
    State(app): State<App>,
    target: Target,
    Json(said): Json<Said>,
) -> Result<Json<Value>, ApiError> {
    if said.content.len() > MAX_INPUT_BYTES {
        let message = "more than 1 MiB; send it in parts";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "INPUT_TOO_LONG", message));
    }
    let Target { access, entry, .. } = &target;
    let note = || app.0.audit.note(&access.0, "type", Some(entry.meta.id));
    match said.kind {
        Kind::Raw => {
            note();
            type_in(entry, InputForm::Raw, &said.content).await?;
        }
        Kind::User => {
            let text = said.content.trim();
            if text.is_empty() {
                return Err(ApiError::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "BAD_REQUEST",
                    "`content` has no text; only `raw` may be blank",
                ));
            }
            note();
            target.conversation(&app).say(entry, text).await?;
        }
    }
    Ok(Json(json!({ "ok": true })))
}
