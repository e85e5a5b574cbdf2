//! Where an export takes its records from: the journal as it is, or as terminals were shown it.

use crate::follow::Follow;
use crate::registry::Entry;
use crate::{Error, Result};
use journal::{Piece, Reader, Shown};
use protocol::{Body, Offset, Record, Time};
use std::path::Path;

/// Which output is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// What terminals were shown: without the queries that the host answered.
    Shown,
    /// Every byte.
    Stored,
}

/// A cursor over the records of a session, its output of one kind.
pub struct Source {
    cursor: Cursor,
    /// The bytes of the piece that was given last.
    bytes: Vec<u8>,
    /// The time of the last record.
    time: Time,
    /// Behind a damaged segment that has no successor nothing more can be read.
    over: bool,
}

enum Cursor {
    Shown(Shown),
    /// And the offset behind the output that was given last.
    Stored(Reader, Offset),
}

impl Source {
    /// A cursor over a session. One that was started this very moment has no journal yet: its host makes it before it
    /// answers anybody.
    pub fn of(entry: &Entry, from: Offset, kind: Kind) -> Result<Self> {
        let journal = entry.folder.journal();
        match Self::open(&journal, from, kind) {
            Err(Error::Journal(journal::Error::Missing(_))) => {
                Follow::new(&entry.folder, &entry.meta, "reader").wait()?;
                Self::open(&journal, from, kind)
            }
            other => other,
        }
    }

    fn open(journal: &Path, from: Offset, kind: Kind) -> Result<Self> {
        let cursor = match kind {
            Kind::Shown => Cursor::Shown(Shown::open(journal, from)?),
            Kind::Stored => Cursor::Stored(Reader::open(journal, from)?, from),
        };
        Ok(Self { cursor, bytes: Vec::new(), time: Time::default(), over: false })
    }

    /// The next record; `None` where nothing more is stored yet. Its output begins at its offset, and may be shorter
    /// than what it stands for where queries were left out.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows the cursor's buffer; no Iterator can"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        if self.over {
            return Ok(None);
        }
        match &mut self.cursor {
            Cursor::Shown(shown) => match shown.next()? {
                Some(Piece::Output { time, range, bytes }) => {
                    (self.bytes, self.time) = (bytes, time);
                    Ok(Some(output(time, range.start, &self.bytes)))
                }
                Some(Piece::Other(record)) => {
                    self.time = record.time;
                    Ok(Some(record))
                }
                None => Ok(None),
            },
            Cursor::Stored(reader, position) => {
                let Some(record) = reader.next()? else { return Ok(None) };
                let record = cut(record, *position);
                if let Body::Output { bytes, .. } = record.body {
                    *position = record.offset + bytes.len() as u64;
                }
                Ok(Some(record))
            }
        }
    }

    /// The offset behind the output that was given last.
    pub fn position(&self) -> Offset {
        match &self.cursor {
            Cursor::Shown(shown) => shown.position(),
            Cursor::Stored(_, position) => *position,
        }
    }

    /// What is left at the end of a closed journal: bytes that might have become a query and never did.
    pub fn rest(&mut self) -> Option<Record<'_>> {
        let Cursor::Shown(shown) = &mut self.cursor else { return None };
        let (range, bytes) = shown.rest()?;
        self.bytes = bytes;
        Some(output(self.time, range.start, &self.bytes))
    }

    /// Leaves a damaged segment for the next one; false if there is none.
    pub fn skip_segment(&mut self) -> Result<bool> {
        let more = match &mut self.cursor {
            Cursor::Shown(shown) => shown.skip_segment()?,
            Cursor::Stored(reader, _) => reader.skip_segment()?,
        };
        self.over = !more;
        Ok(more)
    }
}

fn output(time: Time, offset: Offset, bytes: &[u8]) -> Record<'_> {
    Record { time, offset, body: Body::Output { bytes, held: 0 } }
}

/// The part of a record from `from` on.
fn cut(record: Record<'_>, from: Offset) -> Record<'_> {
    match record.body {
        Body::Output { bytes, .. } if record.offset < from => {
            let skip = from.since(record.offset).min(bytes.len() as u64);
            output(record.time, record.offset + skip, &bytes[skip as usize..])
        }
        _ => record,
    }
}
