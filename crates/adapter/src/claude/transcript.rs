//! Claude Code's transcripts: a line of JSON for each block of each message.

use crate::{Heard, Transcript};
use serde_json::Value;
use std::path::Path;

/// Reads one of them.
pub(super) struct Reader {}

impl Reader {
    pub(super) fn new(_path: &Path, _state: Option<&Value>) -> Self {
        Self {}
    }
}

impl Transcript for Reader {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        if let Err(error) = serde_json::from_slice::<Value>(record) {
            heard.push(Heard::Garbled(error.to_string()));
        }
    }

    fn state(&self) -> Value {
        Value::Null
    }
}
