//! A journal as a terminal sees it: the output without the queries that the host answered, and without the bytes
//! at its end that may still become one.

use crate::{Error, Reader, Result};
use protocol::{Body, Offset, Record, Time};
use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;

/// Bytes before the wanted offset at which reading begins, so that a query which was completed behind it is known:
/// more than a host ever holds back.
const LOOK_BACK_BYTES: u64 = 8 << 10; // 8 KiB

/// A cursor over what terminals were shown.
pub struct Shown {
    reader: Reader,
    /// Output before this was given out, or was not asked for.
    position: Offset,
    /// Output from `position` on that was read and not given out.
    waiting: Vec<u8>,
    answered: VecDeque<Range<Offset>>,
}

/// A step of [`Shown`].
#[derive(Debug)]
pub enum Piece<'a> {
    /// Bytes for the terminal. `range` is what they cover of the output, answered queries included.
    Output {
        /// When the last of them came.
        time: Time,
        /// From where to where in the output.
        range: Range<Offset>,
        /// What a terminal gets of it.
        bytes: Vec<u8>,
    },
    /// A record that is no output.
    Other(Record<'a>),
}

impl Shown {
    /// A cursor at `from`.
    pub fn open(dir: &Path, from: Offset) -> Result<Self> {
        let reader = Reader::open(dir, Offset(from.0.saturating_sub(LOOK_BACK_BYTES)))?;
        Ok(Self { reader, position: from, waiting: Vec::new(), answered: VecDeque::new() })
    }

    /// Up to where output was given out.
    pub fn position(&self) -> Offset {
        self.position
    }

    /// The next piece; `None` where nothing more is stored yet. Records from before the start are left out.
    #[expect(
        clippy::should_implement_trait,
        reason = "a record borrows the reader's buffer; no Iterator can"
    )]
    pub fn next(&mut self) -> Result<Option<Piece<'_>>> {
        loop {
            // The borrow of a record that is given out must not outlive the loop: look first, decode again to give.
            let Some(record) = self.reader.next()? else { return Ok(None) };
            let step = match &record.body {
                Body::Output { bytes, held } => {
                    let end = record.offset + bytes.len() as u64;
                    let unseen = end.since(self.position + self.waiting.len() as u64).min(bytes.len() as u64);
                    self.waiting.extend_from_slice(&bytes[bytes.len() - unseen as usize..]);
                    Step::Output(end - u64::from(*held).min(end.0), record.time)
                }
                Body::Answered { ranges } => {
                    self.answered.extend(ranges.iter().cloned());
                    Step::Nothing
                }
                Body::Gap(bytes) if record.offset + *bytes > self.position => {
                    Step::Gap(record.offset + *bytes)
                }
                _ if record.offset < self.position => Step::Nothing,
                _ => Step::Other,
            };
            match step {
                Step::Nothing => {}
                Step::Output(decided, time) => {
                    if let Some((range, bytes)) = self.give(decided) {
                        return Ok(Some(Piece::Output { time, range, bytes }));
                    }
                }
                Step::Gap(end) => {
                    (self.position, self.waiting) = (end, Vec::new());
                    return Ok(self.reader.again().map(Piece::Other));
                }
                Step::Other => return Ok(self.reader.again().map(Piece::Other)),
            }
        }
    }

    /// The record that [`Shown::next`] gave last, once more, where it was no output.
    pub fn again(&self) -> Option<Record<'_>> {
        self.reader.again()
    }

    /// Leaves a damaged segment for the next one, with whatever was read of it and not given out. False if there is
    /// none.
    pub fn skip_segment(&mut self) -> Result<bool> {
        self.waiting.clear();
        if !self.reader.skip_segment()? {
            return Ok(false);
        }
        match self.reader.peek_offset() {
            Ok(offset) => self.position = self.position.max(offset.unwrap_or_default()),
            // That one is damaged too; the next read tells it.
            Err(Error::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// What is left at the end of a closed journal: bytes that might have become a query and never did.
    pub fn rest(&mut self) -> Option<(Range<Offset>, Vec<u8>)> {
        self.give(self.position + self.waiting.len() as u64)
    }

    fn give(&mut self, decided: Offset) -> Option<(Range<Offset>, Vec<u8>)> {
        let length = decided.since(self.position).min(self.waiting.len() as u64);
        if length == 0 {
            return None;
        }
        let range = self.position..self.position + length;
        let mut bytes: Vec<u8> = self.waiting.drain(..length as usize).collect();
        self.position = range.end;
        while self.answered.front().is_some_and(|query| query.end <= range.start) {
            self.answered.pop_front();
        }
        // From the back, so that earlier positions stay true. The host answers one query after the other; where a
        // journal says otherwise, what was taken out already is not taken out again.
        let mut taken = bytes.len();
        for query in self.answered.iter().rev().filter(|query| query.start < range.end) {
            let from = query.start.since(range.start) as usize;
            let to = (query.end.min(range.end).since(range.start) as usize).min(taken);
            if from < to {
                bytes.drain(from..to);
                taken = from;
            }
        }
        Some((range, bytes))
    }
}

enum Step {
    Nothing,
    Output(Offset, Time),
    Gap(Offset),
    Other,
}
