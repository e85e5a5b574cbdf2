//! WebSockets: `/ws/{session}` shares one session's terminal. `docs/websocket.md` is the description.

mod hub;
mod many;
mod sender;
mod typist;
mod viewer;
mod words;

use crate::accept::Seat;
use crate::connections::By;
use crate::extract::{Path, Query, Upgrade};
use crate::guard::Access;
use crate::places::Place;
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::StreamExt as _;
use protocol::Offset;
use schemars::JsonSchema;
use serde::Deserialize;
use std::net::SocketAddr;
use tokio::sync::watch;
use viewer::Viewer;

pub(crate) use hub::hub;

/// The subprotocol in which frames bear offsets; without it both sides send plain bytes.
pub(crate) const PROTOCOL: &str = "centerfire.v1";
/// Bytes of a message from a client at most: a paste of 1 MiB and its head.
const MESSAGE_MAX_BYTES: usize = (1 << 20) + 1024;
/// Bytes of the buffer with which a socket is read: there may be a thousand, which type little.
const READ_BUFFER_BYTES: usize = 4 << 10; // 4 KiB

/// Sent beside each ping, which a script in a browser does not see, and to whoever asks by the same word.
const ALIVE: &str = r#"{"type":"alive"}"#;

/// A place for one, or how the answer to an upgrade is.
fn take_socket(app: &App, access: &Access) -> Result<Place, ApiError> {
    let refused = |why| ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", why);
    app.0.limits.sockets.take(&access.0.id).map_err(refused)
}

/// Waits until the server is about to end.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// How a client wants to join.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Join {
    /// It has everything before this offset; without it begins with the screen.
    #[schemars(with = "Option<u64>")]
    from: Option<Offset>,
    /// Lines that scrolled off, before the screen.
    #[serde(default)]
    history: usize,
}

/// `GET /ws/{session}`.
pub(crate) async fn session(
    State(app): State<App>,
    access: Access,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(session): Path<String>,
    Query(join): Query<Join>,
    seat: Seat,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, ApiError> {
    let place = take_socket(&app, &access)?;
    let entry = access.find(&app, session).await?;
    let id = entry.meta.id;
    let live = app.0.sessions.watch(entry).await?;
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE_MAX_BYTES)
        .max_frame_size(MESSAGE_MAX_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES);
    let plain = upgrade.selected_protocol().is_none();
    Ok(upgrade.on_upgrade(move |socket| async move {
        app.0.audit.note(&access.0, "join", Some(id));
        let _presence = app.0.connections.enter(&access, peer, By::Terminal, Some(id));
        let (sink, stream) = socket.split();
        Viewer::new(app.clone(), live, access.0.clone(), join, plain).serve(sink, stream).await;
        app.0.audit.note(&access.0, "leave", Some(id));
        drop((place, seat));
    }))
}
