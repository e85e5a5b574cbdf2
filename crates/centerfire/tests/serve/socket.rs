//! WebSocket clients: one of `centerfire.v1`, that checks every offset, and a plain one.

use crate::rig::LIMIT;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, Message, WebSocket};

/// Kinds of binary frames.
const OUTPUT: u8 = 1;
const SNAPSHOT: u8 = 2;
const HEAD_BYTES: usize = 1 + 8;
const SNAPSHOT_HEAD_BYTES: usize = HEAD_BYTES + 2 + 2;

/// A client of `centerfire.many.v1`: several sessions, each on its channel.
pub(crate) struct Many(WebSocket<TcpStream>);

/// What came on a channel.
#[derive(Debug)]
pub(crate) enum OnChannel {
    /// A frame of `centerfire.v1`.
    Frame(u32, Vec<u8>),
    Said(Value),
    Closed(u16),
}

impl Many {
    pub(crate) fn open(address: SocketAddr, secret: &str) -> Self {
        Self(open(address, secret, "", "", Some("centerfire.many.v1")).expect("open a socket"))
    }

    pub(crate) fn say(&mut self, text: &Value) {
        self.0.send(Message::text(text.to_string())).expect("send");
    }

    /// Types on a channel.
    pub(crate) fn press(&mut self, channel: u32, id: u64, keys: &str) {
        let frame = [&channel.to_le_bytes()[..], &[1], &id.to_le_bytes(), keys.as_bytes()].concat();
        self.0.send(Message::binary(frame)).expect("send");
    }

    pub(crate) fn next(&mut self) -> OnChannel {
        loop {
            match read(&mut self.0, Instant::now() + LIMIT).expect("read").expect("something comes") {
                Message::Binary(bytes) => {
                    let (channel, frame) = bytes.split_first_chunk::<4>().expect("a channel");
                    return OnChannel::Frame(u32::from_le_bytes(*channel), frame.to_vec());
                }
                Message::Text(text) => return OnChannel::Said(serde_json::from_str(&text).expect("JSON")),
                Message::Close(frame) => {
                    return OnChannel::Closed(frame.map_or(0, |frame| frame.code.into()));
                }
                _ => {}
            }
        }
    }

    /// Reads on until a text frame fits.
    pub(crate) fn wait_for(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next() {
                OnChannel::Said(said) if fits(&said) => return said,
                OnChannel::Closed(code) => panic!("closed with {code}"),
                _ => {}
            }
        }
    }
}

/// A client of `centerfire.v1`.
pub(crate) struct Socket {
    socket: WebSocket<TcpStream>,
    /// The offset behind the frame that came last.
    pub offset: u64,
    /// Output since the last screen, or since `from`.
    pub output: Vec<u8>,
    /// Screens that came.
    pub screens: Vec<Screen>,
    /// Text frames that came.
    pub said: Vec<Value>,
    /// The largest frame that came.
    pub largest: usize,
    /// Whether offsets may move by more than the output, as they do where the program asks its terminal something.
    pub leaps: bool,
}

/// A screen that was sent instead of output.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    pub offset: u64,
    pub size: (u16, u16),
    pub bytes: Vec<u8>,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Came {
    /// Output, which is taken in already.
    Output,
    /// A screen, which is, too.
    Screen,
    /// A text frame.
    Said(Value),
    /// The server closed, with a code.
    Closed(u16),
    /// The connection broke.
    Broken,
    /// Nothing, until the deadline.
    Nothing,
}

fn open(
    address: SocketAddr,
    secret: &str,
    session: &str,
    query: &str,
    protocol: Option<&'static str>,
) -> Result<WebSocket<TcpStream>, Error> {
    let path = format!("/ws/{session}");
    let mut request = format!("ws://{address}{}{query}", path.trim_end_matches('/')).into_client_request()?;
    let headers = request.headers_mut();
    headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {secret}")).expect("a header"));
    if let Some(protocol) = protocol {
        headers.insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    }
    let stream = TcpStream::connect(address).map_err(Error::Io)?;
    stream.set_nodelay(true).map_err(Error::Io)?;
    stream.set_read_timeout(Some(LIMIT)).map_err(Error::Io)?;
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::HandshakeError::Failure(error)) => Err(error),
        Err(error) => panic!("no handshake within {LIMIT:?}: {error}"),
    }
}

