//! `asciicast-v2`: <https://docs.asciinema.org/manual/asciicast/v2/>. Times count from the session's start.

use super::asciicast::{Events, head, write_event, write_head};
use super::{Encoder, Options};
use protocol::{Meta, Record, Time};
use serde_json::{Map, Value, json};

pub(super) struct AsciicastV2 {
    /// The first line, until it is written.
    head: Option<Map<String, Value>>,
    start: Time,
    now: Time,
    events: Events,
}

impl AsciicastV2 {
    pub(super) fn new(meta: &Meta, name: &str, options: &Options) -> Self {
        let mut head = head(2, meta, name, options);
        head.insert("width".to_owned(), json!(meta.size.cols));
        head.insert("height".to_owned(), json!(meta.size.rows));
        let events = Events::new(meta.size, options);
        Self { head: Some(head), start: meta.created, now: meta.created, events }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(head) = self.head.take() {
            write_head(&head, out);
        }
    }

    fn micros(&self) -> u64 {
        self.now.0.saturating_sub(self.start.0)
    }
}

impl Encoder for AsciicastV2 {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        self.now = self.now.max(record.time);
        if let Some(event) = self.events.of(record) {
            write_event(self.micros(), &event, out);
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if let Some(event) = self.events.rest() {
            write_event(self.micros(), &event, out);
        }
    }
}
