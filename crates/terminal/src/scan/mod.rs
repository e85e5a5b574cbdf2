//! The scanner on the byte path: it sees every output byte once and finds the few sequences somebody must act on.
//!
//! It is a state machine after the VT500 parser, with the choices of xterm.js (U+0080 to U+009F count, as UTF-8
//! only; ESC ends a string), and paints nothing: that is `Screen`. A question is reported only where its bytes can
//! be cut out of the stream without a trace, that is, where it began in ground state (or in a sequence that was
//! held in full and had no effect) and no control character acts inside it; any other is left to the terminal.

mod csi;
mod item;
mod report;
mod string;
#[cfg(test)]
mod tests;
mod title;

pub use item::{Found, Item};

use crate::eight;
use crate::query::{Query, Terminator};
use memchr::{memchr2, memchr3};
use protocol::Offset;
use string::Fit;

/// Bytes of a CSI query, from ESC to its final byte. The longest known has about 30.
pub const MAX_HELD_CSI: u64 = 64;
/// Bytes of a query in a string, from ESC to its terminator. XTGETTCAP asks for a few dozen names at most.
pub const MAX_HELD_STRING: u64 = 512;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
/// The first UTF-8 byte of U+0080 to U+00BF, hence of the 8-bit controls.
const C2: u8 = 0xc2;

/// Bytes of a string after which it is known whether its content matters: `7501;` and one more.
const HEAD: usize = 6;
/// Where a long report, the longest string we keep, fits without growing (bytes).
const BODY: usize = 4096;

/// Finds queries, reports and titles in a stream that comes in chunks.
pub struct Scanner {
    /// The end of what was scanned.
    position: Offset,
    state: State,
    /// Whether the last byte of the last chunk was [`C2`].
    c2: bool,
    /// Where the sequence in progress began.
    begin: Offset,
    /// Where an ESC stands that may end the string in progress.
    escape: Offset,
    /// Where the cut would begin: at `begin`, or at an aborted sequence directly before it.
    start: Offset,
    /// Whether the bytes since `start` may be cut out if they become a query.
    candidate: bool,
    /// The parameters of a CSI, or what is kept of a string.
    body: Vec<u8>,
    /// How many bytes `body` may hold for this sequence.
    room: usize,
    /// Whether `body` lacks bytes of the sequence.
    spilled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ground,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte.
    Intermediate,
    Csi,
    Text(Kind),
    /// After an ESC inside a string.
    TextEnd(Kind),
}

/// The kinds of strings; `Other` are SOS and PM.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Osc,
    Dcs,
    Apc,
    Other,
}

/// A chunk and the list to which its finds go.
struct Chunk<'a> {
    bytes: &'a [u8],
    base: Offset,
    found: &'a mut Vec<Found>,
}

impl Chunk<'_> {
    fn offset(&self, at: usize) -> Offset {
        self.base + at as u64
    }

    fn push(&mut self, from: Offset, to: Offset, what: Item) {
        self.found.push(Found { range: from..to, what });
    }
}

impl Scanner {
    /// A scanner in ground state at this offset of the stream.
    pub fn new(at: Offset) -> Self {
        Self {
            position: at,
            state: State::Ground,
            c2: false,
            begin: at,
            escape: at,
            start: at,
            candidate: false,
            body: Vec::with_capacity(BODY),
            room: 0,
            spilled: false,
        }
    }

    /// Reads the next chunk and pushes what it completed. Returns how many bytes at the end of the stream so far
    /// are *held*: they may still become a query, so they must not be shown yet. At most [`MAX_HELD_STRING`].
    pub fn scan(&mut self, bytes: &[u8], found: &mut Vec<Found>) -> u64 {
        let mut chunk = Chunk { bytes, base: self.position, found };
        let mut at = self.resume(&mut chunk);
        while at < bytes.len() {
            at = match self.state {
                State::Ground => self.plain(&mut chunk, at),
                State::Escape => self.escape(&mut chunk, at),
                State::Intermediate => self.intermediate(&mut chunk, at),
                State::Csi => self.csi(&mut chunk, at),
                State::Text(kind) => self.text(&mut chunk, at, kind),
                State::TextEnd(kind) => self.text_end(&mut chunk, at, kind),
            };
        }
        self.position += bytes.len() as u64;
        self.held()
    }

