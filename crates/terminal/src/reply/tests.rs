//! Replies and keys that look like them, in every split of the reads.

use super::*;
use crate::query::Query;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const CPR: ReplyKind = ReplyKind::csi(b"", b"R");
const DA1: ReplyKind = ReplyKind::csi(b"?", b"c");

const KINDS: [ReplyKind; 4] = [CPR, CPR, DA1, ReplyKind::Osc(11)];

/// Asks one after the other, under the tickets 1, 2...
fn expect(filter: &mut ReplyFilter, kinds: &[ReplyKind]) {
    for (number, kind) in (1..).zip(kinds) {
        filter.expect(*kind, 1, Ticket(number));
    }
}

fn check(expected: &[ReplyKind], input: &[u8], typed: &[u8], replies: &[&[u8]]) {
    for chunk in 1..=input.len() {
        let mut filter = ReplyFilter::new();
        expect(&mut filter, expected);
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
    assert_eq!(Query::CursorPosition.reply(), CPR);
    assert_eq!(Query::PrimaryAttributes.reply(), DA1);
    assert_eq!(Query::Other(Vec::new()).reply(), ReplyKind::Any);
}

#[test]
fn nothing_outstanding_is_a_pass_through() {
    let mut filter = ReplyFilter::new();
    assert!(matches!(filter.feed(b"\x1b[1;2R\x1b", &mut Vec::new()), Cow::Borrowed(b"\x1b[1;2R\x1b")));
    expect(&mut filter, &[CPR]);
    assert!(matches!(filter.feed(b"text", &mut Vec::new()), Cow::Borrowed(b"text")));
    assert!(filter.feed(b"\x1b", &mut Vec::new()).is_empty());
    assert!(filter.holds());
    assert_eq!(filter.release(), b"\x1b");
}

#[test]
fn an_endless_string_is_given_up() {
    let mut filter = ReplyFilter::new();
    expect(&mut filter, &[ReplyKind::Osc(11)]);
    let long = [b"\x1b]11;".as_slice(), &vec![b'a'; shape::MAX_STRING]].concat();
    assert_eq!(*filter.feed(&long, &mut Vec::new()), long);
}

#[test]
fn behind_a_fence_nothing_is_waited_for_that_was_asked_before_it_but_the_clipboard() {
    let mut filter = ReplyFilter::new();
    for ticket in [Ticket(1), Ticket(2)] {
        filter.expect(ReplyKind::Osc(4), 2, ticket);
        filter.expect(ReplyKind::Osc(52), 1, ticket);
        filter.fence(DA1, ticket);
    }
    let mut replies = Vec::new();
    // The first question is not answered; the second is, though it looks the same.
    let read = b"\x1b[?1c\x1b]4;1;a\x07\x1b]4;2;b\x07\x1b[?1c\x1b]4;3;c\x07\x1b]52;c;d\x07";
    assert_eq!(*filter.feed(read, &mut replies), *b"\x1b]4;3;c\x07");
    let heard: Vec<_> = replies.iter().map(|reply| (reply.ticket.0, reply.fence)).collect();
    assert_eq!(heard, [(1, true), (2, false), (2, false), (2, true), (1, false)]);
    assert_eq!(filter.outstanding(), 1, "the clipboard of the second");
    filter.forget(Ticket(2));
    assert_eq!(filter.outstanding(), 0);
}

#[test]
fn what_no_key_looks_like_may_answer_a_question_of_which_nothing_is_known() {
    check(&[ReplyKind::Any], b"a\x1b[?2;0;256Sb", b"ab", &[b"\x1b[?2;0;256S"]);
    check(&[ReplyKind::Any], b"\x1b]4;256;x\x07", b"", &[b"\x1b]4;256;x\x07"]);
    check(&[ReplyKind::Any], b"\x1bP1!~AB\x1b\\", b"", &[b"\x1bP1!~AB\x1b\\"]);
    for key in [b"\x1b[1;5A".as_slice(), b"\x1b[3$x", b"\x1b[<0;3;4M", b"\x1b[97;5u", b"\x1bOP", b"\x1b[200~"]
    {
        check(&[ReplyKind::Any], key, key, &[]);
    }
    let mut filter = ReplyFilter::new();
    filter.expect(ReplyKind::Any, 1, Ticket(1));
    filter.fence(DA1, Ticket(1));
    let mut replies = Vec::new();
    filter.feed(b"\x1b[?1c", &mut replies);
    assert!(replies[0].fence, "a fence is known more closely");
    assert_eq!(filter.outstanding(), 0);
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
        expect(&mut filter, &KINDS);
        let (mut typed, mut replies) = (Vec::new(), Vec::new());
        for part in input.chunks(chunk) {
            typed.extend_from_slice(&filter.feed(part, &mut replies));
        }
        typed.extend_from_slice(&filter.release());
        let taken: usize = replies.iter().map(|reply| reply.bytes.len()).sum();
        prop_assert_eq!(typed.len() + taken, input.len());
        let mut together = Vec::new();
        let mut whole = ReplyFilter::new();
        expect(&mut whole, &KINDS);
        let mut once = whole.feed(&input, &mut together).into_owned();
        once.extend_from_slice(&whole.release());
        prop_assert_eq!((once, together), (typed, replies));
    }
}
