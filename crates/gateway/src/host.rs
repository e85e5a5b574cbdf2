//! A connection to a session's host, for the server's loop: many calls may be under way at once.

use protocol::frame::{
    Answer, Call, Event, Frame, HOST_PROTOCOL, MAX_FRAME_BYTES, Message, OLDEST_HOST_PROTOCOL, Refusal,
    Request, decode_frame, encode_frame,
};
use session::registry::Entry;
use session::{Error, Result};
use std::collections::HashMap;
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
    calls: Mutex<Option<HashMap<u64, oneshot::Sender<Reply>>>>,
    last: Mutex<u64>,
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
                return Err(Error::NoHost(entry.meta.id.to_string()));
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
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Error::NoHost(entry.meta.id.to_string()),
            _ => Error::Connection { path: path.clone(), source },
        })?;
        let (read, write) = socket.into_split();
        let (events, received) = mpsc::channel(EVENTS_MAX);
        let waiting = Arc::new(Waiting { calls: Mutex::new(Some(HashMap::new())), last: Mutex::default() });
        tokio::spawn(listen(read, Arc::clone(&waiting), events));
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
        let mut write = self.write.lock().await;
        let id = self.waiting.add(sender).ok_or_else(|| broken(&self.path, ErrorKind::BrokenPipe))?;
        let frame = encode_frame(&Call { id, request }, tail);
        let sent = write.write_all(&frame).await;
        sent.map_err(|source| Error::Connection { path: self.path.clone(), source })?;
        Ok(Coming { path: self.path.clone(), reply })
    }
}

impl Coming {
    /// Waits for the answer. A refusal is an error.
    pub(crate) async fn await_reply(self, patience: Duration) -> Result<Reply> {
        match timeout(patience, self.reply).await {
            Ok(Ok((Answer::Refused { code, message }, _))) => Err(Error::Refused { code, message }),
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(broken(&self.path, ErrorKind::UnexpectedEof)),
            Err(_) => Err(broken(&self.path, ErrorKind::TimedOut)),
        }
    }
}

fn broken(path: &std::path::Path, kind: ErrorKind) -> Error {
    Error::Connection { path: path.to_owned(), source: io::Error::from(kind) }
}

impl Waiting {
    fn add(&self, sender: oneshot::Sender<Reply>) -> Option<u64> {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        calls.as_mut()?.insert(*last, sender);
        Some(*last)
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Reply>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(&id)
    }

    /// Nobody answers any more: whoever waits is told so, by the end of its channel.
    fn close(&self) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Reads what the host sends until it says no more.
async fn listen(mut read: OwnedReadHalf, waiting: Arc<Waiting>, events: mpsc::Sender<Event>) {
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
                        Ok(Message::Answer { id, answer }) => {
                            if let Some(call) = waiting.take(id) {
                                let _ = call.send((answer, tail.to_vec()));
                            }
                        }
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
    waiting.close();
}
