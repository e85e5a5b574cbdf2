//! A connection to a session's host, for the server's loop: many calls may be under way at once.

use crate::ApiError;
use protocol::frame::{
    Answer, Call, Event, Frame, HOST_PROTOCOL, InputForm, MAX_FRAME_BYTES, Message, OLDEST_HOST_PROTOCOL,
    Refusal, Request, decode_frame, encode_frame,
};
use protocol::{Offset, Phase};
use session::registry::Entry;
use session::{Error, Result};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Mutex as Turn, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

/// How long a host may take for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a host may be away before its session is given up; a keeper brings a new one within milliseconds.
const HOST_RETURNS: Duration = Duration::from_secs(10);
/// Between two knocks at the door of a host that is away.
const KNOCK_EVERY: Duration = Duration::from_millis(20);
/// Events that wait to be taken; more are lost, and whoever follows reads the journal anyway.
const EVENTS_MAX: usize = 64;
/// Bytes read at once.
const RECEIVE_BYTES: usize = 8 << 10; // 8 KiB

/// A connection.
pub(crate) struct Host {
    path: PathBuf,
    write: Turn<OwnedWriteHalf>,
    waiting: Arc<Waiting>,
}

/// Who waits for which answer. Nothing waits any more once the connection broke.
struct Waiting {
    calls: Mutex<Option<BTreeMap<u64, Waiter>>>,
    last: Mutex<u64>,
}

/// Where an answer goes.
enum Waiter {
    /// To the one who asked.
    Call(oneshot::Sender<Reply>),
    /// To the receipts of a client, in the order in which the host gave them.
    Input(Ticket),
}

/// An input of a client, and a place for its receipt.
pub(crate) struct Ticket {
    /// The client's own name for it.
    pub id: u64,
    pub place: mpsc::OwnedPermit<Receipt>,
}

/// What became of an input: where the output was when the program's terminal had taken it.
pub(crate) type Receipt = (u64, std::result::Result<Option<Offset>, ApiError>);

/// Input that was not sent; the ticket is still good.
pub(crate) struct Unsent {
    pub error: Error,
    pub ticket: Ticket,
}

/// An answer and its tail.
pub(crate) type Reply = (Answer, Vec<u8>);

/// An answer that is on its way.
pub(crate) struct Coming {
    path: PathBuf,
    reply: oneshot::Receiver<Reply>,
}

impl Host {
    /// Connects to a session's host as `name`; one that died has a successor in a moment, which is waited for.
    pub(crate) async fn reach(entry: &Entry, name: &str) -> Result<(Self, mpsc::Receiver<Event>)> {
        let end = Instant::now() + HOST_RETURNS;
        loop {
            let error = match Self::connect(entry, name).await {
                Err(error) if error.is_gone() => error,
                other => return other,
            };
            let over = matches!(error, Error::NoHost(_)) && entry.folder.exit()?.is_some();
            if over || !entry.folder.is_held(&entry.meta) {
                return Err(ended(entry));
            }
            if Instant::now() >= end {
                return Err(error);
            }
            sleep(KNOCK_EVERY).await;
        }
    }

