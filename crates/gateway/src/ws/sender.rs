//! The sending half of a client's socket: what comes, as fast as the client takes it.

use super::ALIVE;
use super::viewer::{PATIENCE, SILENT_MAX};
use crate::live::{Feed, Item, Live, SNAPSHOT_HEAD_BYTES, Step, output_of, snapshot};
use crate::{ApiError, App};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, close_code};
use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};
use prometheus_client::metrics::counter::Counter;
use protocol::frame::{Answer, Request};
use protocol::{Offset, Phase, Size};
use session::look::look;
use session::registry::Entry;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, interval_at, sleep_until};

/// Output that is sent and not painted yet. It fills the way to a browser on another continent; a page that has this much
/// to paint is busy for a tenth of a second.
pub(super) const AHEAD_BYTES: u64 = 1 << 20; // 1 MiB
/// Who is further behind gets the screen instead of what led to it.
const BEHIND_MAX_BYTES: u64 = 8 << 20; // 8 MiB
/// Lines of history in a snapshot at most.
const HISTORY_MAX_LINES: usize = 10_000;
/// A client gets the screen anew so often at most: a host paints it, beside the program's output.
const RESYNC_EVERY: Duration = Duration::from_secs(1);
/// The server starts anew: the word that tells a client to come again at once.
const RESTART: u16 = 1012;

/// What the client wants, as its words say.
pub(super) struct Wishes {
    /// Up to where it has painted.
    pub painted: watch::Receiver<Offset>,
    /// Counts how often it asked for the screen anew.
    pub resyncs: watch::Receiver<u64>,
    /// What it is to be told.
    pub answers: mpsc::Receiver<Utf8Bytes>,
}

/// Waits for a change; one that comes early waits for its time.
async fn changed_after(wish: &mut watch::Receiver<u64>, time: Instant) -> Result<(), RecvError> {
    sleep_until(time).await;
    wish.changed().await
}

/// Sends a session to one client.
pub(super) struct Sender<S> {
    app: App,
    socket: S,
    live: Arc<Live>,
    feed: Feed,
    plain: bool,
    history: usize,
    /// The client had everything before this when it came.
    known: Offset,
    wishes: Wishes,
    stopping: watch::Receiver<bool>,
    sent: Counter,
}

/// Why a client is served no longer.
pub(super) enum Gone {
    /// It left, or its connection broke.
    Client,
    /// The session is over and all of it was sent.
    Over,
    /// Its token was revoked or has ended.
    Revoked,
    /// The server ends; another one may be there in a moment.
    Restart,
    Failed(ApiError),
}

impl From<axum::Error> for Gone {
    fn from(_: axum::Error) -> Self {
        Self::Client
    }
}

impl From<ApiError> for Gone {
    fn from(error: ApiError) -> Self {
        Self::Failed(error)
    }
}

