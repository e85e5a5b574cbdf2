//! A client of server-sent events, which takes in whole events only, as a browser does.

use crate::http::Call;
use crate::rig::LIMIT;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// One stream of events.
pub(crate) struct Events {
    stream: TcpStream,
    /// What came, in chunks.
    raw: Vec<u8>,
    /// What was in the chunks, from the first event on that is not whole.
    text: Vec<u8>,
    ended: bool,
    /// Comments that came.
    pub comments: usize,
}

/// What came.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A whole event, and the offset behind it.
    Event { id: u64, kind: String, data: Value },
    /// The server ended the stream.
    Ended,
    /// The connection broke.
    Broken,
    /// Nothing, until the deadline.
    Nothing,
}

impl Events {
    /// Asks for a session's events from its first byte on, or from the one behind the last event on.
    pub(crate) fn open(
        address: SocketAddr,
        secret: &str,
        session: &str,
        last: Option<u64>,
    ) -> Result<Self, String> {
        // What a browser says when it comes back beats what stands in the address.
        Self::at(address, secret, &format!("/api/v1/sessions/{session}/events?from=0"), last)
    }

    /// Asks for the events of a path.
    pub(crate) fn at(
        address: SocketAddr,
        secret: &str,
        path: &str,
        last: Option<u64>,
    ) -> Result<Self, String> {
        let call = match last {
            Some(last) => Call::get(path).header("last-event-id", &last.to_string()),
            None => Call::get(path),
        };
        let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
        stream.write_all(&call.bearer(secret).bytes(address)).map_err(|error| error.to_string())?;
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(1..) => head.push(byte[0]),
                end => return Err(format!("{end:?} after {}", head.escape_ascii())),
            }
        }
        match head.starts_with(b"HTTP/1.1 200 ") {
            true => Ok(Self { stream, raw: Vec::new(), text: Vec::new(), ended: false, comments: 0 }),
            false => Err(head.escape_ascii().to_string()),
        }
    }

    /// The next thing that comes.
    pub(crate) fn next_until(&mut self, deadline: Instant) -> Heard {
        let mut buffer = [0; 64 << 10];
        loop {
            if let Some(event) = self.event() {
                return event;
            }
            if self.ended {
                return Heard::Ended;
            }
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left)).expect("set a limit");
            match self.stream.read(&mut buffer) {
                Ok(0) => return Heard::Broken,
                Ok(count) => self.raw.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Heard::Nothing;
                }
                Err(_) => return Heard::Broken,
            }
            self.take_chunks();
        }
    }

    fn take_chunks(&mut self) {
        while let Some(line) = self.raw.windows(2).position(|pair| pair == b"\r\n") {
            let length = std::str::from_utf8(&self.raw[..line]).expect("a chunk's length is a number");
            let length = usize::from_str_radix(length, 16).expect("a chunk's length is a number");
            let chunk = line + 2..line + 2 + length;
            let Some(bytes) = self.raw.get(chunk.clone()) else { return };
            self.ended |= length == 0;
            self.text.extend_from_slice(bytes);
            self.raw.drain(..(chunk.end + 2).min(self.raw.len()));
        }
    }

    /// The first event that is whole; comments keep a connection alive and are none.
    fn event(&mut self) -> Option<Heard> {
        while let Some(end) = self.text.windows(2).position(|pair| pair == b"\n\n") {
            let text = String::from_utf8(self.text.drain(..end + 2).collect()).expect("events are text");
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            let (Some(id), Some(kind), Some(data)) = (field("id:"), field("event:"), field("data:")) else {
                self.comments += 1;
                continue;
            };
            return Some(Heard::Event {
                id: id.parse().expect("an id is an offset"),
                kind: kind.to_owned(),
                data: serde_json::from_str(data).expect("data is JSON"),
            });
        }
        None
    }
}

/// The bytes of an event of output.
pub(crate) fn bytes_of(data: &Value) -> Vec<u8> {
    STANDARD.decode(data["bytes"].as_str().expect("output has bytes")).expect("bytes are base64")
}
