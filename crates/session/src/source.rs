//! A cursor over the records of a session: the journal as it is, or as terminals were shown it.
//!
//! Damage hides nothing behind it: the rest of a damaged segment is left out, and told ([`Source::take_damage`]).

use crate::folder::Folder;
use crate::follow::Follow;
use crate::{Error, Result};
use journal::{Piece, Reader, Shown};
use protocol::{Body, Meta, Offset, Record, Time};
use std::path::{Path, PathBuf};

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
    journal: PathBuf,
    kind: Kind,
    cursor: Cursor,
    /// What was read last.
    last: Last,
    /// Behind a damaged segment that has no successor nothing more can be read.
    over: bool,
    /// One at most for each segment.
    damage: Vec<journal::Error>,
}

enum Cursor {
    Shown(Shown),
    /// And the offset behind the output that was read last.
    Stored(Reader, Offset),
}

/// What a record is made of when it is given out.
#[derive(Default)]
struct Last {
    time: Time,
    /// Where its output begins.
    start: Offset,
    /// Its output, where it is not the journal's own.
    bytes: Option<Vec<u8>>,
}

impl Source {
    /// A cursor over a session. One that was started this very moment has no journal yet: its host makes it before it
    /// answers anybody.
    pub fn of(folder: &Folder, meta: &Meta, from: Offset, kind: Kind) -> Result<Self> {
        match Self::open(&folder.journal(), from, kind) {
            Err(Error::Journal(journal::Error::Missing(_))) => {
                Follow::new(folder, meta, "reader").wait()?;
                Self::open(&folder.journal(), from, kind)
            }
            other => other,
        }
    }

    /// A cursor over a journal that is there.
    pub fn open(journal: &Path, from: Offset, kind: Kind) -> Result<Self> {
        let cursor = Cursor::open(journal, from, kind)?;
        let journal = journal.to_owned();
        Ok(Self { journal, kind, cursor, last: Last::default(), over: false, damage: Vec::new() })
    }

    /// Goes to another place, back or on.
    pub fn seek(&mut self, to: Offset) -> Result<()> {
        (self.cursor, self.over) = (Cursor::open(&self.journal, to, self.kind)?, false);
        Ok(())
    }

    /// The next record; `None` where nothing more is stored yet. Its output begins at its offset, and may be shorter
    /// than what it stands for where queries were left out.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows the cursor's buffer; no Iterator can"
    )]
    pub fn next(&mut self) -> Result<Option<Record<'_>>> {
        Ok(if self.advance()? { self.again() } else { None })
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
        (self.last.start, self.last.bytes) = (range.start, Some(bytes));
        self.again()
    }

    /// The damage that was met since it was last asked for.
    pub fn take_damage(&mut self) -> Vec<journal::Error> {
        std::mem::take(&mut self.damage)
    }

    /// Reads a record; false where nothing more is stored yet.
    fn advance(&mut self) -> Result<bool> {
        while !self.over {
            match self.cursor.advance(&mut self.last) {
                Err(error @ journal::Error::Corrupt { .. }) => {
                    self.damage.push(error);
                    self.over = !self.cursor.skip_segment()?;
                }
                other => return Ok(other?),
            }
        }
        Ok(false)
    }

    /// The record that was read last.
    fn again(&self) -> Option<Record<'_>> {
        match (&self.last.bytes, &self.cursor) {
            (Some(bytes), _) => Some(output(self.last.time, self.last.start, bytes)),
            (None, Cursor::Shown(shown)) => shown.again(),
            (None, Cursor::Stored(reader, _)) => reader.again().map(|record| cut(record, self.last.start)),
        }
    }
}

impl Cursor {
    fn open(journal: &Path, from: Offset, kind: Kind) -> Result<Self> {
        Ok(match kind {
            Kind::Shown => Self::Shown(Shown::open(journal, from)?),
            Kind::Stored => Self::Stored(Reader::open(journal, from)?, from),
        })
    }

    fn advance(&mut self, last: &mut Last) -> journal::Result<bool> {
        match self {
            Self::Shown(shown) => match shown.next()? {
                Some(Piece::Output { time, range, bytes }) => {
                    *last = Last { time, start: range.start, bytes: Some(bytes) };
                    Ok(true)
                }
                Some(Piece::Other(record)) => {
                    *last = Last { time: record.time, start: record.offset, bytes: None };
                    Ok(true)
                }
                None => Ok(false),
            },
            Self::Stored(reader, position) => {
                let Some(record) = reader.next()? else { return Ok(false) };
                *last = Last { time: record.time, start: *position, bytes: None };
                match record.body {
                    Body::Output { bytes, .. } => *position = record.offset + bytes.len() as u64,
                    Body::Gap(bytes) => *position = record.offset + bytes,
                    _ => {}
                }
                Ok(true)
            }
        }
    }

    /// Leaves a damaged segment for the next one; false if there is none.
    fn skip_segment(&mut self) -> journal::Result<bool> {
        match self {
            Self::Shown(shown) => shown.skip_segment(),
            Self::Stored(reader, _) => reader.skip_segment(),
        }
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
