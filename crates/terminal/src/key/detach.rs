//! The key that detaches. It counts only when it is alone in its read, so that pasted or hostile text never detaches;
//! that it must come twice within a second is the reader's business.

use super::{Code, Key, KeyError, KeyModes, Modifiers};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// The second press must come this soon after the first.
const TWICE_WITHIN: Duration = Duration::from_secs(1);

/// Caps Lock and Num Lock, which the Kitty protocol reports among the modifiers.
const LOCKS: u8 = 64 | 128;

/// The key that detaches, if there is one. Its name wherever it leaves the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DetachKey(Option<Key>);

impl FromStr for DetachKey {
    type Err = KeyError;

    /// A key's name, or `none`.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self(None));
        }
        let key: Key = text.parse()?;
        let strong = key.modifiers.has(Modifiers::CTRL.with(Modifiers::ALT));
        if strong || matches!(key.code, Code::Function(_)) {
            return Ok(Self(Some(key)));
        }
        Err(KeyError::Plain(text.to_owned()))
    }
}

impl TryFrom<String> for DetachKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl fmt::Display for DetachKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => key.fmt(f),
            None => f.write_str("none"),
        }
    }
}

impl From<DetachKey> for String {
    fn from(key: DetachKey) -> Self {
        key.to_string()
    }
}

impl Default for DetachKey {
    /// `C-]`, as telnet has it.
    fn default() -> Self {
        Self(Some(Key { code: Code::Char(']'), modifiers: Modifiers::CTRL }))
    }
}

impl DetachKey {
    /// Whether a read consists of this key, pressed once, and of nothing else; in whatever form a terminal sends it.
    pub fn matches(&self, read: &[u8]) -> bool {
        let Some(key) = self.0 else { return false };
        let legacy = |application_cursor| {
            read == key.encode(KeyModes { application_cursor, ..KeyModes::default() }).as_slice()
        };
        legacy(false) || legacy(true) || Pressed::parse(read).is_some_and(|press| press.is(key))
    }
}

/// Watches what a terminal sends for the detach key pressed twice in a row. The first press goes to the program.
#[derive(Clone, Copy, Debug, Default)]
pub struct DetachWatch {
    key: DetachKey,
    first: Option<Instant>,
}

impl DetachWatch {
    /// A watch for this key.
    pub fn new(key: DetachKey) -> Self {
        Self { key, first: None }
    }

    /// Takes in one read; true when it is the second press.
    pub fn detaches(&mut self, read: &[u8]) -> bool {
        self.press(read) == Press::Second
    }

    /// Takes in one read, and tells what it is. Two presses that came in one read, from a busy machine or a held key,
    /// count as well; nothing else may be with them.
    pub fn press(&mut self, read: &[u8]) -> Press {
        let (one, other) = read.split_at(read.len() / 2);
        if one == other && self.key.matches(one) {
            return Press::Second;
        }
        if self.key.matches(read) {
            let now = Instant::now();
            let first = self.first.replace(now);
            let twice = first.is_some_and(|first| now.duration_since(first) <= TWICE_WITHIN);
            return if twice { Press::Second } else { Press::First };
        }
        // A terminal that reports releases tells of one between the two presses.
        if !(read.ends_with(b"u") && read.windows(2).any(|two| two == b":3")) {
            self.first = None;
        }
        Press::Other
    }
}

/// What a read is to a [`DetachWatch`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Press {
    /// The detach key, for the first time.
    First,
    /// The detach key again, soon after.
    Second,
    /// Anything else.
    Other,
}

/// A key press as `CSI number:alternates ; modifiers:event ; text last` or `CSI 27 ; modifiers ; number ~`.
struct Pressed {
    /// The key and, where told, the key at its place on a plain keyboard.
    numbers: [u32; 2],
    modifiers: u8,
    last: u8,
}

