//! A recording, to be played by a page: its timeline, the screen at a moment with what comes after it, and the search in it.

use crate::extract::{Json, Path, Query};
use crate::guard::Access;
use crate::recordings::wind;
use crate::{ApiError, App};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use protocol::{Offset, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use session::search::{self, search as search_in};
use session::tape::{Played, Point, Tape};
use session::timeline::{self, Timeline, micros};
use session::view::Checkpoint;
use std::time::Duration;

/// Numbers in the picture of activity, unless others are asked for, and at most.
const PARTS: usize = 600;
const PARTS_MAX: usize = 4_000;
/// Bytes of what comes after the screen, unless others are asked for, and at most. Each answer may be longer by one screen
/// and one record.
const LIMIT_BYTES: usize = 256 << 10; // 256 KiB
const LIMIT_MAX_BYTES: usize = 2 << 20; // 2 MiB
/// Pauses are not cut to less.
const IDLE_LIMIT_MIN: Duration = Duration::from_millis(100);
/// Hits of a search at most.
const HITS_MAX: usize = 200;
/// Bytes of a text that is looked for at most.
const TEXT_MAX_BYTES: usize = 200;

/// How a timeline is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Picture {
    /// Numbers in the picture of activity at most, 4000 at most.
    parts: Option<usize>,
    /// Seconds to which pauses are cut.
    idle_limit: Option<f64>,
}

/// `GET /api/v1/sessions/{session}/timeline`.
pub(super) async fn timeline(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(picture): Query<Picture>,
) -> Result<Response, ApiError> {
    let entry = access.find(&app, session).await?;
    let idle_limit = checked_idle_limit(picture.idle_limit)?;
    let parts = picture.parts.unwrap_or(PARTS).clamp(1, PARTS_MAX);
    let read = move |deadline| {
        let wanted = timeline::Wanted { idle_limit, parts, deadline };
        Ok(Json(Timeline::read(&entry, wanted)?).into_response())
    };
    app.0.recordings.work(read).await
}

/// The length to which pauses are cut, if they are.
pub(super) fn checked_idle_limit(seconds: Option<f64>) -> Result<Option<Duration>, ApiError> {
    let limit = seconds.map(Duration::try_from_secs_f64).transpose();
    let limit = limit.ok().filter(|limit| limit.is_none_or(|limit| limit >= IDLE_LIMIT_MIN));
    limit.ok_or_else(|| ApiError::bad_request("`idle_limit` is a number of seconds, 0.1 or more"))
}

/// Which part of a recording is wanted: the one behind an offset, or after a time, or from the start.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Part {
    /// Bytes of output.
    #[schemars(with = "Option<u64>")]
    at: Option<Offset>,
    /// Microseconds since the session's start.
    time: Option<u64>,
    /// Bytes at most, 2 MiB at most; with 0 the screen alone.
    limit: Option<usize>,
}

/// A part of a recording: the screen first, then what comes after it.
#[derive(Serialize)]
struct Frames {
    frames: Vec<Frame>,
    /// Whether nothing more is stored behind them now.
    end: bool,
}

/// What is written to a terminal at a time.
#[derive(Serialize)]
struct Frame {
    /// In microseconds since the session's start.
    time: u64,
    /// Behind so much output.
    offset: Offset,
    /// With a size the bytes are a whole screen, for a fresh terminal of that size.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<Size>,
    /// In base64.
    bytes: String,
}

/// `GET /api/v1/sessions/{session}/recording`.
pub(super) async fn recording(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, ApiError> {
    let entry = access.find(&app, session).await?;
    let place = match (part.at, part.time) {
        (Some(_), Some(_)) => return Err(ApiError::bad_request("ask with `at` or with `time`, not both")),
        (Some(offset), None) => Point::Offset(offset),
        (None, time) => Point::Time(Duration::from_micros(time.unwrap_or(0))),
    };
    let limit = part.limit.unwrap_or(LIMIT_BYTES).min(LIMIT_MAX_BYTES);
    let shared = app.clone();
    let play = move |deadline| {
        let tape = shared.0.recordings.tape(&entry)?;
        let mut tape = wind(&tape, place, deadline)?;
        Ok(Json(frames(&mut tape, limit)?).into_response())
    };
    app.0.recordings.work(play).await
}

fn frames(tape: &mut Tape, limit: usize) -> session::Result<Frames> {
    let mut frames = vec![Frame::screen(tape)];
    let mut bytes = 0;
    while bytes < limit
        && let Some(played) = tape.step()?
    {
        let frame = match played {
            Played::Output(output) => Frame::of(tape, None, &output),
            // Terminals differ in what becomes of their text then: they get the screen anew.
            Played::Resize(_) => Frame::screen(tape),
        };
        bytes += frame.bytes.len();
        frames.push(frame);
    }
    Ok(Frames { frames, end: tape.due()?.is_none() })
}

impl Frame {
    fn screen(tape: &Tape) -> Self {
        Self::of(tape, Some(tape.screen().size()), &tape.dump())
    }

    fn of(tape: &Tape, size: Option<Size>, bytes: &[u8]) -> Self {
        Self { time: micros(tape.position()), offset: tape.offset(), size, bytes: BASE64.encode(bytes) }
    }
}

/// What is looked for.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Text {
    /// The text, 200 bytes at most. Without capitals it finds capitals too.
    q: String,
    /// The offset at which to begin.
    #[serde(default)]
    #[schemars(with = "u64")]
    from: Offset,
    /// Hits at most, 200 at most; more where others stand at the same offset as the last.
    limit: Option<usize>,
}

/// `GET /api/v1/sessions/{session}/search`.
pub(super) async fn search(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(text): Query<Text>,
) -> Result<Response, ApiError> {
    if text.q.trim().is_empty() || text.q.len() > TEXT_MAX_BYTES {
        return Err(ApiError::bad_request("`q` is a text of 1 to 200 bytes"));
    }
    let entry = access.find(&app, session).await?;
    let hits_max = text.limit.unwrap_or(HITS_MAX).clamp(1, HITS_MAX);
    let shared = app.clone();
    let look = move |deadline| {
        let from = if text.from == Offset::ZERO {
            Checkpoint::empty(Offset::ZERO, entry.meta.size)
        } else {
            let tape = shared.0.recordings.tape(&entry)?;
            let tape = wind(&tape, Point::Offset(text.from), deadline)?;
            Checkpoint::of(tape.screen(), tape.offset(), 0)
        };
        let wanted = search::Wanted { text: text.q, hits_max, deadline };
        Ok(Json(search_in(&entry, &from, &wanted)?).into_response())
    };
    app.0.recordings.work(look).await
}
