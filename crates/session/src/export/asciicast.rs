//! What both versions of asciicast say of a record: a code and a text. They differ in head and clock only.

use super::{Decoder, Options};
use protocol::{Body, ProgramReport, Record, Size};
use serde_json::{Map, Value, json};

/// One event: its code, such as `o` for output, and its text.
pub(super) type Event = (char, String);

/// Makes events of records.
pub(super) struct Events {
    output: Decoder,
    input: Decoder,
    with_input: bool,
    size: Size,
}

impl Events {
    pub(super) fn new(size: Size, options: &Options) -> Self {
        Self { output: Decoder::default(), input: Decoder::default(), with_input: options.input, size }
    }

    /// The event of a record; most kinds have none.
    pub(super) fn of(&mut self, record: &Record<'_>) -> Option<Event> {
        let (code, text) = match &record.body {
            Body::Output { bytes, .. } => ('o', self.output.decode(bytes)),
            Body::Input { bytes, .. } if self.with_input => ('i', self.input.decode(bytes)),
            Body::Resize(size) if *size != self.size => {
                self.size = *size;
                ('r', size.to_string())
            }
            Body::Report(report) => ('m', label(report)),
            Body::Gap(bytes) => ('m', format!("{bytes} bytes were not recorded")),
            _ => return None,
        };
        // A marker may be empty; a piece of text that is empty waits for the rest of its character.
        (code == 'm' || !text.is_empty()).then_some((code, text))
    }

    /// The output that is left at the end.
    pub(super) fn rest(&mut self) -> Option<Event> {
        let text = self.output.finish();
        (!text.is_empty()).then(|| ('o', text.to_owned()))
    }
}

/// A state that the program reported, as a marker of the recording.
pub(super) fn label(report: &ProgramReport) -> String {
    let state = json!(report.state);
    let state = state.as_str().unwrap_or_default();
    match &report.msg {
        Some(message) => format!("{state}: {message}"),
        None => state.to_owned(),
    }
}

/// What both heads have.
pub(super) fn head(version: u8, meta: &protocol::Meta, name: &str, options: &Options) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("version".to_owned(), json!(version));
    head.insert("timestamp".to_owned(), json!(meta.created.0 / 1_000_000));
    head.insert("command".to_owned(), json!(meta.command.join(" ")));
    head.insert("title".to_owned(), json!(name));
    if let Some(limit) = options.idle_limit {
        head.insert("idle_time_limit".to_owned(), json!(limit));
    }
    head
}

/// Writes one line of the event stream. The time is exact to the microsecond.
pub(super) fn write_event(micros: u64, (code, text): &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(
        format!("[{}.{:06}, \"{code}\", ", micros / 1_000_000, micros % 1_000_000).as_bytes(),
    );
    serde_json::to_writer(&mut *out, text).expect("a string always serialises");
    out.extend_from_slice(b"]\n");
}

/// Writes the first line.
pub(super) fn write_head(head: &Map<String, Value>, out: &mut Vec<u8>) {
    serde_json::to_writer(&mut *out, head).expect("a map of strings and numbers always serialises");
    out.push(b'\n');
}
