//! From the archive into the store: each file from where it was read last, in batches that are written whole.

use crate::archive::{self, Archive, WHOLE_MAX_BYTES};
use crate::intake::Intake;
use crate::purge::Record;
use crate::store::{Cursor, Store, Writing};
use crate::{Error, Result};
use adapter::{Adapter, Heard, Layout};
use protocol::{Entry, Time};
use redact::{redact, redact_value};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Records in one batch, and bytes.
const BATCH_RECORDS: u64 = 2_000;
const BATCH_BYTES: u64 = 8 << 20; // 8 MiB
/// A line at most. What is longer is told as garbled, and passed over.
const LINE_MAX_BYTES: u64 = 32 << 20; // 32 MiB
/// Of what is told of a garbled record.
const REASON_MAX_BYTES: usize = 300;

/// What became of reading.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Report {
    /// Files that were looked at.
    pub files: u64,
    /// Records that were read now.
    pub records: u64,
    /// Entries that came of them, new or known.
    pub entries: u64,
    /// Records that are none.
    pub garbled: u64,
    /// Bytes that were read now.
    pub bytes: u64,
}

impl Report {
    pub(crate) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.records += other.records;
        self.entries += other.entries;
        self.garbled += other.garbled;
        self.bytes += other.bytes;
    }
}

/// A file of a CLI, to be taken in.
pub struct Found<'a> {
    /// Whose.
    pub adapter: &'static dyn Adapter,
    /// Which of the CLI's folders it lies in.
    pub root: &'a Path,
    /// The file.
    pub path: &'a Path,
}

/// Takes in a file of a CLI: copies what is new, then reads it.
pub fn take_in(store: &mut Store, archive: &Archive, found: &Found) -> Result<Report> {
    let cli = found.adapter.name();
    let Some(layout) = found.adapter.layout(found.path) else { return Ok(Report::default()) };
    let Some(name) = Archive::name_of(cli, found.root, found.path) else { return Ok(Report::default()) };
    take_in_as(store, archive, found, &name, layout)
}

/// Takes in a file whose copy has this name.
pub(crate) fn take_in_as(
    store: &mut Store,
    archive: &Archive,
    found: &Found,
    name: &str,
    layout: Layout,
) -> Result<Report> {
    let mut report = Report::default();
    // Of one that was rewritten, the last lines may not have been read.
    for name in archive.copy(name, found.path, layout)? {
        report.add(read_copy(store, archive, found.adapter, &name)?);
    }
    report.files = 1;
    Ok(report)
}

/// Reads a copy from where it was read last.
pub fn read_copy(
    store: &mut Store,
    archive: &Archive,
    adapter: &'static dyn Adapter,
    name: &str,
) -> Result<Report> {
    let path = archive.path(name);
    let original = archive.path(archive::original(name));
    let Some(layout) = adapter.layout(&original) else { return Ok(Report::default()) };
    let cursor = store.cursor(adapter.name(), name)?;
    let reader = adapter.transcript(&original, (cursor.done > 0).then_some(&cursor.state));
    let purged = archive.purged()?;
    let mut reading = Reading { store, adapter, reader, cursor, report: Report::default(), purged };
    match layout {
        Layout::Lines | Layout::Database { .. } => reading.lines(&path)?,
        Layout::Whole => reading.whole(&path)?,
    }
    Ok(Report { files: 1, ..reading.report })
}

/// One file being read.
struct Reading<'a> {
    store: &'a mut Store,
    adapter: &'static dyn Adapter,
    reader: Box<dyn adapter::Transcript>,
    cursor: Cursor,
    report: Report,
    purged: Record,
}

