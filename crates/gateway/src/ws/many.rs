//! Several sessions on one socket: each on a channel of its own, which speaks `centerfire.v1` as a socket of its own would.
//! A channel's number stands before each of its binary frames and in each of its text frames.

use super::Join;
use super::viewer::{FAREWELL, SILENT_MAX, Viewer};
use super::words::Word;
use crate::connections::By;
use crate::guard::{Access, await_revocation};
use crate::{ApiError, App};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _, sink, stream};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// The subprotocol.
pub(super) const PROTOCOL: &str = "centerfire.many.v1";
/// Channels of one socket at most.
const CHANNELS_MAX: usize = 64;
/// Messages for a channel that wait; one more is refused, so that a session that is stuck leaves the others alone. And
/// messages of all channels; then who sends them waits, too.
const WAITING_MAX: usize = 64;
/// Bytes of a channel's number.
const NUMBER_BYTES: usize = 4;
/// How long channels may take to end when the server does.
const END_WITHIN: Duration = Duration::from_secs(1);

type Channel = u32;
/// What is sent: by a channel, or by the socket itself.
type Sent = (Option<Channel>, Message);

/// A client with many channels.
pub(super) struct Many {
    pub app: App,
    pub access: Access,
    pub peer: SocketAddr,
}

/// What a client asks of the socket itself.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Asked {
    Open {
        session: String,
        #[serde(flatten)]
        join: Join,
    },
    Close,
}

impl Many {
    /// Serves the client until it leaves.
    pub(super) async fn serve(self, socket: WebSocket) {
        let (sink, mut stream) = socket.split();
        let (sent, to_send) = mpsc::channel(WAITING_MAX);
        let mut stopping = self.app.0.stopping.subscribe();
        let mut open = BTreeMap::new();
        let hearing = async {
            let (code, reason) = tokio::select! {
                () = self.hear(&mut stream, &mut open, &sent) => return,
                () = await_revocation(&self.app, &self.access.0) => (close_code::POLICY, "the token holds no more"),
                _ = stopping.wait_for(|stopping| *stopping) => (close_code::RESTART, "the server starts anew"),
            };
            let ended = open.values().map(mpsc::Sender::closed);
            let _ = tokio::time::timeout(END_WITHIN, futures_util::future::join_all(ended)).await;
            let _ = sent.send((None, close(code, reason))).await;
            // The client is heard out: a socket that is closed with words unread is reset, and what was sent may be lost.
            let _ = tokio::time::timeout(FAREWELL, async { while let Some(Ok(_)) = stream.next().await {} })
                .await;
        };
        tokio::select! {
            () = hearing => {}
            () = send_on(sink, to_send) => {}
        }
    }

    /// Hears what the client says until it says no more.
    async fn hear(
        &self,
        stream: &mut SplitStream<WebSocket>,
        open: &mut BTreeMap<Channel, mpsc::Sender<Message>>,
        sent: &mpsc::Sender<Sent>,
    ) {
        let mut ping = tokio::time::interval(SILENT_MAX / 2);
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                _ = ping.tick() => match heard.elapsed() < SILENT_MAX {
                    true if sent.send((None, Message::Ping(Bytes::new()))).await.is_ok() => continue,
                    _ => return,
                },
            };
            let Some(Ok(message)) = message else { return };
            heard = Instant::now();
            open.retain(|_, channel| !channel.is_closed());
            let said = match message {
                Message::Binary(bytes) => of_binary(&bytes),
                Message::Text(text) => of_text(&text),
                Message::Close(_) => return,
                alive @ (Message::Ping(_) | Message::Pong(_)) => {
                    // One that has messages waiting is alive in any case.
                    open.values().for_each(|channel| drop(channel.try_send(alive.clone())));
                    continue;
                }
            };
            let told = match said {
                Err(error) => Some((None, invalid(&error))),
                Ok((channel, Heard::Asked(Asked::Close))) => {
                    open.remove(&channel);
                    None
                }
                Ok((channel, Heard::Asked(Asked::Open { session, join }))) => {
                    match self.open(channel, session, join, open, sent).await {
                        Ok(inbox) => drop(open.insert(channel, inbox)),
                        Err(error) => {
                            let _ = sent.send((Some(channel), refused(&error))).await;
                        }
                    }
                    None
                }
                Ok((channel, Heard::Message(message))) => match open.get(&channel) {
                    Some(inbox) => match inbox.try_send(message) {
                        Err(TrySendError::Full(message)) => Some((Some(channel), rejected(&message))),
                        _ => None,
                    },
                    None => Some((Some(channel), invalid("this channel is not open"))),
                },
            };
            if let Some(told) = told
                && sent.send(told).await.is_err()
            {
                return;
            }
        }
    }

    /// Joins a session on a channel; gives where its client's messages go.
    async fn open(
        &self,
        channel: Channel,
        session: String,
        join: Join,
        open: &BTreeMap<Channel, mpsc::Sender<Message>>,
        sent: &mpsc::Sender<Sent>,
    ) -> Result<mpsc::Sender<Message>, ApiError> {
        if open.contains_key(&channel) {
            return Err(ApiError::bad_request("this channel is open already"));
        }
        if open.len() >= CHANNELS_MAX {
            return Err(ApiError::bad_request(format!("a socket has {CHANNELS_MAX} channels at most")));
        }
        // Who joins leaves a line in the log.
        self.app.keep_pace_of(&self.access.0)?;
        let entry = self.access.find(&self.app, session).await?;
        let id = entry.meta.id;
        let live = self.app.0.sessions.watch(entry).await?;
        let (inbox, messages) = mpsc::channel(WAITING_MAX);
        let (app, access, peer) = (self.app.clone(), self.access.clone(), self.peer);
        let outbox = outbox(channel, sent.clone());
        tokio::spawn(async move {
            app.0.audit.note(&access.0, "join", Some(id));
            let _presence = app.0.connections.enter(&access, peer, By::Terminal, Some(id));
            let viewer = Viewer::new(app.clone(), live, access.0.clone(), join, false);
            viewer.serve(outbox, received(messages)).await;
            app.0.audit.note(&access.0, "leave", Some(id));
        });
        Ok(inbox)
    }
}

