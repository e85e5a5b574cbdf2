//! Typing into a session, each request one transaction.

use crate::extract::{Json, Path};
use crate::guard::Access;
use crate::host::Host;
use crate::{ApiError, App};
use axum::extract::State;
use protocol::Size;
use protocol::frame::{Answer, InputForm, MAX_INPUT_BYTES, Request};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Text that is typed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    /// What is typed, as it is.
    text: String,
    /// Whether it is pasted instead of typed.
    #[serde(default)]
    paste: bool,
}

/// `POST /api/v1/sessions/{session}/input`.
pub(super) async fn input(
    app: State<App>,
    access: Access,
    session: Path<String>,
    Json(text): Json<Text>,
) -> Result<Json<Value>, ApiError> {
    let form = if text.paste { InputForm::Paste } else { InputForm::Text };
    type_in(app, access, session, form, &text.text).await
}

/// Text that is submitted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    /// What is pasted before Enter.
    text: String,
}

/// `POST /api/v1/sessions/{session}/submit`.
pub(super) async fn submit(
    app: State<App>,
    access: Access,
    session: Path<String>,
    Json(prompt): Json<Prompt>,
) -> Result<Json<Value>, ApiError> {
    type_in(app, access, session, InputForm::Submit, &prompt.text).await
}

/// Keys by their names.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// Their names, one after the other.
    keys: Vec<String>,
}

/// `POST /api/v1/sessions/{session}/keys`.
pub(super) async fn keys(
    app: State<App>,
    access: Access,
    session: Path<String>,
    Json(keys): Json<Keys>,
) -> Result<Json<Value>, ApiError> {
    type_in(app, access, session, InputForm::Keys, &keys.keys.join("\n")).await
}

async fn type_in(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    form: InputForm,
    text: &str,
) -> Result<Json<Value>, ApiError> {
    if text.len() > MAX_INPUT_BYTES {
        return Err(ApiError::new(
            axum::http::StatusCode::PAYLOAD_TOO_LARGE,
            "INPUT_TOO_LONG",
            "more than 1 MiB; send it in parts",
        ));
    }
    let entry = access.find(&app, session).await?;
    app.0.audit.note(&access.0, "type", Some(entry.meta.id));
    let (host, _events) = Host::reach(&entry, "serve").await?;
    match host.call(Request::Input { form }, text.as_bytes()).await?.0 {
        Answer::Done { offset } => Ok(Json(json!({ "offset": offset, "bytes": text.len() }))),
        other => Err(session::client::unexpected(&other).into()),
    }
}

/// `POST /api/v1/sessions/{session}/resize`.
pub(super) async fn resize(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Json(size): Json<Size>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    app.0.audit.note(&access.0, "resize", Some(entry.meta.id));
    let (host, _events) = Host::reach(&entry, "serve").await?;
    host.call(Request::Resize { size }, &[]).await?;
    Ok(Json(json!({ "size": size })))
}
