//! What is purged is nowhere, and nothing else has moved.

use crate::{Chance, create, output, read_output};
use journal::{Purge, Reader, purge, seal_all, seal_closed, verify, would_purge};
use protocol::{Body, ClientNumber, Notice, Offset, Size};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

const SECRET: &str = "hunter2-correct-horse";

/// All bytes of a folder, unpacked where they are packed.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(all_bytes(&path));
        } else if path.to_str().unwrap().ends_with(".zst") {
            let bytes = fs::read(&path).unwrap();
            let index = u64::from_le_bytes(bytes[bytes.len() - 24..][..8].try_into().unwrap());
            let mut frames = &bytes[64..index as usize];
            while !frames.is_empty() {
                let length = zstd::zstd_safe::find_frame_compressed_size(frames).unwrap();
                all.extend(zstd::bulk::decompress(&frames[..length], 8 << 20).unwrap());
                frames = &frames[length..];
            }
        } else {
            all.extend(fs::read(&path).unwrap());
        }
    }
    all
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A journal of several segments in which the secret stands in all kinds of places.
fn journal(folder: &Path, chance: &mut Chance) -> Vec<u8> {
    let mut writer = create(folder);
    writer.append(&[Body::Resize(Size::DEFAULT)]).unwrap();
    while writer.segment() < 3 {
        for byte in SECRET.bytes() {
            writer
                .append(&[Body::Input { client: ClientNumber(1), bytes: &[byte] }, output(&[byte])])
                .unwrap();
        }
        let hook = format!("{{\"session_id\":\"s\",\"prompt\":\"say {SECRET}\"}}");
        writer.append(&[Body::Hook { bytes: hook.as_bytes(), cut: false }]).unwrap();
        writer.append(&[output(b"\x1b[1mhunter2-"), output(b"\x1b[31mcorrect\x1b[m-hor\r\nse")]).unwrap();
        let length = 300_000 + chance.below(100_000);
        let noise = chance.bytes(length);
        writer.append(&[output(&noise)]).unwrap();
    }
    drop(writer);
    read_output(folder, 0)
}

#[test]
fn a_text_is_nowhere_afterwards_and_no_offset_has_moved() {
    let mut chance = Chance::seeded();
    for sealed in [0, 1, 2] {
        let home = tempdir().unwrap();
        let folder = home.path().join("journal");
        let before = journal(&folder, &mut chance);
        match sealed {
            0 => {}
            1 => seal_closed(&folder),
            _ => seal_all(&folder),
        }
        assert!(has(&all_bytes(home.path()), SECRET));
        let records = verify(&folder, |_| ()).unwrap().records;
        let texts = [SECRET.to_owned()];
        let would = would_purge(&folder, &Purge::Text(&texts)).unwrap();
        assert!(has(&all_bytes(home.path()), SECRET), "who only asks changes nothing");
        let purged = purge(&folder, &Purge::Text(&texts)).unwrap();
        assert_eq!((would.output_bytes, would.records), (purged.output_bytes, purged.records));
        let after = read_output(&folder, 0);
        assert!(!has(&all_bytes(home.path()), SECRET) && !has(&all_bytes(home.path()), "hunter2-"));
        assert_eq!(after.len(), before.len());
        let changed = before.iter().zip(&after).filter(|(one, other)| one != other).count();
        assert_eq!(changed as u64, purged.output_bytes);
        let report = verify(&folder, |_| ()).unwrap();
        assert!(report.is_sound() && report.records == records + 1, "{report:?}");
        assert!(purge(&folder, &Purge::Text(&texts)).unwrap().is_empty());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "something was left behind");
    }
}

#[test]
fn a_span_goes_with_all_that_stands_in_it() {
    let home = tempdir().unwrap();
    let folder = home.path().join("journal");
    let mut writer = create(&folder);
    let hook = |word: &str| format!("{{\"prompt\":\"{word}\"}}");
    for word in ["one\r\n", "two\r\n", "three"] {
        let (typed, told) = (word.to_uppercase(), hook(word.trim()));
        writer.append(&[Body::Input { client: ClientNumber(1), bytes: typed.as_bytes() }]).unwrap();
        writer.append(&[Body::Hook { bytes: told.as_bytes(), cut: false }, output(word.as_bytes())]).unwrap();
    }
    drop(writer);
    let purged = purge(&folder, &Purge::Span(Offset(5)..Offset(10))).unwrap();
    assert_eq!((purged.output_bytes, purged.records, purged.segments), (5, 2, 1));
    assert_eq!(read_output(&folder, 0), b"one\r\n***\r\nthree");
    let (mut typed, mut notices, mut other) = (Vec::new(), Vec::new(), 0);
    let mut reader = Reader::open(&folder, Offset::ZERO).unwrap();
    while let Some(record) = reader.next().unwrap() {
        match record.body {
            Body::Input { bytes, .. } => typed.extend_from_slice(bytes),
            Body::Notice(notice) => notices.push(notice),
            Body::Hook { bytes, .. } => other += bytes.iter().filter(|byte| **byte != b' ').count(),
            _ => {}
        }
    }
    assert_eq!(typed, b"ONE\r\n***\r\nTHREE");
    assert_eq!(other, hook("one").len() + hook("three").len());
    let ranges = vec![Offset(5)..Offset(10)];
    assert_eq!(notices, [Notice::Purged { ranges, output_bytes: 5, records: 2 }]);
}

#[test]
fn what_is_being_written_or_damaged_is_refused() {
    let home = tempdir().unwrap();
    let folder = home.path().join("journal");
    let mut writer = create(&folder);
    writer.append(&[output(b"some output")]).unwrap();
    let span = Purge::Span(Offset(0)..Offset(4));
    assert!(purge(&folder, &span).is_err());
    drop(writer);
    let path = folder.join("00000001.seg");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(purge(&folder, &span).is_err());
    assert_eq!(fs::read(&path).unwrap(), bytes);
}
