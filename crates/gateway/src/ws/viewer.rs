//! One client of a session's terminal: two tasks on one socket. One sends what comes, as fast as the client takes it; the
//! other hears what the client says.

use super::typist::{Typist, answer};
use super::words::{Said, Word};
use super::{Join, PROTOCOL};
use crate::live::{Feed, Item, Live, Step, output_of, snapshot};
use crate::token::{Grant, Role};
use crate::{ApiError, App};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use prometheus_client::metrics::counter::Counter;
use protocol::frame::{Answer, DetachReason, Event, InputForm, Request};
use protocol::{Offset, Phase};
use serde_json::json;
use session::look::look;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a host may take for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Output that is sent and not painted yet. It fills the way to a browser on another continent; a page that has this much
/// to paint is busy for a tenth of a second.
const AHEAD_BYTES: u64 = 1 << 20; // 1 MiB
/// Who is further behind gets the screen instead of what led to it.
const BEHIND_MAX_BYTES: u64 = 8 << 20; // 8 MiB
/// Lines of history in a snapshot at most.
const HISTORY_MAX_LINES: usize = 10_000;
/// Answers that wait to be sent. A client that asks on and on without reading is not heard until it reads.
const ANSWERS_MAX: usize = 64;
/// A client says something, or answers a ping, within this time; the ping goes out at half of it.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// A client, before its socket is open.
pub(super) struct Viewer {
    app: App,
    live: Arc<Live>,
    grant: Grant,
    join: Join,
    plain: bool,
}

/// What the hearing task tells the sending one.
struct Ears {
    /// Up to where the client has painted.
    painted: watch::Sender<Offset>,
    /// Counts how often it asked for the screen anew.
    resyncs: watch::Sender<u64>,
    answers: mpsc::Sender<Utf8Bytes>,
}

/// Sends a session to one client.
struct Sender {
    socket: SplitSink<WebSocket, Message>,
    live: Arc<Live>,
    plain: bool,
    history: usize,
    feed: Feed,
    painted: watch::Receiver<Offset>,
    resyncs: watch::Receiver<u64>,
    answers: mpsc::Receiver<Utf8Bytes>,
    sent: Counter,
}

/// Why a client is served no longer.
enum Gone {
    /// It left, or its connection broke.
    Client,
    /// The session is over and all of it was sent.
    Over,
    Failed(ApiError),
}

impl From<axum::Error> for Gone {
    fn from(_: axum::Error) -> Self {
        Self::Client
    }
}