    /// The offset of the next byte.
    pub fn position(&self) -> Offset {
        self.position
    }

    /// Whether the stream so far ends outside of any sequence.
    pub fn ground(&self) -> bool {
        self.state == State::Ground && !self.c2
    }

    fn held(&mut self) -> u64 {
        if self.state == State::Ground {
            return u64::from(self.c2);
        }
        self.weigh(self.position);
        if self.candidate { self.position.since(self.start) } else { 0 }
    }

    /// Gives up a candidate that cannot become a query any more. What it says of a sequence must be the same wherever
    /// chunks end: so it is asked at the end of each, and wherever a sequence goes on in another state than the one
    /// in which a chunk might have ended.
    fn weigh(&mut self, end: Offset) {
        if !self.candidate {
            return;
        }
        let bytes = end.since(self.start);
        self.candidate = match self.state {
            State::Ground | State::Escape => bytes <= MAX_HELD_CSI,
            State::Intermediate => false,
            State::Csi => bytes <= MAX_HELD_CSI && !self.spilled && csi::may_ask(&self.body),
            State::Text(kind) => self.text_fits(kind, bytes) != Fit::No,
            State::TextEnd(kind) => self.text_fits(kind, bytes) == Fit::Whole,
        };
    }

    fn text_fits(&self, kind: Kind, bytes: u64) -> Fit {
        if bytes > MAX_HELD_STRING || self.spilled { Fit::No } else { string::fit(kind, &self.body) }
    }

    /// Settles a [`C2`] that ended the last chunk. Returns where to go on.
    fn resume(&mut self, chunk: &mut Chunk) -> usize {
        let Some(&next) = chunk.bytes.first() else { return 0 };
        if !std::mem::take(&mut self.c2) {
            return 0;
        }
        if matches!(next, 0x80..=0x9f) {
            self.c1(chunk, next, chunk.base - 1, chunk.base + 1);
            return 1;
        }
        self.letter(chunk, C2);
        0
    }

    /// Reads a [`C2`], which begins a control character or a letter.
    fn wide(&mut self, chunk: &mut Chunk, at: usize) -> usize {
        self.weigh(chunk.offset(at + 1));
        match chunk.bytes.get(at + 1) {
            None => self.c2 = true,
            Some(&next @ 0x80..=0x9f) => {
                self.c1(chunk, next, chunk.offset(at), chunk.offset(at + 2));
                return at + 2;
            }
            Some(_) => self.letter(chunk, C2),
        }
        at + 1
    }

    /// An 8-bit control character from `from` to `to`.
    fn c1(&mut self, chunk: &mut Chunk, code: u8, from: Offset, to: Offset) {
        if let State::TextEnd(kind) = self.state {
            self.break_off(chunk, kind);
        }
        let state = match code {
            0x9b => State::Csi,
            0x9d => State::Text(Kind::Osc),
            0x90 => State::Text(Kind::Dcs),
            0x9f => State::Text(Kind::Apc),
            0x98 | 0x9e => State::Text(Kind::Other),
            _ => State::Ground,
        };
        if state != State::Ground {
            self.begin(from);
            self.enter(state);
            return;
        }
        if let (0x9c, State::Text(kind)) = (code, self.state) {
            self.finish(chunk, to, kind, Terminator::St);
        }
        self.state = State::Ground;
    }

    /// A byte of a character that is not ASCII: text in a string, the end of any other sequence.
    fn letter(&mut self, chunk: &mut Chunk, byte: u8) {
        if let State::Text(_) = self.state {
            self.keep(&[byte]);
            return;
        }
        if let State::TextEnd(kind) = self.state {
            self.break_off(chunk, kind);
        }
        self.state = State::Ground;
    }

