//! The scanner again, slow and plain: it has the whole stream before it, and neither chunks nor quick ways.

use super::super::{Found, Item, Kind, MAX_HELD_CSI, MAX_HELD_STRING, csi, string, title};
use crate::query::{Query, Terminator};
use protocol::Offset;
use string::Fit;

/// One byte, or one 8-bit control character in its two bytes.
#[derive(Clone, Copy, PartialEq)]
enum Token {
    Byte(u8),
    C1(u8),
}

struct Stream {
    tokens: Vec<(Token, usize, usize)>,
    found: Vec<Found>,
}

/// What the sequence in progress may still be cut out with.
#[derive(Clone, Copy)]
struct Cut {
    start: usize,
    clean: bool,
}

/// All that is to be found in a stream that begins in ground state at offset 0.
pub fn found(bytes: &[u8]) -> Vec<Found> {
    let mut stream = Stream { tokens: tokens(bytes), found: Vec::new() };
    let mut at = 0;
    while let Some(&(token, start, _)) = stream.tokens.get(at) {
        at = match token {
            Token::Byte(0x1b) | Token::C1(0x90 | 0x98 | 0x9b | 0x9d..=0x9f) => {
                stream.sequence(at, Cut { start, clean: true })
            }
            _ => at + 1,
        };
    }
    stream.found
}

fn tokens(bytes: &[u8]) -> Vec<(Token, usize, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (token, length) = match bytes[at..] {
            [0xc2, c1 @ 0x80..=0x9f, ..] => (Token::C1(c1), 2),
            // The stream ends inside a character: what it is nobody knows yet.
            [0xc2] | [] => break,
            [byte, ..] => (Token::Byte(byte), 1),
        };
        tokens.push((token, at, at + length));
        at += length;
    }
    tokens
}

impl Stream {
    fn push(&mut self, start: usize, end: usize, what: Item, next: usize) -> usize {
        self.found.push(Found { range: Offset(start as u64)..Offset(end as u64), what });
        next
    }

    /// Reads the sequence whose introducer is the token at `at`; returns the token after it.
    fn sequence(&mut self, at: usize, cut: Cut) -> usize {
        match self.tokens[at].0 {
            Token::C1(0x9b) => self.csi(at + 1, cut),
            Token::C1(0x9d) => self.string(at, at + 1, Kind::Osc, cut),
            Token::C1(0x90) => self.string(at, at + 1, Kind::Dcs, cut),
            Token::C1(0x9f) => self.string(at, at + 1, Kind::Apc, cut),
            Token::C1(_) => self.string(at, at + 1, Kind::Other, cut),
            Token::Byte(_) => self.escape(at, cut),
        }
    }

    /// A sequence that interrupts another at the token `at`.
    fn interrupt(&mut self, at: usize, cut: Cut, fits: bool, limit: u64) -> usize {
        let short = (self.tokens[at].1 - cut.start) as u64 <= limit;
        self.sequence(at, Cut { clean: cut.clean && fits && short, ..cut })
    }

    fn escape(&mut self, escape: usize, mut cut: Cut) -> usize {
        let mut at = escape + 1;
        let mut intermediates = false;
        while let Some(&(token, _, end)) = self.tokens.get(at) {
            match token {
                Token::Byte(0x1b) | Token::C1(0x90 | 0x98 | 0x9b | 0x9d..=0x9f) => {
                    return self.interrupt(at, cut, !intermediates, MAX_HELD_CSI);
                }
                Token::C1(_) | Token::Byte(0x80.. | 0x18 | 0x1a) => return at + 1,
                Token::Byte(..0x20 | 0x7f) => cut.clean = false,
                Token::Byte(0x20..0x30) => intermediates = true,
                Token::Byte(_) if intermediates => return at + 1,
                Token::Byte(b'[') => return self.csi(at + 1, cut),
                Token::Byte(b']') => return self.string(escape, at + 1, Kind::Osc, cut),
                Token::Byte(b'P') => return self.string(escape, at + 1, Kind::Dcs, cut),
                Token::Byte(b'_') => return self.string(escape, at + 1, Kind::Apc, cut),
                Token::Byte(b'X' | b'^') => return self.string(escape, at + 1, Kind::Other, cut),
                Token::Byte(b'Z') if cut.clean && (end - cut.start) as u64 <= MAX_HELD_CSI => {
                    return self.push(cut.start, end, Item::Query(Query::PrimaryAttributes), at + 1);
                }
                Token::Byte(_) => return at + 1,
            }
            at += 1;
        }
        at
    }

