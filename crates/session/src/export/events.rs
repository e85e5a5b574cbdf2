//! `events`: each input and output as a [`ProxyEvent`], a line of JSON each, between the start and the end of the session.
//!
//! Bytes stay bytes here: where a piece ends is where a read ended, perhaps in the middle of a character. What was typed
//! at a password prompt is not in the recording, and so in no event.

use super::{Encoder, Options};
use protocol::{Body, Meta, ProxyEvent, Record, Time};
use std::time::Duration;

pub(super) struct Events {
    session: String,
    cwd: String,
    started: Time,
    begun: bool,
    /// When the program ended.
    ended: Option<Time>,
}

impl Events {
    pub(super) fn new(meta: &Meta, _: &Options) -> Self {
        Self {
            session: meta.id.to_string(),
            cwd: meta.cwd.clone(),
            started: meta.created,
            begun: false,
            ended: None,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.begun, true) {
            let (session_id, working_directory) = (self.session.clone(), self.cwd.clone());
            write(&ProxyEvent::SessionStart { session_id, working_directory }, out);
        }
    }
}

impl Encoder for Events {
    fn encode(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        let timestamp = format!("{:.6}", record.time.utc());
        match record.body {
            Body::Output { bytes, .. } if !bytes.is_empty() => {
                write(&ProxyEvent::ClaudeOutput { data: bytes.to_vec(), timestamp }, out);
            }
            Body::Input { bytes, .. } if !bytes.is_empty() => {
                write(&ProxyEvent::UserInput { data: bytes.to_vec(), timestamp }, out);
            }
            Body::Exit(_) => self.ended = Some(record.time),
            _ => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if let Some(ended) = self.ended.take() {
            let duration = Duration::from_micros(ended.0.saturating_sub(self.started.0));
            write(&ProxyEvent::SessionEnd { session_id: self.session.clone(), duration }, out);
        }
    }
}

fn write(event: &ProxyEvent, out: &mut Vec<u8>) {
    serde_json::to_writer(&mut *out, event).expect("strings and numbers always serialise");
    out.push(b'\n');
}
