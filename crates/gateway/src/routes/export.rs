//! A session as a recording, as text, as a log: streamed as it is made.

use super::find;
use crate::extract::{Path, Query};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use session::export::{Export, FORMATS, Format, Options};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Pieces that wait for a slow client; then the export waits with them.
const WAITING_MAX: usize = 4;
/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10; // 64 KiB

/// Exports at once: each holds a thread for as long as its client takes, and everything else that is done beside the
/// server's loop needs threads, too. One more is told to come again.
pub(crate) const EXPORTS_MAX: usize = 8;
/// When it may try again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct How {
    /// As `centerfire export --format`.
    #[schemars(schema_with = "formats")]
    format: String,
    /// What was typed, too.
    #[serde(default)]
    input: bool,
    /// Pauses are no longer than so many seconds.
    idle_limit: Option<f64>,
}

fn formats(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    json_schema!({ "type": "string", "enum": names })
}

/// `GET /api/v1/sessions/{session}/export`.
pub(super) async fn export(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
    Query(how): Query<How>,
) -> Result<Response, ApiError> {
    let entry = find(&app, &access, session).await?;
    let format = FORMATS.iter().find(|format| format.name == how.format).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        ApiError::bad_request(format!("`format` is one of {}", names.join(", ")))
    })?;
    let place = Arc::clone(&app.0.exports).try_acquire_owned().map_err(|_| {
        let message = format!("{EXPORTS_MAX} exports are being made already; try again when one is done");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message).retry_after(AGAIN_AFTER)
    })?;
    let options = Options { input: how.input, idle_limit: how.idle_limit, ..Options::default() };
    let (pieces, mut received) = mpsc::channel(WAITING_MAX);
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut to = io::BufWriter::with_capacity(PIECE_BYTES, Pieces(pieces.clone()));
        let done =
            Export::new(&entry, format, &options).and_then(|export| export.write(&mut to, &mut |_| ()));
        let failed =
            done.err().map(|error| error.to_string()).or_else(|| to.flush().err().map(|e| e.to_string()));
        if let Some(error) = failed {
            // The answer has begun: that it breaks off is how the client learns of it.
            let _ = pieces.blocking_send(Err(io::Error::other(error)));
        }
    });
    let stream = futures_util::stream::poll_fn(move |context| received.poll_recv(context));
    Ok(([(header::CONTENT_TYPE, kind(format))], Body::from_stream(stream)).into_response())
}

fn kind(format: &Format) -> &'static str {
    match format.name {
        "text" => "text/plain; charset=utf-8",
        "log" | "events" => "application/x-ndjson",
        "asciicast-v2" | "asciicast-v3" => "application/x-asciicast",
        _ => "application/octet-stream",
    }
}

/// Sends what is written to it.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
