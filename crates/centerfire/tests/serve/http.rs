//! HTTP by hand: a test says what no library would send.

use crate::rig::{LIMIT, Rig};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

/// A request.
#[derive(Clone)]
pub(crate) struct Call {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    /// The secret of a browser.
    cookie: Option<String>,
    body: Vec<u8>,
    /// Instead of the server's own address.
    host: Option<String>,
    from: Ipv4Addr,
    /// Another address of the server.
    at: Option<SocketAddr>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            cookie: None,
            body: Vec::new(),
            host: None,
            from: Ipv4Addr::LOCALHOST,
            at: None,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string().as_bytes())
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_owned();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub(crate) fn cookie(mut self, secret: &str) -> Self {
        self.cookie = Some(secret.to_owned());
        self
    }

    pub(crate) fn origin(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Calls from another address of this machine, for which wrong tokens are counted apart.
    pub(crate) fn from(mut self, address: Ipv4Addr) -> Self {
        self.from = address;
        self
    }

    /// Calls another address of the server.
    pub(crate) fn at(mut self, address: SocketAddr) -> Self {
        self.at = Some(address);
        self
    }

    /// What an upgrade to a WebSocket says.
    pub(crate) fn upgrade(self) -> Self {
        self.header("upgrade", "websocket")
            .header("connection", "upgrade")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    /// The bytes that are sent.
    pub(crate) fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| address.to_string());
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", self.method, self.path);
        let keeps = self.headers.iter().any(|(name, _)| name == "connection");
        if !keeps {
            head.push_str("connection: close\r\n");
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").expect("write to a text");
        }
        if let Some(secret) = &self.cookie {
            write!(head, "cookie: centerfire-{}={secret}\r\n", address.port()).expect("write to a text");
        }
        if !self.body.is_empty() {
            write!(head, "content-length: {}\r\n", self.body.len()).expect("write to a text");
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }

    /// Sends it on a connection of its own.
    #[track_caller]
    pub(crate) fn send(&self, rig: &Rig) -> Answer {
        self.try_send(rig).unwrap_or_else(|why| panic!("{} {}: {why}", self.method, self.path))
    }

    /// The same, where the server may be gone or refuse.
    pub(crate) fn try_send(&self, rig: &Rig) -> Result<Answer, String> {
        let address = self.at.unwrap_or(rig.address());
        let mut stream = dial(self.from, address).map_err(|error| error.to_string())?;
        // A server that refuses early may not read all of it.
        let _ = stream.write_all(&self.bytes(address));
        Answer::read(&mut stream)
    }
}

impl Answer {
    /// Reads a whole answer, or says what came instead.
    pub(crate) fn read(stream: &mut impl Read) -> Result<Self, String> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 16 << 10];
        loop {
            if let Some(answer) = Self::parse(&bytes) {
                return Ok(answer);
            }
            match stream.read(&mut buffer) {
                Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
                end => return Err(format!("{end:?} after {}", bytes.escape_ascii())),
            }
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length: usize = length.map_or(0, |(_, length)| length.parse().expect("a length is a number"));
        let body = bytes.get(end + 4..end + 4 + length)?.to_vec();
        Some(Self { status, headers, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    /// What it says, if it is an error.
    pub(crate) fn error(&self) -> Option<String> {
        (self.status >= 400).then(|| String::from_utf8_lossy(&self.body).into_owned())
    }

    /// The code of an error; it has the form of one, or that of a problem where clients of agentapi read it.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let error = self.json();
        let fields = error.as_object().expect("an error is an object");
        let problem = self.header("content-type") == Some("application/problem+json");
        let (length, sentence) = if problem { (5, &error["detail"]) } else { (2, &error["error"]) };
        assert!(fields.len() == length && sentence.is_string(), "{error}");
        error["code"].as_str().unwrap_or_else(|| panic!("no code: {error}")).to_owned()
    }
}

/// Connects from an address of this machine.
pub(crate) fn dial(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let made = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    if from != Ipv4Addr::LOCALHOST {
        bind(&made, &SocketAddr::from((from, 0)))?;
    }
    connect(&made, &to)?;
    let made = TcpStream::from(made);
    made.set_read_timeout(Some(LIMIT))?;
    Ok(made)
}
