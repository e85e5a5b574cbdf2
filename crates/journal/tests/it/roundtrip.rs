//! What is written is read.

use crate::{Chance, create, output, push_output, read_output};
use journal::{Reader, SEGMENT_BYTES, seal, verify};
use protocol::{Body, ClientNumber, Offset, Size};
use tempfile::tempdir;

#[test]
fn output_is_read_from_any_offset_across_segments_plain_and_sealed() {
    let dir = tempdir().unwrap();
    let mut chance = Chance::seeded();
    let mut writer = create(dir.path());
    let mut sent = Vec::new();
    let pool = chance.bytes(1 << 20);
    while (sent.len() as u64) < 3 * SEGMENT_BYTES {
        let length = 1 + chance.below(200_000);
        let start = chance.below(pool.len() - length);
        writer.append(&[output(&pool[start..start + length])]).unwrap();
        sent.extend_from_slice(&pool[start..start + length]);
    }
    assert_eq!(writer.offset(), Offset(sent.len() as u64));
    assert!(writer.segment() >= 3);
    let check = |chance: &mut Chance| {
        for _ in 0..10 {
            let from = chance.below(sent.len());
            assert!(read_output(dir.path(), from as u64) == sent[from..], "from {from}");
        }
        assert!(read_output(dir.path(), 0) == sent);
    };
    check(&mut chance);
    for number in 1..writer.segment() {
        assert!(seal(dir.path(), number).unwrap().is_some());
    }
    assert_eq!(seal(dir.path(), 1).unwrap(), None, "sealing twice is nothing");
    check(&mut chance);
    let report = verify(dir.path(), |_| ()).unwrap();
    assert!(report.is_sound(), "{:?}", report.damage);
    assert_eq!(report.output_bytes, sent.len() as u64);
    assert_eq!(u64::from(writer.segment()) - 1, report.sealed);
}

#[test]
fn a_reader_follows_a_journal_that_grows_and_is_sealed_under_it() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    let mut reader = Reader::open(dir.path(), Offset::ZERO).unwrap();
    let (mut sent, mut seen) = (Vec::new(), Vec::new());
    let chunk = vec![b'x'; 700_000];
    for round in 0..60 {
        writer.append(&[output(&chunk)]).unwrap();
        sent.extend_from_slice(&chunk);
        if round % 7 == 0 && writer.segment() > 1 {
            seal(dir.path(), writer.segment() - 1).unwrap();
        }
        while let Some(record) = reader.next().unwrap() {
            push_output(&mut seen, 0, &record);
        }
        assert_eq!(seen.len(), sent.len());
    }
    assert!(writer.segment() > 2);
    assert!(seen == sent);
}

#[test]
fn records_of_all_kinds_keep_their_order_and_offsets_and_time_never_runs_back() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    let size = Size { cols: 100, rows: 30 };
    writer.append_at(protocol::Time(10), &[Body::Resize(size)]).unwrap();
    writer.append(&[output(b"abc"), Body::Input { client: ClientNumber(1), bytes: b"x" }]).unwrap();
    writer.append_at(protocol::Time(20), &[Body::Gap(1000), output(b"def")]).unwrap();
    let mut reader = Reader::open(dir.path(), Offset::ZERO).unwrap();
    let (mut offsets, mut last) = (Vec::new(), protocol::Time(0));
    while let Some(record) = reader.next().unwrap() {
        assert!(record.time >= last);
        last = record.time;
        offsets.push(record.offset.0);
    }
    assert_eq!(offsets, [0, 0, 3, 3, 1003]);
    assert_eq!(writer.offset(), Offset(1006));
}

#[test]
fn a_folder_and_its_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let journal = dir.path().join("journal");
    let mut writer = create(&journal);
    writer.append(&[output(b"x")]).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&journal), 0o700);
    assert_eq!(mode(&journal.join("00000001.seg")), 0o600);
    drop(writer);
    seal(&journal, 1).unwrap();
    assert_eq!(mode(&journal.join("00000001.seg.zst")), 0o600);
}

/// A host packs in its pauses and at its end, on two threads: they may come to one segment at the same time.
#[test]
fn a_segment_that_many_seal_at_once_is_sealed_once_and_whole() {
    let dir = tempdir().unwrap();
    let mut chance = Chance::seeded();
    let mut writer = create(dir.path());
    while writer.segment() < 2 {
        writer.append(&[output(&chance.bytes(500_000))]).unwrap();
    }
    let together = std::sync::Barrier::new(4);
    let sealing = || {
        together.wait();
        seal(dir.path(), 1).unwrap().is_some()
    };
    let sealed = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(sealing)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(|sealed| *sealed).count()
    });
    assert_eq!(sealed, 1);
    assert!(verify(dir.path(), |_| ()).unwrap().is_sound());
}
