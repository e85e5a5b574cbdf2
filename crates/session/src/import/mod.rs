//! Recordings that others made: an asciicast becomes a session that ended, which is played, searched and exported as any.
//!
//! Its id comes of the file's bytes, so that the same file is the same session however often it is imported. The folder is
//! made whole beside its place and renamed: who is killed in between leaves no session.

mod cast;

use crate::folder::Folder;
use crate::home::make_private;
use crate::registry::Registry;
use crate::{Error, Result};
use cast::{Clock, Happened, Head};
use journal::Writer;
use protocol::{
    Body, ClientNumber, Exit, ExitStatus, Imported, META_VERSION, Meta, Offset, Phase, SessionId, Size,
    Status, Time,
};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

/// A line at most. Recorders write some KiB at a time.
const LINE_MAX_BYTES: u64 = 16 << 20; // 16 MiB
/// Of a text, what goes into one record.
const PIECE_BYTES: usize = 64 << 10; // 64 KiB

/// A session that an asciicast became.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its id.
    pub id: SessionId,
    /// Its name.
    pub name: String,
    /// Whether it was not there before.
    pub is_new: bool,
    /// Lines that are no events, which were left out.
    pub garbled: u64,
}

/// Whether these are the first bytes of an asciicast, of whatever version.
pub fn is_asciicast(first_line: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(first_line)
        .is_ok_and(|line| line["version"].is_u64() && line["entry_type"].is_null())
}

/// Makes a session of an asciicast.
pub fn asciicast(registry: &Registry, path: &Path) -> Result<Taken> {
    let failed = |source| Error::io(path, source);
    let head = read_head(path)?;
    let id = id_of(path, head.timestamp)?;
    if let Ok(entry) = registry.find(&id.to_string()) {
        return Ok(Taken { id, name: entry.name, is_new: false, garbled: 0 });
    }
    let modified = fs::metadata(path).and_then(|facts| facts.modified()).map_err(failed)?;
    let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_micros();
    let modified = Time(u64::try_from(modified).unwrap_or_default());
    let draft = registry.draft(id);
    // Left by who was killed.
    let _ = fs::remove_dir_all(draft.path());
    make_private(draft.path())?;
    let meta = Meta {
        version: META_VERSION,
        id,
        command: words(&head),
        cwd: String::new(),
        bytes: None,
        size: head.size,
        created: head.timestamp.map_or(modified, |seconds| Time(seconds.saturating_mul(1_000_000))),
        boot: String::new(),
        machine: String::new(),
        parent: None,
        env: Vec::new(),
        socket: String::new(),
        variables: Default::default(),
        cli_version: None,
        imported: Some(Imported {
            file: path.to_string_lossy().into_owned(),
            format: format!("asciicast-v{}", head.version),
            time: Time::now(),
        }),
    };
    let written = write(&draft, &meta, &head, path);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let wanted = head.title.into_iter().chain(stem);
    let taken = written.and_then(|garbled| {
        let name = registry.adopt(&draft, &meta, wanted)?;
        Ok(Taken { id, name, is_new: true, garbled })
    });
    if taken.is_err() {
        let _ = fs::remove_dir_all(draft.path());
    }
    taken
}

/// The first line, or why there is none.
fn read_head(path: &Path) -> Result<Head> {
    let mut line = Vec::new();
    let file = File::open(path).map_err(|source| Error::io(path, source))?;
    let read = BufReader::new(file).take(LINE_MAX_BYTES).read_until(b'\n', &mut line);
    read.map_err(|source| Error::io(path, source))?;
    Head::read(&line).map_err(|why| Error::io(path, std::io::Error::other(why)))
}

/// An id of the same form as others: its time is that of the recording, the rest comes of the bytes.
fn id_of(path: &Path, timestamp: Option<u64>) -> Result<SessionId> {
    let mut hash = Sha256::new();
    let mut file = File::open(path).map_err(|source| Error::io(path, source))?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece).map_err(|source| Error::io(path, source))? {
            0 => break,
            read => hash.update(&piece[..read]),
        }
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    let millis = timestamp.unwrap_or_default().saturating_mul(1000).to_be_bytes();
    bytes[..6].copy_from_slice(&millis[2..]);
    bytes[6] = bytes[6] & 0x0f | 0x70; // Version 7.
    bytes[8] = bytes[8] & 0x3f | 0x80; // The variant of RFC 9562.
    Ok(SessionId::from_bytes(bytes))
}

