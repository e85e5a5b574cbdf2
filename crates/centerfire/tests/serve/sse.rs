//! A client of event streams.

use crate::http::dial;
use crate::rig::LIMIT;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Instant;

/// A stream, and what came of it.
pub(crate) struct Stream {
    lines: BufReader<TcpStream>,
    /// Events that came, by name.
    pub events: Vec<(String, Value)>,
}

impl Stream {
    /// Asks for one. By HTTP 1.0, so that it comes without lengths between.
    #[track_caller]
    pub(crate) fn open(address: SocketAddr, path: &str, secret: Option<&str>) -> Self {
        let mut stream = dial(Ipv4Addr::LOCALHOST, address).expect("connect");
        stream.set_read_timeout(Some(LIMIT)).expect("set a limit");
        let token = secret.map(|secret| format!("authorization: Bearer {secret}\r\n")).unwrap_or_default();
        let head = format!("GET {path} HTTP/1.0\r\nhost: {address}\r\n{token}\r\n");
        stream.write_all(head.as_bytes()).expect("ask");
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).expect("read the head") > 0, "{head}");
        }
        assert!(head.contains(" 200 ") && head.contains("text/event-stream"), "{head}");
        Self { lines, events: Vec::new() }
    }

    /// The next event; none at the end of the stream.
    pub(crate) fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).expect("read an event") == 0 {
                return None;
            }
            if let Some(rest) = line.trim_end().strip_prefix("event: ") {
                rest.clone_into(&mut name);
            } else if let Some(data) = line.trim_end().strip_prefix("data: ") {
                let event = (name, serde_json::from_str(data).expect("an event is JSON"));
                self.events.push(event.clone());
                return Some(event);
            }
        }
    }

    /// Reads on to an event that fits.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, fits: impl Fn(&str, &Value) -> bool) -> Value {
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            match self.next() {
                Some((name, event)) if fits(&name, &event) => return event,
                Some(_) => {}
                None => break,
            }
        }
        panic!("no {what}: {:?}", self.events);
    }
}
