//! The first byte says whether the sums are made right; the rest is the only, packed segment of a journal.

use crate::{WORDS, mend, read_in_every_way};
use journal::Writer;
use protocol::Body;
use std::fs;
use std::path::Path;

/// Bytes of a packed segment's footer.
const FOOTER: usize = 24;

#[test]
fn whatever_a_packed_segment_holds_it_is_read_up_to_its_damage() {
    let dir = tempfile::tempdir().unwrap();
    let target = |bytes: &[u8]| {
        let mut segment = bytes.get(1..).unwrap_or_default().to_vec();
        if bytes.first().is_some_and(|how| how & 1 == 1) {
            mend_header(&mut segment);
            mend_index(&mut segment);
        }
        let _ = fs::remove_file(dir.path().join("00000002.seg"));
        fs::write(dir.path().join("00000001.seg.zst"), &segment).unwrap();
        let before = read_in_every_way(dir.path());
        written_on(dir.path(), &before);
    };
    testkit::fuzz::attack("sealed", env!("CARGO_MANIFEST_DIR"), WORDS, target);
}

fn mend_header(segment: &mut [u8]) {
    if let Some(header) = segment.get_mut(..crate::SEGMENT_HEADER) {
        mend(header);
    }
}

/// Makes the index's sum right, where its footer leads to one.
fn mend_index(segment: &mut [u8]) {
    let Some(footer_at) = segment.len().checked_sub(FOOTER) else { return };
    let (before, footer) = segment.split_at_mut(footer_at);
    footer[16..].copy_from_slice(b"CFSEALED");
    let position = u64::from_le_bytes(footer[..8].try_into().unwrap());
    let index = usize::try_from(position).ok().and_then(|position| before.get(position..));
    if let Some(index) = index {
        footer[12..16].copy_from_slice(&crc32fast::hash(index).to_le_bytes());
    }
}

/// The writer goes on in a segment of its own, or says why it cannot.
fn written_on(dir: &Path, before: &[String]) {
    let Ok((mut writer, _)) = Writer::open(dir) else { return };
    if writer.append(&[Body::Output { bytes: b"more", held: 0 }]).is_err() {
        return;
    }
    let after = read_in_every_way(dir);
    assert!(after.starts_with(before), "what was there is still there");
}
