//! Telling a terminal's answers from what a person types, in input that a client sent.
//!
//! A reply is one only while somebody waits for it: `CSI 1;2R` is a cursor report or Shift+F3. What nobody waits
//! for passes byte for byte, and while nobody waits for anything nothing is even looked at.

mod shape;

pub use shape::ReplyKind;

use memchr::memchr;
use shape::Fit;
use std::borrow::Cow;

/// Questions waited for at once, fences included. The oldest is given up for a newer one: no program asks that much
/// before it reads.
const MAX_OUTSTANDING: usize = 2048;
/// Bytes of a key that a reply may begin like: Escape, or Alt with a character.
const MAX_KEY: usize = 2;

const ESC: u8 = 0x1b;

/// Who waits for a reply, as a number that grows from one question to the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Ticket(pub u64);

/// One reply that came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// What it answers.
    pub kind: ReplyKind,
    /// Whose question it answers.
    pub ticket: Ticket,
    /// Whether it is the reply to a fence.
    pub fence: bool,
    /// The whole sequence.
    pub bytes: Vec<u8>,
}

/// Takes the replies that are waited for out of one client's input.
#[derive(Default, Debug)]
pub struct ReplyFilter {
    /// In the order asked.
    outstanding: Vec<Expected>,
    /// What may still become a reply, from its ESC on.
    held: Vec<u8>,
}

/// One question that waits for its reply.
#[derive(Debug)]
struct Expected {
    kind: ReplyKind,
    ticket: Ticket,
    /// Replies that are still due.
    due: usize,
    fence: bool,
}

impl ReplyFilter {
    /// A filter that waits for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for replies of this kind to one question, this many at most.
    pub fn expect(&mut self, kind: ReplyKind, due: usize, ticket: Ticket) {
        self.wait(Expected { kind, ticket, due, fence: false });
    }

    /// Waits for the reply to a question that every terminal answers, and in its turn: once it is there, what was asked
    /// before it and has not come will not come.
    pub fn fence(&mut self, kind: ReplyKind, ticket: Ticket) {
        self.wait(Expected { kind, ticket, due: 1, fence: true });
    }

    fn wait(&mut self, expected: Expected) {
        if self.outstanding.len() == MAX_OUTSTANDING {
            self.outstanding.remove(0);
        }
        self.outstanding.push(expected);
    }

    /// How many replies are waited for.
    pub fn outstanding(&self) -> usize {
        self.outstanding.iter().map(|expected| expected.due).sum()
    }

    /// Waits no more for answers to this question: their time is over.
    pub fn forget(&mut self, ticket: Ticket) {
        self.outstanding.retain(|expected| expected.ticket != ticket);
    }

    /// Whether the last read ended in what may be the beginning of a reply. After a moment without more (an Escape
    /// key alone looks like that) [`ReplyFilter::release`] gives it up.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether what is held may be a whole key. More than that is the beginning of a reply, or of a longer key.
    pub fn holds_key(&self) -> bool {
        (1..=MAX_KEY).contains(&self.held.len())
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
                    replies.push(self.came(index, &rest[..bytes]));
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

    /// Takes a reply off what is waited for.
    fn came(&mut self, index: usize, bytes: &[u8]) -> Reply {
        let Expected { kind, ticket, due, fence } = &mut self.outstanding[index];
        let reply = Reply { kind: *kind, ticket: *ticket, fence: *fence, bytes: bytes.to_vec() };
        *due -= 1;
        let mut place = 0;
        self.outstanding.retain(|expected| {
            let over = reply.fence && place < index && !expected.kind.waits_for_a_person();
            place += 1;
            expected.due > 0 && !over
        });
        reply
    }

    /// The best fit among the replies that are waited for, and which it is.
    fn judge(&self, input: &[u8]) -> (Fit, usize) {
        let mut best = (Fit::No, 0);
        for (index, expected) in self.outstanding.iter().enumerate() {
            match expected.kind.fit(input) {
                // What is known more closely comes first.
                Fit::Whole(_) if expected.kind == ReplyKind::Any && matches!(best.0, Fit::Whole(_)) => {}
                fit @ Fit::Whole(_) if expected.kind == ReplyKind::Any => best = (fit, index),
                fit @ Fit::Whole(_) => return (fit, index),
                Fit::Partial if best.0 == Fit::No => best = (Fit::Partial, index),
                Fit::Partial | Fit::No => {}
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