    /// A sequence begins at `from`. One that interrupts another can be cut out only together with it.
    fn begin(&mut self, from: Offset) {
        if self.state == State::Ground {
            self.start = from;
            self.candidate = true;
        } else {
            self.weigh(from);
        }
        self.begin = from;
    }

    /// Goes on from an introducer into what it introduces.
    fn enter(&mut self, state: State) {
        self.state = state;
        self.body.clear();
        self.spilled = false;
        self.room = match state {
            State::Text(Kind::Other) => 0,
            State::Text(_) => HEAD,
            _ => MAX_HELD_CSI as usize,
        };
    }

    /// Goes over text, and quickly over every CSI sequence that lies in the chunk as a whole, as nearly all do. Any
    /// other sequence goes byte by byte.
    fn plain(&mut self, chunk: &mut Chunk, mut at: usize) -> usize {
        let bytes = chunk.bytes;
        loop {
            let Some(to) = find_special(&bytes[at..]) else { return bytes.len() };
            at += to;
            if bytes[at] == C2 {
                return self.wide(chunk, at);
            }
            let Some((body, last)) = whole_csi(&bytes[at..]) else {
                self.begin(chunk.offset(at));
                self.state = State::Escape;
                return at + 1;
            };
            let end = at + b"\x1b[".len() + body.len() + 1;
            if csi::asks(body, last)
                && (end - at) as u64 <= MAX_HELD_CSI
                && let Some(query) = csi::query(body, last)
            {
                chunk.push(chunk.offset(at), chunk.offset(end), Item::Query(query));
            }
            at = end;
        }
    }

    fn escape(&mut self, chunk: &mut Chunk, at: usize) -> usize {
        self.weigh(chunk.offset(at));
        match chunk.bytes[at] {
            b'[' => self.enter(State::Csi),
            b']' => self.enter(State::Text(Kind::Osc)),
            b'P' => self.enter(State::Text(Kind::Dcs)),
            b'_' => self.enter(State::Text(Kind::Apc)),
            b'X' | b'^' => self.enter(State::Text(Kind::Other)),
            b' '..=b'/' => self.state = State::Intermediate,
            b'Z' => {
                self.weigh(chunk.offset(at + 1));
                self.claim(chunk, chunk.offset(at + 1), Some(Query::PrimaryAttributes));
                self.state = State::Ground;
            }
            b'0'..=b'~' => self.state = State::Ground,
            _ => return self.control(chunk, at),
        }
        at + 1
    }

    fn intermediate(&mut self, chunk: &mut Chunk, at: usize) -> usize {
        match chunk.bytes[at] {
            b' '..=b'/' => {}
            b'0'..=b'~' => self.state = State::Ground,
            _ => return self.control(chunk, at),
        }
        at + 1
    }

    fn csi(&mut self, chunk: &mut Chunk, at: usize) -> usize {
        match chunk.bytes[at] {
            byte @ 0x20..0x40 => self.keep(&[byte]),
            last @ 0x40..=0x7e => {
                let end = chunk.offset(at + 1);
                let short = !self.spilled && end.since(self.start) <= MAX_HELD_CSI;
                let query = if short { csi::query(&self.body, last) } else { None };
                self.claim(chunk, end, query);
                self.state = State::Ground;
            }
            _ => return self.control(chunk, at),
        }
        at + 1
    }

    /// Any byte that no state outside of strings takes for its own. A control character acts at once and leaves
    /// the sequence open; cut out with the sequence it would be lost.
    fn control(&mut self, chunk: &mut Chunk, at: usize) -> usize {
        match chunk.bytes[at] {
            ESC => {
                self.begin(chunk.offset(at));
                self.state = State::Escape;
            }
            CAN | SUB => self.state = State::Ground,
            C2 => return self.wide(chunk, at),
            0x80.. => self.letter(chunk, chunk.bytes[at]),
            _ => self.candidate = false,
        }
        at + 1
    }

