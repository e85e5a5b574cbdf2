//! A writer may die at any byte, a disk may bend any bit.

use crate::{Chance, create, output, read_output};
use journal::{Error, Reader, Writer, verify};
use protocol::{Body, ExitStatus, Offset, Size};
use std::fs;
use std::os::unix::fs::FileExt;
use tempfile::tempdir;

/// T29: a torn tail is cut off and reported; every whole record before it stays.
#[test]
fn a_journal_cut_at_any_byte_keeps_every_whole_record() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    let mut ends = vec![64];
    for round in 0..20 {
        writer.append(&[output(&vec![b'a' + round; usize::from(round) * 5 + 1])]).unwrap();
        ends.push(fs::metadata(dir.path().join("00000001.seg")).unwrap().len());
    }
    drop(writer);
    let whole = fs::read(dir.path().join("00000001.seg")).unwrap();
    let all = read_output(dir.path(), 0);
    for cut in 64..=whole.len() {
        let copy = tempdir().unwrap();
        fs::write(copy.path().join("00000001.seg"), &whole[..cut]).unwrap();
        let kept = ends.iter().rposition(|end| *end <= cut as u64).unwrap();
        let mut reader = Reader::open(copy.path(), Offset::ZERO).unwrap();
        for _ in 0..kept {
            assert!(reader.next().unwrap().is_some());
        }
        assert!(reader.next().unwrap().is_none());
        let (mut writer, recovered) = Writer::open(copy.path()).unwrap();
        assert_eq!(recovered.torn_bytes, cut as u64 - ends[kept]);
        let end = writer.offset().0 as usize;
        writer.append(&[output(b"more")]).unwrap();
        assert!(matches!(reader.next().unwrap().unwrap().body, Body::Output { bytes: b"more", .. }));
        assert_eq!(read_output(copy.path(), 0), [&all[..end], b"more"].concat());
    }
}

#[test]
fn a_bent_bit_is_found_and_the_segments_after_it_are_still_read() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    let chunk = vec![7; 500_000];
    while writer.segment() < 3 {
        writer.append(&[output(&chunk)]).unwrap();
    }
    writer.append(&[output(b"the end")]).unwrap();
    let path = dir.path().join("00000001.seg");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[8], 1_000_000).unwrap();
    let report = verify(dir.path(), |_| ()).unwrap();
    assert_eq!(report.damage.len(), 1, "{:?}", report.damage);
    assert!(report.damage[0].contains("00000001.seg: wrong checksum at byte"), "{:?}", report.damage);
    assert!(report.output_bytes > journal::SEGMENT_BYTES);
    assert!(journal::seal(dir.path(), 1).is_err(), "damage is not sealed away");
    assert!(path.exists());
}

#[test]
fn a_torn_record_before_another_segment_is_passed_over() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    while writer.segment() < 2 {
        writer.append(&[output(&[7; 900_000])]).unwrap();
    }
    writer.append(&[output(b"the end")]).unwrap();
    let path = dir.path().join("00000001.seg");
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 10).unwrap();
    let mut reader = Reader::open(dir.path(), Offset::ZERO).unwrap();
    let mut last = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if let Body::Output { bytes, .. } = record.body {
            last = bytes.to_vec();
        }
    }
    assert_eq!(last, b"the end");
    assert_eq!(reader.torn_bytes(), 900_028 - 10);
}

#[test]
fn a_missing_segment_and_a_newer_version_are_named() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    while writer.segment() < 3 {
        writer.append(&[output(&[0; 900_000])]).unwrap();
    }
    fs::remove_file(dir.path().join("00000002.seg")).unwrap();
    let report = verify(dir.path(), |_| ()).unwrap();
    assert!(
        report.damage.iter().any(|text| text.contains("segments 2 to 2 are missing")),
        "{:?}",
        report.damage
    );

    let newer = tempdir().unwrap();
    drop(create(newer.path()));
    let path = newer.path().join("00000001.seg");
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&[9, 0], 8).unwrap();
    let error = Reader::open(newer.path(), Offset::ZERO).err().unwrap().to_string();
    assert!(error.contains("journal format 9"), "{error}");
    assert!(Reader::open(&newer.path().join("nothing"), Offset::ZERO).is_err());
}

