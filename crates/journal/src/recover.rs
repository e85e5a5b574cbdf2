//! Finds the end of a journal whose writer died, and cuts off the record it was writing.

use crate::format::{Framed, SEGMENT_HEADER_BYTES, SegmentHeader, decode, frame};
use crate::segment::SegmentFile;
use crate::writer::{Recovered, advance};
use crate::{Error, Reader, Result, segment};
use protocol::{Body, Offset, Time};
use rustix::fs::ftruncate;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The end of a journal, ready to be written on.
pub(crate) struct Tail {
    pub file: File,
    pub header: SegmentHeader,
    pub position: u64,
    pub offset: Offset,
    pub last: Time,
    pub recovered: Recovered,
}

/// Opens the last segment at its end. Damage in the middle of it (which no crash of ours makes) is cut off too,
/// with all behind it, after a copy was put aside: what follows a bad length cannot be found again.
pub(crate) fn tail(dir: &Path) -> Result<Tail> {
    let mut earlier = segment::list(dir)?;
    let last = earlier.pop().ok_or_else(|| Error::Missing(dir.to_owned()))?;
    if last.sealed {
        return begin_after_sealed(dir, &last, &earlier);
    }
    let failed = |error| Error::io(&last.path, error);
    let mut file = OpenOptions::new().read(true).write(true).open(&last.path).map_err(failed)?;
    let header = segment::read_header(&mut file, &last.path)?.ok_or(Error::Corrupt {
        path: last.path.clone(),
        position: 0,
        why: "segment without a header",
    })?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(SEGMENT_HEADER_BYTES as u64)).map_err(failed)?;
    file.read_to_end(&mut bytes).map_err(failed)?;

    let scan = scan(&bytes, &header);
    let position = SEGMENT_HEADER_BYTES as u64 + scan.good_bytes as u64;
    let torn_bytes = (bytes.len() - scan.good_bytes) as u64;
    if scan.damaged {
        fs::copy(&last.path, last.path.with_extension("seg.damaged")).map_err(failed)?;
    }
    if torn_bytes > 0 {
        ftruncate(&file, position).map_err(|error| Error::io(&last.path, error))?;
    }
    let recovered = look_back(dir, &earlier, scan.end).recovered(torn_bytes);
    Ok(Tail { file, header, position, offset: scan.offset, last: scan.last, recovered })
}

struct Scan {
    good_bytes: usize,
    offset: Offset,
    last: Time,
    end: End,
    damaged: bool,
}

/// What the last records tell the next writer.
#[derive(Default)]
struct End {
    /// Of the last output; `None` where there was none yet.
    held: Option<u16>,
    exited: bool,
}

impl End {
    fn note(&mut self, body: &Body<'_>) {
        match body {
            Body::Output { held, .. } => self.held = Some(*held),
            Body::Exit(_) => self.exited = true,
            _ => {}
        }
    }

    fn recovered(self, torn_bytes: u64) -> Recovered {
        Recovered { torn_bytes, held: self.held.unwrap_or(0), exited: self.exited }
    }
}

/// Looks for the last output in the segments before, where those behind them have none: a writer that dies right after
/// it began a segment leaves it empty. Damage on the way hides only what its own segment has behind it.
fn look_back(dir: &Path, earlier: &[SegmentFile], mut end: End) -> End {
    for segment in earlier.iter().rev() {
        if end.held.is_some() {
            break;
        }
        let Ok(mut reader) = Reader::at_segment(dir, segment.number) else { continue };
        while let Ok(Some(_)) = reader.next()
            && reader.segment() == segment.number
            && let Some(record) = reader.again()
        {
            end.note(&record.body);
        }
    }
    end
}

fn scan(bytes: &[u8], header: &SegmentHeader) -> Scan {
    let (offset, last) = (header.offset, header.time);
    let mut scan = Scan { good_bytes: 0, offset, last, end: End::default(), damaged: false };
    loop {
        match frame(&bytes[scan.good_bytes..]) {
            Framed::Record(length) => {
                let record = decode(&bytes[scan.good_bytes..][..length]);
                scan.good_bytes += length;
                scan.offset = record.offset + advance(&record.body);
                scan.last = record.time;
                scan.end.note(&record.body);
            }
            Framed::Partial => return scan,
            Framed::Damaged(_) => return Scan { damaged: true, ..scan },
        }
    }
}

/// Where every segment is sealed the journal goes on in a new one.
fn begin_after_sealed(dir: &Path, sealed: &SegmentFile, earlier: &[SegmentFile]) -> Result<Tail> {
    let (mut file, sealed) = segment::open(sealed)?;
    let header = segment::read_header(&mut file, &sealed.path)?;
    let mut reader = Reader::at_segment(dir, sealed.number)?;
    let (session, number) = (reader.session(), sealed.number);
    // One that was begun and left at once holds no record that could tell.
    let (mut offset, mut last) =
        header.map_or((Offset::ZERO, Time::default()), |header| (header.offset, header.time));
    let mut end = End::default();
    while let Some(record) = reader.next()? {
        offset = record.offset + advance(&record.body);
        last = record.time;
        end.note(&record.body);
    }
    let recovered = look_back(dir, earlier, end).recovered(0);
    let header = SegmentHeader { session, number: number + 1, offset, time: last };
    let file = crate::writer::begin_segment(dir, &header)?;
    Ok(Tail { file, header, position: SEGMENT_HEADER_BYTES as u64, offset, last, recovered })
}
