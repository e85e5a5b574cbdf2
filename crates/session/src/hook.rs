//! A hook of the program, as a client of its session's host: tells what happened, and waits for an answer if it asked.
//!
//! The program waits for its hooks, so nothing here waits for long, and nothing that goes wrong is anybody's trouble:
//! [`tell`] gives `None` then, and the program goes on as it would without us. Only a hook that asked waits as long as
//! its session is there: whoever answers answers a host, and hosts come and go.

use protocol::Settled;
use protocol::frame::{
    Answer, Call, Frame, HOST_PROTOCOL, MAX_FRAME_BYTES, Message, Request, decode_frame, encode_frame,
};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use crate::host::MAX_HOOK_BYTES;

/// How long a host may take to take in what is told. One that is stopped finds it in its socket when it goes on. A CLI may wait
/// for its hooks one after the other, and must not be slowed by a second: see [`silence`].
const RECEIPT_WITHIN: Duration = Duration::from_millis(250);
/// The same where the host gave no receipt to the hook before: all that is told fits in the socket, so this is for none.
const HANDED_OVER_WITHIN: Duration = Duration::from_millis(20);
/// A host of another version does not end a silence. It is tried again after this time.
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// Bytes that a socket is asked to hold while nobody reads it; Linux grants 416 KiB at most.
const SOCKET_BYTES: usize = 2 * MAX_HOOK_BYTES;
/// How often one who waits for an answer looks whether the program is still there.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between two tries to reach a host, while one dies and another comes.
const KNOCK_EVERY: Duration = Duration::from_millis(20);
/// Tries in a row that lead nowhere until the session is given up: 10 s, as other clients take.
const KNOCKS: u32 = 500;

/// Tells the host what happened. Gives nothing; a host that is not there, or is of a version that knows no hooks, is
/// told nothing.
///
/// A host that dies before it says that it has heard is told again, as its successor: hearing something twice does no harm.
pub fn tell(socket: &Path, hook: &Request, payload: &[u8]) -> Option<()> {
    let is_silent = is_silent(socket);
    let end = Instant::now() + if is_silent { HANDED_OVER_WITHIN } else { RECEIPT_WITHIN };
    loop {
        match hand_over(socket, hook, payload, !is_silent, end) {
            Ok(()) => return Some(()),
            Err(error) if is_cut(&error) => std::thread::sleep(KNOCK_EVERY),
            Err(error) => {
                if is_timeout(&error) {
                    let _ = std::fs::write(silence(socket), []);
                }
                return None;
            }
        }
    }
}

/// Puts it into the host's socket, and waits for the receipt if that is wanted.
fn hand_over(
    socket: &Path,
    hook: &Request,
    payload: &[u8],
    is_awaited: bool,
    end: Instant,
) -> io::Result<()> {
    let mut line = Line::open(socket, end)?;
    line.send(2, hook.clone(), payload, end)?;
    if is_awaited { line.answer(2, end).map(drop) } else { Ok(()) }
}

/// The file that is there, beside the socket, since a hook waited for a receipt in vain, until the host hears a hook: meanwhile
/// no other hook waits, however many there are. What they tell lies in the socket, which outlives a host.
fn silence(socket: &Path) -> PathBuf {
    socket.with_extension("silent")
}

fn is_silent(socket: &Path) -> bool {
    let begun = std::fs::metadata(silence(socket)).and_then(|facts| facts.modified());
    begun.is_ok_and(|begun| begun.elapsed().is_ok_and(|age| age < SILENCE_MAX))
}

/// The host hears, or is gone.
pub(crate) fn end_silence(socket: &Path) {
    let _ = std::fs::remove_file(silence(socket));
}

/// Asks, and waits until somebody decides. `None` if the program is to ask by itself.
pub fn ask(socket: &Path, hook: &Request, payload: &[u8]) -> Option<Settled> {
    let program = rustix::process::getppid();
    let is_there = || rustix::process::getppid() == program;
    let mut question = None;
    let mut knocks = 0;
    while knocks < KNOCKS && is_there() {
        match converse(socket, hook, payload, &mut question, is_there) {
            Ok(Answer::Settled { settled }) => return Some(*settled),
            Ok(_) => return None,
            // Nobody listens where a session was.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                return None;
            }
            Err(_) if question.is_some() => knocks = 0,
            Err(_) => knocks += 1,
        }
        std::thread::sleep(KNOCK_EVERY);
    }
    None
}

/// One connection: asks, or comes back to the question that was asked over another one.
fn converse(
    socket: &Path,
    hook: &Request,
    payload: &[u8],
    question: &mut Option<u32>,
    is_there: impl Fn() -> bool,
) -> io::Result<Answer> {
    let patiently = |line: &mut Line, id| loop {
        match line.answer(id, Instant::now() + LOOK_EVERY) {
            Err(error) if is_timeout(&error) && is_there() => {}
            other => return other,
        }
    };
    let soon = || Instant::now() + LOOK_EVERY;
    let mut line = Line::open(socket, soon())?;
    let approval = match *question {
        Some(approval) => approval,
        None => {
            line.send(2, hook.clone(), payload, soon())?;
            match patiently(&mut line, 2)? {
                Answer::Asked { approval } => approval,
                other => return Ok(other),
            }
        }
    };
    *question = Some(approval);
    line.send(3, Request::AwaitApproval { approval }, &[], soon())?;
    patiently(&mut line, 3)
}

/// Whether the host let go of the connection, as it does when it dies.
fn is_cut(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | BrokenPipe | ConnectionReset)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A connection to a host, each step of which has an end.
struct Line {
    stream: UnixStream,
    received: Vec<u8>,
}

impl Line {
    /// Connects, and says hello without waiting for the answer: it comes before the others.
    fn open(path: &Path, end: Instant) -> io::Result<Self> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        // What is told must not wait for a host that reads nothing.
        let _ = set_socket_send_buffer_size(&socket, SOCKET_BYTES);
        let stream = UnixStream::from(socket);
        // A host that takes nobody in must not hold us where no limit holds.
        stream.set_nonblocking(true)?;
        connect(&stream, &SocketAddrUnix::new(path)?)?;
        stream.set_nonblocking(false)?;
        let mut line = Self { stream, received: Vec::new() };
        let hello =
            Request::Hello { version: HOST_PROTOCOL, name: "hook".to_owned(), pid: std::process::id() };
        line.send(1, hello, &[], end)?;
        Ok(line)
    }

    fn send(&mut self, id: u64, request: Request, tail: &[u8], end: Instant) -> io::Result<()> {
        let frame = encode_frame(&Call { id, request }, tail);
        let mut rest = &frame[..];
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(left(end)?))?;
            match self.stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The answer to a call; those to earlier ones are passed over, and so are events.
    fn answer(&mut self, wanted: u64, end: Instant) -> io::Result<Answer> {
        loop {
            match decode_frame(&self.received, MAX_FRAME_BYTES) {
                Frame::Whole { head, length, .. } => {
                    let message = serde_json::from_slice::<Message>(head);
                    self.received.drain(..length);
                    match message {
                        Ok(Message::Answer { id, answer }) if id == wanted => return Ok(answer),
                        _ => {}
                    }
                }
                Frame::Bad => return Err(ErrorKind::InvalidData.into()),
                Frame::Partial => {
                    self.stream.set_read_timeout(Some(left(end)?))?;
                    let mut buffer = [0; 4096];
                    match self.stream.read(&mut buffer) {
                        Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                        Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }
}

/// The time until `end`, never nothing: that would be no limit.
fn left(end: Instant) -> io::Result<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
