//! What the bytes do to the screen: one file for each family of functions.
//!
//! This one moves bytes through the parser and past it: runs of printable text need no look at each byte.

mod csi;
mod cursor;
mod erase;
mod esc;
mod mode;
mod osc;
mod print;
mod scroll;
mod sgr;

use super::Screen;
use super::parser::{Step, printable};

impl Screen {
    /// Takes in the next bytes of the program's output; they may end anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            let known =
                if self.parser.at_rest() { self.feed_plain(*first, rest) } else { self.parser.skim(rest) };
            if known > 0 {
                rest = &rest[known..];
                continue;
            }
            let (step, again) = self.parser.byte(*first);
            if !again {
                rest = &rest[1..];
            }
            if step != Step::None {
                self.act(step);
            }
        }
    }

    /// Takes in what stands whole at the start of `rest`: text, a character, a control sequence. Returns its bytes,
    /// 0 where the parser has to look at each.
    #[inline]
    fn feed_plain(&mut self, first: u8, rest: &[u8]) -> usize {
        match first {
            b' '..=b'~' => {
                let text = printable(rest);
                self.print_ascii(&rest[..text]);
                text
            }
            0x1b => match self.parser.whole_csi(rest) {
                Some((length, last)) => {
                    self.act(Step::Csi(last));
                    length
                }
                None => 0,
            },
            0x80.. => match whole(rest) {
                Some((code, length)) => {
                    self.print(code);
                    length
                }
                None => 0,
            },
            _ => 0,
        }
    }

    /// Does what the parser asks for, after the controls that waited inside the sequence.
    #[inline]
    fn act(&mut self, step: Step) {
        if self.parser.has_waiting() {
            let (waiting, length) = self.parser.take_waiting();
            waiting[..length].iter().for_each(|control| self.control(*control));
        }
        match step {
            Step::None => {}
            Step::Print(code) => self.print(code),
            Step::Control(control) => self.control(control),
            Step::Csi(last) => {
                self.csi(last);
                self.last_width = 0;
            }
            Step::Esc(last) => {
                self.esc(last);
                self.last_width = 0;
            }
            Step::Osc => {
                if let Some(string) = self.parser.take_osc() {
                    self.osc(&String::from_utf8_lossy(&string));
                }
                self.last_width = 0;
            }
            Step::End(true) => self.last_width = 0,
            Step::End(false) => {}
        }
    }

    /// C0 and C1 controls; of C1 those xterm.js knows.
    fn control(&mut self, control: u8) {
        self.last_width = 0;
        match control {
            0x08 => self.backspace(),
            0x09 => self.tab(1),
            0x0a..=0x0c => self.line_feed(),
            0x0d => self.col = 0,
            0x0e => self.charsets.level = 1,
            0x0f => self.charsets.level = 0,
            0x84 => self.index(),
            0x85 => self.next_line(),
            0x88 => self.set_tab(),
            _ => {}
        }
    }
}

/// The printable character of two or three bytes that the input starts with, if it is whole and valid. Everything
/// else goes through the parser.
#[inline]
fn whole(bytes: &[u8]) -> Option<(u32, usize)> {
    let low = |byte: u8| (byte & 0xc0 == 0x80).then_some(u32::from(byte & 0x3f));
    match *bytes {
        [first @ 0xc3..=0xdf, second, ..] => Some(((u32::from(first & 0x1f) << 6) | low(second)?, 2)),
        // Without the overlong, the surrogates and U+FEFF, which start with 0xe0, 0xed and 0xef.
        [first @ (0xe1..=0xec | 0xee), second, third, ..] => {
            Some(((u32::from(first & 0x0f) << 12) | (low(second)? << 6) | low(third)?, 3))
        }
        _ => None,
    }
}
