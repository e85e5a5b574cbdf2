//! Entries that have no vectors yet get theirs, a batch at a time: the newest first, as these are looked for most.
//!
//! Entries within one span of cursors have vectors; it grows at both ends. Vectors are written together with how far the span
//! reaches: whoever is killed in between makes a batch again and no more. The vectors of another model go before the first
//! of this one is made. While texts become vectors the store is free for others. What models made of conversations follows
//! (`jobs/vectors.rs`).

use crate::embed::{Embedder, chunk};
use crate::jobs::vectors as pieces;
use crate::meaning::Meaning;
use crate::store::Store;
use crate::vectors::{self, Vector};
use crate::{Error, Result};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Chunks of a batch: some tenths of a second of one core, or one request to a server. Who is killed makes no more than these
/// again.
const BATCH_CHUNKS: usize = 16;
/// Entries of a batch, most of which may have no text.
const BATCH_ENTRIES: usize = 256;
/// Between two looks for what nobody told: another model, a server that is back.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);
/// Vectors of another model that go at once.
const REMOVED_AT_ONCE: usize = 5_000;
/// Vectors that are kept: 200 MB in memory with 384 numbers each. Beyond it those of the oldest entries go.
const VECTORS_MAX: i64 = 500_000;
/// How many go then.
const VECTORS_LESS: i64 = 50_000;
/// Of what a tool printed, or was given, the begin says what it is, and words find the rest.
const TOOL_BYTES: usize = 2_000;
/// Of what somebody said; it has room for 16 chunks and more.
const TEXT_BYTES: usize = 16_000;

