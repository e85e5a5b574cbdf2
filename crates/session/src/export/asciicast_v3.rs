//! `asciicast-v3`: <https://docs.asciinema.org/manual/asciicast/v3/>. Each time counts from the event before, and the
//! last event is the program's exit status.

use super::asciicast::{Event, Events, head, write_event, write_head};
use super::{Encoder, Options};
use protocol::{Body, Meta, Record, Time};
use serde_json::{Map, Value, json};

pub(super) struct AsciicastV3 {
    /// The first line, until it is written.
    head: Option<Map<String, Value>>,
    /// The time of the last event that was written.
    written: Time,
    now: Time,
    exit: Option<Event>,
    events: Events,
}

impl AsciicastV3 {
    pub(super) fn new(meta: &Meta, name: &str, options: &Options) -> Self {
        let mut head = head(3, meta, name, options);
        head.insert("term".to_owned(), json!({ "cols": meta.size.cols, "rows": meta.size.rows }));
        let events = Events::new(meta.size, options);
        Self { head: Some(head), written: meta.created, now: meta.created, exit: None, events }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(head) = self.head.take() {
            write_head(&head, out);
        }
    }

    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        write_event(self.now.0.saturating_sub(self.written.0), event, out);
        self.written = self.now;
    }
}

impl Encoder for AsciicastV3 {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        self.now = self.now.max(record.time);
        if let Body::Exit(status) = record.body {
            self.exit = Some(('x', status.shell_code().to_string()));
        }
        if let Some(event) = self.events.of(record) {
            self.write(&event, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if let Some(event) = self.events.rest() {
            self.write(&event, out);
        }
        if let Some(event) = self.exit.take() {
            self.write(&event, out);
        }
    }
}
