//! The first byte says whether the sums are made right; the rest is the only segment of a journal.

use crate::{WORDS, mend, read_in_every_way};
use journal::{Writer, seal};
use protocol::Body;
use std::fs;
use std::path::Path;

#[test]
fn whatever_a_segment_holds_it_is_read_up_to_its_damage_and_can_be_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let target = |bytes: &[u8]| {
        let mut segment = bytes.get(1..).unwrap_or_default().to_vec();
        if bytes.first().is_some_and(|how| how & 1 == 1) {
            mend(&mut segment);
        }
        empty(dir.path());
        fs::write(dir.path().join("00000001.seg"), &segment).unwrap();
        let before = read_in_every_way(dir.path());
        if !written_on(dir.path(), &before) {
            return;
        }
        let whole = read_in_every_way(dir.path());
        if seal(dir.path(), 1).is_ok() {
            assert_eq!(read_in_every_way(dir.path()), whole, "sealing changed what is read");
        }
    };
    testkit::fuzz::attack("plain", env!("CARGO_MANIFEST_DIR"), WORDS, target);
}

/// Recovers, appends and looks: all that was whole before is still there, then what was appended. False where no
/// writer can open it.
fn written_on(dir: &Path, before: &[String]) -> bool {
    let Ok((mut writer, recovered)) = Writer::open(dir) else { return false };
    let size = fs::metadata(dir.join("00000001.seg")).unwrap().len();
    let offset = writer.offset();
    if writer.append(&[Body::Output { bytes: b"more", held: 0 }]).is_err() {
        return false;
    }
    drop(writer);
    let after = read_in_every_way(dir);
    assert_eq!(after.len(), before.len() + 1, "{recovered:?}, {size} bytes");
    assert_eq!(&after[..before.len()], before);
    assert!(after[before.len()].contains(&format!("{offset:?}")), "{}", after[before.len()]);
    let (_, again) = Writer::open(dir).expect("what was recovered can be opened");
    assert_eq!(again.torn_bytes, 0, "a second recovery cuts off more");
    true
}

fn empty(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
}
