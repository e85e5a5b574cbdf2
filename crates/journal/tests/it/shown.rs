//! Terminals get the output without the answered queries, byte for byte, however it was cut into records.

use crate::{Chance, create};
use journal::{Piece, Shown, Writer};
use protocol::{Body, Offset};
use std::ops::Range;
use std::path::Path;
use tempfile::tempdir;

/// Writes as a host does: a query that is cut by a read is held back until it is whole, and the record that says so
/// stands before the output that completes it.
fn write_as_a_host(writer: &mut Writer, stream: &[u8], queries: &[Range<usize>], chance: &mut Chance) {
    let mut at = 0;
    while at < stream.len() {
        let end = (at + 1 + chance.below(40)).min(stream.len());
        let complete = queries.iter().filter(|query| query.end > at && query.end <= end);
        let ranges: Vec<_> =
            complete.map(|query| Offset(query.start as u64)..Offset(query.end as u64)).collect();
        let open = queries.iter().find(|query| query.start < end && query.end > end);
        let held = open.map_or(0, |query| (end - query.start) as u16);
        let output = Body::Output { bytes: &stream[at..end], held };
        if ranges.is_empty() {
            writer.append(&[output]).unwrap();
        } else {
            writer.append(&[Body::Answered { ranges }, output]).unwrap();
        }
        at = end;
    }
}

fn shown_from(dir: &Path, from: usize) -> Vec<u8> {
    let mut shown = Shown::open(dir, Offset(from as u64)).unwrap();
    let mut all = Vec::new();
    let mut position = Offset(from as u64);
    while let Some(piece) = shown.next().unwrap() {
        if let Piece::Output { range, bytes, .. } = piece {
            assert_eq!(range.start, position, "pieces join without a gap");
            position = range.end;
            all.extend(bytes);
        }
    }
    all.extend(shown.rest().map(|(_, bytes)| bytes).unwrap_or_default());
    all
}

#[test]
fn answered_queries_are_left_out_wherever_reading_begins() {
    let mut chance = Chance::seeded();
    for _ in 0..100 {
        let mut stream = Vec::new();
        let mut queries = Vec::new();
        for _ in 0..60 {
            let text = chance.below(30);
            stream.extend(std::iter::repeat_n(b't', text));
            let query = 1 + chance.below(20);
            queries.push(stream.len()..stream.len() + query);
            stream.extend(std::iter::repeat_n(b'Q', query));
        }
        let dir = tempdir().unwrap();
        let mut writer = create(dir.path());
        write_as_a_host(&mut writer, &stream, &queries, &mut chance);
        for _ in 0..20 {
            let from = chance.below(stream.len());
            let expected: Vec<u8> = stream[from..].iter().copied().filter(|byte| *byte == b't').collect();
            assert_eq!(shown_from(dir.path(), from), expected, "from {from}");
        }
    }
}

#[test]
fn a_held_end_waits_and_is_given_when_nothing_more_comes() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    writer.append(&[Body::Output { bytes: b"text\x1b[", held: 2 }]).unwrap();
    let mut shown = Shown::open(dir.path(), Offset::ZERO).unwrap();
    assert!(matches!(shown.next().unwrap(), Some(Piece::Output { bytes, .. }) if bytes == b"text"));
    assert!(shown.next().unwrap().is_none());
    assert_eq!(shown.rest().unwrap().1, b"\x1b[");
}
