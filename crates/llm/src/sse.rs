//! Server-sent events, read from bytes that may be cut anywhere.
//!
//! As the HTML standard has it: lines end with LF, CRLF or CR, a byte order mark at the very beginning is passed over, `data`
//! lines are joined by LF, an event ends at an empty line, and half an event at the end of the stream is none. `retry`
//! concerns who connects again, which is not us. Of our own are the limits: a line or an event that is too long is dropped and counted, and
//! reading goes on behind it.

/// An event's data at most, and a line.
pub const EVENT_MAX_BYTES: usize = 16 << 20; // 16 MiB: a whole answer of a model with pictures in one event

const MARK: &[u8] = b"\xef\xbb\xbf";

/// An event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Its name; `message` if it has none.
    pub name: String,
    /// Its data.
    pub data: String,
    /// The last id that was told up to here.
    pub id: Option<String>,
}

/// Reads a stream of events.
#[derive(Debug)]
pub struct Parser {
    line: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    id: Option<String>,
    /// The byte before was a CR: a LF now belongs to it.
    after_cr: bool,
    /// Before the first line: a byte order mark may come.
    is_first: bool,
    /// The line, or the event, is too long and is passed over.
    skips_line: bool,
    skips_event: bool,
    max: usize,
    dropped: u64,
}

impl Default for Parser {
    fn default() -> Self {
        Self::with_limit(EVENT_MAX_BYTES)
    }
}

impl Parser {
    /// A parser that drops events with more data than this.
    pub fn with_limit(max: usize) -> Self {
        Self {
            line: Vec::new(),
            name: String::new(),
            data: String::new(),
            has_data: false,
            id: None,
            after_cr: false,
            is_first: true,
            skips_line: false,
            skips_event: false,
            max,
            dropped: 0,
        }
    }

    /// How many events were dropped because they were too long.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes the next bytes; returns the events that end in them.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.keep(bytes);
                break;
            };
            self.keep(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            events.extend(self.end_line());
        }
        events
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > self.max + "data: ".len() + MARK.len() {
            self.skips_line = true;
            self.line = Vec::new();
        }
        if !self.skips_line {
            self.line.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self) -> Option<Event> {
        let mut line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_first) && line.starts_with(MARK) {
            line.drain(..MARK.len());
        }
        if std::mem::take(&mut self.skips_line) {
            self.skips_event = true;
        } else if line.is_empty() {
            return self.end_event();
        } else {
            self.field(&String::from_utf8_lossy(&line));
        }
        None
    }

    fn field(&mut self, line: &str) {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = value.to_owned(),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "data" if self.data.len() + value.len() > self.max => self.skips_event = true,
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            _ => {}
        }
    }

    fn end_event(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let has_data = std::mem::take(&mut self.has_data);
        if std::mem::take(&mut self.skips_event) {
            self.dropped += 1;
            return None;
        }
        let name = if name.is_empty() { "message".to_owned() } else { name };
        has_data.then(|| Event { name, data, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, data: &str, id: Option<&str>) -> Event {
        Event { name: name.to_owned(), data: data.to_owned(), id: id.map(str::to_owned) }
    }

    fn whole(bytes: &[u8]) -> Vec<Event> {
        Parser::default().feed(bytes)
    }

    const STREAM: &str = "\u{feff}: hello\nevent: start\ndata: {\"a\": \"ü…\"}\n\n\r\nid: 7\rdata:one\rdata: two\r\rdata\n\n\
                          event:end\r\ndata:  x\r\nretry: 5\r\nwhat: ever\r\n\r\nevent: none\n\ndata: é half";

    #[test]
    fn events_are_read_as_the_standard_has_it() {
        let expect = [
            event("start", "{\"a\": \"ü…\"}", None),
            event("message", "one\ntwo", Some("7")),
            event("message", "", Some("7")),
            event("end", " x", Some("7")),
        ];
        assert_eq!(whole(STREAM.as_bytes()), expect);
    }

    #[test]
    fn where_the_stream_is_cut_makes_no_difference() {
        let expect = whole(STREAM.as_bytes());
        let bytes = STREAM.as_bytes();
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let mut parser = Parser::default();
                let mut events = parser.feed(&bytes[..first]);
                events.extend(parser.feed(&bytes[first..second]));
                events.extend(parser.feed(&bytes[second..]));
                assert_eq!(events, expect, "cut at {first} and {second}");
            }
        }
        let mut parser = Parser::default();
        let single: Vec<Event> = bytes.iter().flat_map(|byte| parser.feed(&[*byte])).collect();
        assert_eq!(single, expect);
    }

    #[test]
    fn an_event_that_is_too_long_is_dropped_alone() {
        let stream = b"data: ok\n\ndata: 0123456789\n\ndata: 01234\ndata: 56789\n\ndata: a very long line that goes on\n\ndata: ok\n\n";
        for size in 1..stream.len() {
            let mut parser = Parser::with_limit(8);
            let events: Vec<Event> = stream.chunks(size).flat_map(|chunk| parser.feed(chunk)).collect();
            assert_eq!(
                events,
                [event("message", "ok", None), event("message", "ok", None)],
                "in pieces of {size}"
            );
            assert_eq!(parser.dropped(), 3);
        }
    }

    #[test]
    fn any_bytes_are_taken() {
        whole(b"data: \xff\xfe\n\nid: a\0b\ndata: x\n\n");
        assert_eq!(whole(b"data: \xff\n\n"), [event("message", "\u{fffd}", None)]);
    }
}
