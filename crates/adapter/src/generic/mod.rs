//! Any program in a terminal of which nothing is known: a shell, a REPL, an AI CLI that nobody taught us. Its conversation is
//! read from the recording: what was typed, line by line, and what came back, as it was to be seen.
//!
//! The rules, which `docs/generic.md` tells to users:
//!
//! - What was typed up to an Enter is the user's, in one entry for each record of input: a paste of many lines is one. Keys that
//!   take something back do; where the keys alone do not tell the line (history, completion), its echo does.
//! - What was shown from then to the next line is the program's, painted, so that a bar that fills is one line. An echo is left
//!   out, and a prompt that stood there before.
//! - What a full-screen program shows and is told is no text to read: that it ran is an entry.
//! - What was typed at a prompt for a secret is not in the recording; that it was is an entry.

mod keys;
mod paint;
mod reader;
mod screens;

pub use reader::Reader;

use crate::{Adapter, Heard, Layout, Transcript};
use protocol::{Body, ClientNumber, ExitStatus, LengthClass, Offset, Record, Size, Time};
use serde::Deserialize;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Programs that are no AI CLI that is known.
pub struct Generic;

impl Adapter for Generic {
    fn name(&self) -> &'static str {
        "generic"
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn history(&self, _variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        Vec::new()
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        (path.extension()? == "jsonl").then_some(Layout::Lines)
    }

    fn transcript(&self, path: &Path, state: Option<&Value>) -> Box<dyn Transcript> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Box::new(Lines(Reader::new(&name, state)))
    }
}

/// A recording that was written down, a record to a line.
struct Lines(Reader);

#[derive(Deserialize)]
struct Line {
    time: Time,
    offset: Offset,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Output(String),
    Input(String),
    Secret(LengthClass),
    Resize(Size),
    Exit(ExitStatus),
}

impl Transcript for Lines {
    fn read(&mut self, record: &[u8], heard: &mut Vec<Heard>) {
        let line: Line = match serde_json::from_slice(record) {
            Ok(line) => line,
            Err(error) => return heard.push(Heard::Garbled(error.to_string())),
        };
        let client = ClientNumber::default();
        let body = match &line.what {
            What::Output(text) => Body::Output { bytes: text.as_bytes(), held: 0 },
            What::Input(text) => Body::Input { client, bytes: text.as_bytes() },
            What::Secret(length) => Body::Secret { client, length: *length },
            What::Resize(size) => Body::Resize(*size),
            What::Exit(status) => Body::Exit(*status),
        };
        self.0.hear(&Record { time: line.time, offset: line.offset, body }, heard);
    }

    fn rest(&self, heard: &mut Vec<Heard>) {
        self.0.rest(heard);
    }

    fn state(&self) -> Value {
        self.0.state()
    }
}
