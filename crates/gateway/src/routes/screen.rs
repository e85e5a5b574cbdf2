//! What a person would see of a session now, or saw at a moment of its recording.

use crate::blocking::blocking;
use crate::extract::{Json, Path, Query};
use crate::guard::Access;
use crate::questions::TURN_WITHIN;
use crate::recordings::wind;
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use protocol::Offset;
use schemars::JsonSchema;
use serde::Deserialize;
use session::look::{Seen, look, screen_json};
use session::tape::Point;
use session::view::Checkpoint;

/// Lines of history at most.
const HISTORY_MAX_LINES: usize = 10_000;

/// How it is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct How {
    /// `json`, plain `text`, or `ansi`: text in its colours.
    #[serde(default)]
    format: Format,
    /// Lines that scrolled off; of the past there are none.
    #[serde(default)]
    history: usize,
    /// The offset behind which it was seen, instead of now.
    #[schemars(with = "Option<u64>")]
    at: Option<Offset>,
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
    let entry = access.find(&app, session).await?;
    let Some(at) = how.at else {
        let history = how.history.min(HISTORY_MAX_LINES);
        let turn = app.0.questions.turn(&entry, TURN_WITHIN).await?;
        return blocking(move || {
            let _turn = turn;
            let seen = look(&entry, "serve", history, history)?;
            Ok(how.format.of(&seen, history))
        })
        .await;
    };
    let shared = app.clone();
    let paint = move |deadline| {
        let tape = shared.0.recordings.tape(&entry)?;
        let tape = wind(&tape, Point::Offset(at), deadline)?;
        let screen = Checkpoint::of(tape.screen(), tape.offset(), 0).screen(0);
        Ok(how.format.of(&Seen { screen, offset: tape.offset(), damage: Vec::new() }, 0))
    };
    app.0.recordings.work(paint).await
}

impl Format {
    fn of(self, Seen { screen, offset, .. }: &Seen, history: usize) -> Response {
        let text = |content: Vec<u8>, kind| ([(header::CONTENT_TYPE, kind)], content).into_response();
        match self {
            Self::Json => Json(screen_json(screen, *offset, history)).into_response(),
            Self::Text => {
                let lines = [screen.history_lines(history), screen.lines()].concat();
                text((lines.join("\n") + "\n").into_bytes(), "text/plain; charset=utf-8")
            }
            Self::Ansi => text(screen.dump(history), "application/octet-stream"),
        }
    }
}
