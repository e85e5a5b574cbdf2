//! What is kept of the exchanges of a session: a line of JSON for each, and their bodies where they are wanted.
//!
//! No header is in it but the vendor's id of the request, and of a server's words those that are no secret. It is written by the tap's
//! thread: a disk that is slow or full costs lines, and the next one says how many.

use super::{Exchange, Outcome, Sink};
use protocol::{Time, Usage};
use redact::redact;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// The version of a line.
const VERSION: u16 = 1;
/// Bytes of a file of lines at most: some hundred thousand exchanges.
const LINES_MAX_BYTES: u64 = 64 << 20; // 64 MiB
/// Bytes of a file of bodies at most.
const BODIES_MAX_BYTES: u64 = 1 << 30; // 1 GiB
/// Bytes of a line that are read; ours are shorter.
const LINE_MAX_BYTES: u64 = 64 << 10; // 64 KiB
/// Characters that are kept of what went wrong, and of a word such as a model's name.
const MESSAGE_CHARS: usize = 500;
const WORD_CHARS: usize = 200;

/// One exchange. Within a version keys may be added.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Of the line.
    pub v: u16,
    /// When it began.
    pub time: Time,
    /// The method.
    pub method: String,
    /// The path at the model's server, without its query.
    pub path: String,
    /// The model that answered, or else the one that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The status of the answer, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `whole`, `cut`, `hung_up` or `unreachable`.
    pub outcome: String,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
    /// The vendor's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    /// The tokens that it took, where the answer tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Until the first byte of the answer's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// Until its end.
    pub took_ms: u64,
    /// Only a beginning was heard.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// Exchanges before it that could not be written down.
    #[serde(default, skip_serializing_if = "is_none_missed")]
    pub missed: u64,
}

/// What went wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// The vendor's name of it, such as `overloaded_error`.
    pub kind: String,
    /// Its words for people, secrets masked.
    pub message: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none_missed(missed: &u64) -> bool {
    *missed == 0
}

impl Record {
    /// What is kept of an exchange.
    pub fn of(exchange: &Exchange) -> Self {
        let answer = exchange.answer.as_ref();
        let asked_for = || exchange.asked.as_ref()?["model"].as_str().map(str::to_owned);
        let failure = answer.and_then(|answer| answer.failure.as_ref());
        let (outcome, unreachable) = match &exchange.outcome {
            Outcome::Whole => ("whole", None),
            Outcome::Cut => ("cut", None),
            Outcome::HungUp => ("hung_up", None),
            Outcome::Unreachable(why) => ("unreachable", Some(("unreachable", why.as_str()))),
        };
        let fault = failure.map(|failure| (failure.kind.as_str(), failure.message.as_str())).or(unreachable);
        let id = exchange.header("request-id").or_else(|| exchange.header("x-request-id"));
        Self {
            v: VERSION,
            time: exchange.began,
            method: exchange.method.to_string(),
            path: word(&exchange.path),
            model: answer
                .and_then(|answer| answer.model.clone())
                .or_else(asked_for)
                .map(|model| word(&model)),
            status: exchange.status,
            outcome: outcome.to_owned(),
            error: fault.map(|(kind, message)| Fault {
                kind: word(kind),
                message: short(&redact(message).text, MESSAGE_CHARS),
            }),
            request_id: id.map(|id| short(id, WORD_CHARS)),
            stop: answer.and_then(|answer| answer.stop.as_deref()).map(word),
            usage: answer.map(|answer| answer.usage).filter(|usage| *usage != Usage::default()),
            first_byte_ms: exchange.first_byte.map(milliseconds),
            took_ms: milliseconds(exchange.took),
            partial: exchange.is_partial,
            missed: 0,
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What should be no more than a word, and comes from a server.
fn word(text: &str) -> String {
    short(&redact(text).text, WORD_CHARS)
}

fn short(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// The lines of a session, oldest first; what is no line of ours is passed over.
pub fn read(path: &Path) -> io::Result<Vec<Record>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => BufReader::new(file?.take(LINES_MAX_BYTES)),
    };
    let mut records = Vec::new();
    let mut line = Vec::new();
    while file.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line)? > 0 {
        records.extend(serde_json::from_slice(&line));
        line.clear();
    }
    Ok(records)
}

/// Writes down what is heard of one session.
pub struct Keeper {
    lines: Lines,
    bodies: Option<Lines>,
    missed: u64,
}

impl Keeper {
    /// Appends to the session's files; nothing where the disk has less than so many bytes free.
    pub fn new(lines: &Path, bodies: Option<&Path>, min_free_bytes: u64) -> Self {
        let of = |path: &Path, max_bytes| Lines::new(path, max_bytes, min_free_bytes);
        let bodies = bodies.map(|path| of(path, BODIES_MAX_BYTES));
        Self { lines: of(lines, LINES_MAX_BYTES), bodies, missed: 0 }
    }
}

impl Sink for Keeper {
    fn hear(&mut self, exchange: Exchange) {
        let mut record = Record::of(&exchange);
        record.missed = self.missed;
        let kept = serde_json::to_vec(&record).map_err(io::Error::from).and_then(|line| self.lines.add(line));
        self.missed = if kept.is_ok() { 0 } else { self.missed + 1 };
        if let Some(bodies) = &mut self.bodies {
            // One that is missing is missing in its own file, which has the time of each.
            let _ = serde_json::to_vec(&bodies_of(&exchange, &record))
                .map_err(io::Error::from)
                .and_then(|line| bodies.add(line));
        }
    }
}

fn bodies_of(exchange: &Exchange, record: &Record) -> Value {
    let answer = exchange.answer.as_ref().map(|answer| {
        json!({ "id": answer.id, "content": answer.content, "stop": answer.stop, "complete": answer.is_complete })
    });
    json!({ "v": VERSION, "time": record.time, "path": record.path, "request_id": record.request_id,
            "request": exchange.asked, "answer": answer, "error": record.error })
}

/// A file of lines.
struct Lines {
    path: std::path::PathBuf,
    max_bytes: u64,
    min_free_bytes: u64,
    file: Option<File>,
}

impl Lines {
    fn new(path: &Path, max_bytes: u64, min_free_bytes: u64) -> Self {
        Self { path: path.to_owned(), max_bytes, min_free_bytes, file: None }
    }

    /// Adds a line, whole or not at all.
    fn add(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        line.push(b'\n');
        let mut file = match self.file.take() {
            Some(file) => file,
            None => OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path)?,
        };
        let length = file.metadata()?.len();
        // Whoever wrote before may have been killed in the middle of a line.
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        if last != [b'\n'] {
            line.insert(0, b'\n');
        }
        let disk = rustix::fs::fstatvfs(&file)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if length + line.len() as u64 > self.max_bytes || free < self.min_free_bytes + line.len() as u64 {
            self.file = Some(file);
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = file.write_all(&line);
        if written.is_err() {
            // Nobody else writes it: what came of a half line goes again.
            file.set_len(length)?;
        }
        self.file = Some(file);
        written
    }
}

#[cfg(test)]
#[path = "record/tests.rs"]
mod tests;
