//! HTTP/1.1 as far as the AI CLIs need it from a model: requests with a body, whole replies, and event streams.
//!
//! Written by hand because pacing is the point: a stream's every event must leave at the moment it is due, or be cut
//! in the middle of the body, which the small server crates do not offer and the large ones need an async runtime
//! for. No TLS, no pipelining, no compression but zstd in requests; it listens to clients that a test started, not to the world.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use serde_json::Value;

/// Bytes of a request's head at most; real ones have about 2 KiB.
const HEAD: u64 = 64 << 10;

/// Bytes of a request's body at most, 64 MiB: a long conversation with pictures has a few.
const BODY: u64 = 64 << 20;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// When it was complete.
    pub at: Instant,
    /// GET, POST and so on.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// What follows the question mark; empty without one.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; null if there is none or it is something else.
    pub body: Value,
}

impl Request {
    /// The value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// One line for a list.
    pub(super) fn summary(&self) -> String {
        let mut body = self.body.to_string();
        let cut = body.floor_char_boundary(200);
        body.truncate(cut);
        format!("{} {} {body}", self.method, self.path)
    }
}

/// One client's connection, seen from the server.
pub struct Connection {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Connection {
    /// Takes over an accepted connection.
    pub fn new(stream: TcpStream) -> io::Result<Connection> {
        // Each event is its own small write and shall leave at once.
        stream.set_nodelay(true)?;
        Ok(Connection { writer: stream.try_clone()?, reader: BufReader::new(stream) })
    }

    /// Reads the next request; `None` when the client has closed.
    pub fn request(&mut self) -> io::Result<Option<Request>> {
        let Some(first) = self.line()?.filter(|line| !line.is_empty()) else { return Ok(None) };
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(malformed("request line"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers = self.headers()?;
        let body = self.body(&headers)?;
        Ok(Some(Request {
            at: Instant::now(),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            headers,
        }))
    }

    /// Sends a whole reply.
    pub fn reply(&mut self, status: u16, body: &Value) -> io::Result<()> {
        self.reply_with(status, "", body)
    }

    /// The same with headers beside those of the body, each with the end of its line.
    pub fn reply_with(&mut self, status: u16, headers: &str, body: &Value) -> io::Result<()> {
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} {}\r\n{headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            reason(status),
            body.len()
        );
        self.writer.write_all((head + &body).as_bytes())
    }

    /// Sends a reply without a body.
    pub fn reply_empty(&mut self, status: u16) -> io::Result<()> {
        let head = format!("HTTP/1.1 {status} {}\r\ncontent-length: 0\r\n\r\n", reason(status));
        self.writer.write_all(head.as_bytes())
    }

    /// Begins a reply that is a stream of events.
    pub fn events(&mut self) -> io::Result<Events<'_>> {
        self.writer.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
              cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n",
        )?;
        Ok(Events { connection: self })
    }

    /// Closes the connection in the middle of whatever is under way.
    pub fn cut(&mut self) -> io::Result<()> {
        self.writer.shutdown(Shutdown::Both)
    }

    /// Sends nothing more until the client gives up, or the server ends.
    pub fn stall(&mut self) -> io::Result<()> {
        self.reader.fill_buf().map(|_| ())
    }

    /// One line without its end; `None` at the end of the connection.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if self.reader.by_ref().take(HEAD).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn headers(&mut self) -> io::Result<Vec<(String, String)>> {
        let mut headers = Vec::new();
        loop {
            let line = self.line()?.ok_or_else(|| malformed("head"))?;
            if line.is_empty() {
                return Ok(headers);
            }
            let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            if headers.len() > 200 {
                return Err(malformed("head: too many lines"));
            }
        }
    }

    fn body(&mut self, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
        let value = |name| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        let length = value("content-length").map_or(Ok(0), str::parse);
        let mut body = Vec::new();
        self.take(length.map_err(|_| malformed("content-length"))?, &mut body)?;
        // Codex packs what it asks a user's ChatGPT.
        if value("content-encoding") == Some("zstd") { zstd::decode_all(&*body) } else { Ok(body) }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.line()?.ok_or_else(|| malformed("chunk"))?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| malformed("size of a chunk"))?;
            self.take(size, &mut body)?;
            self.line()?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// Appends so many bytes to the body.
    fn take(&mut self, count: u64, body: &mut Vec<u8>) -> io::Result<()> {
        if body.len() as u64 + count > BODY {
            return Err(malformed("body: too long"));
        }
        let taken = self.reader.by_ref().take(count).read_to_end(body)? as u64;
        if taken < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// A reply under way, event by event; without [`Events::end`] the client sees that it is cut.
pub struct Events<'a> {
    connection: &'a mut Connection,
}

impl Events<'_> {
    /// Sends one event under its name.
    pub fn send(&mut self, name: &str, data: &Value) -> io::Result<()> {
        self.chunk(&format!("event: {name}\ndata: {data}\n\n"))
    }

    /// Sends one event that has no name.
    pub fn send_unnamed(&mut self, data: &str) -> io::Result<()> {
        self.chunk(&format!("data: {data}\n\n"))
    }

    fn chunk(&mut self, event: &str) -> io::Result<()> {
        self.connection.writer.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
    }

    /// Ends the stream in order; the connection can serve another request.
    pub fn end(self) -> io::Result<()> {
        self.connection.writer.write_all(b"0\r\n\r\n")
    }

    /// Closes the connection in mid-stream.
    pub fn cut(self) -> io::Result<()> {
        self.connection.cut()
    }

    /// Sends nothing more until the client gives up, or the server ends.
    pub fn stall(&mut self) -> io::Result<()> {
        self.connection.stall()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        529 => "Overloaded",
        _ => "Scripted",
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("malformed {what} of a request"))
}
