//! Whether what a terminal has sent so far ends inside a unit: a paste in brackets, a key of several bytes, a
//! character. What somebody else types there would become a part of it (T9).
//!
//! A state machine of its own, since reads end anywhere (T10). It changes no byte and keeps none.

use crate::paste;
use memchr::memchr;

const ESC: u8 = 0x1b;

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Open {
    /// An escape sequence or a character; an Escape key alone looks like one.
    Sequence,
    /// A paste in brackets.
    Paste,
}

/// Follows one terminal's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UnitWatch(State);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Between,
    /// A character that lacks this many bytes.
    Character(u8),
    Escape,
    /// One more byte: SS3, as function keys send it.
    One,
    /// In a CSI, of which this many bytes are those of a paste's begin; `None` once they differ.
    Control(Option<usize>),
    /// In a string of the terminal, such as an answer.
    Words,
    WordsEscape,
    /// In a paste, whose last bytes are so many of its end.
    Paste(usize),
}

impl UnitWatch {
    /// Takes in what was sent next.
    pub fn feed(&mut self, sent: &[u8]) {
        let mut rest = sent;
        while let [byte, tail @ ..] = rest {
            if self.0 == State::Paste(0) {
                let Some(escape) = memchr(ESC, rest) else { return };
                (self.0, rest) = (State::Paste(1), &rest[escape + 1..]);
            } else {
                (self.0, rest) = (self.0.next(*byte), tail);
            }
        }
    }

    /// What is open now.
    pub fn open(&self) -> Option<Open> {
        match self.0 {
            State::Between => None,
            State::Paste(_) => Some(Open::Paste),
            _ => Some(Open::Sequence),
        }
    }
}

impl State {
    fn next(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Paste(matched), _) if byte == paste::END[matched] => match matched + 1 {
                all if all == paste::END.len() => Self::Between,
                more => Self::Paste(more),
            },
            (Self::Paste(_), _) => Self::Paste(usize::from(byte == ESC)),
            (Self::Words, ESC) => Self::WordsEscape,
            (Self::WordsEscape, b'\\') | (Self::Words, 0x07) | (Self::One, _) => Self::Between,
            (Self::Words, _) => Self::Words,
            (Self::Escape, b'[') => Self::Control(Some(b"\x1b[".len())),
            (Self::Escape, b'O') => Self::One,
            (Self::Escape, b']' | b'P' | b'_' | b'^' | b'X') => Self::Words,
            (Self::Control(Some(matched)), _) if byte == paste::BEGIN[matched] => match matched + 1 {
                all if all == paste::BEGIN.len() => Self::Paste(0),
                more => Self::Control(Some(more)),
            },
            (Self::Control(_), 0x20..=0x3f) => Self::Control(None),
            (Self::Control(_), 0x40..=0x7e) => Self::Between,
            (Self::Character(left @ 2..), 0x80..=0xbf) => Self::Character(left - 1),
            (_, ESC) => Self::Escape,
            (_, 0xc2..=0xdf) => Self::Character(1),
            (_, 0xe0..=0xef) => Self::Character(2),
            (_, 0xf0..=0xf4) => Self::Character(3),
            _ => Self::Between,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(sent: &[u8]) -> Option<Open> {
        let mut watch = UnitWatch::default();
        watch.feed(sent);
        watch.open()
    }

    #[test]
    fn what_is_open_is_told() {
        use Open::{Paste, Sequence};
        for (sent, expect) in [
            (b"".as_slice(), None),
            (b"text\r", None),
            (b"\x1b", Some(Sequence)),
            (b"\x1bx", None),
            (b"\x1b[", Some(Sequence)),
            (b"\x1b[1;5", Some(Sequence)),
            (b"\x1b[1;5A", None),
            (b"\x1bO", Some(Sequence)),
            (b"\x1bOP", None),
            (b"\x1b]11;rgb:00", Some(Sequence)),
            (b"\x1b]11;rgb:00\x1b", Some(Sequence)),
            (b"\x1b]11;rgb:00\x1b\\", None),
            (b"\x1b]11;rgb:00\x07", None),
            (b"\x1bP1$r0m", Some(Sequence)),
            (b"\xc3", Some(Sequence)),
            (b"\xc3\xa4", None),
            (b"\xf0\x9f\x98", Some(Sequence)),
            (b"\xf0\x9f\x98\x80", None),
            (b"\xe2\x82x", None),
            (b"\xff\x80", None),
            (b"\x1b[200", Some(Sequence)),
            (b"\x1b[200~", Some(Paste)),
            (b"\x1b[20~", None),
            (b"\x1b[2001~", None),
            (b"\x1b[1200~", None),
            (b"\x1b[200~text", Some(Paste)),
            (b"\x1b[200~\x1b[200~", Some(Paste)),
            (b"\x1b[200~\x1b[201", Some(Paste)),
            (b"\x1b[200~\x1b\x1b[20\x1b[201~", None),
            (b"\x1b[200~\x1b[201~", None),
            (b"\x1b[200~a\x1b[201~\x1b[200~b", Some(Paste)),
            (b"\x1b[201~", None),
        ] {
            assert_eq!(open(sent), expect, "{}", sent.escape_ascii());
        }
    }

    #[test]
    fn where_reads_end_makes_no_difference() {
        let sent = "a\x1b[200~\x1b[1;5Aä\x1b[201~\x1b\x1b[A\x1b]11;?\x1b\\😀b\x1b[200~x".as_bytes();
        for cut in 0..sent.len() {
            let mut watch = UnitWatch::default();
            watch.feed(&sent[..cut]);
            watch.feed(&sent[cut..]);
            assert_eq!(watch.open(), Some(Open::Paste), "cut at {cut}");
        }
    }
}
