//! A connection to the host of a session.

use crate::folder::Folder;
use crate::poll::poll_until;
use crate::view::Checkpoint;
use crate::{Error, Result, crew};
use protocol::Meta;
use protocol::frame::{
    Answer, Call, Event, Frame, HOST_PROTOCOL, MAX_FRAME_BYTES, Message, OLDEST_HOST_PROTOCOL, Refusal,
    Request, decode_frame, encode_frame,
};
use rustix::event::{PollFd, PollFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a host may take for an answer. It may just be starting, or replaying a long recording.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long a host may be away before its session is given up. A keeper brings a new one within milliseconds.
const HOST_RETURNS: Duration = Duration::from_secs(10);
/// Between two knocks at the door of a host that is away.
const KNOCK_EVERY: Duration = Duration::from_millis(20);
/// Between two rings for a host whose socket is gone, each of which looks at all processes.
const RING_EVERY: Duration = Duration::from_secs(1);

/// Bytes read at once: small, because it lies on the stack of every attached client, and most messages are short.
const RECEIVE_BYTES: usize = 2 << 10;

/// Connects to a session's host as `name`. One that died under our hands has a successor in a moment, which is waited
/// for, and one whose socket was deleted opens it again; [`Error::NoHost`] as soon as it is known that none will come.
pub fn reach(folder: &Folder, meta: &Meta, name: &str) -> Result<HostClient> {
    let end = Instant::now() + HOST_RETURNS;
    let mut rung: Option<Instant> = None;
    loop {
        let error = match HostClient::connect(meta, name) {
            Err(error) if error.is_gone() => error,
            other => return other,
        };
        // After the program's end nobody listens any more, while the recording is still being packed.
        let over = matches!(error, Error::NoHost(_)) && folder.exit()?.is_some();
        if over || !folder.is_held(meta) {
            return Err(no_host(folder, meta));
        }
        if Instant::now() >= end {
            let named = matches!(error, Error::NoHost(_)).then(|| no_host(folder, meta));
            return Err(named.unwrap_or(error));
        }
        if matches!(error, Error::NoHost(_)) && rung.is_none_or(|at| at.elapsed() >= RING_EVERY) {
            crew::ring(folder);
            rung = Some(Instant::now());
        }
        std::thread::sleep(KNOCK_EVERY);
    }
}

/// That no host answers any more, by the name that people call the session.
fn no_host(folder: &Folder, meta: &Meta) -> Error {
    Error::NoHost(folder.name().unwrap_or_else(|_| meta.id.short()))
}

/// Asks a session's host, and its successor if it dies before it has answered: as long as anybody holds the session,
/// and until `end` if there is one.
pub fn insist<T>(
    folder: &Folder,
    meta: &Meta,
    name: &str,
    end: Option<Instant>,
    mut ask: impl FnMut(HostClient) -> Result<T>,
) -> Result<T> {
    loop {
        match reach(folder, meta, name).and_then(&mut ask) {
            Err(Error::Connection { .. })
                if folder.is_held(meta) && end.is_none_or(|end| Instant::now() < end) =>
            {
                std::thread::sleep(KNOCK_EVERY);
            }
            other => return other,
        }
    }
}

/// A client of one session.
pub struct HostClient {
    socket: UnixStream,
    path: PathBuf,
    received: Vec<u8>,
    events: VecDeque<Event>,
    last_call: u64,
}

impl HostClient {
    /// Connects and says hello as `name`.
    pub fn connect(meta: &Meta, name: &str) -> Result<Self> {
        Self::connect_within(meta, name, PATIENCE)
    }

    /// The same, for whoever has another way if the host does not answer.
    pub fn connect_within(meta: &Meta, name: &str, patience: Duration) -> Result<Self> {
        let path = Path::new(&meta.socket).to_owned();
        let socket = UnixStream::connect(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Error::NoHost(meta.id.short()),
            _ => Error::io(&path, error),
        })?;
        let mut client = Self { socket, path, received: Vec::new(), events: VecDeque::new(), last_call: 0 };
        client.greet(name, patience)?;
        Ok(client)
    }

    /// Says hello in our version, or in one that an older host knows.
    fn greet(&mut self, name: &str, patience: Duration) -> Result<()> {
        let mut version = HOST_PROTOCOL;
        loop {
            let hello = Request::Hello { version, name: name.to_owned(), pid: std::process::id() };
            match self.call_with(hello, &[], None, patience).map(|(answer, _)| answer) {
                Ok(Answer::Welcome { .. }) => return Ok(()),
                Ok(other) => return Err(unexpected(&other)),
                Err(Error::Refused { code: Refusal::Version, .. }) if version > OLDEST_HOST_PROTOCOL => {
                    version -= 1;
                }
                Err(Error::Refused { code: Refusal::Version, message }) => {
                    let message = format!(
                        "{message}; this centerfire speaks versions {OLDEST_HOST_PROTOCOL} to {HOST_PROTOCOL}: \
                         use the newer one, or the one that started the session"
                    );
                    return Err(Error::Refused { code: Refusal::Version, message });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Asks, and waits for the answer.
    pub fn call(&mut self, request: Request) -> Result<Answer> {
        Ok(self.call_with(request, &[], None, PATIENCE)?.0)
    }

    /// Asks with a tail of bytes, perhaps passing a descriptor; waits for the answer and its tail.
    pub fn call_with(
        &mut self,
        request: Request,
        tail: &[u8],
        pass: Option<BorrowedFd<'_>>,
        patience: Duration,
    ) -> Result<(Answer, Vec<u8>)> {
        self.last_call += 1;
        let call = Call { id: self.last_call, request };
        self.send(&encode_frame(&call, tail), pass)?;
        let end = Instant::now() + patience;
        loop {
            while let Some((message, tail)) = self.take_message()? {
                match message {
                    Message::Answer { id, answer: Answer::Refused { code, message } } if id == call.id => {
                        return Err(Error::Refused { code, message });
                    }
                    Message::Answer { id, answer } if id == call.id => return Ok((answer, tail)),
                    Message::Answer { .. } => {}
                    Message::Event(event) => self.events.push_back(event),
                }
            }
            self.receive(end)?;
        }
    }

    /// The screen as it is now, with `history` lines of what scrolled off it.
    pub fn snapshot(&mut self, history: usize) -> Result<Checkpoint> {
        match self.call_with(Request::Snapshot { history }, &[], None, PATIENCE)? {
            (Answer::Snapshot(snapshot), dump) => {
                Ok(Checkpoint { offset: snapshot.offset, size: snapshot.size, resizes: None, dump })
            }
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Asks without waiting; the answer comes among the [`HostClient::incoming`], under the number given here.
    pub fn post(&mut self, request: Request, tail: &[u8]) -> Result<u64> {
        self.last_call += 1;
        self.send(&encode_frame(&Call { id: self.last_call, request }, tail), None)?;
        Ok(self.last_call)
    }

    /// The next message that came, without waiting.
    pub fn incoming(&mut self) -> Result<Option<Message>> {
        match self.events.pop_front() {
            Some(event) => Ok(Some(Message::Event(event))),
            None => Ok(self.take_message()?.map(|(message, _)| message)),
        }
    }

    /// The next event that came, without waiting; answers nobody waits for are passed over.
    pub fn event(&mut self) -> Result<Option<Event>> {
        while let Some(message) = self.incoming()? {
            if let Message::Event(event) = message {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Reads what the host sent, waiting until `end` at most.
    pub fn receive(&mut self, end: Instant) -> Result<()> {
        match poll_until(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(end)) {
            Ok(0) => return Err(self.failed(io::Error::new(ErrorKind::TimedOut, "the host does not answer"))),
            Ok(_) => {}
            Err(error) => return Err(self.failed(error)),
        }
        let mut buffer = [0; RECEIVE_BYTES];
        match self.socket.read(&mut buffer) {
            Ok(0) => Err(self.failed(ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn send(&mut self, frame: &[u8], pass: Option<BorrowedFd<'_>>) -> Result<()> {
        let sent = match pass {
            None => 0,
            Some(fd) => {
                let fds = [fd];
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut control = SendAncillaryBuffer::new(&mut space);
                control.push(SendAncillaryMessage::ScmRights(&fds));
                let sent = sendmsg(&self.socket, &[IoSlice::new(frame)], &mut control, SendFlags::empty());
                sent.map_err(|error| self.failed(error.into()))?
            }
        };
        self.socket.write_all(&frame[sent..]).map_err(|error| self.failed(error))
    }

    /// The next message that is there. Events that only a newer version knows are passed over.
    fn take_message(&mut self) -> Result<Option<(Message, Vec<u8>)>> {
        loop {
            let (head, tail, length) = match decode_frame(&self.received, MAX_FRAME_BYTES) {
                Frame::Partial => return Ok(None),
                Frame::Bad => return Err(Error::Protocol("impossible frame".to_owned())),
                Frame::Whole { head, tail, length } => (head, tail, length),
            };
            let message = match serde_json::from_slice(head) {
                Ok(message) => Some((message, tail.to_vec())),
                Err(_) if is_event(head) => None,
                Err(error) => return Err(Error::Protocol(error.to_string())),
            };
            self.received.drain(..length);
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Connection { path: self.path.clone(), source }
    }
}

impl AsFd for HostClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Whether a head is that of an event, known or not.
fn is_event(head: &[u8]) -> bool {
    let head: serde_json::Value = serde_json::from_slice(head).unwrap_or_default();
    head["event"]["event"].is_string()
}

/// An answer that does not fit the question.
pub fn unexpected(answer: &Answer) -> Error {
    Error::Protocol(format!("did not expect {answer:?}"))
}
