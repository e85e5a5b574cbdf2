//! Takes bytes out of a journal for ever, without moving any offset.
//!
//! What goes is overwritten in its record by as many bytes of filler, and checksums are made anew. All segments that change
//! are written into a folder beside the journal, with links to those that do not, and the two folders change places in one
//! step: a reader, or who looks after a crash, sees the old journal or the new one. The old one is removed then; where
//! that was cut off, the next purge removes it.

use crate::format::{Framed, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, decode, frame, refill};
use crate::seal::Blocks;
use crate::segment::{self, SegmentFile};
use crate::text::Matcher;
use crate::writer::Writer;
use crate::{Error, Result};
use protocol::{Body, Notice, Offset, Record};
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use std::fs::{self, DirBuilder, File};
use std::io::{Read as _, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Ranges that the record of a purge names, at most; it tells how many bytes in any case.
const RANGES_MAX: usize = 1000;

/// What is to go.
#[derive(Clone, Debug)]
pub enum Purge<'a> {
    /// The output of a range, and what else stands at its offsets: input, answers, what hooks told. An empty range is a
    /// place: all but output that stands there.
    Span(Range<Offset>),
    /// A text wherever it stands, in any of these spellings, though it came in pieces or in colours.
    Text(&'a [String]),
}

/// What went, or would go.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Purged {
    /// Ranges of output, in order.
    pub ranges: Vec<Range<Offset>>,
    /// Bytes of output.
    pub output_bytes: u64,
    /// Records of other kinds.
    pub records: u64,
    /// Segments that were written anew.
    pub segments: u64,
}

impl Purged {
    /// Whether nothing is there to be purged.
    pub fn is_empty(&self) -> bool {
        self.output_bytes == 0 && self.records == 0
    }

    fn output(&mut self, range: Range<Offset>) {
        self.output_bytes += range.end.since(range.start);
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.ranges.push(range),
        }
    }
}

/// Says what would go.
pub fn would_purge(dir: &Path, purge: &Purge<'_>) -> Result<Purged> {
    let mut purged = Purged::default();
    let mut matches = Matches::of(dir, purge)?;
    for segment in segment::list(dir)? {
        let mut records = unpacked(&segment)?;
        clean(&mut records, purge, &mut matches, &mut purged, &segment.path)?;
    }
    Ok(purged)
}

/// Takes it out. The session must be over: who writes the journal has it locked.
pub fn purge(dir: &Path, purge: &Purge<'_>) -> Result<Purged> {
    let folder = File::open(dir).map_err(|error| Error::io(dir, error))?;
    flock(&folder, FlockOperation::NonBlockingLockExclusive).map_err(|error| Error::io(dir, error))?;
    remove_leftovers(dir)?;
    let mut purged = would_purge(dir, purge)?;
    if purged.is_empty() {
        return Ok(purged);
    }
    let beside = beside(dir);
    DirBuilder::new().mode(0o700).create(&beside).map_err(|error| Error::io(&beside, error))?;
    let result = write_beside(dir, &beside, purge, &mut purged);
    if let Err(error) = result.and_then(|()| exchange(dir, &beside)) {
        let _ = fs::remove_dir_all(&beside);
        return Err(error);
    }
    // What is there now is the old one.
    fs::remove_dir_all(&beside).map_err(|error| Error::io(&beside, error))?;
    sync(dir.parent().unwrap_or(dir))?;
    Ok(purged)
}

/// Removes what a purge that was cut off left beside a journal: a draft, or what was to be purged.
pub fn remove_leftovers(dir: &Path) -> Result<()> {
    let beside = beside(dir);
    match fs::remove_dir_all(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&beside, error)),
        _ => Ok(()),
    }
}

fn beside(dir: &Path) -> PathBuf {
    dir.with_extension("purge")
}

fn write_beside(dir: &Path, beside: &Path, purge: &Purge<'_>, purged: &mut Purged) -> Result<()> {
    let mut matches = Matches::of(dir, purge)?;
    let mut told = Purged::default();
    for segment in segment::list(dir)? {
        let mut records = unpacked(&segment)?;
        let is_changed = clean(&mut records, purge, &mut matches, &mut told, &segment.path)?;
        purged.segments += u64::from(is_changed);
        if is_changed || !segment.sealed {
            // One that is not sealed may be written on below, and a link would be the old one, too.
            write(&segment::open_path(beside, segment.number), &records)?;
        } else {
            let to = segment::sealed_path(beside, segment.number);
            fs::hard_link(&segment.path, &to).map_err(|error| Error::io(&to, error))?;
        }
    }
    let (mut writer, _) = Writer::open(beside)?;
    writer.append(&[Body::Notice(Notice::Purged {
        ranges: purged.ranges.iter().take(RANGES_MAX).cloned().collect(),
        output_bytes: purged.output_bytes,
        records: purged.records,
    })])?;
    drop(writer);
    crate::seal_all(beside);
    sync(beside)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| Error::io(path, error))
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::io(folder, error))
}

fn exchange(dir: &Path, beside: &Path) -> Result<()> {
    renameat_with(CWD, beside, CWD, dir, RenameFlags::EXCHANGE).map_err(|error| match error {
        rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS => {
            Error::io(dir, std::io::Error::other("this file system cannot let two folders change places, without which a crash could mix the old recording with the new"))
        }
        error => Error::io(dir, error),
    })
}

