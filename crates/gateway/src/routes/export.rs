//! A session as a recording, as text, as a log: streamed as it is made.

use super::recording::checked_idle_limit;
use crate::extract::{Path, Query};
use crate::guard::{Access, await_revocation};
use crate::{ApiError, App};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use session::export::{Export, FORMATS, Format, Options};
use std::io::{self, Write};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Pieces that wait for a slow client; then the export waits with them.
const WAITING_MAX: usize = 4;
/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10; // 64 KiB

/// Why it breaks off.
const REVOKED: &str = "the token was revoked or has ended";

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
    let entry = access.find(&app, session).await?;
    let format = FORMATS.iter().find(|format| format.name == how.format).ok_or_else(|| {
        let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
        ApiError::bad_request(format!("`format` is one of {}", names.join(", ")))
    })?;
    let idle_limit = checked_idle_limit(how.idle_limit)?.map(|limit| limit.as_secs_f64());
    let place = app.0.limits.exports.take_soon(&access.0.id)?;
    let options = Options { input: how.input, idle_limit, ..Options::default() };
    let (to, received) = mpsc::channel(WAITING_MAX);
    let (revoked, is_revoked) = watch::channel(false);
    let pieces = Pieces { to, is_revoked: is_revoked.clone(), server: Handle::current() };
    tokio::spawn(async move {
        tokio::select! {
            () = await_revocation(&app, &access.0) => drop(revoked.send_replace(true)),
            () = revoked.closed() => {}
        }
    });
    tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut to = io::BufWriter::with_capacity(PIECE_BYTES, pieces.clone());
        let done =
            Export::new(&entry, format, &options).and_then(|export| export.write(&mut to, &mut |_| ()));
        let failed =
            done.err().map(|error| error.to_string()).or_else(|| to.flush().err().map(|e| e.to_string()));
        if let Some(error) = failed {
            // The answer has begun: that it breaks off is how the client learns of it.
            let _ = pieces.send(Err(io::Error::other(error)));
        }
    });
    let stream =
        futures_util::stream::unfold((received, is_revoked), |(mut received, is_revoked)| async move {
            let piece = received.recv().await;
            // An end would look like the export's own.
            let piece = if *is_revoked.borrow() { Some(Err(io::Error::other(REVOKED))) } else { piece };
            Some((piece?, (received, is_revoked)))
        });
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

/// Sends what is written to it, as long as the token holds.
#[derive(Clone)]
struct Pieces {
    to: mpsc::Sender<io::Result<Bytes>>,
    is_revoked: watch::Receiver<bool>,
    server: Handle,
}

impl Pieces {
    fn send(&self, piece: io::Result<Bytes>) -> io::Result<()> {
        let mut is_revoked = self.is_revoked.clone();
        self.server.block_on(async {
            tokio::select! {
                biased;
                _ = is_revoked.wait_for(|revoked| *revoked) => Err(io::Error::other(REVOKED)),
                sent = self.to.send(piece) => sent.map_err(|_| io::ErrorKind::BrokenPipe.into()),
            }
        })
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.send(Ok(Bytes::copy_from_slice(bytes))).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
