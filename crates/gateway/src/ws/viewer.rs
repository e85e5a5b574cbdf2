//! One client of a session's terminal: two tasks on one socket. One sends what comes, as fast as the client takes it; the
//! other hears what the client says.

use super::sender::{AHEAD_BYTES, Gone, Sender, Wishes};
use super::typist::{Typist, answer};
use super::words::{Said, Word};
use super::{ALIVE, Join, PROTOCOL};
use crate::guard::await_revocation;
use crate::host::{Receipt, Ticket};
use crate::live::Live;
use crate::token::{Grant, Role};
use crate::{ApiError, App};
use axum::extract::ws::{Message, Utf8Bytes};
use axum::http::StatusCode;
use futures_util::{Sink, Stream, StreamExt as _};
use protocol::Offset;
use protocol::frame::{DetachReason, Event, InputForm};
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long a host may take for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Answers that wait to be sent. A client that asks on and on without reading is not heard until it reads.
const ANSWERS_MAX: usize = 64;
/// Input of one client that the program has not taken yet. A program that does not read must not keep the client from
/// being heard.
const INPUTS_MAX: usize = 1024;
/// Input of this id is acknowledged only where it was refused: most keys are of interest to nobody once they are typed.
const UNNAMED: u64 = 0;
/// A client says something, or answers a ping, within this time; the ping goes out at half of it.
pub(super) const SILENT_MAX: Duration = Duration::from_secs(60);
/// How long a client may take for its word of farewell.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

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
    /// Of input, each as it was taken or refused.
    receipts: mpsc::Sender<Receipt>,
}

impl Viewer {
    pub(super) fn new(app: App, live: Arc<Live>, grant: Grant, join: Join, plain: bool) -> Self {
        Self { app, live, grant, join, plain }
    }

    /// Serves the client until it leaves or the session is over.
    pub(super) async fn serve(
        self,
        sink: impl Sink<Message, Error = axum::Error> + Unpin,
        mut stream: impl Stream<Item = Result<Message, axum::Error>> + Unpin,
    ) {
        let (painted, painted_seen) = watch::channel(Offset::ZERO);
        let (resyncs, resyncs_seen) = watch::channel(0);
        let (answers, answers_seen) = mpsc::channel(ANSWERS_MAX);
        let (receipts, receipts_seen) = mpsc::channel(INPUTS_MAX);
        let places = receipts.clone();
        tokio::spawn(tell_receipts(receipts_seen, answers.clone()));
        let wishes = Wishes { painted: painted_seen, resyncs: resyncs_seen, answers: answers_seen };
        let mut sender = Sender::new(&self.app, &self.live, sink, wishes, self.join.history, self.plain);
        let hello = json!({
            "type": "hello", "protocol": PROTOCOL, "session": self.live.entry.meta.id,
            "name": self.live.entry.name, "role": self.grant.role, "ahead": AHEAD_BYTES,
        });
        let from = self.join.from;
        self.app.0.metrics.viewers.inc();
        let gone = {
            let mut heard = pin!(self.hear(&mut stream, Ears { painted, resyncs, answers, receipts }));
            let gone = tokio::select! {
                gone = sender.run(hello.to_string(), from) => gone,
                () = heard.as_mut() => Gone::Client,
                () = await_revocation(&self.app, &self.grant) => Gone::Revoked,
            };
            if matches!(gone, Gone::Over) {
                // What ended the session was typed, and its receipt comes on another way than the end. All places are
                // free once each input had its answer.
                let answered = places.reserve_many(INPUTS_MAX);
                let _ = tokio::time::timeout(FAREWELL, sender.answer_until(answered)).await;
            }
            gone
        };
        self.app.0.metrics.viewers.dec();
        let _ = tokio::time::timeout(FAREWELL, sender.close(gone, stream)).await;
    }