/// What stands in a message.
enum Heard {
    Asked(Asked),
    Message(Message),
}

fn of_binary(bytes: &Bytes) -> Result<(Channel, Heard), String> {
    let (number, _) = bytes
        .split_first_chunk::<NUMBER_BYTES>()
        .ok_or("a binary message begins with its channel, a u32 (little-endian)")?;
    Ok((Channel::from_le_bytes(*number), Heard::Message(Message::Binary(bytes.slice(NUMBER_BYTES..)))))
}

fn of_text(text: &str) -> Result<(Channel, Heard), String> {
    let mut fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let channel = fields.remove("channel").and_then(|channel| channel.as_u64()?.try_into().ok());
    let channel = channel.ok_or("a text message has a `channel`, a number below 2^32")?;
    let heard = match fields.get("type").and_then(Value::as_str) {
        Some("open" | "close") => {
            Heard::Asked(serde_json::from_value(fields.into()).map_err(|error| error.to_string())?)
        }
        _ => Heard::Message(Message::Text(Value::from(fields).to_string().into())),
    };
    Ok((channel, heard))
}

/// Where a viewer sends: to the socket that all channels share.
fn outbox(channel: Channel, sent: mpsc::Sender<Sent>) -> impl Sink<Message, Error = axum::Error> + Unpin {
    Box::pin(sink::unfold(sent, move |sent, message| async move {
        sent.send((Some(channel), message)).await.map_err(axum::Error::new)?;
        Ok(sent)
    }))
}

/// What a viewer hears.
fn received(messages: mpsc::Receiver<Message>) -> impl Stream<Item = Result<Message, axum::Error>> + Unpin {
    Box::pin(stream::unfold(messages, |mut messages| async move {
        let message = messages.recv().await?;
        Some((Ok(message), messages))
    }))
}

/// Sends what the channels say, until the socket is broken.
async fn send_on(mut sink: SplitSink<WebSocket, Message>, mut messages: mpsc::Receiver<Sent>) {
    while let Some((channel, message)) = messages.recv().await {
        let message = match channel {
            Some(channel) => wrapped(channel, message),
            None => message,
        };
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

/// A channel's message as the socket carries it.
fn wrapped(channel: Channel, message: Message) -> Message {
    match message {
        Message::Binary(bytes) => Message::Binary([&channel.to_le_bytes(), &bytes[..]].concat().into()),
        // Every text frame is an object with fields.
        Message::Text(text) => match text.strip_prefix('{') {
            Some(fields) => Message::Text(format!("{{\"channel\":{channel},{fields}").into()),
            None => Message::Text(text),
        },
        Message::Close(frame) => {
            let (code, reason) = frame
                .map_or((close_code::NORMAL, String::new()), |frame| (frame.code, frame.reason.to_string()));
            let closed = json!({ "channel": channel, "type": "closed", "code": code, "reason": reason });
            Message::Text(closed.to_string().into())
        }
        ping => ping,
    }
}

fn close(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}

fn invalid(error: &str) -> Message {
    Message::Text(json!({ "type": "error", "code": "INVALID_MESSAGE", "error": error }).to_string().into())
}

/// A message for a session that hears none, under its own id if it has one.
fn rejected(message: &Message) -> Message {
    let word = match message {
        Message::Binary(bytes) => Word::of_binary(bytes).ok(),
        Message::Text(text) => Word::of_text(text).ok(),
        _ => None,
    };
    let why =
        format!("the session takes nothing now, and {WAITING_MAX} messages of this channel wait already");
    let mut rejected = json!({ "type": "error", "code": "WRITE_REJECTED", "error": why });
    if let Some(id) = word.and_then(|word| word.id()) {
        rejected["id"] = id.into();
    }
    Message::Text(rejected.to_string().into())
}

/// A channel that is not opened.
fn refused(error: &ApiError) -> Message {
    let refused = json!({ "type": "refused", "code": error.code(), "error": error.message() });
    Message::Text(refused.to_string().into())
}
