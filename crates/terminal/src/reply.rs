//! Telling a terminal's answers from what a person types, in input that a client sent.
//!
//! A reply is one only while somebody waits for it: `CSI 1;2R` is a cursor report or Shift+F3. What nobody waits
//! for passes byte for byte, and while nobody waits for anything nothing is even looked at.

use memchr::memchr;
use std::borrow::Cow;

/// Bytes of a CSI reply; the longest (DA1 with all its attributes) has about 50.
const MAX_CSI: usize = 128;
/// Bytes of a reply in a string; XTGETTCAP with long values comes to a few hundred.
const MAX_STRING: usize = 4096;
/// Bytes of a clipboard reply, which is base64 of whatever was copied. A longer one passes as typed.
const MAX_CLIPBOARD: usize = 1 << 20;
/// Replies waited for at once. The oldest is given up for a newer one: no program asks that much before it reads.
const MAX_OUTSTANDING: usize = 256;

const ESC: u8 = 0x1b;

/// The shape of a terminal's reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReplyKind {
    /// `CSI prefix numbers last`.
    Csi {
        /// What stands before the numbers: nothing, `?` or `>`.
        prefix: &'static [u8],
        /// What stands after them: a final byte, perhaps with an intermediate before it.
        last: &'static [u8],
    },
    /// `OSC number ; ... ST`.
    Osc(u16),
    /// `DCS lead ... ST`, with one digit before the lead where the reply says if the request was valid.
    Dcs(&'static [u8]),
    /// `OSC l ... ST` or `OSC L ... ST`: a window's title and its icon's.
    Label(u8),
    /// `APC G ... ST`.
    Graphics,
}

/// One reply that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// What it answers.
    pub kind: ReplyKind,
    /// The whole sequence.
    pub bytes: Vec<u8>,
}

/// Takes the replies that are waited for out of one client's input.
#[derive(Default, Debug)]
pub struct ReplyFilter {
    outstanding: Vec<ReplyKind>,
    /// What may still become a reply, from its ESC on.
    held: Vec<u8>,
}

/// How the bytes from an ESC on compare with a kind of reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fit {
    No,
    Partial,
    /// A reply of this many bytes.
    Whole(usize),
}

impl ReplyFilter {
    /// A filter that waits for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for one more reply of this kind.
    pub fn expect(&mut self, kind: ReplyKind) {
        if self.outstanding.len() == MAX_OUTSTANDING {
            self.outstanding.remove(0);
        }
        self.outstanding.push(kind);
    }

    /// How many replies are waited for.
    pub fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    /// Waits for nothing more: the time for answers is over.
    pub fn forget(&mut self) {
        self.outstanding.clear();
    }

    /// Whether the last read ended in what may be the beginning of a reply. After a moment without more (an Escape
    /// key alone looks like that) [`ReplyFilter::release`] gives it up.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// What is held, as typed.
    pub fn release(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }

    /// Reads input; returns what was typed, in order, and pushes the replies in it.
    pub fn feed<'a>(&mut self, read: &'a [u8], replies: &mut Vec<Reply>) -> Cow<'a, [u8]> {
        let nothing_to_do = self.outstanding.is_empty() || memchr(ESC, read).is_none();
        if self.held.is_empty() && nothing_to_do {
            return Cow::Borrowed(read);
        }
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(read);
        Cow::Owned(self.sort(&input, replies))
    }

    fn sort(&mut self, input: &[u8], replies: &mut Vec<Reply>) -> Vec<u8> {
        let mut typed = Vec::with_capacity(input.len());
        let mut rest = input;
        while let Some(at) = memchr(ESC, rest) {
            typed.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            match self.judge(rest) {
                (Fit::Whole(bytes), index) => {
                    let kind = self.outstanding.remove(index);
                    replies.push(Reply { kind, bytes: rest[..bytes].to_vec() });
                    rest = &rest[bytes..];
                }
                (Fit::Partial, _) => {
                    self.held = rest.to_vec();
                    return typed;
                }
                (Fit::No, _) => {
                    typed.push(ESC);
                    rest = &rest[1..];
                }
            }
        }
        typed.extend_from_slice(rest);
        typed
    }

    /// The best fit among the replies that are waited for, and which it is.
    fn judge(&self, input: &[u8]) -> (Fit, usize) {
        let mut best = (Fit::No, 0);
        for (index, kind) in self.outstanding.iter().enumerate() {
            match kind.fit(input) {
                Fit::Whole(bytes) => return (Fit::Whole(bytes), index),
                Fit::Partial => best = (Fit::Partial, index),
                Fit::No => {}
            }
        }
        best
    }
}

impl ReplyKind {
    /// `CSI prefix numbers last`.
    pub const fn csi(prefix: &'static [u8], last: &'static [u8]) -> Self {
        Self::Csi { prefix, last }
    }

    fn fit(&self, input: &[u8]) -> Fit {
        match *self {
            Self::Csi { prefix, last } => fit_csi(input, prefix, last),
            Self::Osc(52) => fit_string(input, b"\x1b]52;", MAX_CLIPBOARD),
            Self::Osc(number) => fit_string(input, format!("\x1b]{number};").as_bytes(), MAX_STRING),
            Self::Dcs(lead) => fit_dcs(input, lead),
            Self::Label(letter) => fit_string(input, &[ESC, b']', letter], MAX_STRING),
            Self::Graphics => fit_string(input, b"\x1b_G", MAX_STRING),
        }
    }
}

/// What follows `lead` in `input`, or how far `input` fits.
fn after<'a>(input: &'a [u8], lead: &[u8]) -> Result<&'a [u8], Fit> {
    match input.strip_prefix(lead) {
        Some(rest) => Ok(rest),
        None if lead.starts_with(input) => Err(Fit::Partial),
        None => Err(Fit::No),
    }
}

fn fit_csi(input: &[u8], prefix: &[u8], last: &[u8]) -> Fit {
    let rest = match after(input, b"\x1b[").and_then(|rest| after(rest, prefix)) {
        Ok(rest) => rest,
        Err(fit) => return fit,
    };
    let numbers = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count();
    let begin = input.len() - rest.len() + numbers;
    match after(&rest[numbers..], last) {
        _ if begin > MAX_CSI => Fit::No,
        Ok(_) if numbers == 0 => Fit::No,
        Ok(_) => Fit::Whole(begin + last.len()),
        Err(fit) => fit,
    }
}

fn fit_dcs(input: &[u8], lead: &[u8]) -> Fit {
    let validity = usize::from(matches!(input.get(2), Some(b'0' | b'1')));
    let skip = if lead.ends_with(b"r") { validity } else { 0 };
    let head = [b"\x1bP", &input[input.len().min(2)..input.len().min(2 + skip)], lead].concat();
    fit_string(input, &head, MAX_STRING)
}

/// `lead`, then text without control characters, then BEL or ST.
fn fit_string(input: &[u8], lead: &[u8], most: usize) -> Fit {
    let rest = match after(input, lead) {
        Ok(rest) => rest,
        Err(fit) => return fit,
    };
    let text = rest.iter().position(|b| *b < 0x20).unwrap_or(rest.len());
    let end = lead.len() + text;
    match rest[text..] {
        _ if end > most => Fit::No,
        [] | [ESC] => Fit::Partial,
        [0x07, ..] => Fit::Whole(end + 1),
        [ESC, b'\\', ..] => Fit::Whole(end + 2),
        _ => Fit::No,
    }
}

#[cfg(test)]
mod tests {
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
}