impl Reading<'_> {
    fn lines(&mut self, path: &Path) -> Result<()> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        let store_path = self.store.file().to_owned();
        let mut file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length <= self.cursor.done {
            return Ok(());
        }
        file.seek(SeekFrom::Start(self.cursor.done)).map_err(failed)?;
        let mut file = BufReader::with_capacity(256 << 10, file);
        let mut line = Vec::new();
        let mut more = true;
        let mut intake = None;
        while more {
            let mut batch = self.store.begin(self.adapter.name())?;
            let (mut records, begun) = (0, self.cursor.done);
            while records < BATCH_RECORDS && self.cursor.done - begun < BATCH_BYTES {
                line.clear();
                let read =
                    file.by_ref().take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut line).map_err(failed)?;
                let mut taken = read as u64;
                let is_long = taken > LINE_MAX_BYTES;
                if is_long {
                    taken += skip_line(&mut file).map_err(failed)?;
                }
                // A line without an end is one that the copy does not have whole yet.
                if read == 0 || !(is_long || line.ends_with(b"\n")) {
                    more = false;
                    break;
                }
                let mut heard = Vec::new();
                match is_long {
                    true => heard.push(Heard::Garbled("a line of more than 32 MiB".to_owned())),
                    false if is_blank(&line) => {}
                    false => self.reader.read(line.trim_ascii_end(), &mut heard),
                }
                let position = self.cursor.done;
                self.purged.keep_out(self.adapter.name(), &mut heard);
                keep(&mut batch, &mut self.cursor, &mut self.report, heard, position)?;
                self.cursor.done += taken;
                records += 1;
            }
            if !more {
                let mut rest = Vec::new();
                self.reader.rest(&mut rest);
                self.purged.keep_out(self.adapter.name(), &mut rest);
                let position = self.cursor.done;
                keep(&mut batch, &mut self.cursor, &mut self.report, rest, position)?;
            }
            self.report.records += records;
            self.report.bytes += self.cursor.done - begun;
            self.cursor.state = self.reader.state();
            if more && intake.is_none() {
                intake = Some(Intake::begin(&store_path));
            }
            batch.commit(&self.cursor)?;
        }
        if let Some(intake) = intake {
            intake.end();
        }
        Ok(())
    }

    fn whole(&mut self, path: &Path) -> Result<()> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        File::open(path).map_err(failed)?.take(WHOLE_MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        let digest = crc32fast::hash(&bytes).max(1).into();
        if digest == self.cursor.done {
            return Ok(());
        }
        let mut heard = Vec::new();
        if !is_blank(&bytes) {
            self.reader.read(&bytes, &mut heard);
        }
        self.purged.keep_out(self.adapter.name(), &mut heard);
        let mut batch = self.store.begin(self.adapter.name())?;
        self.cursor.clock = Time::default();
        keep(&mut batch, &mut self.cursor, &mut self.report, heard, 0)?;
        self.cursor.done = digest;
        self.cursor.state = self.reader.state();
        self.report.records += 1;
        self.report.bytes += bytes.len() as u64;
        batch.commit(&self.cursor)
    }
}

/// Keeps what a record told that begins at a position.
fn keep(
    batch: &mut Writing,
    cursor: &mut Cursor,
    report: &mut Report,
    heard: Vec<Heard>,
    position: u64,
) -> Result<()> {
    for (number, heard) in heard.into_iter().enumerate() {
        match heard {
            Heard::Head(mut head) => {
                head.title = head.title.map(|title| redact(&title).text.into_owned());
                batch.head(&head)?;
            }
            Heard::Entry(mut entry) => {
                mask(&mut entry);
                cursor.clock = cursor.clock.max(entry.time);
                // A record is longer than the number of things that it tells.
                batch.entry(&entry, cursor.clock, position + number as u64)?;
                report.entries += 1;
            }
            Heard::Usage { conversation, request, model, time, usage } => {
                batch.usage(&conversation, &request, &model, time, usage)?;
            }
            Heard::Claim { conversation, claim } => batch.claim(conversation, claim),
            Heard::Garbled(mut reason) => {
                reason.truncate(reason.floor_char_boundary(REASON_MAX_BYTES));
                cursor.garbled += 1;
                cursor.last_garbled = Some(reason);
                report.garbled += 1;
            }
        }
    }
    Ok(())
}

/// Secrets are in the archive and the journal, which are private, and in nothing that is made of them.
pub(crate) fn mask(entry: &mut Entry) {
    let Ok(mut content) = serde_json::to_value(&entry.content) else { return };
    if redact_value(&mut content) > 0
        && let Ok(masked) = serde_json::from_value(content)
    {
        entry.content = masked;
    }
}

/// Whether a record was purged: nothing but blanks stands in its place.
pub(crate) fn is_blank(record: &[u8]) -> bool {
    let blanks = record.strip_suffix(b"\n").unwrap_or(record);
    !blanks.is_empty() && blanks.iter().all(|byte| matches!(byte, b' ' | b'\n'))
}

/// Passes over what is left of a line; how much that was.
fn skip_line(file: &mut impl std::io::BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = file.fill_buf()?;
        let (length, over) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        file.consume(length);
        skipped += length as u64;
        if over {
            return Ok(skipped);
        }
    }
}