    fn csi(&mut self, mut at: usize, mut cut: Cut) -> usize {
        let mut body = Vec::new();
        while let Some(&(token, _, end)) = self.tokens.get(at) {
            match token {
                Token::Byte(0x1b) | Token::C1(0x90 | 0x98 | 0x9b | 0x9d..=0x9f) => {
                    return self.interrupt(at, cut, csi::may_ask(&body), MAX_HELD_CSI);
                }
                Token::C1(_) | Token::Byte(0x80.. | 0x18 | 0x1a) => return at + 1,
                Token::Byte(..0x20 | 0x7f) => cut.clean = false,
                Token::Byte(byte @ 0x20..0x40) => body.push(byte),
                Token::Byte(last) => {
                    let short = (end - cut.start) as u64 <= MAX_HELD_CSI;
                    match csi::query(&body, last) {
                        Some(query) if cut.clean && short => {
                            self.push(cut.start, end, Item::Query(query), 0);
                        }
                        _ => {}
                    }
                    return at + 1;
                }
            }
            at += 1;
        }
        at
    }

    fn string(&mut self, begin: usize, mut at: usize, kind: Kind, cut: Cut) -> usize {
        let begin = self.tokens[begin].1;
        let mut body = Vec::new();
        while let Some(&(token, start, end)) = self.tokens.get(at) {
            match token {
                Token::Byte(7) if kind == Kind::Osc => {
                    self.finish(kind, &body, begin, end, cut, Terminator::Bel);
                    return at + 1;
                }
                Token::C1(0x9c) => {
                    self.finish(kind, &body, begin, end, cut, Terminator::St);
                    return at + 1;
                }
                Token::Byte(0x1b) => {
                    let Some(&(after, _, end)) = self.tokens.get(at + 1) else { return at + 1 };
                    if after == Token::Byte(b'\\') {
                        self.finish(kind, &body, begin, end, cut, Terminator::St);
                        return at + 2;
                    }
                    let clean = self.finish(kind, &body, begin, start, cut, Terminator::St);
                    return self.sequence(at, Cut { start, clean });
                }
                Token::C1(0x90 | 0x98 | 0x9b | 0x9d..=0x9f) => {
                    let fits = string::fit(kind, &body) != Fit::No;
                    return self.interrupt(at, cut, fits, MAX_HELD_STRING);
                }
                Token::C1(_) | Token::Byte(0x18 | 0x1a) => return at + 1,
                Token::Byte(byte) => body.push(byte),
            }
            at += 1;
        }
        at
    }

    /// Says whether it was a query.
    fn finish(
        &mut self,
        kind: Kind,
        body: &[u8],
        begin: usize,
        end: usize,
        cut: Cut,
        by: Terminator,
    ) -> bool {
        let short = (end - cut.start) as u64 <= MAX_HELD_STRING;
        if let Some(query) = string::query(kind, body, by)
            && cut.clean
            && short
        {
            let prefixes_fit = (0..body.len()).all(|end| string::fit(kind, &body[..end]) != Fit::No);
            assert!(prefixes_fit, "a query with a prefix that is none: {body:?}");
            self.push(cut.start, end, Item::Query(query), 0);
            return true;
        }
        if kind == Kind::Osc {
            let kept = &body[..body.len().min(string::room(kind, body).max(6))];
            let bytes = (end - begin) as u64;
            if let Some(item) = title::item(kept, kept.len() == body.len(), bytes) {
                self.push(begin, end, item, 0);
            }
        }
        false
    }
}
