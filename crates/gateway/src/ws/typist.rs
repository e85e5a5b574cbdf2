//! What a client does to a session: a connection to its host, made when it is first needed, so that who only watches
//! is no client of the host.

use crate::ApiError;
use crate::host::{Coming, Host};
use protocol::frame::{Answer, Attach, Event, InputForm, Request};
use protocol::{Offset, Size};
use session::Result;
use session::registry::Entry;
use tokio::sync::mpsc;

/// The name by which a host knows it.
const NAME: &str = "browser";

/// A client's hands.
pub(super) struct Typist {
    entry: Entry,
    host: Option<Host>,
    /// Where the host's events go.
    events: mpsc::Sender<Event>,
}

impl Typist {
    pub(super) fn new(entry: Entry, events: mpsc::Sender<Event>) -> Self {
        Self { entry, host: None, events }
    }

    /// Types. What comes back is to be awaited elsewhere: the next key does not wait for it.
    pub(super) async fn input(&mut self, form: InputForm, bytes: &[u8]) -> Result<Coming> {
        self.post(Request::Input { form }, bytes).await
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
        Ok(matches!(
            coming.await_reply(super::viewer::PATIENCE).await?.0,
            Answer::Attached { control: true, .. }
        ))
    }

    pub(super) async fn release(&mut self) -> Result<()> {
        if self.host.is_some() {
            self.post(Request::Release, &[]).await?.await_reply(super::viewer::PATIENCE).await?;
        }
        Ok(())
    }

    pub(super) async fn resize(&mut self, size: Size) -> Result<()> {
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
        let (host, mut events) = Host::reach(&self.entry, NAME).await?;
        let told = self.events.clone();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if told.send(event).await.is_err() {
                    return;
                }
            }
        });
        self.host.insert(host).post(request, tail).await
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
