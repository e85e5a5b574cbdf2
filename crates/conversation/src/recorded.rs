//! Conversations with programs that keep none themselves: read from the recordings of their sessions, which are the record of
//! them. How far each was read stands in the store, as of files in the archive.

use crate::Result;
use crate::ingest::{Report, mask};
use crate::purge::Record;
use crate::store::{Cursor, Store};
use adapter::generic::{Generic, Reader};
use adapter::{Adapter as _, Head, Heard};
use protocol::{Body, Offset, Phase, Speaker};
use redact::redact_value;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use session::registry::{Entry, Registry};
use session::source::{Kind, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Bytes of output that are read before what came of them is kept.
const BATCH_BYTES: u64 = 64 << 20; // 64 MiB
/// The files of a session that change with what comes and with its end.
const SIGNS: [&str; 2] = ["status.json", "exit.json"];
/// Running sessions that are watched, the latest of them; the look at everything finds the others.
const WATCHED_MAX: usize = 256;

/// What is remembered between two reads of one recording.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// Records behind the last output that were read.
    passed: u64,
    /// Entries that were told while more could come.
    open: BTreeSet<String>,
    /// All was read, and nothing more comes.
    over: bool,
    reader: Value,
}

/// The folder of the session of which a file tells that its recording grew.
pub(crate) fn grown(path: &Path, sessions: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| folder.parent() == Some(sessions))?;
    SIGNS.iter().any(|sign| path.ends_with(sign)).then(|| folder.to_owned())
}

/// The folders of sessions whose recordings grow.
pub(crate) fn running(registry: &Registry) -> Vec<PathBuf> {
    let entries = registry.list().unwrap_or_default().into_iter().rev().flatten();
    let running = entries.filter(|entry| entry.phase == Phase::Running && is_conversation(entry));
    running.take(WATCHED_MAX).map(|entry| entry.folder.path().to_owned()).collect()
}

/// Whether the session in a folder is one whose recording is its conversation.
pub(crate) fn is_of(registry: &Registry, folder: &Path) -> bool {
    let id = folder.file_name().unwrap_or_default().to_string_lossy();
    registry.find(&id).is_ok_and(|entry| is_conversation(&entry))
}

/// Whether a session's recording is its conversation: nobody else tells one.
pub fn is_conversation(entry: &Entry) -> bool {
    adapter::of_command(&entry.meta.words()).is_none()
}

/// Takes in what is new in a session's recording, if that is its conversation.
pub(crate) fn take_in(store: &mut Store, state: &Path, entry: &Entry) -> Result<Report> {
    if !is_conversation(entry) {
        return Ok(Report::default());
    }
    let id = entry.meta.id.to_string();
    let cursor = store.cursor(Generic.name(), &place(entry))?;
    let known = State::deserialize(&cursor.state).unwrap_or_default();
    if known.over {
        return Ok(Report::default());
    }
    let from = Offset(cursor.done);
    let journal = entry.folder.journal();
    // It was started this very moment, or is being removed.
    if std::fs::read_dir(&journal).map_or(true, |mut files| files.next().is_none()) {
        return Ok(Report::default());
    }
    let source = Source::open(&journal, from, Kind::Stored)?;
    let reader = Reader::new(&id, Some(&known.reader));
    let purged = Record::read(state)?;
    Reading { entry, cursor, known, source, reader, purged, report: Report::default() }.run(store)
}

/// Whether an entry is told by a recording.
pub fn is_of_recording(id: &str) -> bool {
    id.split(':').next() == Some(Generic.name())
}

/// Reads a recording from its begin once more, after something was taken out of it. What was told before is in no entry any
/// more; a purge of the store takes it out of the file.
pub fn take_in_anew(store: &mut Store, state: &Path, entry: &Entry) -> Result<()> {
    if is_conversation(entry) {
        store.forget(Generic.name(), &entry.meta.id.to_string(), &place(entry))?;
        take_in(store, state, entry)?;
    }
    Ok(())
}

/// Where the store keeps how far it was read.
fn place(entry: &Entry) -> String {
    format!("{}/{}", Generic.name(), entry.meta.id)
}

/// One recording being read.
struct Reading<'a> {
    entry: &'a Entry,
    cursor: Cursor,
    known: State,
    source: Source,
    reader: Reader,
    purged: Record,
    report: Report,
}

impl Reading<'_> {
    fn run(mut self, store: &mut Store) -> Result<Report> {
        // Records at the offset at which it begins come along, and were read.
        let mut again = self.known.passed;
        let from = Offset(self.cursor.done);
        loop {
            let (mut heard, begun) = (Vec::new(), self.cursor.done);
            let mut is_more = false;
            let mut records = 0;
            while let Some(record) = self.source.next()? {
                let length = match &record.body {
                    Body::Output { bytes, .. } => bytes.len() as u64,
                    Body::Gap(bytes) => *bytes,
                    _ => 0,
                };
                let is_behind = matches!(record.body, Body::Output { .. }) && length == 0;
                if is_behind || (again > 0 && record.offset <= from && length == 0) {
                    again = again.saturating_sub(u64::from(!is_behind));
                    continue;
                }
                again = 0;
                self.reader.hear(&record, &mut heard);
                self.known.over |= matches!(record.body, Body::Exit(_));
                self.known.passed = if length > 0 { 0 } else { self.known.passed + 1 };
                self.cursor.done = self.cursor.done.max(record.offset.0 + length);
                records += 1;
                is_more = self.cursor.done - begun >= BATCH_BYTES;
                if is_more {
                    break;
                }
            }
            if records > 0 {
                self.report.records += records;
                self.report.bytes += self.cursor.done - begun;
                self.keep(store, heard)?;
            }
            if !is_more {
                return Ok(Report { files: 1, ..self.report });
            }
        }
    }

    /// Keeps what was heard, and what is open, and takes back what was open and came to nothing.
    fn keep(&mut self, store: &mut Store, mut heard: Vec<Heard>) -> Result<()> {
        let mut rest = Vec::new();
        self.reader.rest(&mut rest);
        let open: BTreeSet<String> = rest.iter().filter_map(id).collect();
        heard.append(&mut rest);
        self.purged.keep_out(Generic.name(), &mut heard);
        let told: BTreeSet<String> = heard.iter().filter_map(id).collect();
        let mut batch = store.begin(Generic.name())?;
        if !told.is_empty() {
            batch.head(&self.head())?;
        }
        for heard in heard {
            let Heard::Entry(mut entry) = heard else { continue };
            mask(&mut entry);
            self.cursor.clock = self.cursor.clock.max(entry.time);
            let place = entry.place.map_or(0, |place| place.offset.0);
            // What was typed comes before what was shown from there on.
            batch.entry(&entry, entry.time, place * 2 + u64::from(entry.role != Speaker::User))?;
            self.report.entries += 1;
        }
        batch.take_back(&self.known.open.difference(&told).cloned().collect())?;
        self.known.open = open;
        self.known.reader = self.reader.state();
        self.cursor.state = serde_json::to_value(&self.known).unwrap_or_default();
        redact_value(&mut self.cursor.state);
        batch.commit(&self.cursor)
    }

    fn head(&self) -> Head {
        let meta = &self.entry.meta;
        Head {
            conversation: meta.id.to_string(),
            title: Some(self.entry.name.clone()),
            cwd: Some(meta.folder().to_string_lossy().into_owned()),
            ..Head::default()
        }
    }
}

fn id(heard: &Heard) -> Option<String> {
    match heard {
        Heard::Entry(entry) => Some(entry.id.clone()),
        _ => None,
    }
}
