//! `/ws`: the messages of the first plans (row A21). They are JSON objects with a `type`; agents and conversations are
//! answered as far as there are any. Beside them, `Sessions` tells all sessions that the token opens, at the beginning and
//! at each change.

use super::many::{self, Many};
use super::viewer::SILENT_MAX;
use super::{ALIVE, MESSAGE_MAX_BYTES, stopped, take_socket};
use crate::accept::Seat;
use crate::connections::By;
use crate::extract::Upgrade;
use crate::guard::{Access, await_revocation};
use crate::roster::Listing;
use crate::{ApiError, App};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{ConnectInfo, State};
use axum::response::Response;
use futures_util::SinkExt as _;
use protocol::{SessionId, Time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a client may take for a message.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Said {
    AgentRequest {
        agent_id: String,
        action: String,
    },
    ConversationCapture {},
    #[serde(rename = "alive")]
    Alive {},
    #[serde(other)]
    Other,
}

/// `GET /ws`.
pub(crate) async fn hub(
    State(app): State<App>,
    access: Access,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    seat: Seat,
    Upgrade(upgrade): Upgrade,
) -> Result<Response, ApiError> {
    let place = take_socket(&app, &access)?;
    let upgrade = upgrade.protocols([many::PROTOCOL]).max_message_size(MESSAGE_MAX_BYTES);
    let many = upgrade.selected_protocol().is_some();
    Ok(upgrade.on_upgrade(move |socket| async move {
        if many {
            Many { app, access, peer }.serve(socket).await;
            return drop((place, seat));
        }
        let _presence = app.0.connections.enter(&access, peer, By::List, None);
        // A client that left needs no word.
        let _ = serve(socket, &app, &access).await;
        drop((place, seat));
    }))
}

async fn serve(mut socket: WebSocket, app: &App, access: &Access) -> Result<(), axum::Error> {
    // The seed's word for this connection; no session of a terminal.
    let session = SessionId::generate();
    let welcome =
        json!({ "type": "Connected", "session_id": session, "server_time": Time::now().utc().to_string() });
    socket.send(text(&welcome)).await?;
    let mut sessions = app.0.roster.watch(app);
    let mut stopping = app.0.stopping.subscribe();
    let mut revoked = std::pin::pin!(await_revocation(app, &access.0));
    let mut ping = tokio::time::interval(SILENT_MAX / 2);
    let mut heard = Instant::now();
    loop {
        let answer = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(said)) => {
                    heard = Instant::now();
                    match said {
                        Message::Text(said) => text(&reply(&said, session)),
                        Message::Binary(_) => {
                            text(&error("INVALID_MESSAGE", "messages are text: JSON with a `type`".to_owned()))
                        }
                        Message::Ping(_) | Message::Pong(_) => continue,
                        Message::Close(_) => return Ok(()),
                    }
                }
                _ => return Ok(()),
            },
            changed = sessions.changed() => {
                if changed.is_err() {
                    sessions = app.0.roster.watch(app);
                    continue;
                }
                match &*sessions.borrow_and_update() {
                    Some(listing) => text(&told(listing, access)),
                    None => continue,
                }
            }
            // Whoever says nothing for so long, not even a pong, is gone.
            _ = ping.tick() => match heard.elapsed() > SILENT_MAX {
                true => return Ok(()),
                false => {
                    socket.feed(Message::Ping(Bytes::new())).await?;
                    Message::Text(ALIVE.into())
                }
            },
            () = &mut revoked => close(1008, "the token holds no more"),
            () = stopped(&mut stopping) => close(1012, "the server starts anew"),
        };
        let last = matches!(answer, Message::Close(_));
        match timeout(SEND_WITHIN, socket.send(answer)).await {
            Ok(sent) => sent?,
            Err(_) => return Ok(()),
        }
        if last {
            return Ok(());
        }
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn told(listing: &Listing, access: &Access) -> Value {
    json!({ "type": "Sessions", "sessions": listing.described(true, access.0.session) })
}

fn reply(text: &str, session: SessionId) -> Value {
    match serde_json::from_str(text) {
        Ok(Said::AgentRequest { agent_id, action }) => {
            error("AGENT_REQUEST_ERROR", format!("there is no agent `{agent_id}` that could do `{action}`"))
        }
        Ok(Said::ConversationCapture {}) => {
            json!({ "type": "ConversationCaptured", "session_id": session, "processed": false })
        }
        Ok(Said::Alive {}) => json!({ "type": "alive" }),
        Ok(Said::Other) => error("UNSUPPORTED_MESSAGE", "this server does not know that type".to_owned()),
        Err(why) => error("INVALID_MESSAGE", why.to_string()),
    }
}

fn error(code: &str, message: String) -> Value {
    json!({ "type": "Error", "code": code, "message": message })
}
