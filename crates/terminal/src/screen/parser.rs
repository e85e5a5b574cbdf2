//! The state machine that takes a terminal's byte stream apart, after Paul Williams' VT500 parser, with UTF-8
//! decoding built in. Long because it is one state machine.
//!
//! It holds no screen; it says what to do ([`Step`]), and keeps what a sequence has said so far. Controls in the
//! middle of a sequence wait for its end, so that an incomplete sequence has changed nothing yet.

use super::utf8::{Decoded, Utf8};
use crate::eight;

/// Parameters of a sequence at most, and sub-parameters; as in xterm. Further ones are dropped.
pub(super) const PARAMS_MAX: usize = 32;
/// Bytes of an OSC string that are kept; a longer one is skipped as a whole. Links may have 2,083.
const OSC_MAX: usize = 8 * 1024;
/// Controls that wait inside one sequence; further ones act at once.
const WAITING_MAX: usize = 32;

/// Where the machine is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ground,
    Escape,
    EscapeIntermediate,
    CsiEntry,
    CsiParam,
    CsiIntermediate,
    CsiIgnore,
    Osc,
    DcsEntry,
    DcsParam,
    DcsIntermediate,
    DcsIgnore,
    DcsString,
    SosPmApc,
}

/// What the machine asks for. Before all of them but `None` the waiting controls act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// Nothing.
    None,
    /// Draw a character.
    Print(u32),
    /// Act on a control character, C0 or C1.
    Control(u8),
    /// Act on a control sequence; its final byte.
    Csi(u8),
    /// Act on an escape sequence; its final byte.
    Esc(u8),
    /// Act on the string in [`Parser::osc`].
    Osc,
    /// A sequence ended without anything to do; `true` where xterm then forgets the character to repeat.
    End(bool),
}

/// Parameters of a control sequence.
#[derive(Default)]
pub(super) struct Params {
    values: [i32; PARAMS_MAX],
    /// Where the sub-parameters of each end.
    ends: [u8; PARAMS_MAX],
    len: usize,
    subs: [i32; PARAMS_MAX],
    subs_len: usize,
    in_sub: bool,
    full: bool,
    subs_full: bool,
}

impl Params {
    /// Starts a sequence: one parameter, 0.
    fn clear(&mut self) {
        self.len = 1;
        self.values[0] = 0;
        self.ends[0] = 0;
        self.subs_len = 0;
        self.in_sub = false;
        self.full = false;
        self.subs_full = false;
    }

    /// Takes in a digit, `;` or `:`.
    #[inline]
    fn take(&mut self, byte: u8) {
        match byte {
            b';' => self.next(),
            b':' => self.next_sub(),
            _ => self.digit(i32::from(byte - b'0')),
        }
    }

    fn next(&mut self) {
        self.in_sub = false;
        if self.len == PARAMS_MAX {
            self.full = true;
            return;
        }
        self.values[self.len] = 0;
        self.ends[self.len] = self.subs_len as u8;
        self.len += 1;
    }

    fn next_sub(&mut self) {
        self.in_sub = true;
        if self.full || self.subs_len == PARAMS_MAX {
            self.subs_full = true;
            return;
        }
        self.subs[self.subs_len] = -1;
        self.subs_len += 1;
        self.ends[self.len - 1] = self.subs_len as u8;
    }

    #[inline]
    fn digit(&mut self, digit: i32) {
        if self.full || self.in_sub && self.subs_full {
            return;
        }
        let place =
            if self.in_sub { &mut self.subs[self.subs_len - 1] } else { &mut self.values[self.len - 1] };
        *place = (*place).max(0).saturating_mul(10).saturating_add(digit);
    }

    /// How many there are, at least 1.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A parameter; 0 where it is missing.
    #[inline]
    pub(super) fn get(&self, place: usize) -> u32 {
        if place < self.len { self.values[place] as u32 } else { 0 }
    }