#[test]
fn random_bytes_are_never_taken_for_records_and_never_panic() {
    let mut chance = Chance::seeded();
    for _ in 0..300 {
        let dir = tempdir().unwrap();
        let mut writer = create(dir.path());
        writer.append(&[output(b"good")]).unwrap();
        drop(writer);
        let path = dir.path().join("00000001.seg");
        let mut bytes = fs::read(&path).unwrap();
        let noise = chance.below(4000);
        bytes.extend(chance.bytes(noise));
        fs::write(&path, &bytes).unwrap();
        let report = verify(dir.path(), |_| ()).unwrap();
        assert_eq!((report.records, report.output_bytes), (1, 4));
        let (writer, recovered) = Writer::open(dir.path()).unwrap();
        assert_eq!((writer.offset(), recovered.torn_bytes), (Offset(4), noise as u64));
    }
}

/// The journal of an ended session goes on where all of it was sealed, and still knows that it ended.
#[test]
fn a_wholly_sealed_journal_can_be_opened_again() {
    let dir = tempdir().unwrap();
    let mut writer = create(dir.path());
    writer.append(&[output(b"bye"), Body::Exit(ExitStatus::Code(3))]).unwrap();
    drop(writer);
    journal::seal(dir.path(), 1).unwrap().unwrap();
    let (writer, recovered) = Writer::open(dir.path()).unwrap();
    assert_eq!((writer.offset(), writer.segment(), recovered.exited), (Offset(3), 2, true));
}

/// A writer that dies right after it began a segment leaves one without a record; what the last output and the exit say
/// stands before it, in a segment that may be sealed.
#[test]
fn a_journal_cut_right_after_a_new_segment_began_still_knows_its_end() {
    for sealed in [false, true] {
        let dir = tempdir().unwrap();
        let mut writer = create(dir.path());
        writer.append(&[Body::Exit(ExitStatus::Code(3)), output(b"early")]).unwrap();
        while writer.segment() < 2 {
            writer.append(&[Body::Output { bytes: &[7; 900_000], held: 5 }]).unwrap();
        }
        let end = writer.offset();
        // A record that says nothing of the end does not hide it.
        writer.append(&[Body::Resize(Size::DEFAULT), output(b"torn")]).unwrap();
        drop(writer);
        if sealed {
            journal::seal(dir.path(), 1).unwrap().unwrap();
        }
        let last = dir.path().join("00000002.seg");
        let length = fs::metadata(&last).unwrap().len();
        for cut in [length - 1, 64] {
            fs::OpenOptions::new().write(true).open(&last).unwrap().set_len(cut).unwrap();
            let (writer, recovered) = Writer::open(dir.path()).unwrap();
            assert_eq!((writer.offset(), writer.segment()), (end, 2));
            assert_eq!((recovered.held, recovered.exited), (5, true), "sealed: {sealed}, cut at {cut}");
        }
    }
}

/// What a writer left that took over a sealed journal and died at once: two segments, the last one empty.
#[test]
fn an_exit_is_known_after_a_host_that_left_nothing() {
    let dir = tempdir().unwrap();
    create(dir.path()).append(&[output(b"bye"), Body::Exit(ExitStatus::Code(3))]).unwrap();
    journal::seal(dir.path(), 1).unwrap().unwrap();
    drop(Writer::open(dir.path()).unwrap());
    assert!(Writer::open(dir.path()).unwrap().1.exited);
}

#[test]
fn a_segment_without_output_is_read_before_the_next_one() {
    let dir = tempdir().unwrap();
    create(dir.path()).append(&[Body::Exit(ExitStatus::Code(3))]).unwrap();
    journal::seal(dir.path(), 1).unwrap().unwrap();
    drop(Writer::open(dir.path()).unwrap());
    let mut reader = Reader::open(dir.path(), Offset::ZERO).unwrap();
    assert!(matches!(reader.next().unwrap().unwrap().body, Body::Exit(ExitStatus::Code(3))));
}

#[test]
fn a_journal_that_another_writer_keeps_is_not_waited_for_for_ever() {
    let dir = tempdir().unwrap();
    let first = create(dir.path());
    assert!(matches!(Writer::open(dir.path()), Err(Error::Busy { .. })));
    drop(first);
    Writer::open(dir.path()).unwrap();
}