impl From<session::Error> for Gone {
    fn from(error: session::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl<S: Sink<Message, Error = axum::Error> + Unpin> Sender<S> {
    pub(super) fn new(
        app: &App,
        live: &Arc<Live>,
        socket: S,
        wishes: Wishes,
        history: usize,
        plain: bool,
    ) -> Self {
        Self {
            app: app.clone(),
            socket,
            live: Arc::clone(live),
            feed: Feed::new(Arc::clone(live), Offset::ZERO),
            plain,
            history: history.min(HISTORY_MAX_LINES),
            known: Offset::ZERO,
            wishes,
            stopping: app.0.stopping.subscribe(),
            sent: app.0.metrics.sent_bytes.clone(),
        }
    }

    /// Sends until it is no use any more. The client has everything before `from`, or gets the screen first.
    pub(super) async fn run(&mut self, hello: String, from: Option<Offset>) -> Gone {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            biased;
            // Also while the client takes nothing.
            _ = stopping.wait_for(|stopping| *stopping) => Gone::Restart,
            gone = self.go(hello, from) => gone.err().unwrap_or(Gone::Over),
        }
    }

    async fn go(&mut self, hello: String, from: Option<Offset>) -> Result<(), Gone> {
        self.say(hello.into()).await?;
        match from.filter(|from| *from <= self.live.end()) {
            Some(from) => {
                self.feed.seek(from);
                self.known = from;
            }
            None => self.send_screen().await?,
        }
        let mut ping = interval_at(Instant::now() + SILENT_MAX / 2, SILENT_MAX / 2);
        let mut next_resync = Instant::now();
        loop {
            let mut flows = false;
            if self.may_send() {
                if self.feed.lag() > BEHIND_MAX_BYTES {
                    self.send_screen().await?;
                }
                match self.feed.step(self.limit()).await? {
                    Step::Items(items) => {
                        self.send_items(items).await?;
                        flows = true;
                    }
                    Step::Over => return Ok(()),
                    Step::Nothing => {}
                }
            }
            let may_send = self.may_send();
            tokio::select! {
                biased;
                answer = self.wishes.answers.recv() => self.say(answer.ok_or(Gone::Client)?).await?,
                changed = changed_after(&mut self.wishes.resyncs, next_resync) => {
                    changed.map_err(|_| Gone::Client)?;
                    self.send_screen().await?;
                    next_resync = Instant::now() + RESYNC_EVERY;
                }
                _ = ping.tick() => {
                    self.socket.send(Message::Ping(Default::default())).await?;
                    self.say(ALIVE.into()).await?;
                }
                // There may be more output, and nothing else is to be said now. What the client says meanwhile is heard
                // first: a client that takes as fast as it gets would not be heard before all was sent.
                () = yield_now(), if flows => {}
                changed = self.wishes.painted.changed() => changed.map_err(|_| Gone::Client)?,
                _ = self.feed.changed(), if may_send => {}
            }
        }
    }

    /// Whether the client has painted enough of what it got. One that speaks plain bytes is slowed by its connection alone.
    fn may_send(&self) -> bool {
        self.feed.position() < self.limit()
    }

    /// Output that begins here is not sent yet.
    fn limit(&self) -> Offset {
        if self.plain {
            Offset(u64::MAX)
        } else {
            self.known.max(*self.wishes.painted.borrow()) + AHEAD_BYTES
        }
    }

    /// Sends answers alone until this is so, and all that are there then.
    pub(super) async fn answer_until<T>(&mut self, answered: impl Future<Output = T>) -> Result<(), Gone> {
        let mut answered = pin!(answered);
        loop {
            tokio::select! {
                biased;
                answer = self.wishes.answers.recv() => self.say(answer.ok_or(Gone::Client)?).await?,
                _ = answered.as_mut() => return Ok(()),
            }
        }
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
        self.known = offset;
        let frame = snapshot(offset, size, &dump);
        let bytes = if self.plain { frame.slice(SNAPSHOT_HEAD_BYTES..) } else { frame };
        Ok(self.socket.send(Message::Binary(bytes)).await?)
    }

    async fn see(&self) -> Result<(Offset, Size, Vec<u8>), Gone> {
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
        let turn = self.app.0.questions.turn(&entry, PATIENCE).await?;
        let seen = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            look(&entry, "serve", history, history).or_else(|error| match error.is_gone() {
                true => look(&Entry { phase: Phase::Lost, ..entry }, "serve", history, history),
                false => Err(error),
            })
        });
        let seen = seen.await.map_err(|_| Gone::Client)??;
        Ok((seen.offset, seen.screen.size(), seen.screen.dump(history)))
    }

    /// Says why it ends, and hears the client out: a connection that is closed with words unread is reset, and the
    /// client loses what it has not read yet.
    pub(super) async fn close(
        mut self,
        gone: Gone,
        mut stream: impl Stream<Item = Result<Message, axum::Error>> + Unpin,
    ) {
        let (code, reason) = match gone {
            Gone::Client => return,
            Gone::Over => (close_code::NORMAL, "the session is over".to_owned()),
            Gone::Revoked => (close_code::POLICY, "the token was revoked or has ended".to_owned()),
            Gone::Restart => (RESTART, "the server starts anew".to_owned()),
            Gone::Failed(error) => (close_code::ERROR, error.code().to_owned()),
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = self.socket.send(Message::Close(Some(frame))).await;
        while let Some(Ok(_)) = stream.next().await {}
    }
}
