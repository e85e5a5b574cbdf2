//! The journal against its laws, with chance attacking them. A failing run prints its seed.
//!
//! - `roundtrip`: what is written is read, from any offset, across segments, live and sealed
//! - `crash`: a journal cut or bent anywhere loses nothing that was whole
//! - `purge`: what is taken out is nowhere, and no offset moves
//! - `shown`: what terminals get is the output without the answered queries

mod crash;
mod purge;
mod roundtrip;
mod shown;

use journal::{Reader, Writer};
use protocol::{Body, Offset, Record, SessionId};
use std::path::Path;

/// A small generator of chance, so that a failure can be had again from its seed.
pub(crate) struct Chance(u64);

impl Chance {
    /// A generator whose seed is printed, or taken from `SEED`.
    pub(crate) fn seeded() -> Self {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| protocol::Time::now().0 | 1);
        println!("SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.below(256) as u8).collect()
    }
}

pub(crate) fn create(dir: &Path) -> Writer {
    Writer::create(dir, SessionId::generate()).unwrap()
}

pub(crate) fn output(bytes: &[u8]) -> Body<'_> {
    Body::Output { bytes, held: 0 }
}

/// All output from `from` on, as one string of bytes.
pub(crate) fn read_output(dir: &Path, from: u64) -> Vec<u8> {
    let mut reader = Reader::open(dir, Offset(from)).unwrap();
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        push_output(&mut all, from, &record);
    }
    all
}

pub(crate) fn push_output(all: &mut Vec<u8>, from: u64, record: &Record<'_>) {
    if let Body::Output { bytes, .. } = &record.body {
        let skip = from.saturating_sub(record.offset.0).min(bytes.len() as u64);
        all.extend_from_slice(&bytes[skip as usize..]);
    }
}
