//! Bytes that hurt, the same for the same seed: half of them plain chance, NUL and invalid UTF-8 included, half made
//! of the pieces of escape sequences, whole and broken.

use protocol::Offset;
use std::ops::Range;
use terminal::scan::{Item, Scanner};

/// A source of chance (xorshift64*).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 16) % limit
    }
}

/// What sequences are made of, and what breaks them.
const PIECES: &[&[u8]] = &[
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_",
    b"\x1b\\",
    b"\x07",
    b"\x18",
    b"?",
    b">",
    b"1;2",
    b"38;5;7",
    b"H",
    b"m",
    b"J",
    b"\x1b[1;1H",
    b"\x1b[?1049h",
    b"\x1b[?1049l",
    b"\x1b[2J",
    b"\x1b]0;title\x07",
    b"\xc3",
    b"\xa4",
    b"\xf0\x9f\x98",
    b"\x80",
    b"\xff",
    b"\x00",
    b"\r\n",
    b"word",
    b"\xc2\x9b",
];

/// Bytes of one kind before the other kind follows.
const BLOCK_BYTES: usize = 4 << 10; // 4 KiB

/// So many bytes.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut chance = Chance::new(seed);
    let mut bytes = Vec::with_capacity(length + BLOCK_BYTES);
    while bytes.len() < length {
        let end = bytes.len() + BLOCK_BYTES;
        while bytes.len() < end {
            bytes.extend_from_slice(&chance.next().to_le_bytes());
        }
        let end = bytes.len() + BLOCK_BYTES;
        while bytes.len() < end {
            bytes.extend_from_slice(PIECES[chance.below(PIECES.len() as u64) as usize]);
        }
    }
    bytes.truncate(length);
    bytes
}

/// The same, with no question in it to which a host might take out an answer.
pub(crate) fn noise_without_queries(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = noise(seed, length);
    loop {
        let queries = queries(&bytes);
        for query in &queries {
            bytes[query.start] = b'x';
        }
        // What is open at the end could still become one with what follows.
        if queries.is_empty() {
            return bytes;
        }
    }
}

/// Where the questions stand.
pub(crate) fn queries(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    Scanner::new(Offset::ZERO).scan(bytes, &mut found);
    let queries = found.into_iter().filter(|found| matches!(found.what, Item::Query(_)));
    queries.map(|found| found.range.start.0 as usize..found.range.end.0 as usize).collect()
}
