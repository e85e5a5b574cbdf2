//! One WebSocket client of a server: it types keys and takes output, as fast as it comes.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, WebSocket};

use super::dialect::Speaker;
use super::server::Running;
use crate::bench::watch::Watch;

/// A server that accepts no WebSocket by then hangs.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// See the head of the file.
pub struct Viewer {
    socket: WebSocket<TcpStream>,
    speaker: Speaker,
    output: Vec<u8>,
}

impl Viewer {
    /// Joins the server's session; with an offset of `centerfire.v1`, behind it.
    pub fn join(server: &Running, from: Option<u64>) -> Result<Viewer> {
        let stream = TcpStream::connect(server.address()).context("connect")?;
        stream.set_nodelay(true).context("send keys at once")?;
        stream.set_read_timeout(Some(CONNECT_LIMIT)).context("limit the wait")?;
        let query = from.map(|offset| format!("?from={offset}")).unwrap_or_default();
        let dialect = server.dialect();
        let url = format!("ws://{}{}{query}", server.address(), dialect.path(server.session()));
        let mut request = url.into_client_request().context("form the request")?;
        let mut put = |name: &'static str, value: &str| -> Result<()> {
            request.headers_mut().insert(name, value.parse().context("form a header")?);
            Ok(())
        };
        if let Some(token) = server.token() {
            put("authorization", &format!("Bearer {token}"))?;
        }
        if let Some(name) = dialect.subprotocol() {
            put("sec-websocket-protocol", name)?;
        }
        let (socket, _) = tungstenite::client(request, stream).context("open the WebSocket")?;
        Ok(Viewer { socket, speaker: Speaker::new(dialect), output: Vec::new() })
    }

    /// Behind the last byte that came, where the dialect says so.
    pub fn offset(&self) -> u64 {
        self.speaker.offset
    }

    /// Types keys.
    pub fn press(&mut self, server: &Running, keys: &str) -> Result<()> {
        self.socket.send(server.dialect().keys(keys)).context("type a key")
    }

    /// Waits for output and returns it; an error past the deadline.
    pub fn read(&mut self, deadline: Instant) -> Result<&[u8]> {
        self.output.clear();
        while self.output.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("nothing came in time");
            }
            self.socket.get_ref().set_read_timeout(Some(left)).context("limit the wait")?;
            self.take_message()?;
        }
        Ok(&self.output)
    }

    /// Reads until `text` was seen and returns that moment.
    pub fn await_text(&mut self, text: &str, limit: Duration) -> Result<Instant> {
        let deadline = Instant::now() + limit;
        let mut watch = Watch::new(text);
        loop {
            let read = self.read(deadline).with_context(|| format!("wait for {text:?}"))?;
            if watch.feed(read) {
                return Ok(Instant::now());
            }
        }
    }

    /// Reads until `text` was seen and returns how many bytes came.
    pub fn drain_to(&mut self, text: &str, limit: Duration) -> Result<usize> {
        let deadline = Instant::now() + limit;
        let (mut watch, mut bytes) = (Watch::new(text), 0);
        loop {
            let read = self.read(deadline).with_context(|| format!("wait for {text:?}"))?;
            bytes += read.len();
            if watch.feed(read) {
                return Ok(bytes);
            }
        }
    }

    /// From now on reading never waits.
    pub fn stop_waiting(&self) -> Result<()> {
        self.socket.get_ref().set_nonblocking(true).context("read without waiting")
    }

    /// What has come so far, without waiting.
    pub fn take(&mut self) -> Result<&[u8]> {
        self.output.clear();
        while self.take_message()? {}
        Ok(&self.output)
    }

    /// Takes one message in; false if none is there.
    fn take_message(&mut self) -> Result<bool> {
        let message = match self.socket.read() {
            Ok(message) => message,
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return Ok(false);
            }
            Err(error) => return Err(error).context("read the WebSocket"),
        };
        if let Some(answer) = self.speaker.take(&message, &mut self.output)? {
            self.socket.send(answer).context("answer the server")?;
        }
        Ok(true)
    }
}

impl AsFd for Viewer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.get_ref().as_fd()
    }
}
