//! What can be read of a terminal's bytes: its sequences are taken out, and each letter's place is known.
//!
//! Colours and modes leave nothing behind, so that a word that changes its colour is one word. Where the cursor goes
//! elsewhere a blank or the end of a line stands; where it goes back, what stood there is taken back.

use std::ops::Range;

/// Bytes of one stream, and what can be read of them. Places are counted from the first byte that is kept.
#[derive(Debug)]
pub(crate) struct Readable {
    /// What can be read. Not checked to be UTF-8.
    text: Vec<u8>,
    /// In order; each ends where the next begins.
    runs: Vec<Run>,
    state: State,
    /// Bytes that are kept.
    length: usize,
    /// Where the sequence that is not over began.
    begun: usize,
}

/// Bytes of one kind.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Where they begin.
    at: usize,
    /// Where what can be read of them begins in the text.
    text: usize,
    kind: Kind,
}

/// What bytes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// They stand on the screen, controls such as the ends of lines among them.
    Shown,
    /// A text within a sequence, such as a title.
    Told,
    /// A sequence.
    Sequence,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ground,
    Escape,
    /// Behind `ESC (` and the like: one more byte.
    Designation,
    /// The first parameter so far.
    Csi(usize),
    Told,
    /// In a text, an ESC, which ends it.
    ToldEscape,
}

const ESC: u8 = 0x1b;
const BACKSPACE: u8 = 0x08;
pub(crate) const DELETE: u8 = 0x7f;
const BELL: u8 = 0x07;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
/// Columns that a cursor goes back at most.
const BACK_MAX: usize = 4096;

impl Default for Readable {
    fn default() -> Self {
        let runs = vec![Run { at: 0, text: 0, kind: Kind::Shown }];
        Self { text: Vec::new(), runs, state: State::Ground, length: 0, begun: 0 }
    }
}

impl Readable {
    /// What can be read.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether that is all there is.
    pub fn is_plain(&self) -> bool {
        self.runs.len() == 1 && self.runs[0].kind == Kind::Shown
    }

