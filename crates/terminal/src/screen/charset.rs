//! Character sets: G0 to G3 and which of them is in use (ISO 2022, the left half only).
//!
//! A set replaces a few ASCII characters; the DEC special graphics are what curses programs draw boxes with.

/// A character set, named by the final byte of its designation; `B` is ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Charset(u8);

impl Charset {
    /// No replacements.
    pub(super) const ASCII: Self = Self(b'B');

    /// The set with this final byte, if there is one.
    pub(super) fn of(final_byte: u8) -> Option<Self> {
        let same = match final_byte {
            b'5' => b'C',
            b'6' => b'E',
            b'7' => b'H',
            other => other,
        };
        b"0AB4CRQKYEZH=".contains(&same).then_some(Self(same))
    }

    /// What stands for an ASCII character in this set.
    fn replace(self, code: u32) -> u32 {
        if self.0 == b'0' {
            return match code {
                0x60..=0x7e => u32::from(GRAPHICS[code as usize - 0x60]),
                _ => code,
            };
        }
        let replaced = NATIONAL.iter().find(|(set, _)| *set == self.0).and_then(|(_, signs)| {
            let place = POSITIONS.iter().position(|position| u32::from(*position) == code)?;
            signs.chars().nth(place).filter(|sign| *sign != ' ')
        });
        replaced.map_or(code, u32::from)
    }
}

/// DEC special graphics from 0x60 on.
const GRAPHICS: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├',
    '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// The positions national sets replace, in the order of the texts below.
const POSITIONS: &[u8; 12] = b"#@[\\]^_`{|}~";

/// National replacement sets (VT220 manual, tables 2-5 to 2-15); a space means "as in ASCII".
const NATIONAL: [(u8, &str); 11] = [
    (b'A', "£           "),
    (b'4', "£¾ĳ½|   ¨f¼´"),
    (b'C', "  ÄÖÅÜ éäöåü"),
    (b'R', "£à°ç§   éùè¨"),
    (b'Q', " àâçêî ôéùèû"),
    (b'K', " §ÄÖÜ   äöüß"),
    (b'Y', "£§°çé  ùàòèì"),
    (b'E', " ÄÆØÅÜ äæøåü"),
    (b'Z', "£§¡Ñ¿   °ñç "),
    (b'H', " ÉÄÖÅÜ éäöåü"),
    (b'=', "ùàéçêîèôäöüû"),
];

/// G0 to G3 and the one in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Charsets {
    /// G0 to G3.
    pub sets: [Charset; 4],
    /// The one in use.
    pub level: u8,
}

impl Default for Charsets {
    fn default() -> Self {
        Self { sets: [Charset::ASCII; 4], level: 0 }
    }
}

impl Charsets {
    /// Whether characters are printed as they come.
    #[inline]
    pub(super) fn is_ascii(&self) -> bool {
        self.sets[usize::from(self.level)] == Charset::ASCII
    }

    /// The character that is drawn for one that was printed.
    pub(super) fn translate(&self, code: u32) -> u32 {
        if code >= 0x7f || self.is_ascii() { code } else { self.sets[usize::from(self.level)].replace(code) }
    }

    /// The sequences that lead from `self` to `other`.
    pub(super) fn write_change(&self, other: &Self, out: &mut Vec<u8>) {
        for (place, set) in other.sets.iter().enumerate() {
            if self.sets[place] != *set {
                out.extend([0x1b, b"()*+"[place], set.0]);
            }
        }
        if self.level != other.level {
            let shift: &[u8] = match other.level {
                0 => b"\x0f",
                1 => b"\x0e",
                2 => b"\x1bn",
                _ => b"\x1bo",
            };
            out.extend(shift);
        }
    }
}