    /// Hears what the client says until it says no more.
    async fn hear(
        &self,
        stream: &mut (impl Stream<Item = Result<Message, axum::Error>> + Unpin),
        ears: Ears,
    ) {
        let (events, events_seen) = mpsc::channel(ANSWERS_MAX);
        let mut typist = Typist::new(self.live.entry.clone(), events);
        tokio::spawn(tell_events(events_seen, ears.answers.clone()));
        while let Ok(Some(Ok(message))) = tokio::time::timeout(SILENT_MAX, stream.next()).await {
            let word = match message {
                Message::Binary(bytes) if self.plain => Ok(Word::Keys { id: UNNAMED, bytes }),
                Message::Text(text) if self.plain => Ok(Word::Keys { id: UNNAMED, bytes: text.into() }),
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
            Word::Said(Said::Alive) => return ears.answers.send(ALIVE.into()).await,
            Word::Keys { id, bytes } => return self.type_in(id, InputForm::Raw, &bytes, typist, ears).await,
            Word::Said(Said::Input { id, form, text }) => {
                return self.type_in(id, form, text.as_bytes(), typist, ears).await;
            }
            Word::Said(Said::Control { id, size, take }) => {
                (id, self.control(size, take, typist, ears).await)
            }
            Word::Said(Said::Release { id }) => (id, self.release(typist).await),
            Word::Said(Said::Resize { id, size }) => (id, self.resize(size, typist).await),
        };
        ears.answers.send(answer(id, result.map(|()| None)).into()).await
    }

    fn may_type(&self) -> Result<(), ApiError> {
        if self.grant.role >= Role::Type {
            return Ok(());
        }
        Err(ApiError::forbidden("this token may watch, and not type"))
    }

    /// Who changes things too fast is heard more slowly: a key that was pressed is not thrown away.
    async fn keep_pace(&self) {
        while let Err(wait) = self.app.0.pace.take(&self.grant.id) {
            tokio::time::sleep(wait).await;
        }
    }

    fn note(&self, action: &str) {
        self.app.0.audit.note(&self.grant, action, Some(self.live.entry.meta.id));
    }

    async fn control(
        &self,
        size: protocol::Size,
        take: bool,
        typist: &mut Typist,
        ears: &Ears,
    ) -> Result<(), ApiError> {
        self.may_type()?;
        self.keep_pace().await;
        self.note("control");
        let control = typist.control(size, take).await?;
        let text = json!({ "type": "control", "control": control }).to_string();
        let _ = ears.answers.send(text.into()).await;
        Ok(())
    }

    async fn release(&self, typist: &mut Typist) -> Result<(), ApiError> {
        self.may_type()?;
        self.keep_pace().await;
        self.note("release");
        Ok(typist.release().await?)
    }

    async fn resize(&self, size: protocol::Size, typist: &mut Typist) -> Result<(), ApiError> {
        self.may_type()?;
        self.keep_pace().await;
        self.note("resize");
        Ok(typist.resize(size).await?)
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
        let Ok(place) = ears.receipts.clone().try_reserve_owned() else {
            let message = format!("the program does not read, and {INPUTS_MAX} inputs wait already");
            let error = ApiError::new(StatusCode::CONFLICT, "WRITE_REJECTED", message);
            return ears.answers.send(answer(id, Err(error)).into()).await;
        };
        self.keep_pace().await;
        let ticket = Ticket { id, place };
        match self.may_type() {
            Ok(()) => {
                if typist.types_first() {
                    self.note("type");
                }
                typist.input(form, bytes, ticket).await;
            }
            Err(error) => ticket.tell(Err(error)),
        }
        Ok(())
    }
}

/// Tells the client what became of its inputs.
async fn tell_receipts(mut receipts: mpsc::Receiver<Receipt>, answers: mpsc::Sender<Utf8Bytes>) {
    while let Some((id, what)) = receipts.recv().await {
        if id == UNNAMED && what.is_ok() {
            continue;
        }
        if answers.send(answer(id, what).into()).await.is_err() {
            return;
        }
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