/// The command for people: an asciicast has it as a line for a shell.
fn words(head: &Head) -> Vec<String> {
    let line = head.command.as_deref().unwrap_or_default();
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() { vec!["asciicast".to_owned()] } else { words }
}

/// Writes the folder, all but the name; how many lines were left out.
fn write(folder: &Folder, meta: &Meta, head: &Head, path: &Path) -> Result<u64> {
    let mut writer = Writer::create(&folder.journal(), meta.id)?;
    writer.append_at(meta.created, &[Body::Resize(meta.size)])?;
    let mut end = End { time: meta.created, last_output: meta.created, size: meta.size, exit: None };
    let garbled = copy(&mut writer, meta.created, head, path, &mut end)?;
    let status = end.exit.unwrap_or(ExitStatus::Lost);
    writer.append_at(end.time, &[Body::Exit(status)])?;
    let offset = writer.offset();
    drop(writer);
    journal::seal_all(&folder.journal());
    folder.write_meta(meta)?;
    folder.write_exit(&Exit { status, time: end.time })?;
    folder.write_status(&end.status(meta, offset))?;
    folder.sync_meta();
    Ok(garbled)
}

/// What is known at the end.
struct End {
    time: Time,
    last_output: Time,
    size: Size,
    exit: Option<ExitStatus>,
}

impl End {
    fn status(&self, meta: &Meta, offset: Offset) -> Status {
        Status {
            version: META_VERSION,
            session: meta.id,
            name: String::new(),
            phase: if self.exit.is_some() { Phase::Exited } else { Phase::Lost },
            exit: Some(self.exit.unwrap_or(ExitStatus::Lost)),
            program: protocol::ProgramReport::default(),
            program_since: Offset::ZERO,
            offset,
            size: self.size,
            title: String::new(),
            last_output: self.last_output,
            updated: meta.imported.as_ref().map_or(self.time, |imported| imported.time),
            pids: protocol::Pids::default(),
            clients: Vec::new(),
            agent: None,
            approvals: Vec::new(),
            last_approval: 0,
            answered: None,
            host: None,
            degraded: None,
            unsynced: None,
        }
    }
}

/// Copies all events into the journal; how many lines are none.
fn copy(writer: &mut Writer, start: Time, head: &Head, path: &Path, end: &mut End) -> Result<u64> {
    let failed = |source| Error::io(path, source);
    let mut file = BufReader::with_capacity(256 << 10, File::open(path).map_err(failed)?);
    let mut clock = Clock::new(head);
    let (mut line, mut garbled, mut is_first) = (Vec::new(), 0, true);
    loop {
        line.clear();
        if file.by_ref().take(LINE_MAX_BYTES).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(garbled);
        }
        let text = line.trim_ascii();
        if std::mem::take(&mut is_first) || text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let Some((micros, happened)) = clock.read(text) else {
            garbled += 1;
            continue;
        };
        end.time = end.time.max(Time(start.0.saturating_add(micros)));
        match happened {
            Happened::Output(text) => {
                end.last_output = end.time;
                append(writer, end.time, &text, |bytes| Body::Output { bytes, held: 0 })?;
            }
            Happened::Input(text) => {
                append(writer, end.time, &text, |bytes| Body::Input { client: ClientNumber(1), bytes })?;
            }
            Happened::Resize(size) => {
                end.size = size;
                writer.append_at(end.time, &[Body::Resize(size)])?;
            }
            Happened::Exit(code) => end.exit = Some(ExitStatus::Code(code)),
            Happened::Other => {}
        }
    }
}

fn append<'a>(
    writer: &mut Writer,
    time: Time,
    text: &'a str,
    body: impl Fn(&'a [u8]) -> Body<'a>,
) -> Result<()> {
    for piece in text.as_bytes().chunks(PIECE_BYTES) {
        writer.append_at(time, &[body(piece)])?;
    }
    Ok(())
}
