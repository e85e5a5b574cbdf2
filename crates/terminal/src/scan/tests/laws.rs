//! Laws of any stream, attacked by chance.

use super::super::{Found, Item, MAX_HELD_STRING, Scanner};
use super::{reference, scan, shown};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use protocol::Offset;

/// Pieces that meet in many ways: whole queries, beginnings, ends, controls, text.
const PIECES: &[&[u8]] = &[
    b"\x1b",
    b"\x1b[",
    b"\x1b]",
    b"\x1bP",
    b"\x1b_G",
    b"\x1bX",
    b"\x1b^",
    b"\x1b\\",
    b"\x1b(",
    b"\x1bZ",
    b"\x07",
    b"\x18",
    b"\x1a",
    b"\n",
    b"\x7f",
    b"\xc2",
    b"\x9b",
    b"\xc2\x9b",
    b"\xc2\x9c",
    b"\xc2\x9d",
    b"\xc2\x90",
    b"\xc2\x85",
    b"\xc2\xb7",
    b"\xe2\x94\x80",
    b"\xff",
    b"6n",
    b"c",
    b"?u",
    b">0q",
    b"?2026$p",
    b"38;2;1;2;3m",
    b"14t",
    b"5;6",
    b"\x1b[c",
    b"\x1b[6n",
    b"\x1b]11;?\x07",
    b"\x1b]10;?\x1b\\",
    b"\x1b]4;1;?;2;?\x07",
    b"11;?",
    b"4;1;?",
    b"0;title",
    b"7501;?",
    b"7501;state=idle",
    b"133;A",
    b"52;c;?",
    b"99;i=1:p=?;",
    b"777;notify;a;b",
    b"9;hello",
    b"$qm",
    b"+q544e",
    b"i=31,a=q",
    b"a=t;",
    b";AAAA",
    b"hello",
    b" ",
    b"1337;File=",
    b"1337;ReportCellSize",
];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => select(PIECES).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..6),
        1 => (select(b"a0;?:=".as_slice()), 50..600_usize).prop_map(|(byte, n)| vec![byte; n]),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Scans in chunks that end where `cuts` say, and checks each promise about what is held on the way.
fn scan_in_chunks(bytes: &[u8], cuts: &[usize]) -> Vec<Found> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let (mut scanner, mut found, mut at, mut visible) = (Scanner::new(Offset::ZERO), Vec::new(), 0, 0);
    for end in ends {
        let known = found.len();
        let held = scanner.scan(&bytes[at..end], &mut found);
        assert!(held <= MAX_HELD_STRING, "{held} bytes held");
        assert_eq!(scanner.position(), Offset(end as u64));
        assert!(!scanner.ground() || held == 0);
        for Found { range, what } in &found[known..] {
            let hidden = !matches!(what, Item::Query(_)) || range.start.0 >= visible;
            assert!(hidden, "{what:?} at {range:?} was shown up to {visible}");
        }
        let up_to = end as u64 - held;
        assert!(up_to >= visible, "what was shown is held again: {visible}, {up_to}");
        (at, visible) = (end, up_to);
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn where_chunks_end_changes_nothing(bytes in stream(), cuts in vec(any::<usize>(), 0..12)) {
        let found = scan_in_chunks(&bytes, &cuts);
        prop_assert_eq!(&found, &scan(&bytes));
        prop_assert_eq!(shown(&bytes, &found), shown(&bytes, &scan(&bytes)));
    }

    #[test]
    fn byte_by_byte_changes_nothing(bytes in stream()) {
        let every: Vec<usize> = (0..bytes.len()).collect();
        prop_assert_eq!(scan_in_chunks(&bytes, &every), scan(&bytes));
    }

    #[test]
    fn the_slow_parser_agrees(bytes in stream()) {
        prop_assert_eq!(scan(&bytes), reference::found(&bytes));
    }

    #[test]
    fn any_bytes_are_taken(bytes in vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(scan(&bytes), reference::found(&bytes));
    }

    /// Cutting the queries out must not join what stood around them to something new; half a character of
    /// malformed UTF-8 before a query is the exception.
    #[test]
    fn what_is_left_means_what_it_meant(bytes in stream()) {
        let tells = |found: Vec<Found>| -> Vec<Item> {
            found.into_iter().map(|f| f.what).filter(|what| !matches!(what, Item::Query(_))).collect()
        };
        if bytes.windows(2).any(|pair| pair == b"\xc2\x1b" || pair == b"\xc2\xc2") {
            return Ok(());
        }
        let found = scan(&bytes);
        let rest = shown(&bytes, &found);
        let again = scan(&rest);
        prop_assert!(!again.iter().any(|f| matches!(f.what, Item::Query(_))), "{:?}", again);
        prop_assert_eq!(tells(again), tells(found));
    }

    #[test]
    fn text_holds_nothing(text in "[^\u{0}-\u{1f}\u{7f}-\u{9f}]{0,200}", cut in any::<usize>()) {
        let bytes = text.as_bytes();
        let cut = cut % (bytes.len() + 1);
        let mut scanner = Scanner::new(Offset(7));
        let held = scanner.scan(&bytes[..cut], &mut Vec::new());
        prop_assert_eq!(held, u64::from(bytes[..cut].last() == Some(&0xc2)));
        prop_assert_eq!(scanner.scan(&bytes[cut..], &mut Vec::new()), 0);
        prop_assert_eq!(scanner.position(), Offset(7 + bytes.len() as u64));
    }
}
