//! An HTTP client as plain as can be: one connection that is kept, one request at a time, so that what is measured is
//! the server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::server::Running;

/// An answer that takes longer is an error.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Most headers of an answer.
const HEADERS: usize = 64;
const READ_BYTES: usize = 64 << 10;

/// See the head of the file.
pub struct Client {
    stream: TcpStream,
    head: String,
    answer: Vec<u8>,
}

impl Client {
    pub fn connect(server: &Running, headers: &str) -> Result<Client> {
        let stream = TcpStream::connect(server.address()).context("connect")?;
        stream.set_nodelay(true).context("send requests at once")?;
        stream.set_read_timeout(Some(ANSWER_LIMIT)).context("limit the wait")?;
        let token =
            server.token().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!("Host: {}\r\n{token}{headers}\r\n", server.address());
        Ok(Client { stream, head, answer: Vec::new() })
    }

    /// Asks for a path; its answer is JSON.
    pub fn json(&mut self, path: &str) -> Result<Value> {
        let bytes = self.get(path)?;
        serde_json::from_slice(&self.answer[self.answer.len() - bytes..]).context("read the answer as JSON")
    }

    /// Asks for a path; how many bytes the body has. Anything but 200 is an error.
    pub fn get(&mut self, path: &str) -> Result<usize> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        self.stream.write_all(request.as_bytes()).context("send a request")?;
        self.answer.clear();
        let mut buffer = [0; READ_BYTES];
        loop {
            let read = self.stream.read(&mut buffer).with_context(|| format!("read the answer to {path}"))?;
            ensure!(read > 0, "the server closed instead of answering {path}");
            self.answer.extend_from_slice(&buffer[..read]);
            if let Some(bytes) = body(&self.answer).with_context(|| format!("GET {path}"))? {
                return Ok(bytes);
            }
        }
    }
}

/// The length of an answer's body, once all of it is there.
fn body(answer: &[u8]) -> Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(start) = head.parse(answer).context("parse the head")? else {
        return Ok(None);
    };
    ensure!(head.code == Some(200), "the answer is {:?}", head.code);
    let Some(length) = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"))
    else {
        bail!("the answer has no length");
    };
    let length: usize = std::str::from_utf8(length.value)?.parse().context("parse the length")?;
    Ok((answer.len() >= start + length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_there_when_all_of_it_is() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(body(answer).unwrap(), Some(3));
        assert_eq!(body(&answer[..answer.len() - 1]).unwrap(), None);
        assert!(body(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").is_err());
    }
}
