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
    /// In a command of the system, such as a title, up to BEL or ST.
    Command,
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
                // BEL ends it, CAN and SUB break it off.
                (State::Command, 0x07 | 0x18 | 0x1a) => State::Text,
                (State::Command, _) => State::Command,
                (State::Escape, b']' | b'P' | b'X' | b'^' | b'_') => State::Command,
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

/// The same where they are spelled with escapes of JSON, such as `\\u0068`; what is left is JSON, as long as it was.
pub fn replace_escaped(bytes: &mut [u8], texts: &[String]) -> bool {
    let (plain, places) = unescaped(bytes);
    let mut is_changed = false;
    for needle in texts.iter().map(String::as_bytes).filter(|needle| !needle.is_empty()) {
        let mut at = 0;
        while let Some(window) = plain.get(at..at + needle.len()) {
            if window == needle {
                let to = places.get(at + needle.len()).copied().unwrap_or(bytes.len());
                bytes[places[at]..to].fill(b'*');
                is_changed = true;
                at += needle.len();
            } else {
                at += 1;
            }
        }
    }
    is_changed
}

/// What bytes say once their escapes are undone, and where each byte of it begins.
fn unescaped(bytes: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let (mut plain, mut places) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let unit = |at: usize| {
            let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
            u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        };
        let escaped = match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'u')) => unit(at).and_then(|first| {
                let one = char::decode_utf16([first]).next()?.ok().map(|c| (c, 6));
                let two = || Some((char::decode_utf16([first, unit(at + 6)?]).next()?.ok()?, 12));
                one.or_else(two)
            }),
            (b'\\', Some(short @ (b'"' | b'\\' | b'/'))) => Some((char::from(*short), 2)),
            (b'\\', Some(b'n')) => Some(('\n', 2)),
            (b'\\', Some(b't')) => Some(('\t', 2)),
            (b'\\', Some(b'r')) => Some(('\r', 2)),
            _ => None,
        };
        let Some((c, length)) = escaped else {
            plain.push(*byte);
            places.push(at);
            at += 1;
            continue;
        };
        let before = plain.len();
        plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        places.resize(places.len() + plain.len() - before, at);
        at += length;
    }
    (plain, places)
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
        assert_eq!(found(&["sec\x1b]0;a title\x07ret"]), [(100, 103), (115, 118)]);
        assert_eq!(found(&["sec\x1b]8;;x\x1b\\ret"]), [(100, 103), (111, 114)]);
        assert_eq!(found(&["secre"]), [(103, 105)]);
        assert_eq!(found(&["sekret nothing"]), [(103, 105)]);
        assert!(found(&["\x1b[31", "m\x1b(B"]).is_empty());
    }

    #[test]
    fn escapes_hide_nothing_and_stay_whole() {
        for (before, after) in [
            (r#"{"a":"x se\u0063ret y"}"#, r#"{"a":"x *********** y"}"#),
            (r#"{"a":"\u0073ecre\u0074"}"#, r#"{"a":"****************"}"#),
            (r#"{"a":"\ud83d\ude00secret\n"}"#, r#"{"a":"\ud83d\ude00******\n"}"#),
            (r#"{"a":"\ud83d sec\ret"}"#, r#"{"a":"\ud83d sec\ret"}"#),
        ] {
            let mut bytes = before.as_bytes().to_vec();
            assert_eq!(replace_escaped(&mut bytes, &["secret".to_owned()]), before != after);
            assert_eq!(bytes, after.as_bytes());
        }
        let mut bytes = r#"\u00e4\ud83d\ude00!"#.as_bytes().to_vec();
        assert!(replace_escaped(&mut bytes, &["\u{e4}\u{1f600}".to_owned()]));
        assert_eq!(bytes, format!("{}!", "*".repeat(18)).as_bytes());
    }

    #[test]
    fn what_is_found_all_over_takes_no_memory_for_each_byte() {
        let mut matcher = Matcher::new(&["aaaa".to_owned()]);
        matcher.feed(0, &[b'a'; 100_000]);
        assert_eq!((matcher.found.len(), matcher.found[0].clone()), (1, 0..100_000));
    }
}
