//! What a client does to a session: a connection to its host, made when it is first needed, so that who only watches
//! is no client of the host.

use crate::ApiError;
use crate::host::{Coming, Host, Ticket};
use protocol::frame::{Answer, Attach, DetachReason, Event, InputForm, Refusal, Request};
use protocol::{Offset, Size};
use session::registry::Entry;
use session::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// The name by which a host knows it.
const NAME: &str = "browser";

/// A client's hands.
pub(super) struct Typist {
    entry: Entry,
    /// Whether it typed anything yet.
    has_typed: bool,
    host: Option<Host>,
    /// Where the host's events go.
    events: mpsc::Sender<Event>,
    /// Whether it controls the session, by the last word of the host.
    controls: Arc<AtomicBool>,
}

impl Typist {
    pub(super) fn new(entry: Entry, events: mpsc::Sender<Event>) -> Self {
        Self { entry, has_typed: false, host: None, events, controls: Arc::default() }
    }

    /// Whether what is typed now is the first of it; asked once for each.
    pub(super) fn types_first(&mut self) -> bool {
        !std::mem::replace(&mut self.has_typed, true)
    }

    /// Types. The ticket gets its receipt later, and before those of what is typed behind it: the next key does not wait
    /// for it.
    pub(super) async fn input(&mut self, form: InputForm, bytes: &[u8], mut ticket: Ticket) {
        if let Some(host) = &self.host {
            match host.type_in(form.clone(), bytes, ticket).await {
                Err(unsent) if unsent.error.is_gone() => (self.host, ticket) = (None, unsent.ticket),
                Err(unsent) => return unsent.ticket.tell(Err(unsent.error.into())),
                Ok(()) => return,
            }
        }
        match self.reach().await {
            Err(error) => ticket.tell(Err(error.into())),
            Ok(host) => {
                if let Err(unsent) = host.type_in(form, bytes, ticket).await {
                    unsent.ticket.tell(Err(unsent.error.into()));
                }
            }
        }
    }

    /// Asks for control; true if it was given.
    pub(super) async fn control(&mut self, size: Size, take: bool) -> Result<bool> {
        let attach = Attach {
            control: true,
            take,
            size,
            tty: false,
            fresh: false,
            keep_lines: false,
            detach_key: "none".to_owned(),
            history: 0,
            inside: None,
        };
        let coming = self.post(Request::Attach(attach), &[]).await?;
        let answer = coming.await_reply(super::viewer::PATIENCE).await?.0;
        let controls = matches!(answer, Answer::Attached { control: true, .. });
        self.controls.store(controls, Ordering::Relaxed);
        Ok(controls)
    }

    pub(super) async fn release(&mut self) -> Result<()> {
        if self.host.is_some() {
            self.post(Request::Release, &[]).await?.await_reply(super::viewer::PATIENCE).await?;
            self.controls.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sets the size, if it controls the session: a host takes one from anybody where nobody controls.
    pub(super) async fn resize(&mut self, size: Size) -> Result<()> {
        if !self.controls.load(Ordering::Relaxed) {
            let message = "this client does not control the session; ask for `control` first".to_owned();
            return Err(Error::Refused { code: Refusal::NotInControl, message });
        }
        self.post(Request::Resize { size }, &[]).await?.await_reply(super::viewer::PATIENCE).await.map(drop)
    }

    /// Asks the host, or its successor where it died.
    async fn post(&mut self, request: Request, tail: &[u8]) -> Result<Coming> {
        if let Some(host) = &self.host {
            match host.post(request.clone(), tail).await {
                Err(error) if error.is_gone() => self.host = None,
                other => return other,
            }
        }
        self.reach().await?.post(request, tail).await
    }

    /// A new connection to the host there is now.
    async fn reach(&mut self) -> Result<&Host> {
        let (host, mut events) = Host::reach(&self.entry, NAME).await?;
        let (told, controls) = (self.events.clone(), Arc::clone(&self.controls));
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if matches!(event, Event::Detached { .. }) {
                    controls.store(false, Ordering::Relaxed);
                }
                if told.send(event).await.is_err() {
                    return;
                }
            }
            // The host is gone, and its successor knows nobody.
            if controls.swap(false, Ordering::Relaxed) {
                let _ = told.send(Event::Detached { reason: DetachReason::Upgrade }).await;
            }
        });
        Ok(self.host.insert(host))
    }
}

/// What a client is told when its input was taken, or was not.
pub(super) fn answer(id: u64, result: std::result::Result<Option<Offset>, ApiError>) -> String {
    match result {
        Ok(offset) => serde_json::json!({ "type": "ack", "id": id, "offset": offset }),
        Err(error) => {
            serde_json::json!({ "type": "error", "id": id, "code": error.code(), "error": error.message() })
        }
    }
    .to_string()
}
