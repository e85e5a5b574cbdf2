//! Lines that scrolled off the top: packed bytes in one ring, oldest first, bounded in lines and in bytes.
//!
//! It stores and hands out packed lines; what is in them is the business of [`super::pack`].

use super::pack;
use std::collections::VecDeque;

/// Bytes of history for each line of the limit: about four times what a line of coloured text takes, so that the
/// limit in bytes only cuts output made to be expensive.
const BYTES_PER_LINE: usize = 512;
/// Bytes of history that are always allowed.
const BYTES_MIN: usize = 64 * 1024;
/// The ring grows by steps of this many bytes (or an eighth of itself), not by doubling.
const STEP: usize = 16 * 1024;

/// The packed lines.
pub(super) struct History {
    bytes: VecDeque<u8>,
    /// Length of each line, oldest first.
    lengths: VecDeque<u32>,
    max_lines: usize,
    max_bytes: usize,
}

impl History {
    /// An empty history of at most `max_lines`.
    pub(super) fn new(max_lines: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            lengths: VecDeque::new(),
            max_lines,
            max_bytes: max_lines.saturating_mul(BYTES_PER_LINE).max(BYTES_MIN),
        }
    }

    /// Lines held.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether nothing is held.
    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Whether lines are kept at all.
    pub(super) fn keeps(&self) -> bool {
        self.max_lines > 0
    }

    /// Takes in a packed line as the newest; the oldest make room.
    pub(super) fn push(&mut self, line: &[u8]) {
        while self.lengths.len() >= self.max_lines || self.bytes.len() + line.len() > self.max_bytes {
            if self.lengths.is_empty() {
                return;
            }
            self.drop_oldest();
        }
        if self.bytes.len() + line.len() > self.bytes.capacity() {
            self.bytes.reserve_exact(line.len().max(STEP).max(self.bytes.len() / 8));
        }
        self.bytes.extend(line);
        self.lengths.push_back(line.len() as u32);
        if self.lengths.len() == 1 {
            self.unwrap_oldest();
        }
    }

    /// Takes the newest line out.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let length = self.lengths.pop_back()? as usize;
        let start = self.bytes.len() - length;
        Some(self.bytes.drain(start..).collect())
    }

    /// Takes the oldest lines out until `keep` are left, calling `visit` with each.
    pub(super) fn take_oldest(&mut self, keep: usize, mut visit: impl FnMut(&[u8])) {
        let count = self.lengths.len().saturating_sub(keep);
        let mut line = Vec::new();
        for length in self.lengths.drain(..count) {
            line.clear();
            line.extend(self.bytes.drain(..length as usize));
            visit(&line);
        }
        if count > 0 {
            self.unwrap_oldest();
        }
    }

    /// Forgets every line and gives the memory back.
    pub(super) fn clear(&mut self) {
        self.bytes = VecDeque::new();
        self.lengths = VecDeque::new();
    }

    /// Calls `visit` with the newest `count` lines, oldest of them first.
    pub(super) fn for_newest(&self, count: usize, mut visit: impl FnMut(&[u8])) {
        let skip = self.lengths.len().saturating_sub(count);
        let mut start: usize = self.lengths.iter().take(skip).map(|length| *length as usize).sum();
        let (front, back) = self.bytes.as_slices();
        let mut joined = Vec::new();
        for length in self.lengths.iter().skip(skip) {
            let end = start + *length as usize;
            if end <= front.len() {
                visit(&front[start..end]);
            } else if start >= front.len() {
                visit(&back[start - front.len()..end - front.len()]);
            } else {
                joined.clear();
                joined.extend_from_slice(&front[start..]);
                joined.extend_from_slice(&back[..end - front.len()]);
                visit(&joined);
            }
            start = end;
        }
    }

    /// Heap bytes.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.lengths.capacity() * size_of::<u32>()
    }

    /// Gives up the oldest line.
    fn drop_oldest(&mut self) {
        if let Some(length) = self.lengths.pop_front() {
            self.bytes.drain(..length as usize);
            self.unwrap_oldest();
        }
    }

    /// The oldest line continues nothing: what it continued is gone.
    fn unwrap_oldest(&mut self) {
        if let Some(first) = self.bytes.front_mut() {
            *first &= !pack::WRAPPED;
        }
    }
}
