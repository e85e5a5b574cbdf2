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
mod tests;
