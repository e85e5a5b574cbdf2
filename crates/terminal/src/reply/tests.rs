//! Replies and keys that look like them, in every split of the reads.

use super::*;
use crate::query::Query;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const CPR: ReplyKind = ReplyKind::csi(b"", b"R");
const DA1: ReplyKind = ReplyKind::csi(b"?", b"c");

fn check(expected: &[ReplyKind], input: &[u8], typed: &[u8], replies: &[&[u8]]) {
    for chunk in 1..=input.len() {
        let mut filter = ReplyFilter::new();
        expected.iter().for_each(|kind| filter.expect(*kind));
        let (mut passed, mut taken) = (Vec::new(), Vec::new());
        for part in input.chunks(chunk) {
            passed.extend_from_slice(&filter.feed(part, &mut taken));
        }
        passed.extend_from_slice(&filter.release());
        assert_eq!(passed, typed, "{input:?} by {chunk}");
        assert_eq!(taken.iter().map(|reply| reply.bytes.as_slice()).collect::<Vec<_>>(), replies);
    }
}

#[test]
fn shift_f3_is_a_key_unless_a_cursor_report_is_due() {
    check(&[], b"\x1b[1;2R", b"\x1b[1;2R", &[]);
    check(&[CPR], b"\x1b[1;2R", b"", &[b"\x1b[1;2R"]);
    check(&[CPR], b"\x1b[7;9R\x1b[1;2R", b"\x1b[1;2R", &[b"\x1b[7;9R"]);
    check(&[CPR], b"\x1bR\x1b[R\x1b[A", b"\x1bR\x1b[R\x1b[A", &[]);
}

#[test]
fn replies_leave_and_the_rest_stays() {
    check(
        &[DA1, CPR],
        b"a\x1b[?62;22cb\x1b[1;5Ac\x1b[2;3Rd",
        b"ab\x1b[1;5Acd",
        &[b"\x1b[?62;22c", b"\x1b[2;3R"],
    );
    check(&[ReplyKind::Osc(11)], b"\x1b]11;rgb:0/0/0\x1b\\x", b"x", &[b"\x1b]11;rgb:0/0/0\x1b\\"]);
    check(&[ReplyKind::Osc(11)], b"\x1b]10;rgb:0/0/0\x07", b"\x1b]10;rgb:0/0/0\x07", &[]);
    check(&[ReplyKind::Dcs(b">|")], b"\x1bP>|WezTerm 1\x1b\\", b"", &[b"\x1bP>|WezTerm 1\x1b\\"]);
    check(&[ReplyKind::Dcs(b"+r")], b"\x1bP1+r544e=41\x1b\\", b"", &[b"\x1bP1+r544e=41\x1b\\"]);
    check(&[ReplyKind::Graphics], b"\x1b_Gi=31;OK\x1b\\\x1b", b"\x1b", &[b"\x1b_Gi=31;OK\x1b\\"]);
    check(&[ReplyKind::csi(b"?", b"$y")], b"\x1b[?2026;2$y", b"", &[b"\x1b[?2026;2$y"]);
    check(&[ReplyKind::Osc(11)], b"\x1b]11;\r", b"\x1b]11;\r", &[]);
}

#[test]
fn every_query_with_an_answer_names_its_shape() {
    assert_eq!(Query::CursorPosition.reply(), Some(CPR));
    assert_eq!(Query::PrimaryAttributes.reply(), Some(DA1));
    assert_eq!(Query::Other(Vec::new()).reply(), None);
}

#[test]
fn nothing_outstanding_is_a_pass_through() {
    let mut filter = ReplyFilter::new();
    assert!(matches!(filter.feed(b"\x1b[1;2R\x1b", &mut Vec::new()), Cow::Borrowed(b"\x1b[1;2R\x1b")));
    filter.expect(CPR);
    assert!(matches!(filter.feed(b"text", &mut Vec::new()), Cow::Borrowed(b"text")));
    assert!(filter.feed(b"\x1b", &mut Vec::new()).is_empty());
    assert!(filter.holds());
    assert_eq!(filter.release(), b"\x1b");
}

#[test]
fn an_endless_string_is_given_up() {
    let mut filter = ReplyFilter::new();
    filter.expect(ReplyKind::Osc(11));
    let long = [b"\x1b]11;".as_slice(), &vec![b'a'; MAX_STRING]].concat();
    assert_eq!(*filter.feed(&long, &mut Vec::new()), long);
}

proptest! {
    #[test]
    fn no_byte_is_lost_or_moved(
        pieces in vec(select(vec![
            b"\x1b".as_slice(), b"[", b"1;2R", b"\x1b[?1;2c", b"a", b"\x1b[A", b"\x1b]11;rgb:1/2/3", b"\x07", b"\x1b\\",
        ]), 0..20),
        chunk in 1..9_usize,
    ) {
        let input = pieces.concat();
        let mut filter = ReplyFilter::new();
        for kind in [CPR, CPR, DA1, ReplyKind::Osc(11)] {
            filter.expect(kind);
        }
        let (mut typed, mut replies) = (Vec::new(), Vec::new());
        for part in input.chunks(chunk) {
            typed.extend_from_slice(&filter.feed(part, &mut replies));
        }
        typed.extend_from_slice(&filter.release());
        let taken: usize = replies.iter().map(|reply| reply.bytes.len()).sum();
        prop_assert_eq!(typed.len() + taken, input.len());
        let mut together = Vec::new();
        let mut whole = ReplyFilter::new();
        for kind in [CPR, CPR, DA1, ReplyKind::Osc(11)] {
            whole.expect(kind);
        }
        let mut once = whole.feed(&input, &mut together).into_owned();
        once.extend_from_slice(&whole.release());
        prop_assert_eq!((once, together), (typed, replies));
    }
}
