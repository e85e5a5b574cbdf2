//! The clients of one session: their connections, what they sent and what waits for them.
//!
//! Whoever connects is one of us: the socket lies in a private folder, and the peer's user is checked. Even so no
//! length is believed, and no client can make another wait.

use protocol::frame::{
    Answer, Call, Event, Frame, MAX_FRAME_BYTES, MAX_INPUT_BYTES, Message, Refusal, decode_frame,
    encode_frame,
};
use protocol::{ClientInfo, ClientNumber, SessionId};
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Clients at once. Each is a person, a page or a program; the server counts as one, whatever it serves.
const MAX_CLIENTS: usize = 256;
/// How long a client may take until it said hello, in a version we speak: ours do at once.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// Bytes of a frame that a client may send: an input transaction and its head.
const MAX_REQUEST_BYTES: usize = MAX_INPUT_BYTES + (64 << 10);
/// Bytes that may wait for a client that does not read; then it is dropped, and may come again.
const MAX_WAITING_BYTES: usize = 2 * MAX_FRAME_BYTES;
/// Bytes read from a client at once.
const READ_BYTES: usize = 8 << 10; // 8 KiB: it lies on the stack, and every host has one
/// Reads of one client at once: 512 KiB, more than a socket holds.
const READS_AT_ONCE: usize = 64;

/// One connection.
pub(super) struct Client {
    pub number: ClientNumber,
    pub name: String,
    pub pid: u32,
    /// Whether it said hello in a version we speak.
    pub welcome: bool,
    came: Instant,
    /// Whether it wants events.
    pub follows: bool,
    /// Whether it reads the journal, and wants to know how far it goes.
    pub reads_journal: bool,
    /// Whether it brought a terminal, of its own or for the host.
    pub terminal: bool,
    /// The session that its terminal is shown in.
    pub inside: Option<SessionId>,
    /// Whether it is a program of the session itself.
    pub within: bool,
    /// A terminal's descriptor that came with its last frame.
    pub passed: Option<OwnedFd>,
    socket: OwnedFd,
    received: Vec<u8>,
    waiting: Vec<u8>,
    gone: bool,
}

/// All connections, and who controls the session.
#[derive(Default)]
pub(super) struct Clients {
    pub all: Vec<Client>,
    pub controller: Option<ClientNumber>,
    last_number: u16,
}

impl Clients {
    /// Takes a connection in. Where there are too many already, the one goes that has been silent for longest; if all
    /// have said who they are, the new one.
    pub(super) fn admit(&mut self, socket: OwnedFd, within: bool) {
        if self.all.len() >= MAX_CLIENTS {
            // They stand in the order in which they came.
            let Some(silent) = self.all.iter().position(|client| !client.welcome) else { return };
            self.all.remove(silent);
        }
        let number = self.free_number();
        self.all.push(Client::new(number, socket, within));
    }

    /// Hangs up on those who had time enough to say hello.
    pub(super) fn send_silent_away(&mut self, now: Instant) {
        for client in self.all.iter_mut().filter(|client| !client.welcome) {
            client.gone |= client.came + HELLO_WITHIN <= now;
        }
    }

    /// When to look again for those who are silent; never while there are none.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.all.iter().find(|client| !client.welcome).map(|client| client.came + HELLO_WITHIN)
    }

    /// The next number that no client has. They go round after 65,535; 0 is the host's.
    fn free_number(&mut self) -> ClientNumber {
        loop {
            self.last_number = self.last_number.checked_add(1).unwrap_or(1);
            let number = ClientNumber(self.last_number);
            if self.get(number).is_none() {
                return number;
            }
        }
    }

    pub(super) fn get(&mut self, number: ClientNumber) -> Option<&mut Client> {
        self.all.iter_mut().find(|client| client.number == number)
    }

    /// Sends an event to all who follow. Heads only to those for whom nothing waits: a slow one gets fewer.
    pub(super) fn publish(&mut self, event: &Event) {
        let head = matches!(event, Event::Head { .. });
        let wants = |client: &&mut Client| {
            client.follows && (!head || client.reads_journal && client.waiting.is_empty())
        };
        let mut frame = Vec::new();
        for client in self.all.iter_mut().filter(wants) {
            if frame.is_empty() {
                frame = encode_frame(&Message::Event(event.clone()), &[]);
            }
            client.send_frame(&frame);
        }
    }

    pub(super) fn answer(&mut self, to: ClientNumber, id: u64, answer: Answer, tail: &[u8]) {
        if let Some(client) = self.get(to) {
            client.send_frame(&encode_frame(&Message::Answer { id, answer }, tail));
        }
    }

    pub(super) fn refuse(&mut self, to: ClientNumber, id: u64, code: Refusal, message: impl Into<String>) {
        self.answer(to, id, Answer::Refused { code, message: message.into() }, &[]);
    }

    pub(super) fn tell(&mut self, to: ClientNumber, event: Event) {
        if let Some(client) = self.get(to) {
            client.send_frame(&encode_frame(&Message::Event(event), &[]));
        }
    }

    /// Forgets those who are gone and gives them.
    pub(super) fn sweep(&mut self) -> Vec<Client> {
        self.all.extract_if(.., |client| client.gone).collect()
    }

    pub(super) fn describe(&self) -> Vec<ClientInfo> {
        let info = |client: &Client| ClientInfo {
            client: client.number,
            name: client.name.clone(),
            pid: client.pid,
            control: self.controller == Some(client.number),
            terminal: client.terminal,
            inside: client.inside,
        };
        self.all.iter().filter(|client| client.follows).map(info).collect()
    }
}

