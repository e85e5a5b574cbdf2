//! What a person would see of a session now.

use super::{blocking, find};
use crate::extract::{Json, Path, Query};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use session::look::{look, screen_json};

/// Lines of history at most.
const HISTORY_MAX_LINES: usize = 10_000;

/// How it is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct How {
    /// `json`, plain `text`, or `ansi`: text in its colours.
    #[serde(default)]
    format: Format,
    /// Lines that scrolled off, before the screen.
    #[serde(default)]
    history: usize,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Text,
    Ansi,
}

/// `GET /api/v1/sessions/{session}/screen`.
pub(super) async fn screen(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(how): Query<How>,
) -> Result<Response, ApiError> {
    let entry = find(&app, &access, session).await?;
    let history = how.history.min(HISTORY_MAX_LINES);
    blocking(move || {
        let seen = look(&entry, "serve", history, history)?;
        let text = |content: Vec<u8>, kind| ([(header::CONTENT_TYPE, kind)], content).into_response();
        Ok(match how.format {
            Format::Json => Json(screen_json(&seen.screen, seen.offset, history)).into_response(),
            Format::Text => {
                let lines = [seen.screen.history_lines(history), seen.screen.lines()].concat();
                text((lines.join("\n") + "\n").into_bytes(), "text/plain; charset=utf-8")
            }
            Format::Ansi => text(seen.screen.dump(history), "application/octet-stream"),
        })
    })
    .await
}