    /// Where a sequence began that is not over.
    pub fn open(&self) -> Option<usize> {
        (self.state != State::Ground).then_some(self.begun)
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match self.state {
                State::Ground => self.shown(rest),
                State::Told => self.told(rest),
                _ => {
                    self.step(rest[0]);
                    1
                }
            };
            rest = &rest[taken..];
        }
    }

    /// The bytes of a range of the text, from its first letter to its last.
    pub fn place(&self, range: Range<usize>) -> Range<usize> {
        self.place_of(range.start)..self.place_of(range.end - 1) + 1
    }

    fn place_of(&self, text: usize) -> usize {
        let run = self.runs[self.run_of(text)];
        // What stands for a sequence has no letters of its own.
        if run.kind == Kind::Shown { run.at + (text - run.text) } else { run.at }
    }

    fn run_of(&self, text: usize) -> usize {
        self.runs.partition_point(|run| run.text <= text).saturating_sub(1)
    }

    /// The pieces of a range of bytes, each of one kind.
    pub fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, Kind)> {
        let first = self.runs.partition_point(|run| run.at <= range.start).saturating_sub(1);
        let ends = self.runs[first + 1..].iter().map(|run| run.at).chain([self.length]);
        let runs = self.runs[first..].iter().zip(ends).take_while(move |(run, _)| run.at < range.end);
        runs.map(move |(run, end)| (run.at.max(range.start)..end.min(range.end), run.kind))
    }

    /// Forgets the first bytes.
    pub fn forget(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let first = self.runs.partition_point(|run| run.at <= count) - 1;
        let run = self.runs[first];
        let text_end = self.runs.get(first + 1).map_or(self.text.len(), |next| next.text);
        let text = if run.kind == Kind::Shown { (run.text + count - run.at).min(text_end) } else { run.text };
        self.runs.drain(..first);
        self.runs[0] = Run { at: count, text, ..run };
        for run in &mut self.runs {
            (run.at, run.text) = (run.at - count, run.text - text);
        }
        self.text.drain(..text);
        self.length -= count;
        self.begun = self.begun.saturating_sub(count);
    }

    fn shown(&mut self, bytes: &[u8]) -> usize {
        let end = memchr::memchr3(ESC, BACKSPACE, DELETE, bytes).unwrap_or(bytes.len());
        if end > 0 {
            self.run(Kind::Shown);
            self.text.extend_from_slice(&bytes[..end]);
            self.length += end;
            return end;
        }
        self.begun = self.length;
        self.run(Kind::Sequence);
        self.length += 1;
        match bytes[0] {
            ESC => self.state = State::Escape,
            _ => self.back(1),
        }
        1
    }

    fn told(&mut self, bytes: &[u8]) -> usize {
        let ends = |byte: &u8| matches!(*byte, ESC | BELL | CANCEL | SUBSTITUTE);
        let end = bytes.iter().position(ends).unwrap_or(bytes.len());
        if end > 0 {
            self.run(Kind::Told);
            self.length += end;
            return end;
        }
        self.run(Kind::Sequence);
        self.length += 1;
        self.state = if bytes[0] == ESC { State::ToldEscape } else { State::Ground };
        1
    }

    /// A byte within a sequence.
    fn step(&mut self, byte: u8) {
        self.run(Kind::Sequence);
        self.length += 1;
        self.state = match (self.state, byte) {
            (_, CANCEL | SUBSTITUTE) => State::Ground,
            (State::Escape, b'[') => State::Csi(0),
            (State::Escape, b']' | b'P' | b'_' | b'^' | b'X') => State::Told,
            (State::Escape, b' '..=b'/') => State::Designation,
            (State::Escape, b'D' | b'E' | b'M' | b'8' | b'c') => self.stand_for(b'\n'),
            (State::Csi(first), b'0'..=b'9') => {
                State::Csi(first.saturating_mul(10).saturating_add(usize::from(byte - b'0')).min(BACK_MAX))
            }
            // Only moves within a line count, and these have one parameter.
            (State::Csi(first), b' '..=b'?') => State::Csi(first),
            (State::Csi(first), b'D') => {
                self.back(first.max(1));
                State::Ground
            }
            (State::Csi(_), b'C' | b'G' | b'I' | b'`' | b'a' | b'~') => self.stand_for(b' '),
            (
                State::Csi(_),
                b'A' | b'B' | b'E' | b'F' | b'H' | b'L' | b'M' | b'S' | b'T' | b'Z' | b'd' | b'e' | b'f'
                | b'r',
            ) => self.stand_for(b'\n'),
            (State::Escape | State::Csi(_), ESC) | (State::ToldEscape, ESC) => State::Escape,
            // Of all that is left one byte is the last.
            _ => State::Ground,
        };
    }

    fn stand_for(&mut self, byte: u8) -> State {
        self.text.push(byte);
        State::Ground
    }

    /// Takes the last letters of the line back.
    fn back(&mut self, count: usize) {
        for _ in 0..count {
            if self.text.last().is_none_or(|last| matches!(last, b'\n' | b'\r')) {
                break;
            }
            while self.text.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
        }
        let length = self.text.len();
        for run in self.runs.iter_mut().rev().take_while(|run| run.text > length) {
            run.text = length;
        }
    }

    /// Begins a run, unless the last one is of its kind.
    fn run(&mut self, kind: Kind) {
        let run = Run { at: self.length, text: self.text.len(), kind };
        match self.runs.last_mut() {
            Some(last) if last.at == run.at => *last = run,
            // A sequence that something stands for is a run of its own.
            Some(last) if last.kind == kind && (kind != Kind::Sequence || last.text == run.text) => {}
            _ => self.runs.push(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, expect: &str) {
        for step in [1, 3, bytes.len()] {
            let mut readable = Readable::default();
            bytes.as_bytes().chunks(step).for_each(|part| readable.push(part));
            assert_eq!(String::from_utf8_lossy(readable.text()), expect, "{bytes:?} by {step}");
        }
    }

    #[test]
    fn sequences_leave_nothing_or_a_blank_or_the_end_of_a_line() {
        check("a\x1b[1;31mb\x1b[mc\x1b[?25ld\x1b(Be\x1b[Kf", "abcdef");
        check("a\x1b[3Cb\x1b[2;4Hc\x1bMd", "a b\nc\nd");
        check("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c\x1bPq#0\x1b\\d", "abcd");
        check("g\x08gh\x08h\u{e9}\x1b[1D!\x7f?", "gh?");
        check("a\n\x08b", "a\nb");
    }

    #[test]
    fn a_letter_has_its_place_also_behind_what_was_forgotten() {
        let bytes = "abc\x1b[1mdef\x1b]0;t\x07ghi";
        let mut readable = Readable::default();
        readable.push(bytes.as_bytes());
        for forgotten in 0..bytes.len() {
            let mut rest = Readable::default();
            rest.push(bytes.as_bytes());
            rest.forget(forgotten);
            let kept = &readable.text()[readable.text().len() - rest.text().len()..];
            assert_eq!(rest.text(), kept, "{forgotten}");
            for (at, letter) in rest.text().iter().enumerate() {
                assert_eq!(bytes.as_bytes()[forgotten + rest.place(at..at + 1).start], *letter);
            }
        }
    }
}
