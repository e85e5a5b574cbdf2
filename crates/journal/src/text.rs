//! Finds texts in what a terminal was sent: they may come in pieces, in colours and over the ends of lines.

use std::collections::VecDeque;
use std::ops::Range;

/// Finds texts in a stream, as they are, and with what moves the cursor or colours passed over; only their own bytes.
pub(crate) struct Matcher {
    needles: Vec<Vec<u8>>,
    state: State,
    plain: Window,
    /// Of bytes that are to be seen.
    visible: Window,
    found: Vec<Range<u64>>,
}

/// The last bytes, as many as the longest needle has, and where they stand.
#[derive(Default)]
struct Window {
    bytes: VecDeque<(u8, u64)>,
    longest: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Text,
    /// Behind ESC.
    Escape,
    /// In a control sequence, up to its last byte.
    Sequence,
}

impl Matcher {
    pub(crate) fn new(texts: &[String]) -> Self {
        let visible = |text: &String| text.bytes().filter(|byte| *byte >= b' ' && *byte != 0x7f).collect();
        let needles: Vec<Vec<u8>> =
            texts.iter().map(visible).filter(|needle: &Vec<u8>| !needle.is_empty()).collect();
        let longest = needles.iter().map(Vec::len).max().unwrap_or_default();
        let window = || Window { bytes: VecDeque::with_capacity(longest), longest };
        Self { needles, state: State::Text, plain: window(), visible: window(), found: Vec::new() }
    }

    /// Looks through bytes that stand there; they follow those that were given before.
    pub(crate) fn feed(&mut self, from: u64, bytes: &[u8]) {
        for (byte, at) in bytes.iter().zip(from..) {
            self.plain.push(*byte, at, &self.needles, &mut self.found);
            self.state = match (self.state, byte) {
                (_, 0x1b) => State::Escape,
                (State::Escape, b'[') => State::Sequence,
                (State::Escape, b'(' | b')') => State::Escape,
                (State::Escape, _) => State::Text,
                (State::Sequence, 0x40..=0x7e) => State::Text,
                (State::Sequence, _) => State::Sequence,
                (State::Text, 0..=0x1f | 0x7f) => State::Text,
                (State::Text, _) => {
                    self.visible.push(*byte, at, &self.needles, &mut self.found);
                    State::Text
                }
            };
        }
    }

    /// All that was found, in order, each byte once.
    pub(crate) fn found(mut self) -> Vec<Range<u64>> {
        self.found.sort_by_key(|range| range.start);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for range in self.found {
            match ranges.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => ranges.push(range),
            }
        }
        ranges
    }
}

impl Window {
    fn push(&mut self, byte: u8, at: u64, needles: &[Vec<u8>], found: &mut Vec<Range<u64>>) {
        if self.bytes.len() == self.longest {
            self.bytes.pop_front();
        }
        self.bytes.push_back((byte, at));
        for needle in needles.iter().filter(|needle| needle.last() == Some(&byte)) {
            let Some(skip) = self.bytes.len().checked_sub(needle.len()) else { continue };
            if self.bytes.iter().skip(skip).map(|(byte, _)| byte).eq(needle) {
                self.bytes.iter().skip(skip).for_each(|(_, at)| add(found, *at));
            }
        }
    }
}

/// Adds a byte; those that follow each other are one range, however many there are.
fn add(found: &mut Vec<Range<u64>>, at: u64) {
    match found.last_mut() {
        Some(last) if (last.start..=last.end).contains(&at) => last.end = last.end.max(at + 1),
        _ => found.push(at..at + 1),
    }
}

/// Overwrites texts in bytes that are no stream of a terminal; whether there were any.
pub fn replace(bytes: &mut [u8], texts: &[String]) -> bool {
    let mut is_changed = false;
    for needle in texts.iter().map(String::as_bytes).filter(|needle| !needle.is_empty()) {
        let mut at = 0;
        while let Some(window) = bytes.get(at..at + needle.len()) {
            if window == needle {
                bytes[at..at + needle.len()].fill(b'*');
                is_changed = true;
                at += needle.len();
            } else {
                at += 1;
            }
        }
    }
    is_changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pieces: &[&str]) -> Vec<(u64, u64)> {
        let mut matcher = Matcher::new(&["secret".to_owned(), "re".to_owned()]);
        let mut at = 100;
        for piece in pieces {
            matcher.feed(at, piece.as_bytes());
            at += piece.len() as u64;
        }
        matcher.found().iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn a_text_is_found_in_pieces_in_colours_and_over_lines() {
        assert_eq!(found(&["a secret b"]), [(102, 108)]);
        assert_eq!(found(&["s", "ec", "ret"]), [(100, 106)]);
        assert_eq!(found(&["sec\x1b[1;31mret\x1b[m"]), [(100, 103), (110, 113)]);
        assert_eq!(found(&["sec\r\nret"]), [(100, 103), (105, 108)]);
        assert_eq!(found(&["\x1b]0;secret\x07"]), [(104, 110)]);
        assert_eq!(found(&["\x1b[1;secret"]), [(104, 110)]);
        assert_eq!(found(&["secre"]), [(103, 105)]);
        assert_eq!(found(&["sekret nothing"]), [(103, 105)]);
        assert!(found(&["\x1b[31", "m\x1b(B"]).is_empty());
    }
    #[test]
    fn what_is_found_all_over_takes_no_memory_for_each_byte() {
        let mut matcher = Matcher::new(&["aaaa".to_owned()]);
        matcher.feed(0, &[b'a'; 100_000]);
        assert_eq!((matcher.found.len(), matcher.found[0].clone()), (1, 0..100_000));
    }
}
