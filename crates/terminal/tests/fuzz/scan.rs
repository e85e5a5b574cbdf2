//! The first byte says where reads end; the rest is what a program writes.

use crate::{first, pieces};
use protocol::Offset;
use terminal::scan::{Found, Item, MAX_HELD_STRING, Scanner};

pub const WORDS: &[&[u8]] = &[
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_G",
    b"\x1bX",
    b"\x1b^",
    b"\x1b\\",
    b"\x07",
    b"\x18",
    b"\xc2\x9b",
    b"\xc2\x9c",
    b"\xc2\x9d",
    b"\xc2",
    b"\x1b[c",
    b"\x1b[6n",
    b"\x1b[?u",
    b"\x1b[>0q",
    b"\x1b[?2026$p",
    b"\x1b[14t",
    b"\x1b]11;?\x07",
    b"\x1b]4;1;?;2;?\x1b\\",
    b"\x1b]7501;?\x07",
    b"\x1b]7501;state=working;msg=a\x07",
    b"\x1b]133;D;1\x07",
    b"\x1b]0;title\x07",
    b"\x1b]52;c;?\x07",
    b"\x1b]99;i=1:p=?;\x1b\\",
    b"\x1b]777;notify;a;b\x07",
    b"\x1bP$qm\x1b\\",
    b"\x1bP+q544e\x1b\\",
    b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    b"\x1b]1337;File=",
];

#[test]
fn where_reads_end_changes_nothing_and_what_is_held_is_bounded() {
    testkit::fuzz::attack("scan", env!("CARGO_MANIFEST_DIR"), WORDS, |bytes| {
        let (how, stream) = first(bytes);
        let whole = scan(std::iter::once(stream));
        assert_eq!(scan(pieces(stream, how)), whole);
        assert_eq!(scan(stream.chunks(1)), whole);
        for Found { range, .. } in &whole {
            assert!(range.start < range.end && range.end.0 <= stream.len() as u64, "{range:?}");
        }
        for pair in whole.windows(2) {
            let inside = pair[1].range.start < pair[0].range.end;
            assert!(!inside, "one in the other: {pair:?}");
        }
    });
}

/// Scans piece by piece; what a terminal was shown is never a query afterwards.
fn scan<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Found> {
    let (mut scanner, mut found, mut read, mut shown) = (Scanner::new(Offset::ZERO), Vec::new(), 0, 0);
    for piece in pieces {
        let known = found.len();
        let held = scanner.scan(piece, &mut found);
        read += piece.len() as u64;
        assert!(held <= MAX_HELD_STRING && held <= read, "{held} bytes held");
        assert_eq!(scanner.position(), Offset(read));
        let asked = found[known..].iter().filter(|found| matches!(found.what, Item::Query(_)));
        for Found { range, what } in asked {
            assert!(range.start.0 >= shown, "{what:?} at {range:?} was shown up to {shown}");
        }
        assert!(read - held >= shown, "what was shown is held again");
        shown = read - held;
    }
    found
}
