//! `/ws`: the messages of the first plans (row A21). They are JSON objects with a `type`; agents and conversations are
//! answered as far as there are any.

use crate::App;
use crate::extract::Upgrade;
use crate::guard::Access;
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
pub(crate) async fn hub(State(_): State<App>, _: Access, Upgrade(upgrade): Upgrade) -> Response {
    upgrade.max_message_size(MESSAGE_MAX_BYTES).on_upgrade(serve)
}

async fn serve(mut socket: WebSocket) {
    // The seed's word for this connection; no session of a terminal.
    let session = SessionId::generate();
    let welcome = json!({ "type": "Connected", "session_id": session, "server_time": rfc3339(Time::now()) });
    let mut answer = Some(welcome);
    loop {
        if let Some(answer) = answer.take()
            && socket.send(Message::Text(answer.to_string().into())).await.is_err()
        {
            return;
        }
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => answer = Some(reply(&text, session)),
            Some(Ok(Message::Binary(_))) => {
                answer = Some(error("INVALID_MESSAGE", "messages are text: JSON with a `type`".to_owned()));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return,
        }
    }
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
