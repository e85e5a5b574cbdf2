//! Secrets in a terminal's bytes that come in pieces: masked letter by letter, so that every byte keeps its place.
//!
//! A mask is as long as what it hides: `[redacted:github-token]*****`, or stars alone where that is too long. Lines,
//! sequences and times stay where they were, and what is a secret is what [`redact`](crate::redact()) finds in the
//! whole: in the bytes as they are, and in what can be read of them without the sequences.

use crate::scan;
use crate::terminal::{DELETE, Kind, Readable};
use crate::{mask, redact};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes that are looked through at once.
const STEP_BYTES: usize = 1 << 20; // 1 MiB
/// So far before the end of what came may a secret begin that is not whole: the longest private key, and its rule's window.
const AHEAD_BYTES: usize = 72 << 10; // 72 KiB
/// Bytes that were given out and are looked at again, because a secret may go on behind them.
const BEFORE_BYTES: usize = 16 << 10; // 16 KiB
/// What begins like a secret is waited for so far.
const BEGUN_MAX_BYTES: usize = 64 << 10; // 64 KiB

/// Bytes on their way. In comes what a terminal got, out goes the same with masks, a little later.
#[derive(Debug, Default)]
pub struct Stream {
    /// As they came.
    bytes: Vec<u8>,
    /// The same, masked.
    masked: Vec<u8>,
    readable: Readable,
    /// Up to here they were given out.
    given: usize,
    /// Up to here it is certain what is masked.
    certain: usize,
}

/// What is known of what comes behind the last byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// More is there already.
    More,
    /// More may come.
    Open,
    /// More may come, but not soon.
    Quiet,
    /// Nothing.
    Over,
}

impl Stream {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.masked.extend_from_slice(bytes);
        self.readable.push(bytes);
        if self.bytes.len() - self.certain >= STEP_BYTES + AHEAD_BYTES {
            self.look(End::More);
        }
    }

    /// Makes certain what can be told although more may come: all but what begins like a secret.
    pub fn settle(&mut self) {
        self.look(End::Open);
    }

    /// Makes all certain: what begins like a secret is masked as one.
    pub fn rest(&mut self) {
        self.look(End::Quiet);
    }

    /// Makes all certain, because nothing comes any more.
    pub fn finish(&mut self) {
        self.look(End::Over);
    }

    /// How many bytes can be taken.
    pub fn ready(&self) -> usize {
        self.certain - self.given
    }

    /// The next bytes; no more than are [`ready`](Self::ready).
    pub fn take(&mut self, count: usize) -> &[u8] {
        let from = self.given;
        self.given += count.min(self.ready());
        &self.masked[from..self.given]
    }

    fn look(&mut self, end: End) {
        if self.certain == self.bytes.len() {
            return;
        }
        self.forget();
        let Self { bytes, masked, readable, given, certain } = self;
        let (stored, plain) = (utf8(bytes), readable.is_plain());
        let shown = if plain { Cow::Borrowed(&*stored) } else { utf8(readable.text()) };
        let begun = scan::begun(&shown);
        let waits = begun.map(|at| readable.place(at..at + 1).start).into_iter().chain(readable.open()).min();
        *certain = match end {
            End::More => bytes.len() - AHEAD_BYTES,
            End::Open => waits.filter(|at| bytes.len() - at <= BEGUN_MAX_BYTES).unwrap_or(bytes.len()),
            End::Quiet | End::Over => bytes.len(),
        }
        .max(*certain);
        let mut cover = Cover { bytes, masked, readable, places: *given..*certain };
        for found in redact(&stored).found {
            cover.mask(found.range, found.rule, true);
        }
        if !plain {
            for found in redact(&shown).found {
                cover.mask(readable.place(found.range), found.rule, false);
            }
        }
        if let (End::Quiet, Some(half)) = (end, begun) {
            cover.mask(readable.place(half..shown.len()), scan::AT_CUT, false);
        }
    }

    /// Forgets what nothing can depend on any more.
    fn forget(&mut self) {
        let Some(count) = self.given.checked_sub(BEFORE_BYTES) else { return };
        // A word that is cut could look like another.
        let blank = |at: &usize| self.bytes[*at].is_ascii_whitespace();
        let count = (count..self.given).find(blank).unwrap_or(count);
        self.bytes.drain(..count);
        self.masked.drain(..count);
        self.readable.forget(count);
        (self.given, self.certain) = (self.given - count, self.certain - count);
    }
}

/// Lays masks over bytes.
struct Cover<'a> {
    bytes: &'a [u8],
    masked: &'a mut [u8],
    readable: &'a Readable,
    /// What is before them was given out, and what is behind them not certain.
    places: Range<usize>,
}

impl Cover<'_> {
    /// Masks the letters of a range, unless it begins where more must be known.
    fn mask(&mut self, range: Range<usize>, rule: &str, also_told: bool) {
        if range.start >= self.places.end || range.end <= self.places.start {
            return;
        }
        let is_letter = |at: &usize| self.bytes[*at] >= b' ' && self.bytes[*at] != DELETE;
        let pieces = self.readable.pieces(range);
        let pieces = pieces.filter(|(_, kind)| *kind == Kind::Shown || (also_told && *kind == Kind::Told));
        let letters: Vec<usize> = pieces.flat_map(|(piece, _)| piece).filter(is_letter).collect();
        let name = mask(rule);
        let is_whole = letters.iter().all(|at| *at >= self.places.start && self.bytes[*at].is_ascii());
        let name = if is_whole && letters.len() >= name.len() { name } else { String::new() };
        for (at, letter) in letters.into_iter().zip(name.bytes().chain(std::iter::repeat(b'*'))) {
            if at >= self.places.start {
                self.masked[at] = letter;
            }
        }
    }
}

/// Bytes as text of the same length.
fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(text)
}
