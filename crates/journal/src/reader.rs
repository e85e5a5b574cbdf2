//! Reads a journal from any offset, while it grows or when it is closed.
//!
//! A reader is a cursor: it belongs to whoever made it, costs the writer nothing, and may stop anywhere. At the
//! end of what is stored [`Reader::next`] gives `None`; asked again later it goes on with what came since.

use crate::format::{Framed, SEGMENT_HEADER_BYTES, decode, frame};
use crate::seal::Blocks;
use crate::segment::{self, SegmentFile};
use crate::writer::{Place, advance};
use crate::{Error, Result};
use protocol::{Offset, Record, SessionId};
use rustix::buffer::spare_capacity;
use rustix::io::pread;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Bytes asked of the file at once, unless somebody asks for less.
const READ_BYTES: usize = 256 << 10; // 256 KiB

/// A cursor over the records of a journal.
pub struct Reader {
    dir: PathBuf,
    session: SessionId,
    segment: Source,
    read_bytes: usize,
    /// Bytes read and not yet given out are `buffer[start..]`.
    buffer: Vec<u8>,
    start: usize,
    /// Bytes of the record that was given last; it ends at `start`.
    last: Option<usize>,
    /// Bytes at the present end of the segment that are no whole record.
    unfinished: u64,
    torn_bytes: u64,
}

/// The segment being read and where in it, in unpacked bytes, the next read begins.
struct Source {
    number: u32,
    path: PathBuf,
    kind: Kind,
    position: u64,
}

enum Kind {
    Plain(File),
    Sealed(Blocks),
}

impl Reader {
    /// A reader whose first record is the one that holds the output byte at `from`, or that stands there. Records of
    /// other kinds at the same offset come along.
    pub fn open(dir: &Path, from: Offset) -> Result<Self> {
        let segments = segment::list(dir)?;
        let index = segment::position_of(&segments, from)?;
        let first = segments.get(index).ok_or_else(|| Error::Missing(dir.to_owned()))?;
        let mut reader = Self::begin(dir, first)?;
        if let Kind::Sealed(blocks) = &reader.segment.kind {
            reader.segment.position = blocks.position_before(from);
        }
        reader.skip_to(from);
        Ok(reader)
    }

    /// A reader from a place that the writer told, which asks the file for `read_bytes` at once and keeps little more.
    pub fn at(dir: &Path, place: Place, read_bytes: usize) -> Result<Self> {
        let mut reader = Self::at_segment(dir, place.segment)?;
        reader.segment.position = place.position;
        Ok(Self { read_bytes, ..reader })
    }

    /// Output in all that a journal holds, gaps included.
    pub fn end(dir: &Path) -> Result<Offset> {
        let segments = segment::list(dir)?;
        let last = segments.last().ok_or_else(|| Error::Missing(dir.to_owned()))?;
        let (mut file, last) = segment::open(last)?;
        let header = segment::read_header(&mut file, &last.path)?;
        let mut end = header.map_or(Offset::ZERO, |header| header.offset);
        let mut reader = Self::begin(dir, &last)?;
        while let Ok(Some(record)) = reader.next() {
            end = record.offset + advance(&record.body);
        }
        Ok(end)
    }

    pub(crate) fn at_segment(dir: &Path, number: u32) -> Result<Self> {
        let segments = segment::list(dir)?;
        let found = segments.iter().find(|segment| segment.number == number);
        Self::begin(dir, found.ok_or_else(|| Error::Missing(dir.to_owned()))?)
    }

    fn begin(dir: &Path, first: &SegmentFile) -> Result<Self> {
        let (segment, session) = Source::open(first)?;
        Ok(Self {
            dir: dir.to_owned(),
            session,
            segment,
            read_bytes: READ_BYTES,
            buffer: Vec::new(),
            start: 0,
            last: None,
            unfinished: 0,
            torn_bytes: 0,
        })
    }

    /// The session whose journal this is.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// Bytes of torn records met so far at the ends of segments that were left behind.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The number of the segment that is being read.
    pub fn segment(&self) -> u32 {
        self.segment.number
    }