impl Pressed {
    fn parse(read: &[u8]) -> Option<Self> {
        let (&last, body) = read.strip_prefix(b"\x1b[")?.split_last()?;
        let body = std::str::from_utf8(body).ok()?;
        if !body.bytes().all(|b| matches!(b, b'0'..=b'9' | b';' | b':')) {
            return None;
        }
        let fields: Vec<Vec<u32>> = body
            .split(';')
            .map(|field| field.split(':').map(|number| number.parse().unwrap_or(0)).collect())
            .collect();
        let at = |field: usize, part: usize| fields.get(field).and_then(|parts| parts.get(part)).copied();
        let pressed = matches!(at(1, 1), None | Some(0 | 1));
        let bits = at(1, 0).unwrap_or(0).max(1) - 1;
        let modifiers = u8::try_from(bits).ok()? & !LOCKS;
        let numbers = match (last, at(0, 0)?, at(2, 0)) {
            (b'~', 27, Some(number)) => return Some(Self { numbers: [number; 2], modifiers, last: b'u' }),
            (b'u' | b'~', number, _) => [number, at(0, 2).unwrap_or(number)],
            _ => [1; 2],
        };
        pressed.then_some(Self { numbers, modifiers, last })
    }

    fn is(&self, key: Key) -> bool {
        let (number, last) = key.number();
        self.last == last && self.numbers.contains(&number) && self.modifiers == key.modifiers.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(key: &str, read: &str, expect: bool) {
        let key: DetachKey = key.parse().unwrap();
        assert_eq!(key.matches(read.as_bytes()), expect, "{key:?} {read:?}");
    }

    #[test]
    fn every_form_of_the_key_counts() {
        for read in [
            "\x1d",
            "\x1b[93;5u",
            "\x1b[93;5:1u",
            "\x1b[93;69u",
            "\x1b[93;133u",
            "\x1b[93:125;5u",
            "\x1b[1093::93;5:1u",
            "\x1b[93;5;29u",
            "\x1b[27;5;93~",
        ] {
            check("C-]", read, true);
        }
        check("M-d", "\x1bd", true);
        check("F12", "\x1b[24~", true);
        check("F12", "\x1b[24;1:1~", true);
        check("C-Up", "\x1b[1;5A", true);
        check("C-Up", "\x1b[1;5:1A", true);
        check("C-\\", "\x1c", true);
    }

    #[test]
    fn only_the_second_press_in_a_row_detaches() {
        let mut watch = DetachWatch::default();
        let presses = ["\x1d", "a", "\x1d", "\x1d"].map(|read| watch.detaches(read.as_bytes()));
        assert_eq!(presses, [false, false, false, true]);
        assert!(DetachWatch::default().detaches(b"\x1d\x1d"), "both in one read");
        assert!(!DetachWatch::default().detaches(b"\x1d\x1d\x1d\x1d"));
        let mut watch = DetachWatch::default();
        let released =
            ["\x1b[93;5u", "\x1b[93;5:3u", "\x1b[93;5u"].map(|read| watch.detaches(read.as_bytes()));
        assert_eq!(released, [false, false, true]);
    }

    #[test]
    fn nothing_else_does() {
        for read in [
            "",
            "]",
            "\x1d\x1d",
            "a\x1d",
            "\x1da",
            "\x1b[93;5:2u",
            "\x1b[93;5:3u",
            "\x1b[93;6u",
            "\x1b[93u",
            "\x1b[93;5uu",
            "\x1b[91;5u",
            "\x1b[27;6;93~",
            "\x1b[93;5",
            "\x1b[?93;5u",
            "\x1b[",
            "\x1b[u",
            "\x1b[99999999999;5u",
        ] {
            check("C-]", read, false);
            check("none", read, false);
        }
        check("none", "\x1d", false);
        check("C-Up", "\x1b[1;5:3A", false);
    }

    #[test]
    fn a_key_that_is_typed_all_the_time_cannot_detach() {
        for text in ["a", "Enter", "S-Tab", "Up"] {
            assert_eq!(text.parse::<DetachKey>(), Err(KeyError::Plain(text.into())));
        }
        assert!("C-}}".parse::<DetachKey>().is_err());
        assert_eq!("C-]".parse(), Ok(DetachKey::default()));
    }

    #[test]
    fn a_key_is_told_by_a_name_that_leads_back_to_it() {
        for (text, name) in [
            ("C-]", "C-]"),
            ("^A", "C-a"),
            ("A-X", "M-S-x"),
            ("C--", "C--"),
            ("C-^", "C-^"),
            ("C-Space", "C-Space"),
            ("M-Esc", "M-Escape"),
            ("F12", "F12"),
            ("C-KP5", "C-KP5"),
            ("C-BTab", "C-S-Tab"),
            ("NONE", "none"),
        ] {
            let key: DetachKey = text.parse().unwrap();
            assert_eq!((key.to_string().as_str(), name.parse()), (name, Ok(key)));
        }
    }
}
