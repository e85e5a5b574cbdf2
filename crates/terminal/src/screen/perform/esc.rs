//! Escape sequences without parameters.

use crate::screen::Screen;
use crate::screen::charset::{Charset, Charsets};

impl Screen {
    /// Acts on an escape sequence with its final byte.
    pub(super) fn esc(&mut self, last: u8) {
        match (self.parser.collected(), last) {
            (0, b'7') => self.save(),
            (0, b'8') => self.restore(),
            (0, b'D') => self.index(),
            (0, b'E') => self.next_line(),
            (0, b'H') => self.set_tab(),
            (0, b'M') => self.reverse_index(),
            (0, b'=') => self.modes.set_private(66, true),
            (0, b'>') => self.modes.set_private(66, false),
            (0, b'c') => self.full_reset(),
            (0, b'n' | b'}') => self.charsets.level = 2,
            (0, b'o' | b'|') => self.charsets.level = 3,
            (0, b'~') => self.charsets.level = 1,
            (0x23, b'8') => self.align(),
            (0x25, b'@' | b'G') => {
                self.charsets.level = 0;
                self.charsets.sets[0] = Charsets::default().sets[0];
            }
            (designator, last) => self.designate(designator, last),
        }
    }

    /// SCS: `ESC ( B` and its like. Unknown sets change nothing.
    fn designate(&mut self, designator: u32, last: u8) {
        let place = match designator {
            0x28 => 0,
            0x29 | 0x2d => 1,
            0x2a | 0x2e => 2,
            0x2b => 3,
            _ => return,
        };
        if let Some(set) = Charset::of(last) {
            self.charsets.sets[place] = set;
        }
    }
}