    /// A parameter as a count: at least 1, at most `max`.
    pub(super) fn count(&self, place: usize, max: usize) -> usize {
        (self.get(place).max(1) as usize).min(max)
    }

    /// The sub-parameters of a parameter; -1 is a missing one.
    pub(super) fn subs(&self, place: usize) -> &[i32] {
        let start = if place == 0 { 0 } else { usize::from(self.ends[place - 1]) };
        &self.subs[start.min(usize::from(self.ends[place]))..usize::from(self.ends[place])]
    }
}

/// The machine.
pub(super) struct Parser {
    state: State,
    utf8: Utf8,
    /// Bytes since the start of the sequence that is not complete.
    held: u64,
    /// Prefix and intermediates, the last in the lowest byte; more than two make it [`TOO_LONG`].
    collected: u32,
    pub params: Params,
    /// The string of an OSC; `None` once it was too long.
    osc: Option<Vec<u8>>,
    waiting: [u8; WAITING_MAX],
    waiting_len: usize,
}

/// [`Parser::collected`] when no sequence has so many intermediates.
const TOO_LONG: u32 = u32::MAX;

impl Parser {
    /// A machine at the start.
    pub(super) fn new() -> Self {
        Self {
            state: State::Ground,
            utf8: Utf8::default(),
            held: 0,
            collected: 0,
            params: Params::default(),
            osc: None,
            waiting: [0; WAITING_MAX],
            waiting_len: 0,
        }
    }

    /// Whether the next byte starts something new.
    #[inline]
    pub(super) fn at_rest(&self) -> bool {
        self.state == State::Ground && self.utf8.held() == 0
    }

    /// Bytes taken in that belong to something incomplete.
    pub(super) fn pending(&self) -> u64 {
        if self.state == State::Ground { self.utf8.held() } else { self.held }
    }

    /// Prefix and intermediates of the sequence.
    pub(super) fn collected(&self) -> u32 {
        self.collected
    }

    /// The string of the OSC that just ended.
    pub(super) fn take_osc(&mut self) -> Option<Vec<u8>> {
        self.osc.take()
    }

    /// Takes the controls that waited in the sequence.
    pub(super) fn take_waiting(&mut self) -> ([u8; WAITING_MAX], usize) {
        (self.waiting, std::mem::take(&mut self.waiting_len))
    }

    /// Whether controls wait.
    #[inline]
    pub(super) fn has_waiting(&self) -> bool {
        self.waiting_len != 0
    }

    /// The quick way over a control sequence that the bytes hold as a whole, as they do nearly always: its length and
    /// its final byte, with prefix and parameters kept. Whatever is less plain (sub-parameters, a number of more than
    /// five digits, an intermediate) goes byte by byte.
    #[inline]
    pub(super) fn whole_csi(&mut self, bytes: &[u8]) -> Option<(usize, u8)> {
        let [0x1b, b'[', body @ ..] = bytes else { return None };
        let prefix = body.first().copied().filter(|byte| matches!(byte, b'<'..=b'?'));
        let mut place = usize::from(prefix.is_some());
        self.collected = prefix.map_or(0, u32::from);
        self.params.clear();
        let (mut number, mut digits) = (0, 0);
        loop {
            let byte = *body.get(place)?;
            place += 1;
            match byte {
                b'0'..=b'9' if digits < 5 => {
                    number = number * 10 + i32::from(byte - b'0');
                    digits += 1;
                }
                b';' if self.params.len < PARAMS_MAX => {
                    self.params.values[self.params.len - 1] = number;
                    self.params.next();
                    (number, digits) = (0, 0);
                }
                last @ 0x40..0x7f => {
                    self.params.values[self.params.len - 1] = number;
                    return Some((place + 2, last));
                }
                _ => return None,
            }
        }
    }