    fn text(&mut self, chunk: &mut Chunk, at: usize, kind: Kind) -> usize {
        let rest = &chunk.bytes[at..];
        let bytes = memchr3(ESC, BEL, C2, rest).unwrap_or(rest.len());
        let bytes = memchr2(CAN, SUB, &rest[..bytes]).unwrap_or(bytes);
        self.keep(&rest[..bytes]);
        let at = at + bytes;
        match chunk.bytes.get(at) {
            None => return at,
            Some(&ESC) => {
                self.escape = chunk.offset(at);
                self.state = State::TextEnd(kind);
            }
            Some(&BEL) if kind == Kind::Osc => {
                self.finish(chunk, chunk.offset(at + 1), kind, Terminator::Bel);
            }
            Some(&C2) => return self.wide(chunk, at),
            Some(&BEL) => self.keep(&[BEL]),
            Some(_) => self.state = State::Ground,
        }
        at + 1
    }

    fn text_end(&mut self, chunk: &mut Chunk, at: usize, kind: Kind) -> usize {
        self.weigh(chunk.offset(at));
        match chunk.bytes[at] {
            b'\\' => {
                self.finish(chunk, chunk.offset(at + 1), kind, Terminator::St);
                at + 1
            }
            C2 => self.wide(chunk, at),
            _ => {
                self.break_off(chunk, kind);
                at
            }
        }
    }

    /// Keeps as much of a sequence as there is room for. After its head it is known how much that is.
    fn keep(&mut self, mut part: &[u8]) {
        while !part.is_empty() && self.body.len() < self.room {
            let (now, later) = part.split_at(part.len().min(self.room - self.body.len()));
            self.body.extend_from_slice(now);
            part = later;
            if let (State::Text(kind), HEAD) = (self.state, self.body.len()) {
                self.room = string::room(kind, &self.body);
            }
        }
        self.spilled |= !part.is_empty();
    }

    /// The string ended at an ESC that did not turn out to be ST: a new sequence began there.
    fn break_off(&mut self, chunk: &mut Chunk, kind: Kind) {
        self.candidate = self.finish(chunk, self.escape, kind, Terminator::St);
        self.begin = self.escape;
        self.start = self.escape;
        self.state = State::Escape;
    }

    /// A string ended before `end`. Says whether it was claimed as a query.
    fn finish(&mut self, chunk: &mut Chunk, end: Offset, kind: Kind, terminator: Terminator) -> bool {
        self.state = State::Ground;
        let fits = self.text_fits(kind, end.since(self.start)) == Fit::Whole;
        let query = if fits { string::query(kind, &self.body, terminator) } else { None };
        if self.claim(chunk, end, query) {
            return true;
        }
        if kind == Kind::Osc
            && let Some(item) = title::item(&self.body, !self.spilled, end.since(self.begin))
        {
            chunk.push(self.begin, end, item);
        }
        false
    }

    /// Reports a query that ends before `end`, if it may be cut out.
    fn claim(&mut self, chunk: &mut Chunk, end: Offset, query: Option<Query>) -> bool {
        let Some(query) = query.filter(|_| self.candidate) else { return false };
        chunk.push(self.start, end, Item::Query(query));
        true
    }
}

/// The first byte that plain text does not have.
#[inline]
fn find_special(bytes: &[u8]) -> Option<usize> {
    let Some(word) = eight::word(bytes) else {
        return bytes.iter().position(|byte| matches!(*byte, ESC | C2));
    };
    let near = eight::first(eight::equal(word, ESC) | eight::equal(word, C2));
    near.or_else(|| Some(8 + memchr2(ESC, C2, &bytes[8..])?))
}

/// The CSI sequence at the start, if all of it is there: what stands before its final byte, and that.
#[inline]
fn whole_csi(bytes: &[u8]) -> Option<(&[u8], u8)> {
    let [ESC, b'[', rest @ ..] = bytes else { return None };
    let mut length = 0;
    let length = loop {
        let Some(word) = eight::word(&rest[length..]) else {
            break length + rest[length..].iter().position(|byte| !(0x20..0x40).contains(byte))?;
        };
        if let Some(place) = eight::first(eight::final_byte(word)) {
            break length + place;
        }
        length += 8;
    };
    let last = rest[length];
    (0x40..0x7f).contains(&last).then_some((&rest[..length], last))
}