impl From<session::Error> for Gone {
    fn from(error: session::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Viewer {
    pub(super) fn new(app: App, live: Arc<Live>, grant: Grant, join: Join, plain: bool) -> Self {
        Self { app, live, grant, join, plain }
    }

    /// Serves the client until it leaves or the session is over.
    pub(super) async fn serve(self, socket: WebSocket) {
        let (sink, stream) = socket.split();
        let (painted, painted_seen) = watch::channel(Offset::ZERO);
        let (resyncs, resyncs_seen) = watch::channel(0);
        let (answers, answers_seen) = mpsc::channel(ANSWERS_MAX);
        let mut sender = Sender {
            socket: sink,
            live: Arc::clone(&self.live),
            plain: self.plain,
            history: self.join.history.min(HISTORY_MAX_LINES),
            feed: Feed::new(Arc::clone(&self.live), Offset::ZERO),
            painted: painted_seen,
            resyncs: resyncs_seen,
            answers: answers_seen,
            sent: self.app.0.metrics.sent_bytes.clone(),
        };
        let hello = json!({
            "type": "hello", "protocol": PROTOCOL, "session": self.live.entry.meta.id,
            "name": self.live.entry.name, "role": self.grant.role, "ahead": AHEAD_BYTES,
        });
        let from = self.join.from;
        self.app.0.metrics.viewers.inc();
        let gone = tokio::select! {
            gone = sender.run(hello.to_string(), from) => gone,
            () = self.hear(stream, Ears { painted, resyncs, answers }) => Gone::Client,
        };
        self.app.0.metrics.viewers.dec();
        sender.close(gone).await;
    }

    /// Hears what the client says until it says no more.
    async fn hear(&self, mut stream: SplitStream<WebSocket>, ears: Ears) {
        let (events, events_seen) = mpsc::channel(ANSWERS_MAX);
        let mut typist = Typist::new(self.live.entry.clone(), events);
        tokio::spawn(tell_events(events_seen, ears.answers.clone()));
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENT_MAX, stream.next()).await {
            let word = match message {
                Message::Binary(bytes) if self.plain => Ok(Word::Keys { id: 0, bytes }),
                Message::Text(text) if self.plain => Ok(Word::Keys { id: 0, bytes: text.into() }),
                Message::Binary(bytes) => Word::of_binary(&bytes),
                Message::Text(text) => Word::of_text(&text),
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            let heard = match word {
                Ok(word) => self.obey(word, &mut typist, &ears).await,
                Err(error) => {
                    let text = json!({ "type": "error", "code": "INVALID_MESSAGE", "error": error });
                    ears.answers.send(text.to_string().into()).await
                }
            };
            if heard.is_err() {
                return;
            }
        }
    }

    async fn obey(
        &self,
        word: Word,
        typist: &mut Typist,
        ears: &Ears,
    ) -> Result<(), mpsc::error::SendError<Utf8Bytes>> {
        let (id, result) = match word {
            Word::Said(Said::Painted { offset }) => {
                ears.painted.send_replace(offset);
                return Ok(());
            }
            Word::Said(Said::Resync) => {
                ears.resyncs.send_modify(|count| *count += 1);
                return Ok(());
            }
            Word::Keys { id, bytes } => return self.type_in(id, InputForm::Raw, &bytes, typist, ears).await,
            Word::Said(Said::Input { id, form, text }) => {
                return self.type_in(id, form, text.as_bytes(), typist, ears).await;
            }
            Word::Said(Said::Control { id, size, take }) => {
                (id, self.control(size, take, typist, ears).await)
            }
            Word::Said(Said::Release { id }) => (id, typist.release().await.map_err(ApiError::from)),
            Word::Said(Said::Resize { id, size }) => {
                let may = self.may_type();
                (
                    id,
                    match may {
                        Ok(()) => typist.resize(size).await.map_err(ApiError::from),
                        Err(error) => Err(error),
                    },
                )
            }
        };
        ears.answers.send(answer(id, result.map(|()| None)).into()).await
    }

    fn may_type(&self) -> Result<(), ApiError> {
        if self.grant.role >= Role::Type {
            return Ok(());
        }
        Err(ApiError::forbidden("this token may watch, and not type"))
    }

    async fn control(
        &self,
        size: protocol::Size,
        take: bool,
        typist: &mut Typist,
        ears: &Ears,
    ) -> Result<(), ApiError> {
        self.may_type()?;
        let control = typist.control(size, take).await?;
        self.app.0.audit.note(&self.grant, "control", Some(self.live.entry.meta.id));
        let text = json!({ "type": "control", "control": control }).to_string();
        let _ = ears.answers.send(text.into()).await;
        Ok(())
    }

    /// Types, and has the client told when the program's terminal has taken it.
    async fn type_in(
        &self,
        id: u64,
        form: InputForm,
        bytes: &[u8],
        typist: &mut Typist,
        ears: &Ears,
    ) -> Result<(), mpsc::error::SendError<Utf8Bytes>> {
        let coming = match self.may_type() {
            Ok(()) => typist.input(form, bytes).await.map_err(ApiError::from),
            Err(error) => Err(error),
        };
        let coming = match coming {
            Ok(coming) => coming,
            Err(error) => return ears.answers.send(answer(id, Err(error)).into()).await,
        };
        let answers = ears.answers.clone();
        tokio::spawn(async move {
            let result = match coming.await_reply(PATIENCE).await {
                Ok((Answer::Done { offset }, _)) => Ok(Some(offset)),
                Ok(_) => Ok(None),
                Err(error) => Err(error.into()),
            };
            let _ = answers.send(answer(id, result).into()).await;
        });
        Ok(())
    }
}

/// Tells the client what happens to its control.
async fn tell_events(mut events: mpsc::Receiver<Event>, answers: mpsc::Sender<Utf8Bytes>) {
    while let Some(event) = events.recv().await {
        if let Event::Detached { reason } = event {
            let why = match reason {
                DetachReason::Taken => "taken",
                DetachReason::Upgrade => "upgrade",
                DetachReason::Key | DetachReason::Hangup => "released",
            };
            let text = json!({ "type": "control", "control": false, "reason": why }).to_string();
            if answers.send(text.into()).await.is_err() {
                return;
            }
        }
    }
}

impl Sender {
    async fn run(&mut self, hello: String, from: Option<Offset>) -> Gone {
        match self.go(hello, from).await {
            Ok(()) => Gone::Over,
            Err(gone) => gone,
        }
    }

    async fn go(&mut self, hello: String, from: Option<Offset>) -> Result<(), Gone> {
        self.say(hello.into()).await?;
        match from.filter(|from| *from <= self.live.end()) {
            Some(from) => self.feed.seek(from),
            None => self.send_screen().await?,
        }
        let mut ping = tokio::time::interval(SILENT_MAX / 2);
        loop {
            if self.may_send() {
                if self.feed.lag() > BEHIND_MAX_BYTES {
                    self.send_screen().await?;
                }
                match self.feed.step()? {
                    Step::Items(items) => {
                        self.send_items(items).await?;
                        continue;
                    }
                    Step::Over => return Ok(()),
                    Step::Nothing => {}
                }
            }
            let may_send = self.may_send();
            tokio::select! {
                _ = self.feed.changed(), if may_send => {}
                changed = self.painted.changed() => changed.map_err(|_| Gone::Client)?,
                changed = self.resyncs.changed() => {
                    changed.map_err(|_| Gone::Client)?;
                    self.send_screen().await?;
                }
                answer = self.answers.recv() => self.say(answer.ok_or(Gone::Client)?).await?,
                _ = ping.tick() => self.socket.send(Message::Ping(Default::default())).await?,
            }
        }
    }

    /// Whether the client has painted enough of what it got. One that speaks plain bytes is slowed by its connection alone.
    fn may_send(&self) -> bool {
        self.plain || self.feed.position().since(*self.painted.borrow()) < AHEAD_BYTES
    }

    async fn say(&mut self, text: Utf8Bytes) -> Result<(), Gone> {
        if !self.plain {
            self.socket.send(Message::Text(text)).await?;
        }
        Ok(())
    }

    async fn send_items(&mut self, items: Vec<Item>) -> Result<(), Gone> {
        for item in items {
            match item {
                Item::Output { frame, .. } => {
                    let bytes = if self.plain { output_of(&frame) } else { frame };
                    self.sent.inc_by(bytes.len() as u64);
                    self.socket.feed(Message::Binary(bytes)).await?;
                }
                Item::Note { text, .. } if !self.plain => self.socket.feed(Message::Text(text)).await?,
                Item::Note { .. } => {}
            }
        }
        Ok(self.socket.flush().await?)
    }

    async fn send_screen(&mut self) -> Result<(), Gone> {
        let (offset, size, dump) = self.see().await?;
        self.feed.seek(offset);
        let frame = snapshot(offset, size, &dump);
        let bytes = if self.plain { frame.slice(crate::live::SNAPSHOT_HEAD_BYTES..) } else { frame };
        Ok(self.socket.send(Message::Binary(bytes)).await?)
    }

    async fn see(&self) -> Result<(Offset, protocol::Size, Vec<u8>), Gone> {
        let history = self.history;
        if let Some(host) = self.live.host() {
            match host.call(Request::Snapshot { history }, &[]).await {
                Ok((Answer::Snapshot(snapshot), dump)) => return Ok((snapshot.offset, snapshot.size, dump)),
                Ok(_) => {}
                // It died; the next way finds its successor, or the recording.
                Err(error) if error.is_gone() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let entry = self.live.entry.clone();
        let seen = tokio::task::spawn_blocking(move || {
            look(&entry, "serve", history, history).or_else(|error| match error.is_gone() {
                true => {
                    look(&session::registry::Entry { phase: Phase::Lost, ..entry }, "serve", history, history)
                }
                false => Err(error),
            })
        });
        let seen = seen.await.map_err(|_| Gone::Client)??;
        Ok((seen.offset, seen.screen.size(), seen.screen.dump(history)))
    }

    async fn close(mut self, gone: Gone) {
        let (code, reason) = match gone {
            Gone::Client => return,
            Gone::Over => (close_code::NORMAL, "the session is over".to_owned()),
            Gone::Failed(error) => (close_code::ERROR, error.code().to_owned()),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = self.socket.send(Message::Close(Some(frame))).await;
    }
}