impl Client {
    fn new(number: ClientNumber, socket: OwnedFd, within: bool) -> Self {
        Self {
            number,
            name: String::new(),
            pid: 0,
            welcome: false,
            came: Instant::now(),
            follows: false,
            reads_journal: false,
            terminal: false,
            inside: None,
            within,
            passed: None,
            socket,
            received: Vec::new(),
            waiting: Vec::new(),
            gone: false,
        }
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Reads what came. Gives whole requests with their tails.
    pub(super) fn read(&mut self) -> Vec<(Call, Vec<u8>)> {
        self.receive();
        let received = std::mem::take(&mut self.received);
        let mut calls = Vec::new();
        let mut used = 0;
        loop {
            match decode_frame(&received[used..], MAX_REQUEST_BYTES) {
                Frame::Partial => break,
                Frame::Bad => {
                    self.gone = true;
                    break;
                }
                Frame::Whole { head, tail, length } => {
                    match serde_json::from_slice::<Call>(head) {
                        Ok(call) => calls.push((call, tail.to_vec())),
                        Err(error) => self.misunderstood(head, &error.to_string()),
                    }
                    used += length;
                }
            }
        }
        if used < received.len() {
            self.received = received;
            self.received.drain(..used);
        }
        calls
    }

    /// A request of a newer version, or nonsense: said so, under its own number if it has one.
    fn misunderstood(&mut self, head: &[u8], why: &str) {
        let value: serde_json::Value = serde_json::from_slice(head).unwrap_or_default();
        let id = value["id"].as_u64().unwrap_or(0);
        let answer = Answer::Refused { code: Refusal::BadRequest, message: format!("not understood: {why}") };
        self.send_frame(&encode_frame(&Message::Answer { id, answer }, &[]));
    }

    /// Takes what lies in the socket, so that hooks of a time in which nobody read are heard in their order, long or short.
    fn receive(&mut self) {
        for _ in 0..READS_AT_ONCE {
            if self.receive_piece() < READ_BYTES {
                return;
            }
        }
    }

    fn receive_piece(&mut self) -> usize {
        let mut buffer = [0; READ_BYTES];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | cloexec();
        match recvmsg(&self.socket, &mut [IoSliceMut::new(&mut buffer)], &mut control, flags) {
            Ok(message) if message.bytes > 0 => {
                for message in control.drain() {
                    if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
                        self.passed = descriptors.next();
                    }
                }
                self.received.extend_from_slice(&buffer[..message.bytes]);
                return message.bytes;
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            _ => self.gone = true,
        }
        0
    }

    fn send_frame(&mut self, frame: &[u8]) {
        self.waiting.extend_from_slice(frame);
        self.flush();
        self.gone |= self.waiting.len() > MAX_WAITING_BYTES;
    }

    /// Writes what waits, as far as it goes.
    pub(super) fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match send(&self.socket, &self.waiting, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(sent) => {
                    self.waiting.drain(..sent);
                }
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                // Who left may have said something first: the end of what they said is the end of them.
                Err(_) => break,
            }
        }
        self.waiting = Vec::new();
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A passed descriptor must not leak into what we start. Elsewhere than on Linux there is no flag for it, and
/// [`crate::role::command`] alone decides what a started process keeps.
fn cloexec() -> RecvFlags {
    #[cfg(target_os = "linux")]
    return RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    RecvFlags::empty()
}
