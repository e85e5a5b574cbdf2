//! The first byte says which answers are waited for and where reads end; the rest is what a terminal sends.

use crate::{first, pieces};
use protocol::Size;
use terminal::probe::ProbeReader;
use terminal::reply::{Reply, ReplyFilter, ReplyKind, Ticket};

const KINDS: &[ReplyKind] = &[
    ReplyKind::csi(b"", b"R"),
    ReplyKind::csi(b"?", b"c"),
    ReplyKind::csi(b"?", b"$y"),
    ReplyKind::Osc(11),
    ReplyKind::Osc(52),
    ReplyKind::Dcs(b"+r"),
    ReplyKind::Any,
    ReplyKind::Graphics,
];

const WORDS: &[&[u8]] = &[
    b"\x1b",
    b"\x1b[1;2R",
    b"\x1b[?62;22c",
    b"\x1b[>1;10;0c",
    b"\x1b[?2026;2$y",
    b"\x1b[?0u",
    b"\x1b[6;18;9t",
    b"\x1b[4;540;900t",
    b"\x1b[4;65535;65535t",
    b"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    b"\x1b]10;rgb:f/f/f\x07",
    b"\x1b]52;c;aGk=\x07",
    b"\x1bP>|name 1\x1b\\",
    b"\x1bP1+r544e=41\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b]lname\x1b\\",
    b"\x1b[A",
    b"\x1bOP",
    b"\x1b[200~",
    b"\x1b[201~",
    b"\x1b[<0;3;4M",
    b"ls -l\r",
    "é".as_bytes(),
];

#[test]
fn what_is_typed_comes_out_untouched_and_answers_are_the_same_however_they_arrive() {
    testkit::fuzz::attack("reply", env!("CARGO_MANIFEST_DIR"), WORDS, |bytes| {
        let (awaited, bytes) = first(bytes);
        let (how, input) = first(bytes);
        nothing_awaited(input, how);
        let whole = sorted(awaited, std::iter::once(input));
        assert_eq!(sorted(awaited, pieces(input, how)), whole);
        assert_eq!(sorted(awaited, input.chunks(1)), whole);
        in_order(input, &whole);
        probed(input, how);
    });
}

fn nothing_awaited(input: &[u8], how: u8) {
    let mut filter = ReplyFilter::new();
    for piece in pieces(input, how) {
        let mut replies = Vec::new();
        assert_eq!(*filter.feed(piece, &mut replies), *piece);
        assert!(replies.is_empty() && !filter.holds());
    }
}

/// What was typed, and the answers in it.
fn sorted<'a>(awaited: u8, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<Reply>) {
    let mut filter = ReplyFilter::new();
    for (bit, kind) in KINDS.iter().enumerate().filter(|(bit, _)| awaited >> bit & 1 == 1) {
        filter.expect(*kind, 1 + bit % 2, Ticket(bit as u64));
    }
    let waited = filter.outstanding();
    let (mut typed, mut replies) = (Vec::new(), Vec::new());
    for piece in pieces {
        typed.extend_from_slice(&filter.feed(piece, &mut replies));
    }
    typed.extend_from_slice(&filter.release());
    assert_eq!(filter.outstanding() + replies.len(), waited);
    (typed, replies)
}

/// Typing and answers, put together again, are the input: nothing was lost, made up or moved.
fn in_order(input: &[u8], (typed, replies): &(Vec<u8>, Vec<Reply>)) {
    let (mut typed, mut rest) = (&typed[..], input);
    for reply in replies {
        loop {
            if rest.starts_with(&reply.bytes) {
                rest = &rest[reply.bytes.len()..];
                break;
            }
            assert_eq!(typed.first(), rest.first(), "before {reply:?}");
            (typed, rest) = (&typed[1..], &rest[1..]);
        }
    }
    assert_eq!(typed, rest);
}

fn probed(input: &[u8], how: u8) {
    let mut filter = ReplyFilter::new();
    let mut reader = ProbeReader::new(Size { cols: 80, rows: 24 }, &mut filter, Ticket(1));
    let mut passed = 0;
    for piece in pieces(input, how) {
        let done = filter.outstanding() == 0 && !filter.holds();
        let mut replies = Vec::new();
        let typed = filter.feed(piece, &mut replies);
        assert!(!done || *typed == *piece, "after the fence all is typing");
        passed += typed.len();
        replies.iter().for_each(|reply| reader.learn(reply));
    }
    assert!(passed + filter.release().len() <= input.len());
    reader.finish();
}