    /// The next record; `None` where nothing more is stored yet.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows the reader's buffer; no Iterator can"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        self.last = self.take()?;
        Ok(self.again())
    }

    /// The record that [`Reader::next`] gave last, once more.
    pub fn again(&self) -> Option<Record<'_>> {
        let length = self.last.filter(|length| *length <= self.start)?;
        Some(decode(&self.buffer[self.start - length..self.start]))
    }

    /// The offset of the record that comes next.
    pub(crate) fn peek_offset(&mut self) -> Result<Option<Offset>> {
        let Some(length) = self.take()? else { return Ok(None) };
        self.start -= length;
        Ok(Some(decode(&self.buffer[self.start..self.start + length]).offset))
    }

    /// Bytes at the present end that are no whole record (yet).
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }

    /// Leaves the segment that is being read for the next one: after [`Error::Corrupt`] the rest can still be had.
    /// False if there is none.
    pub fn skip_segment(&mut self) -> Result<bool> {
        self.buffer.clear();
        self.start = 0;
        self.unfinished = 0;
        let next = segment::find(&self.dir, self.segment.number + 1);
        if let Some(next) = &next {
            self.segment = Source::open(next)?.0;
        }
        Ok(next.is_some())
    }

    /// Passes over the next record and gives its length; the record ends at `self.start` then.
    fn take(&mut self) -> Result<Option<usize>> {
        loop {
            match frame(&self.buffer[self.start..]) {
                Framed::Record(length) => {
                    self.start += length;
                    return Ok(Some(length));
                }
                Framed::Damaged(why) => return Err(self.corrupt(why)),
                Framed::Partial if self.fill()? => {}
                Framed::Partial if self.advance_segment()? => {}
                Framed::Partial => return Ok(None),
            }
        }
    }

    fn corrupt(&self, why: &'static str) -> Error {
        let position = self.segment.position - (self.buffer.len() - self.start) as u64;
        Error::Corrupt { path: self.segment.path.clone(), position, why }
    }

    /// Reads on in this segment; false at its present end.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.unfinished = 0;
        if self.segment.read(&mut self.buffer, self.read_bytes)? {
            return Ok(true);
        }
        // What is left is a record that is being written, or one that a dead writer left and the next will cut off
        // and overwrite. Either way it is read again from the file.
        self.segment.position -= self.buffer.len() as u64;
        self.unfinished = self.buffer.len() as u64;
        self.buffer.clear();
        Ok(false)
    }

    /// Goes to the next segment if there is one; what stands unread in this one is torn.
    fn advance_segment(&mut self) -> Result<bool> {
        let number = self.segment.number + 1;
        let Some(next) = segment::find(&self.dir, number) else {
            return Ok(false);
        };
        // The writer made the next segment after its last write to this one: whatever came in between is there now.
        // A torn record is read once more in this; only what goes beyond it is new.
        let torn = self.unfinished;
        while self.fill()? {
            if self.buffer.len() as u64 > torn {
                return Ok(true);
            }
        }
        self.torn_bytes += std::mem::take(&mut self.unfinished);
        self.segment = Source::open(&next)?.0;
        Ok(true)
    }

    /// Passes over the records before `from`. Damage on the way is left for [`Reader::next`] to tell.
    fn skip_to(&mut self, from: Offset) {
        while let Ok(Some(length)) = self.take() {
            let record = decode(&self.buffer[self.start - length..self.start]);
            let end = record.offset + advance(&record.body);
            if end > from || record.offset >= from {
                self.start -= length;
                return;
            }
        }
    }
}

impl Source {
    fn open(segment: &SegmentFile) -> Result<(Self, SessionId)> {
        let (mut file, segment) = segment::open(segment)?;
        let path = segment.path.clone();
        let header = segment::read_header(&mut file, &path)?.ok_or(Error::Corrupt {
            path: path.clone(),
            position: 0,
            why: "segment without a header",
        })?;
        let kind = if segment.sealed { Kind::Sealed(Blocks::open(file, &path)?) } else { Kind::Plain(file) };
        let source = Self { number: segment.number, path, kind, position: SEGMENT_HEADER_BYTES as u64 };
        Ok((source, header.session))
    }

    /// Appends the next bytes to `buffer`; false at the end.
    fn read(&mut self, buffer: &mut Vec<u8>, bytes: usize) -> Result<bool> {
        let got = match &mut self.kind {
            Kind::Sealed(blocks) => blocks.read_at(self.position, buffer, &self.path)?,
            Kind::Plain(file) => {
                buffer.reserve(bytes);
                pread(file, spare_capacity(buffer), self.position)
                    .map_err(|error| Error::io(&self.path, error))?
            }
        };
        self.position += got as u64;
        Ok(got > 0)
    }
}