/// The bytes of a segment, header and all.
fn unpacked(segment: &SegmentFile) -> Result<Vec<u8>> {
    let failed = |error| Error::io(&segment.path, error);
    let (mut file, segment) = segment::open(segment)?;
    let mut bytes = Vec::new();
    if segment.sealed {
        (&file).take(SEGMENT_HEADER_BYTES as u64).read_to_end(&mut bytes).map_err(failed)?;
        let mut blocks = Blocks::open(file, &segment.path)?;
        while blocks.read_at(bytes.len() as u64, &mut bytes, &segment.path)? > 0 {}
    } else {
        file.read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// Where texts stand in the output, looked for over the borders of records and segments.
#[derive(Default)]
struct Matches {
    output: Vec<Range<u64>>,
    typed: Vec<Range<u64>>,
    /// Input so far.
    typed_bytes: u64,
}

impl Matches {
    fn of(dir: &Path, purge: &Purge<'_>) -> Result<Self> {
        let Purge::Text(texts) = purge else { return Ok(Self::default()) };
        let (mut output, mut typed) = (Matcher::new(texts), Matcher::new(texts));
        let mut typed_bytes = 0;
        for segment in segment::list(dir)? {
            let records = unpacked(&segment)?;
            let mut at = SEGMENT_HEADER_BYTES;
            while let Framed::Record(length) = frame(records.get(at..).unwrap_or_default()) {
                let record = decode(&records[at..at + length]);
                match record.body {
                    Body::Output { bytes, .. } => output.feed(record.offset.0, bytes),
                    Body::Input { bytes, .. } => {
                        typed.feed(typed_bytes, bytes);
                        typed_bytes += bytes.len() as u64;
                    }
                    _ => {}
                }
                at += length;
            }
        }
        Ok(Self { output: output.found(), typed: typed.found(), typed_bytes: 0 })
    }
}

/// Cleans the records of a segment; whether any was changed.
fn clean(
    segment: &mut Vec<u8>,
    purge: &Purge<'_>,
    matches: &mut Matches,
    purged: &mut Purged,
    path: &Path,
) -> Result<bool> {
    let (mut at, mut changed) = (SEGMENT_HEADER_BYTES.min(segment.len()), false);
    loop {
        let length = match frame(&segment[at..]) {
            Framed::Record(length) => length,
            Framed::Partial => {
                // A torn record may hold what is to go.
                segment.truncate(at);
                return Ok(changed);
            }
            Framed::Damaged(why) => {
                return Err(Error::Corrupt { path: path.to_owned(), position: at as u64, why });
            }
        };
        let record = decode(&segment[at..at + length]);
        let payload = &segment[at + RECORD_HEADER_BYTES..at + length];
        if let Some(payload) = cleaned(&record, payload, purge, matches, purged) {
            refill(&mut segment[at..at + length], &payload);
            changed = true;
        }
        at += length;
    }
}

/// The payload of a record without what is to go; `None` where nothing of it is.
fn cleaned(
    record: &Record<'_>,
    payload: &[u8],
    purge: &Purge<'_>,
    matches: &mut Matches,
    purged: &mut Purged,
) -> Option<Vec<u8>> {
    let start = record.offset.0;
    let (bytes, from, ranges) = match &record.body {
        Body::Output { bytes, .. } => (*bytes, start, &matches.output),
        Body::Input { bytes, .. } => {
            let from = matches.typed_bytes;
            matches.typed_bytes += bytes.len() as u64;
            (*bytes, from, &matches.typed)
        }
        // What the host wrote of itself, and numbers.
        Body::Notice(_) | Body::Exit(_) | Body::Resize(_) | Body::Gap(_) | Body::Secret { .. } => {
            return None;
        }
        Body::Answered { .. } => return None,
        _ => return cleaned_other(record.offset, payload, purge, purged),
    };
    let is_output = matches!(record.body, Body::Output { .. });
    let whole = from..from + bytes.len() as u64;
    let in_span;
    let doomed = match purge {
        Purge::Text(_) => {
            let first = ranges.partition_point(|range| range.end <= whole.start);
            let to = ranges.partition_point(|range| range.start < whole.end);
            &ranges[first..to.max(first)]
        }
        Purge::Span(span) if is_output => std::slice::from_ref({
            in_span = span.start.0..span.end.0;
            &in_span
        }),
        Purge::Span(span) if stands_in(record.offset, span) => std::slice::from_ref(&whole),
        Purge::Span(_) => return None,
    };
    let mut payload = bytes.to_vec();
    let mut is_changed = false;
    for range in doomed {
        let (from, to) = (range.start.max(whole.start), range.end.min(whole.end));
        if from >= to {
            continue;
        }
        fill(&mut payload[(from - whole.start) as usize..(to - whole.start) as usize]);
        is_changed |= payload[..] != *bytes;
        if is_output && payload[..] != *bytes {
            purged.output(Offset(from)..Offset(to));
        }
    }
    purged.records += u64::from(is_changed && !is_output);
    is_changed.then_some(payload)
}

fn cleaned_other(offset: Offset, payload: &[u8], purge: &Purge<'_>, purged: &mut Purged) -> Option<Vec<u8>> {
    let mut cleaned = payload.to_vec();
    match purge {
        // No JSON any more: readers pass over it.
        Purge::Span(span) if stands_in(offset, span) => cleaned.fill(b' '),
        Purge::Span(_) => return None,
        Purge::Text(texts) => {
            crate::text::replace(&mut cleaned, texts);
            crate::text::replace_escaped(&mut cleaned, texts);
        }
    }
    let is_changed = cleaned != payload;
    purged.records += u64::from(is_changed);
    is_changed.then_some(cleaned)
}

/// Whether what is no output stands in a span.
fn stands_in(offset: Offset, span: &Range<Offset>) -> bool {
    span.contains(&offset) || (span.is_empty() && offset == span.start)
}

/// Overwrites bytes; lines stay lines, so that a screen scrolls as it did.
fn fill(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        *byte = b'*';
    }
}