/// Works beside who takes in what is new, on a thread of its own, until `stopped`: it is woken when something came, and looks
/// now and then whether there is another model.
pub(crate) fn work(
    state: &Path,
    meaning: &Meaning,
    woken: &Receiver<()>,
    stopped: &dyn Fn() -> bool,
    failed: &dyn Fn(&Error),
) {
    // Only this thread has it, and only when nobody else wants to run.
    let _ = rustix::process::setpriority_process(None, 19);
    let mut next = Instant::now();
    while !stopped() {
        if Instant::now() >= next {
            let worked = some(state, meaning, stopped);
            meaning.rest();
            next = Instant::now() + LOOK_EVERY;
            if let Err(error) = worked {
                failed(&error);
                continue;
            }
        }
        match woken.recv_timeout(STOP_EVERY) {
            Ok(()) => next = Instant::now(),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Until nothing is left.
fn some(state: &Path, meaning: &Meaning, stopped: &dyn Fn() -> bool) -> Result<()> {
    let Some(id) = meaning.id() else { return Ok(()) };
    let Some(mut store) = Store::open_beside(state)? else { return Ok(()) };
    if waiting(&store, Some(&id))? == 0 && !pieces::is_due(state, &id)? {
        return Ok(());
    }
    // Only now it is loaded.
    let Some(model) = meaning.model()? else { return Ok(()) };
    while !stopped() && batch(&mut store, &*model)? != Batch::Nothing {}
    while !stopped() && pieces::batch(state, &*model)? {}
    Ok(())
}

/// Which entries have vectors.
struct Span {
    model: Option<String>,
    low: i64,
    high: i64,
}

/// An entry whose turn it is.
struct Due {
    id: i64,
    text: String,
    kind: String,
}

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Batch {
    /// Nothing is left.
    Nothing,
    /// Vectors of another model went.
    Removed,
    /// So many entries are done.
    Done(u64),
}

/// Makes vectors of what models made of conversations, if some have none; whether there were any.
pub fn pieces(state: &Path, embedder: &dyn Embedder) -> Result<bool> {
    pieces::batch(state, embedder)
}

/// Makes vectors of one batch. An entry that the model cannot read gets none, and stands in nobody's way.
pub fn batch(store: &mut Store, embedder: &dyn Embedder) -> Result<Batch> {
    match batch_of(store, embedder, BATCH_CHUNKS) {
        Err(error) if is_of_texts(&error) => {}
        done => return done,
    }
    match batch_of(store, embedder, 1) {
        // It is this one, if the model reads any other.
        Err(error) if is_of_texts(&error) && embedder.embed_question("dimensions").is_ok() => {
            let span = span(store.connection())?;
            let due = due(store.connection(), &span)?;
            let none = due.into_iter().take(1).map(|entry| (entry, Vec::new())).collect();
            write(store.connection(), embedder.id(), none)
        }
        done => done,
    }
}

fn is_of_texts(error: &Error) -> bool {
    matches!(error, Error::Model(crate::embed::Error::Refused { is_of_texts: true, .. }))
}

/// A batch of so many chunks, or one entry more.
fn batch_of(store: &mut Store, embedder: &dyn Embedder, chunks: usize) -> Result<Batch> {
    let model = embedder.id();
    let Some(span) = begin(store.connection(), model)? else { return Ok(Batch::Removed) };
    let due = due(store.connection(), &span)?;
    if due.is_empty() {
        return Ok(Batch::Nothing);
    }
    let mut texts: Vec<(usize, &str)> = Vec::new();
    let mut ends = Vec::new();
    for entry in &due {
        let text = meant(entry);
        texts.extend(chunk::chunks(text, embedder).into_iter().map(|range| (range.start, &text[range])));
        ends.push(texts.len());
        if texts.len() >= chunks {
            break;
        }
    }
    let words: Vec<&str> = texts.iter().map(|(_, text)| *text).collect();
    let made = if words.is_empty() { Vec::new() } else { embedder.embed(&words)? };
    if made.len() != words.len() {
        let what = format!("{} vectors for {} texts", made.len(), words.len());
        return Err(crate::embed::Error::Refused { url: model.to_owned(), what, is_of_texts: false }.into());
    }
    let starts: Vec<usize> = texts.iter().map(|(start, _)| *start).collect();
    let mut made = starts.into_iter().zip(made);
    let mut begin = 0;
    let of_each = due.into_iter().zip(ends).map(|(entry, end)| {
        let own = made.by_ref().take(end - std::mem::replace(&mut begin, end)).collect();
        (entry, own)
    });
    let of_each = of_each.collect();
    write(store.connection(), model, of_each)
}

/// Keeps the vectors of entries, and that they have them.
fn write(store: &mut Connection, model: &str, of_each: Vec<(Due, Vec<Vector>)>) -> Result<Batch> {
    let write = store.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Span { mut low, mut high, .. } = span(&write)?;
    let done = of_each.len() as u64;
    for (entry, own) in of_each {
        vectors::put(&write, entry.id, model, &own)?;
        // Where the text changed meanwhile, it is its turn again.
        let same = "DELETE FROM stale WHERE entry = ?1 AND ?2 = (SELECT text FROM entry WHERE id = ?1)";
        write.prepare_cached(same)?.execute(params![entry.id, entry.text])?;
        (low, high) = (low.min(entry.id), high.max(entry.id));
    }
    write.prepare_cached("UPDATE meaning SET low = ?1, high = ?2")?.execute([low, high])?;
    limit(&write)?;
    write.commit()?;
    Ok(Batch::Done(done))
}

/// About how many entries have no vectors yet of this model, or of any where none is named.
pub fn waiting(store: &Store, model: Option<&str>) -> Result<u64> {
    if !store.has_vectors()? {
        return Ok(0);
    }
    let read = store.reading();
    let span = span(read)?;
    let (first, last): (i64, i64) =
        read.query_row("SELECT COALESCE(MIN(id), 1), COALESCE(MAX(id), 0) FROM entry", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if span.model.is_none() || model.is_some_and(|model| span.model.as_deref() != Some(model)) {
        return Ok((last - first + 1).max(0) as u64);
    }
    let stale = "SELECT COUNT(*) FROM stale WHERE entry BETWEEN ?1 AND ?2";
    let stale: i64 = read.query_row(stale, [span.low, span.high], |row| row.get(0))?;
    let older = if is_full(read)? { 0 } else { (span.low - first).max(0) };
    Ok((older + (last - span.high).max(0) + stale) as u64)
}

/// Whose vectors the store has, if it has any.
pub fn model(store: &Store) -> Result<Option<String>> {
    if !store.has_vectors()? {
        return Ok(None);
    }
    Ok(span(store.reading())?.model)
}

fn span(store: &Connection) -> Result<Span> {
    let row = |row: &rusqlite::Row| Ok(Span { model: row.get(0)?, low: row.get(1)?, high: row.get(2)? });
    Ok(store.query_row("SELECT model, low, high FROM meaning", [], row)?)
}

/// The span of a model; `None` while the vectors of another one go.
fn begin(store: &Connection, model: &str) -> Result<Option<Span>> {
    let known = span(store)?;
    if known.model.as_deref() == Some(model) {
        return Ok(Some(known));
    }
    if vectors::remove_others(store, model, REMOVED_AT_ONCE)? == REMOVED_AT_ONCE {
        return Ok(None);
    }
    let last: i64 = store.query_row("SELECT COALESCE(MAX(id), 0) FROM entry", [], |row| row.get(0))?;
    let update = "UPDATE meaning SET model = ?1, low = ?2 + 1, high = ?2";
    store.execute(update, params![model, last])?;
    store.execute("DELETE FROM stale", [])?;
    Ok(Some(Span { model: Some(model.to_owned()), low: last + 1, high: last }))
}

/// Entries without vectors: those that changed, then those that are new, then older ones.
fn due(store: &Connection, span: &Span) -> Result<Vec<Due>> {
    let some = |which: &str, bound: i64| -> Result<Vec<Due>> {
        let query = format!("SELECT e.id, e.text, e.kind FROM entry e {which} LIMIT {BATCH_ENTRIES}");
        let mut select = store.prepare_cached(&query)?;
        let rows = select
            .query_map([bound], |row| Ok(Due { id: row.get(0)?, text: row.get(1)?, kind: row.get(2)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    // One outside of the span is met by it.
    let changed = some(
        "JOIN stale ON stale.entry = e.id WHERE e.id BETWEEN (SELECT low FROM meaning) AND ?1",
        span.high,
    )?;
    if !changed.is_empty() {
        return Ok(changed);
    }
    let new = some("WHERE e.id > ?1 ORDER BY e.id", span.high)?;
    if !new.is_empty() || is_full(store)? {
        return Ok(new);
    }
    some("WHERE e.id < ?1 ORDER BY e.id DESC", span.low)
}

/// What of an entry's text has a meaning that somebody looks for.
fn meant(entry: &Due) -> &str {
    let most = match entry.kind.as_str() {
        "message" | "thinking" | "compaction" => TEXT_BYTES,
        "tool_call" | "tool_result" | "failure" => TOOL_BYTES,
        _ => 0,
    };
    &entry.text[..entry.text.floor_char_boundary(most)]
}

/// Whether no older entry gets vectors any more.
fn is_full(store: &Connection) -> Result<bool> {
    Ok(count(store)? >= VECTORS_MAX - VECTORS_LESS)
}

fn count(store: &Connection) -> Result<i64> {
    Ok(store.prepare_cached("SELECT count FROM meaning")?.query_row([], |row| row.get(0))?)
}

/// Where there are too many vectors, those of the oldest entries go.
fn limit(store: &Connection) -> Result<()> {
    if count(store)? <= VECTORS_MAX {
        return Ok(());
    }
    let select = "SELECT entry FROM vectors ORDER BY entry LIMIT 1 OFFSET ?1";
    let from: Option<i64> = store.query_row(select, [VECTORS_LESS], |row| row.get(0)).optional()?;
    if let Some(from) = from {
        store.execute("DELETE FROM vectors WHERE entry < ?1", [from])?;
        store.execute("UPDATE meaning SET low = MAX(low, ?1)", [from])?;
    }
    Ok(())
}

impl From<crate::embed::Error> for Error {
    fn from(error: crate::embed::Error) -> Self {
        Self::Model(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed;

    /// A model that cannot read one word.
    struct Picky;

    impl Embedder for Picky {
        fn id(&self) -> &str {
            "picky"
        }

        fn dim(&self) -> usize {
            1
        }

        fn embed(&self, texts: &[&str]) -> embed::Result<Vec<Vec<f32>>> {
            if texts.iter().any(|text| text.contains("unreadable")) {
                let (url, what) = (String::new(), "too long".to_owned());
                return Err(embed::Error::Refused { url, what, is_of_texts: true });
            }
            Ok(vec![vec![1.0]; texts.len()])
        }
    }

    #[test]
    fn a_text_that_a_model_cannot_read_stands_in_nobodys_way() {
        let state = tempfile::tempdir().expect("a folder");
        let mut store = Store::open_to_write(state.path()).expect("it opens").expect("nobody else has it");
        let entries = "INSERT INTO entry (id, key, time, role, kind, text, rest, source) VALUES
            (1, 'a', 1, 'user', 'message', 'one', '{}', 'transcript'),
            (2, 'b', 1, 'user', 'message', 'unreadable', '{}', 'transcript'),
            (3, 'c', 1, 'user', 'message', 'three', '{}', 'transcript')";
        store.connection().execute_batch(entries).expect("entries");
        let mut done = 0;
        loop {
            match batch(&mut store, &Picky).expect("it goes on") {
                Batch::Nothing => break,
                Batch::Removed => {}
                Batch::Done(entries) => done += entries,
            }
        }
        let with_vectors: i64 = store
            .connection()
            .query_row("SELECT COUNT(DISTINCT entry) FROM vectors", [], |row| row.get(0))
            .expect("a number");
        assert_eq!((done, with_vectors, waiting(&store, Some("picky")).expect("a number")), (3, 2, 0));
    }
}