    /// Takes in as many bytes of a string or of parameters as need no look at each; returns how many.
    #[inline]
    pub(super) fn skim(&mut self, bytes: &[u8]) -> usize {
        if self.utf8.held() != 0 {
            return 0;
        }
        let length = match self.state {
            State::CsiParam => {
                let mut length = 0;
                while let Some(byte @ b'0'..=b';') = bytes.get(length) {
                    self.params.take(*byte);
                    length += 1;
                }
                length
            }
            State::Osc => {
                let length = printable(bytes);
                self.put(&bytes[..length]);
                length
            }
            State::DcsString | State::SosPmApc | State::DcsIgnore => printable(bytes),
            _ => return 0,
        };
        self.held += length as u64;
        length
    }

    /// Takes in one byte. `again` in the answer: the byte was not used, feed it once more.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) -> (Step, bool) {
        if byte < 0x80 && self.utf8.held() == 0 {
            self.held += 1;
            return (self.code(u32::from(byte), 1), false);
        }
        self.held += 1;
        match self.utf8.push(byte) {
            Decoded::More | Decoded::Nothing => (Step::None, false),
            Decoded::Code(code, length) => (self.code(code, length), false),
            Decoded::Again => {
                self.held -= 1;
                (Step::None, true)
            }
        }
    }

    /// Takes in one character that was `length` bytes long.
    fn code(&mut self, code: u32, length: u64) -> Step {
        let step = self.anywhere(code, length).unwrap_or_else(|| match self.state {
            State::Ground => self.ground(code),
            State::Escape | State::EscapeIntermediate => self.escape(code),
            State::CsiEntry | State::CsiParam | State::CsiIntermediate | State::CsiIgnore => self.csi(code),
            State::Osc => self.string(code),
            State::DcsEntry | State::DcsParam | State::DcsIntermediate => self.dcs(code),
            State::DcsIgnore | State::DcsString | State::SosPmApc => Step::None,
        });
        if self.state == State::Ground {
            self.held = 0;
        }
        step
    }

    /// What acts in every state: CAN, SUB, ESC and C1.
    #[inline]
    fn anywhere(&mut self, code: u32, length: u64) -> Option<Step> {
        let special = matches!(code, 0x18 | 0x1a | 0x1b | 0x80..=0x9f);
        if !special {
            return None;
        }
        let was = self.state;
        self.state = State::Ground;
        let ended = match was {
            State::Osc if matches!(code, 0x1b | 0x9c) => Step::Osc,
            State::Osc if matches!(code, 0x18 | 0x1a) => return Some(Step::End(true)),
            State::DcsString if matches!(code, 0x18 | 0x1a | 0x1b | 0x9c) => Step::End(true),
            _ => Step::End(false),
        };
        if code == 0x9c || was == State::DcsString && matches!(code, 0x18 | 0x1a) {
            return Some(ended);
        }
        self.held = length;
        match code {
            0x1b => self.start(State::Escape),
            0x90 => self.start(State::DcsEntry),
            0x9b => self.start(State::CsiEntry),
            0x9d => self.start_osc(),
            0x98 | 0x9e | 0x9f => self.state = State::SosPmApc,
            _ => return Some(Step::Control(code as u8)),
        }
        Some(ended)
    }

    /// Starts a sequence.
    fn start(&mut self, state: State) {
        self.state = state;
        self.collected = 0;
        self.params.clear();
    }

    /// Starts an OSC. A string that was just ended by the ESC of its terminator is still to be taken.
    fn start_osc(&mut self) {
        self.state = State::Osc;
        self.osc = Some(Vec::new());
    }

    fn ground(&self, code: u32) -> Step {
        match code {
            0x7f => Step::None,
            0..0x20 => Step::Control(code as u8),
            _ => Step::Print(code),
        }
    }

    fn escape(&mut self, code: u32) -> Step {
        let first = self.state == State::Escape;
        match code {
            0..0x20 => return self.wait(code as u8),
            0x20..0x30 => {
                self.collect(code);
                self.state = State::EscapeIntermediate;
            }
            0x50 if first => self.start(State::DcsEntry),
            0x58 | 0x5e | 0x5f if first => self.state = State::SosPmApc,
            0x5b if first => self.start(State::CsiEntry),
            0x5d if first => self.start_osc(),
            0x30..0x7f => {
                self.state = State::Ground;
                return Step::Esc(code as u8);
            }
            0x7f => {}
            _ => return self.give_up(),
        }
        Step::None
    }

    fn csi(&mut self, code: u32) -> Step {
        match (self.state, code) {
            (_, 0..0x20) => return self.wait(code as u8),
            (_, 0x7f) => {}
            (State::CsiIgnore, 0x40..0x7f) => return self.give_up(),
            (State::CsiIgnore, _) => {}
            (_, 0x40..0x7f) => {
                self.state = State::Ground;
                return Step::Csi(code as u8);
            }
            (_, 0x20..0x30) => {
                self.collect(code);
                self.state = State::CsiIntermediate;
            }
            (State::CsiEntry | State::CsiParam, 0x30..0x3c) => {
                self.params.take(code as u8);
                self.state = State::CsiParam;
            }
            (State::CsiEntry, 0x3c..0x40) => {
                self.collect(code);
                self.state = State::CsiParam;
            }
            (_, 0x30..0x40) => self.state = State::CsiIgnore,
            _ => return self.give_up(),
        }
        Step::None
    }

    fn dcs(&mut self, code: u32) -> Step {
        match (self.state, code) {
            (_, 0..0x20 | 0x7f) => {}
            (_, 0x40..0x7f) => self.state = State::DcsString,
            (_, 0x20..0x30) => self.state = State::DcsIntermediate,
            (State::DcsEntry, 0x30..0x40) | (State::DcsParam, 0x30..0x3c) => self.state = State::DcsParam,
            (_, 0x30..0x40) => self.state = State::DcsIgnore,
            _ => return self.give_up(),
        }
        Step::None
    }

    fn string(&mut self, code: u32) -> Step {
        match code {
            0x07 => {
                self.state = State::Ground;
                return Step::Osc;
            }
            0..0x20 => {}
            _ => {
                let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.put(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        Step::None
    }

    /// Adds to the OSC string, or gives it up where it gets too long.
    fn put(&mut self, bytes: &[u8]) {
        if let Some(osc) = &mut self.osc {
            if osc.len() + bytes.len() <= OSC_MAX {
                osc.extend(bytes);
            } else {
                self.osc = None;
            }
        }
    }

    /// Notes a prefix or an intermediate.
    fn collect(&mut self, code: u32) {
        self.collected = if self.collected > 0xffff { TOO_LONG } else { self.collected << 8 | code };
    }

    /// Drops a sequence that nobody knows.
    fn give_up(&mut self) -> Step {
        self.state = State::Ground;
        Step::End(false)
    }

    /// Keeps a control until its sequence ends.
    fn wait(&mut self, control: u8) -> Step {
        if self.waiting_len == WAITING_MAX {
            return Step::Control(control);
        }
        self.waiting[self.waiting_len] = control;
        self.waiting_len += 1;
        Step::None
    }
}

/// How many bytes from the start are printable ASCII.
#[inline]
pub(super) fn printable(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(word) = eight::word(&bytes[length..]) {
        if let Some(place) = eight::first(eight::unprintable(word)) {
            return length + place;
        }
        length += 8;
    }
    length + bytes[length..].iter().take_while(|byte| matches!(byte, 0x20..=0x7e)).count()
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn printable_stops_at_every_other_byte_and_nowhere_else() {
        for byte in 0..=255u8 {
            for place in 0..20 {
                let mut text = [b'~'; 20];
                text[place] = byte;
                let expected = if (0x20..=0x7e).contains(&byte) { 20 } else { place };
                assert_eq!(printable(&text), expected, "{byte:#x} at {place}");
            }
        }
    }
}