    async fn connect(entry: &Entry, name: &str) -> Result<(Self, mpsc::Receiver<Event>)> {
        let path = PathBuf::from(&entry.meta.socket);
        let socket = UnixStream::connect(&path).await.map_err(|source| match source.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Error::NoHost(entry.name.clone()),
            _ => Error::Connection { path: path.clone(), source },
        })?;
        let (read, write) = socket.into_split();
        let (events, received) = mpsc::channel(EVENTS_MAX);
        let waiting = Arc::new(Waiting { calls: Mutex::new(Some(BTreeMap::new())), last: Mutex::default() });
        tokio::spawn(listen(path.clone(), read, Arc::clone(&waiting), events));
        let host = Self { path, write: Turn::new(write), waiting };
        host.greet(name).await?;
        Ok((host, received))
    }

    /// Says hello in our version, or in one that an older host knows.
    async fn greet(&self, name: &str) -> Result<()> {
        let mut version = HOST_PROTOCOL;
        loop {
            let hello = Request::Hello { version, name: name.to_owned(), pid: std::process::id() };
            match self.call(hello, &[]).await {
                Ok(_) => return Ok(()),
                Err(Error::Refused { code: Refusal::Version, .. }) if version > OLDEST_HOST_PROTOCOL => {
                    version -= 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn call(&self, request: Request, tail: &[u8]) -> Result<Reply> {
        self.post(request, tail).await?.await_reply(PATIENCE).await
    }

    /// Asks; the answer comes later. Questions are sent in the order in which they were asked.
    pub(crate) async fn post(&self, request: Request, tail: &[u8]) -> Result<Coming> {
        let (sender, reply) = oneshot::channel();
        self.send(request, tail, Waiter::Call(sender)).await.map_err(|(error, _)| error)?;
        Ok(Coming { path: self.path.clone(), reply })
    }

    /// Types. However it ends, the ticket gets its receipt.
    pub(crate) async fn type_in(
        &self,
        form: InputForm,
        bytes: &[u8],
        ticket: Ticket,
    ) -> std::result::Result<(), Unsent> {
        match self.send(Request::Input { form }, bytes, Waiter::Input(ticket)).await {
            Err((error, Some(Waiter::Input(ticket)))) => Err(Unsent { error, ticket }),
            // Sent, or told by the end of the connection.
            _ => Ok(()),
        }
    }

    /// Sends a question; gives the waiter back where it was not sent, and nobody has told it so.
    async fn send(
        &self,
        request: Request,
        tail: &[u8],
        waiter: Waiter,
    ) -> std::result::Result<(), (Error, Option<Waiter>)> {
        let mut write = self.write.lock().await;
        let id = match self.waiting.add(waiter) {
            Ok(id) => id,
            Err(waiter) => return Err((broken(&self.path, ErrorKind::BrokenPipe), Some(waiter))),
        };
        let frame = encode_frame(&Call { id, request }, tail);
        write
            .write_all(&frame)
            .await
            .map_err(|source| (Error::Connection { path: self.path.clone(), source }, self.waiting.take(id)))
    }
}

impl Ticket {
    /// Tells what became of the input.
    pub(crate) fn tell(self, what: std::result::Result<Option<Offset>, ApiError>) {
        self.place.send((self.id, what));
    }
}

impl Coming {
    /// Waits for the answer. A refusal is an error.
    pub(crate) async fn await_reply(self, patience: Duration) -> Result<Reply> {
        let path = self.path.clone();
        timeout(patience, self.come()).await.unwrap_or_else(|_| Err(broken(&path, ErrorKind::TimedOut)))
    }

    async fn come(self) -> Result<Reply> {
        match self.reply.await {
            Ok(reply) => granted(reply),
            Err(_) => Err(broken(&self.path, ErrorKind::UnexpectedEof)),
        }
    }
}

/// A refusal is an error.
fn granted(reply: Reply) -> Result<Reply> {
    match reply {
        (Answer::Refused { code, message }, _) => Err(Error::Refused { code, message }),
        reply => Ok(reply),
    }
}

/// Why nobody answers any more; the entry may be older than the end.
fn ended(entry: &Entry) -> Error {
    let exit = entry.folder.exit().ok().flatten().map(|exit| exit.status);
    let phase = if exit.is_some() { Phase::Exited } else { Phase::Lost };
    session::summary::ended(&Entry { phase, exit, ..entry.clone() })
}

fn broken(path: &std::path::Path, kind: ErrorKind) -> Error {
    Error::Connection { path: path.to_owned(), source: io::Error::from(kind) }
}

impl Waiting {
    fn add(&self, waiter: Waiter) -> std::result::Result<u64, Waiter> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(calls) = calls.as_mut() else { return Err(waiter) };
        *last += 1;
        calls.insert(*last, waiter);
        Ok(*last)
    }

    fn take(&self, id: u64) -> Option<Waiter> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(&id)
    }

    fn answer(&self, id: u64, reply: Reply) {
        match self.take(id) {
            Some(Waiter::Call(call)) => {
                let _ = call.send(reply);
            }
            Some(Waiter::Input(ticket)) => ticket.tell(match granted(reply) {
                Ok((Answer::Done { offset }, _)) => Ok(Some(offset)),
                Ok(_) => Ok(None),
                Err(error) => Err(error.into()),
            }),
            None => {}
        }
    }

    /// Nobody answers any more, and whoever waits is told so: a call by the end of its channel.
    fn close(&self, path: &std::path::Path) {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner).take();
        for waiter in calls.into_iter().flat_map(BTreeMap::into_values) {
            if let Waiter::Input(ticket) = waiter {
                ticket.tell(Err(broken(path, ErrorKind::UnexpectedEof).into()));
            }
        }
    }
}

/// Reads what the host sends until it says no more.
async fn listen(path: PathBuf, mut read: OwnedReadHalf, waiting: Arc<Waiting>, events: mpsc::Sender<Event>) {
    let mut received = Vec::new();
    let mut buffer = vec![0; RECEIVE_BYTES];
    'connection: while let Ok(count @ 1..) = read.read(&mut buffer).await {
        received.extend_from_slice(&buffer[..count]);
        let mut used = 0;
        loop {
            match decode_frame(&received[used..], MAX_FRAME_BYTES) {
                Frame::Partial => break,
                Frame::Bad => break 'connection,
                Frame::Whole { head, tail, length } => {
                    match serde_json::from_slice(head) {
                        Ok(Message::Answer { id, answer }) => waiting.answer(id, (answer, tail.to_vec())),
                        Ok(Message::Event(event)) => {
                            let _ = events.try_send(event);
                        }
                        // An event of a newer version.
                        Err(_) => {}
                    }
                    used += length;
                }
            }
        }
        received.drain(..used);
    }
    waiting.close(&path);
}
