//! `/ws`: the messages of the first plans (row A21). They are JSON objects with a `type`; agents and conversations are
//! answered as far as there are any. Beside them, `Sessions` tells all sessions that the token opens, at the beginning and
//! at each change.

use crate::App;
use crate::extract::Upgrade;
use crate::guard::Access;
use crate::roster::Sessions;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket};
use axum::response::Response;
use protocol::{SessionId, Time};
use serde::Deserialize;
use serde_json::{Value, json};

/// Bytes of a message at most.
const MESSAGE_MAX_BYTES: usize = 1 << 20; // 1 MiB

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Said {
    AgentRequest {
        agent_id: String,
        action: String,
    },
    ConversationCapture {},
    #[serde(other)]
    Other,
}

/// `GET /ws`.
pub(crate) async fn hub(State(app): State<App>, access: Access, Upgrade(upgrade): Upgrade) -> Response {
    let upgrade = upgrade.max_message_size(MESSAGE_MAX_BYTES);
    upgrade.on_upgrade(move |socket| async move {
        // A client that left needs no word.
        let _ = serve(socket, &app, &access).await;
    })
}

async fn serve(mut socket: WebSocket, app: &App, access: &Access) -> Result<(), axum::Error> {
    // The seed's word for this connection; no session of a terminal.
    let session = SessionId::generate();
    let welcome = json!({ "type": "Connected", "session_id": session, "server_time": rfc3339(Time::now()) });
    socket.send(text(&welcome)).await?;
    let mut sessions = app.0.roster.watch();
    let mut stopping = app.0.stopping.subscribe();
    loop {
        let answer = tokio::select! {
            message = socket.recv() => match message {
                Some(Ok(Message::Text(said))) => reply(&said, session),
                Some(Ok(Message::Binary(_))) => {
                    error("INVALID_MESSAGE", "messages are text: JSON with a `type`".to_owned())
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                _ => return Ok(()),
            },
            changed = sessions.changed() => {
                if changed.is_err() {
                    sessions = app.0.roster.watch();
                    continue;
                }
                told(&sessions.borrow_and_update(), access)
            }
            _ = stopping.wait_for(|stopping| *stopping) => return Ok(()),
        };
        socket.send(text(&answer)).await?;
    }
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn told(sessions: &Sessions, access: &Access) -> Value {
    let opened = sessions.iter().filter(|(id, _)| access.0.opens(*id)).map(|(_, session)| session);
    json!({ "type": "Sessions", "sessions": opened.collect::<Vec<_>>() })
}

fn reply(text: &str, session: SessionId) -> Value {
    match serde_json::from_str(text) {
        Ok(Said::AgentRequest { agent_id, action }) => {
            error("AGENT_REQUEST_ERROR", format!("there is no agent `{agent_id}` that could do `{action}`"))
        }
        Ok(Said::ConversationCapture {}) => {
            json!({ "type": "ConversationCaptured", "session_id": session, "processed": false })
        }
        Ok(Said::Other) => error("UNSUPPORTED_MESSAGE", "this server does not know that type".to_owned()),
        Err(why) => error("INVALID_MESSAGE", why.to_string()),
    }
}

fn error(code: &str, message: String) -> Value {
    json!({ "type": "Error", "code": code, "message": message })
}

fn rfc3339(time: Time) -> String {
    jiff::Timestamp::from_microsecond(i64::try_from(time.0).unwrap_or_default())
        .unwrap_or_default()
        .to_string()
}
