//! `log`: the conversation log, one JSON object on each line, each numbered.
//!
//! ```text
//! {"timestamp":"2026-01-02T03:04:05.678901Z","entry_type":"UserInput","content":"ls\r","metadata":{
//!  "session_id":"…","working_directory":"/home/me","sequence_number":7,"content_length":3,
//!  "is_complete_message":true}}
//! ```
//!
//! `entry_type` is `UserInput`, `ClaudeOutput` (what the program wrote, whichever it is) or `SystemMessage` (start, end,
//! sizes, gaps, clients, states the program reported). `ToolExecution` is never told from terminal bytes: tool calls
//! are known from the conversation alone. Content is text and never ends inside a character; `content_length` is its
//! length in bytes. What was typed at a password prompt is not in the recording, and only said to have been typed.
//!
//! The same journal always gives the same entries, so that a log can be taken up again: [`Options::written`] of them
//! are passed over.

use super::{Decoder, Encoder, Options};
use protocol::{Body, LengthClass, Meta, Notice, Record, Time};
use serde::Serialize;

pub(super) struct Log {
    session: String,
    cwd: String,
    command: String,
    started: Time,
    begun: bool,
    output: Decoder,
    input: Decoder,
    now: Time,
    exit: Option<String>,
    /// Entries that are still to be passed over.
    skip: u64,
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
enum Kind {
    UserInput,
    ClaudeOutput,
    SystemMessage,
}

/// A line; the order of the fields is part of the form.
#[derive(Serialize)]
struct Entry<'a> {
    timestamp: String,
    entry_type: Kind,
    content: &'a str,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    session_id: &'a str,
    working_directory: &'a str,
    sequence_number: u64,
    content_length: usize,
    is_complete_message: bool,
}

impl Log {
    pub(super) fn new(meta: &Meta, options: &Options) -> Self {
        Self {
            session: meta.id.to_string(),
            cwd: meta.cwd.clone(),
            command: meta.command.join(" "),
            started: meta.created,
            begun: false,
            output: Decoder::default(),
            input: Decoder::default(),
            now: meta.created,
            exit: None,
            skip: options.written,
            number: options.next_number,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            let text = format!("session started: {}", self.command);
            self.write(self.started, Kind::SystemMessage, &text, out);
        }
    }

    fn write(&mut self, time: Time, kind: Kind, content: &str, out: &mut Vec<u8>) {
        if content.is_empty() {
            return;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        let entry = Entry {
            timestamp: format!("{:.6}", time.utc()),
            entry_type: kind,
            content,
            metadata: Metadata {
                session_id: &self.session,
                working_directory: &self.cwd,
                sequence_number: self.number,
                content_length: content.len(),
                is_complete_message: is_complete(kind, content),
            },
        };
        serde_json::to_writer(&mut *out, &entry).expect("strings and numbers always serialise");
        out.push(b'\n');
        self.number += 1;
    }
}

impl Encoder for Log {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        self.now = record.time;
        let (kind, content) = match &record.body {
            Body::Output { bytes, .. } => (Kind::ClaudeOutput, self.output.decode(bytes)),
            Body::Input { bytes, .. } => (Kind::UserInput, self.input.decode(bytes)),
            Body::Exit(status) => {
                self.exit = Some(format!("session ended: {status}"));
                return;
            }
            other => (Kind::SystemMessage, message(other)),
        };
        self.write(record.time, kind, &content, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let rest = self.output.finish();
        self.write(self.now, Kind::ClaudeOutput, rest, out);
        if let Some(text) = self.exit.take() {
            self.write(self.now, Kind::SystemMessage, &text, out);
        }
    }
}

/// What happened, in words; empty where it is not worth a line.
fn message(body: &Body<'_>) -> String {
    match body {
        Body::Resize(size) => format!("size {size}"),
        Body::Secret { length, .. } => format!("a secret was typed and not recorded ({})", words(*length)),
        Body::Gap(bytes) => format!("{bytes} bytes of output were not recorded"),
        Body::Report(report) => super::asciicast::label(report),
        Body::Notice(Notice::HostStarted { possible_gap: true, .. }) => {
            "the recording process was replaced; a few KB that nobody saw may be missing".to_owned()
        }
        Body::Notice(Notice::ClientJoined { name, control, .. }) => {
            format!("{name} joined to {}", if *control { "control" } else { "watch" })
        }
        Body::Notice(Notice::Degraded { reason }) => format!("recording stopped: {reason}"),
        Body::Notice(Notice::Purged { output_bytes, .. }) => {
            format!("{output_bytes} bytes of output were purged, and what was typed and told there")
        }
        Body::Notice(Notice::Recovered) => "recording goes on".to_owned(),
        _ => String::new(),
    }
}

fn words(length: LengthClass) -> &'static str {
    match length {
        LengthClass::One => "a key",
        LengthClass::Short => "2 to 31 bytes",
        LengthClass::Long => "32 bytes or more",
    }
}

/// Input is complete with its Enter. Of output it can only be guessed, by the look of a prompt.
fn is_complete(kind: Kind, content: &str) -> bool {
    match kind {
        Kind::UserInput => content.ends_with(['\n', '\r']),
        Kind::ClaudeOutput => content.contains("claudeCode:") || content.contains("$ "),
        Kind::SystemMessage => true,
    }
}
