//! `centerfire output`: what a session's program wrote.

use super::sink::Sink;
use crate::completion;
use crate::context::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap_complete::ArgValueCandidates;
use protocol::{Body, Offset, Time};
use serde_json::json;
use session::export::Decoder;
use session::follow::{Follow, Next};
use session::source::{Kind, Source};
use std::path::PathBuf;
use std::process::ExitCode;

/// Print what a session's program wrote, with its colours, as terminals were shown it
///
/// An offset counts bytes from the session's start; `send`, `wait` and `show` print offsets. With --json each piece is
/// a line {offset, time, text}, or {offset, time, base64} where it is no text; time is in µs since 1970.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  centerfire output build --follow\n  centerfire output claude --from 12345 --json\n  centerfire output claude --raw -o session.bin"
)]
pub(crate) struct Args {
    /// The session's name, id or the beginning of one; without it the latest
    #[arg(add = ArgValueCandidates::new(completion::all))]
    session: Option<String>,
    /// Go on until the program ends
    #[arg(long, short)]
    follow: bool,
    /// Begin at this offset
    #[arg(long, value_name = "OFFSET", default_value_t = 0)]
    from: u64,
    /// Every byte, also the questions to the terminal that Centerfire answered itself
    #[arg(long)]
    raw: bool,
    /// Write to FILE
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> anyhow::Result<ExitCode> {
        let entry = context.find(self.session.as_deref())?;
        let kind = if self.raw { Kind::Stored } else { Kind::Shown };
        let mut copy = Copy {
            source: Source::of(&entry.folder, &entry.meta, Offset(self.from), kind)?,
            sink: Sink::open(self.output.as_deref())?,
            json: context.json.then(Pieces::default),
            damaged: false,
        };
        if self.follow {
            let mut follow = Follow::new(&entry.folder, &entry.meta, "output");
            while follow.wait()? == Next::More {
                copy.all()?;
            }
        }
        copy.all()?;
        copy.rest()?;
        Ok(if copy.damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

struct Copy {
    source: Source,
    sink: Sink,
    json: Option<Pieces>,
    /// Whether a part of the recording could not be read.
    damaged: bool,
}

impl Copy {
    /// Copies all that is stored now.
    fn all(&mut self) -> session::Result<()> {
        while let Some(record) = self.source.next()? {
            let Body::Output { bytes, .. } = record.body else { continue };
            let Some(pieces) = &mut self.json else {
                self.sink.write(bytes)?;
                continue;
            };
            let line = pieces.line(record.time, record.offset, bytes);
            pieces.end = self.source.position();
            self.sink.write(line.as_bytes())?;
        }
        for error in self.source.take_damage() {
            eprintln!("centerfire: left out: {error}");
            self.damaged = true;
        }
        self.sink.flush()
    }

    /// Copies what only shows at the end: the beginning of a sequence or of a character that never went on.
    fn rest(&mut self) -> session::Result<()> {
        if let Some(record) = self.source.rest()
            && let Body::Output { bytes, .. } = record.body
        {
            match &mut self.json {
                Some(pieces) => self.sink.write(pieces.line(record.time, record.offset, bytes).as_bytes())?,
                None => self.sink.write(bytes)?,
            }
        }
        if let Some(pieces) = &mut self.json {
            self.sink.write(pieces.finish().as_bytes())?;
        }
        self.sink.flush()
    }
}

/// Makes lines of JSON of pieces. The beginning of a character at the end of one goes to the next.
#[derive(Default)]
struct Pieces {
    begun: Vec<u8>,
    time: Time,
    /// The offset behind the piece before.
    end: Offset,
}

impl Pieces {
    fn line(&mut self, time: Time, offset: Offset, bytes: &[u8]) -> String {
        let offset = if self.begun.is_empty() { offset } else { self.end - self.begun.len() as u64 };
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(bytes);
        let mut decoder = Decoder::default();
        decoder.decode(&whole);
        self.begun = whole.split_off(whole.len() - decoder.waiting());
        self.time = time;
        line(time, offset, whole)
    }

    fn finish(&mut self) -> String {
        let begun = std::mem::take(&mut self.begun);
        line(self.time, self.end - begun.len() as u64, begun)
    }
}

fn line(time: Time, offset: Offset, bytes: Vec<u8>) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let value = match String::from_utf8(bytes) {
        Ok(text) => json!({ "offset": offset, "time": time, "text": text }),
        Err(error) => {
            json!({ "offset": offset, "time": time, "base64": STANDARD.encode(error.as_bytes()) })
        }
    };
    format!("{value}\n")
}
