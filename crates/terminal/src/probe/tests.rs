//! What is learned from terminals that tell much, little, or nothing; the typing between is nobody's answer.

use super::*;
use crate::scan::{Item, Scanner};
use proptest::prelude::*;
use protocol::Offset;

const REPLIES: [&[u8]; 14] = [
    b"\x1bP>|GPterm 1.2.3\x1b\\",
    b"\x1b[>1;10;0c",
    b"\x1b]10;rgb:ffff/ffff/ffff\x1b\\",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    b"\x1b]12;rgb:f5f5/e0e0/dcdc\x07",
    b"\x1b[?2026;2$y",
    b"\x1b[?2027;3$y",
    b"\x1b[?2031;0$y",
    b"\x1b[?1016;4$y",
    b"\x1b[?0u",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b[6;18;9t",
    b"\x1b[4;540;900t",
    b"\x1b[?62;22c",
];

const SIZE: Size = Size { cols: 100, rows: 30 };

fn expected() -> Profile {
    let mut profile = Profile::unknown();
    profile.name = Some("GPterm 1.2.3".into());
    profile.primary = "62;22".into();
    profile.secondary = Some("1;10;0".into());
    profile.foreground = Some(Rgb(0xffff, 0xffff, 0xffff));
    profile.background = Some(Rgb(0x1e1e, 0x1e1e, 0x2e2e));
    profile.cursor = Some(Rgb(0xf5f5, 0xe0e0, 0xdcdc));
    profile.modes = [2026, 2027].into();
    profile.kitty_keyboard = true;
    profile.kitty_graphics = true;
    profile.cell = Some(Pixels { width: 9, height: 18 });
    profile
}

/// Reads a terminal's input piece by piece, each to its end before the next.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (ProbeReader, Vec<u8>) {
    let mut filter = ReplyFilter::new();
    let mut reader = ProbeReader::new(SIZE, &mut filter, Ticket(1));
    let (mut typed, mut replies) = (Vec::new(), Vec::new());
    for piece in pieces {
        typed.extend_from_slice(&filter.feed(piece, &mut replies));
        replies.drain(..).for_each(|reply| reader.learn(&reply));
    }
    typed.extend(filter.release());
    (reader, typed)
}

#[test]
fn a_rich_terminal_is_learned() {
    assert!(!read(REPLIES[..13].iter().copied()).0.done());
    let (reader, typed) = read(REPLIES.into_iter().chain([b"\x1b[?62;22c".as_slice()]));
    assert!(reader.done());
    assert_eq!(typed, b"\x1b[?62;22c", "after the fence all is typing");
    assert_eq!(reader.finish(), expected());
}

#[test]
fn a_poor_terminal_is_believed_too() {
    let (reader, typed) = read([b"\x1b[4;540;900t\x1b[?1;2cls\x1b".as_slice()]);
    assert_eq!(typed, b"ls\x1b");
    let profile = reader.finish();
    assert_eq!((profile.primary.as_str(), profile.name, profile.kitty_keyboard), ("1;2", None, false));
    assert_eq!(profile.cell, Some(Pixels { width: 9, height: 18 }));
}

#[test]
fn every_question_is_one_we_would_find_ourselves() {
    let mut found = Vec::new();
    assert_eq!(Scanner::new(Offset::ZERO).scan(&probe(), &mut found), 0);
    let kinds: Vec<_> = found
        .iter()
        .map(|found| match &found.what {
            Item::Query(query) => query.reply(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: Vec<_> = QUESTIONS.iter().map(|(_, reply)| *reply).chain([PRIMARY]).collect();
    assert_eq!(kinds, expected);
}

proptest! {
    /// T14: whatever is typed between the replies, and wherever reads end, comes out untouched.
    #[test]
    fn typing_comes_out_untouched(
        typed in proptest::collection::vec(
            proptest::sample::select(vec!["", "a", "ls -l\r", "é漢", "\x1b[A", "\x1bx", "\x1b[1;5C", "\x1bOP", "\x03",
                "\x1b[97;5u", "\x1b[<0;3;4M", "\x1b[I", "\x1b[200~hi\x1b[201~", "\x1b[1;2R"]), 14),
        chunk in 1..40_usize,
    ) {
        let input: Vec<u8> =
            typed.iter().zip(REPLIES).flat_map(|(keys, reply)| [keys.as_bytes(), reply].concat()).collect();
        let (reader, passed) = read(input.chunks(chunk));
        prop_assert!(reader.done());
        prop_assert_eq!(String::from_utf8_lossy(&passed), typed.concat());
        prop_assert_eq!(reader.finish(), expected());
    }
}
