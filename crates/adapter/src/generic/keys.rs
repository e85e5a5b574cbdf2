//! What keys make of a line.

use serde::{Deserialize, Serialize};

/// Of one line or paste, and of lines that came in one piece, what is kept.
const LINE_MAX_BYTES: usize = 32 << 10; // 32 KiB
/// Of a sequence, so many bytes at most: a longer one is none.
const SEQUENCE_MAX_BYTES: usize = 64;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";
const ESC: u8 = 0x1b;

/// The line that is being typed.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    /// As far as the keys tell; bytes of a character may still come.
    bytes: Vec<u8>,
    /// A key was pressed whose effect only the program knows: what the line is stands in its echo.
    pub unsure: bool,
    /// Within a paste.
    pasting: bool,
    /// A sequence that has not ended.
    sequence: Vec<u8>,
}

/// A line that was handed to the program.
#[derive(Debug)]
pub(super) struct Submitted {
    pub text: String,
    pub unsure: bool,
}

impl Line {
    /// Whether nothing is being typed.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.unsure
    }

    /// What it is so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Takes keys. What was handed over with them is one, however many lines it has.
    pub fn take(&mut self, keys: &[u8]) -> Option<Submitted> {
        let mut submitted: Option<Submitted> = None;
        for key in keys {
            if !self.key(*key) {
                continue;
            }
            let Self { bytes, unsure, .. } = std::mem::take(self);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            match &mut submitted {
                Some(before) => {
                    let room = LINE_MAX_BYTES.saturating_sub(before.text.len() + 1);
                    if room > 0 {
                        before.text.push('\n');
                        before.text.push_str(&text[..text.floor_char_boundary(room)]);
                    }
                    before.unsure |= unsure;
                }
                None => submitted = Some(Submitted { text, unsure }),
            }
        }
        submitted
    }

    /// Takes a byte; whether it ended the line.
    fn key(&mut self, key: u8) -> bool {
        if !self.sequence.is_empty() {
            self.in_sequence(key);
            return false;
        }
        match key {
            ESC => self.sequence.push(ESC),
            b'\r' | b'\n' if self.pasting => self.push(b'\n'),
            b'\r' | b'\n' => return true,
            _ if self.pasting => self.push(key),
            0x7f | 0x08 => self.take_back(),
            // Ctrl-C and Ctrl-D end a line of their own, Ctrl-U takes all of it back, Ctrl-W a word.
            0x03 | 0x04 => {
                self.bytes.extend_from_slice(if key == 3 { b"^C" } else { b"^D" });
                return true;
            }
            0x15 => self.bytes.clear(),
            0x17 => self.take_word_back(),
            0x20.. => self.push(key),
            _ => self.unsure = true,
        }
        false
    }

    fn in_sequence(&mut self, byte: u8) {
        self.sequence.push(byte);
        let is_over = match self.sequence.as_slice() {
            [ESC, b'[' | b'O'] => false,
            // A mouse of the oldest kind: three bytes follow.
            [ESC, b'[', b'M', rest @ ..] => rest.len() == 3,
            [ESC, b'[' | b'O', .., last] => (0x40..=0x7e).contains(last),
            _ => true,
        };
        if !is_over && self.sequence.len() < SEQUENCE_MAX_BYTES {
            return;
        }
        let sequence = std::mem::take(&mut self.sequence);
        match sequence.as_slice() {
            PASTE_BEGINS => self.pasting = true,
            PASTE_ENDS => self.pasting = false,
            // Focus and mouse are no part of a line.
            [ESC, b'[', b'I' | b'O'] | [ESC, b'[', b'M' | b'<', ..] => {}
            _ => self.unsure = true,
        }
    }

    fn push(&mut self, byte: u8) {
        if self.bytes.len() < LINE_MAX_BYTES {
            self.bytes.push(byte);
        }
    }

    fn take_back(&mut self) {
        // The bytes of one character.
        while let Some(byte) = self.bytes.pop() {
            if byte & 0xc0 != 0x80 {
                break;
            }
        }
    }

    fn take_word_back(&mut self) {
        let is_blank = |byte: &u8| *byte == b' ';
        while self.bytes.last().is_some_and(is_blank) {
            self.bytes.pop();
        }
        while self.bytes.last().is_some_and(|byte| !is_blank(byte)) {
            self.bytes.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_line() {
        for (keys, text, unsure) in [
            ("ls\r", "ls", false),
            ("lx\x7fs -é\x7fa\r", "ls -a", false),
            ("one two\x17three\x15four\r", "four", false),
            ("\x1b[200~a\rb\x1b[201~\r", "a\nb", false),
            ("a\rb\r", "a\nb", false),
            ("sle\x03", "sle^C", false),
            ("\x1b[I\x1b[<0;1;2Mx\r", "x", false),
            ("\x1b[A\r", "", true),
            ("cd sr\t\r", "cd sr", true),
        ] {
            // Wherever what was typed is cut, it is the same line.
            for cut in 0..keys.len() {
                let mut line = Line::default();
                let mut submitted: Vec<Submitted> = Vec::new();
                let (before, after) = keys.as_bytes().split_at(cut);
                submitted.extend([before, after].into_iter().filter_map(|keys| line.take(keys)));
                let texts: Vec<&str> = submitted.iter().map(|one| one.text.as_str()).collect();
                assert_eq!(texts.join("\n"), text, "{keys:?} cut at {cut}");
                assert_eq!(submitted.iter().any(|one| one.unsure), unsure, "{keys:?}");
                assert!(line.is_empty());
            }
        }
    }
}
