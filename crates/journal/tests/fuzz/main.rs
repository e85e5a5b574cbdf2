//! Journals that nobody wrote, attacked with bytes: `cargo xtask fuzz` runs each target for longer.
//!
//! - `plain`: a segment of arbitrary bytes: read, checked, shown, recovered, written on, sealed
//! - `sealed`: a packed segment of arbitrary bytes: read, checked, shown, written on

mod plain;
mod sealed;

use journal::{Reader, Shown, verify};
use protocol::Offset;
use std::path::Path;

/// Records that one input can hold at most: its bytes by those of a record's header, twice for what is appended.
const MAX_RECORDS: usize = 4_000;

/// Bytes of a segment's and a record's header.
const SEGMENT_HEADER: usize = 64;
const RECORD_HEADER: usize = 28;

const WORDS: &[&[u8]] = &[
    b"CFJRNL\r\n",
    b"CFSEALED",
    b"\x01\0\x40\0\x01\0\0\0",
    // Record headers without their sums: payload bytes, four bytes for the sum, time, offset, kind, flags, aux.
    b"\x02\0\0\0....\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0hi",
    b"\x02\0\0\0....\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\x01\0\xff\xffhi",
    b"\x08\0\0\0....\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x07\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x0c\0\0\0....\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\0\x03\0\0\0",
    b"\x18\0\0\0....\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x05\0\0\0\x02\0\0\0\0\0\0\0\x09\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0",
    b"\x04\0\0\0....\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0\0\0\x50\0\x18\0",
    b"\x0a\0\0\0....\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0{\"code\":0}",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
];

/// Makes the sums right that a segment has, so that what stands behind them is looked at: its header's, and those
/// of all records that are there.
fn mend(segment: &mut [u8]) {
    let Some((header, mut rest)) = segment.split_at_mut_checked(SEGMENT_HEADER) else { return };
    header[..12].copy_from_slice(b"CFJRNL\r\n\x01\0\x40\0");
    let crc = crc32fast::hash(&header[..60]);
    header[60..].copy_from_slice(&crc.to_le_bytes());
    while let Some(length) = rest.first_chunk().map(|four| u32::from_le_bytes(*four) as usize) {
        let Some((record, after)) = rest.split_at_mut_checked(RECORD_HEADER + length) else { return };
        let crc = crc32fast::hash(&record[8..]);
        record[4..8].copy_from_slice(&crc.to_le_bytes());
        rest = after;
    }
}

/// Reads a journal in each way there is, from several places. Gives its records as text, up to damage.
fn read_in_every_way(dir: &Path) -> Vec<String> {
    let all = records(dir, Offset::ZERO);
    for from in [1, 5, 1 << 20, u64::MAX] {
        let later = records(dir, Offset(from));
        assert!(later.len() <= all.len(), "from {from} there are more records than in all");
    }
    for from in [0, 3, 1 << 40] {
        shown(dir, Offset(from));
    }
    if let Ok(report) = verify(dir, |_| ()) {
        assert!(report.records >= all.len() as u64, "{report:?}");
    }
    all
}

fn records(dir: &Path, from: Offset) -> Vec<String> {
    let Ok(mut reader) = Reader::open(dir, from) else { return Vec::new() };
    let mut all = Vec::new();
    while let Ok(Some(record)) = reader.next() {
        all.push(format!("{record:?}"));
        assert!(all.len() <= MAX_RECORDS, "it does not end");
    }
    all
}

fn shown(dir: &Path, from: Offset) {
    let Ok(mut shown) = Shown::open(dir, from) else { return };
    let (mut steps, mut at) = (0, shown.position());
    loop {
        match shown.next().map(|piece| piece.is_some()) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) if shown.skip_segment().unwrap_or(false) => {}
            Err(_) => break,
        }
        steps += 1;
        assert!(steps <= MAX_RECORDS, "it does not end");
        assert!(shown.position() >= at, "it went back");
        at = shown.position();
    }
    shown.rest();
}