/// Reads a message until the deadline; nothing if none came.
fn read(socket: &mut WebSocket<TcpStream>, deadline: Instant) -> Result<Option<Message>, Error> {
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    socket.get_ref().set_read_timeout(Some(left)).map_err(Error::Io)?;
    match socket.read() {
        Ok(message) => Ok(Some(message)),
        Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

impl Socket {
    /// Joins a session. `query` is `?from=N`, `?history=N` or empty.
    pub(crate) fn open(address: SocketAddr, secret: &str, session: &str, query: &str) -> Result<Self, Error> {
        let socket = open(address, secret, session, query, Some("centerfire.v1"))?;
        let from = query.strip_prefix("?from=").map_or(0, |from| from.parse().expect("an offset"));
        Ok(Self {
            socket,
            offset: from,
            output: Vec::new(),
            screens: Vec::new(),
            said: Vec::new(),
            largest: 0,
            leaps: false,
        })
    }

    /// The next thing that comes within [`LIMIT`], as [`Self::next_until`].
    pub(crate) fn next(&mut self) -> Came {
        self.next_until(Instant::now() + LIMIT)
    }

    /// The next thing that comes. Every frame of output has to follow the one before: nothing twice, nothing missing.
    pub(crate) fn next_until(&mut self, deadline: Instant) -> Came {
        loop {
            match read(&mut self.socket, deadline) {
                Ok(None) => return Came::Nothing,
                Ok(Some(Message::Binary(bytes))) => return self.take_in(&bytes),
                Ok(Some(Message::Text(text))) => {
                    let said: Value = serde_json::from_str(&text).expect("text frames are JSON");
                    self.said.push(said.clone());
                    return Came::Said(said);
                }
                Ok(Some(Message::Close(frame))) => {
                    return frame.map_or(Came::Broken, |frame| Came::Closed(frame.code.into()));
                }
                Ok(Some(_)) => {}
                Err(_) => return Came::Broken,
            }
        }
    }

    fn take_in(&mut self, frame: &[u8]) -> Came {
        let offset = u64::from_le_bytes(frame[1..HEAD_BYTES].try_into().expect("eight bytes"));
        self.largest = self.largest.max(frame.len());
        match frame[0] {
            OUTPUT => {
                let bytes = &frame[HEAD_BYTES..];
                let next = self.offset + bytes.len() as u64;
                assert!(
                    offset == next || self.leaps && offset > next,
                    "{offset} does not follow {}",
                    self.offset
                );
                self.output.extend_from_slice(bytes);
                self.offset = offset;
                Came::Output
            }
            SNAPSHOT => {
                let number = |at: usize| u16::from_le_bytes([frame[at], frame[at + 1]]);
                let size = (number(HEAD_BYTES), number(HEAD_BYTES + 2));
                self.screens.push(Screen { offset, size, bytes: frame[SNAPSHOT_HEAD_BYTES..].to_vec() });
                self.output.clear();
                self.offset = offset;
                Came::Screen
            }
            kind => panic!("a frame of kind {kind}"),
        }
    }

    /// Reads on, painting everything, until a text frame fits.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait_with(what, fits, true)
    }

    /// The same, painting nothing.
    #[track_caller]
    pub(crate) fn wait_unpainted(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.wait_with(what, fits, false)
    }

    #[track_caller]
    fn wait_with(&mut self, what: &str, fits: impl Fn(&Value) -> bool, paints: bool) -> Value {
        let deadline = Instant::now() + LIMIT;
        loop {
            match self.next_until(deadline) {
                Came::Output | Came::Screen if paints => self.paint(),
                Came::Output | Came::Screen => {}
                Came::Said(said) if fits(&said) => return said,
                Came::Said(_) => {}
                other => panic!("{other:?} instead of {what} at offset {}", self.offset),
            }
        }
    }

    /// The answer to what was asked under an id, painting everything meanwhile.
    #[track_caller]
    pub(crate) fn answer(&mut self, id: u64) -> Value {
        self.wait_for("an answer", |said| said["id"] == id)
    }

    /// Reads on, painting everything, until this offset.
    #[track_caller]
    pub(crate) fn read_to(&mut self, offset: u64) {
        let deadline = Instant::now() + LIMIT;
        while self.offset < offset {
            match self.next_until(deadline) {
                Came::Output | Came::Screen => self.paint(),
                Came::Said(_) => {}
                other => panic!("{other:?} at offset {} instead of {offset}", self.offset),
            }
        }
    }

    /// Reads on, painting everything, until the server closes; the text frame before, and the code.
    pub(crate) fn read_to_end(&mut self) -> (Value, u16) {
        let deadline = Instant::now() + LIMIT;
        let mut last = Value::Null;
        loop {
            match self.next_until(deadline) {
                Came::Output | Came::Screen => self.paint(),
                Came::Said(said) => last = said,
                Came::Closed(code) => return (last, code),
                other => panic!("{other:?} at offset {}", self.offset),
            }
        }
    }

    /// Says that all that came was painted.
    pub(crate) fn paint(&mut self) {
        self.say(&json!({ "type": "painted", "offset": self.offset }));
    }

    pub(crate) fn say(&mut self, word: &Value) {
        // A server that died is met by who reads next.
        let _ = self.socket.send(Message::text(word.to_string()));
    }

    /// Types bytes.
    pub(crate) fn keys(&mut self, id: u64, bytes: &[u8]) {
        let message = [&[1], &id.to_le_bytes()[..], bytes].concat();
        // As in [`Self::say`]: one that closes while it is sent is met by who reads next.
        let _ = self.socket.send(Message::binary(message));
    }

    pub(crate) fn send(&mut self, message: Message) {
        self.socket.send(message).expect("send a message");
    }
}

/// A client that speaks bytes.
pub(crate) struct Plain {
    socket: WebSocket<TcpStream>,
}

impl Plain {
    pub(crate) fn open(address: SocketAddr, secret: &str, session: &str) -> Self {
        Self { socket: open(address, secret, session, "", None).expect("join a session") }
    }

    /// The next message; nothing when the server closed.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        let deadline = Instant::now() + LIMIT;
        loop {
            match read(&mut self.socket, deadline).expect("the connection holds") {
                Some(Message::Binary(bytes)) => return Some(bytes.to_vec()),
                Some(Message::Close(_)) => return None,
                Some(Message::Text(text)) => panic!("a plain client got `{text}`"),
                Some(_) => {}
                None => panic!("nothing within {LIMIT:?}"),
            }
        }
    }

    /// The next message of a socket that speaks JSON; nothing when the server closed.
    pub(crate) fn next_said(&mut self) -> Option<Value> {
        let deadline = Instant::now() + LIMIT;
        loop {
            match read(&mut self.socket, deadline).expect("the connection holds") {
                Some(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Message::Close(_)) => return None,
                Some(_) => {}
                None => panic!("nothing within {LIMIT:?}"),
            }
        }
    }

    /// Sends text, which a session takes as what is typed.
    pub(crate) fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("send a message");
    }

    /// Types.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.socket.send(Message::binary(bytes.to_vec())).expect("send a message");
    }
}
