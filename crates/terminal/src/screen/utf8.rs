//! UTF-8, a byte at a time, as xterm.js reads it: what is not valid is dropped, and so is U+FEFF.
//!
//! No replacement character: the terminals that show the same bytes would not draw one either.

/// A character that is not complete yet.
#[derive(Default)]
pub(super) struct Utf8 {
    code: u32,
    /// Bytes it has so far.
    have: u8,
    /// Bytes it will have.
    need: u8,
}

/// What became of a byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decoded {
    /// The character needs more.
    More,
    /// A character and its length in bytes.
    Code(u32, u64),
    /// An invalid byte or character, dropped.
    Nothing,
    /// The character before was cut off and is dropped; feed this byte once more.
    Again,
}

impl Utf8 {
    /// Bytes of the incomplete character.
    #[inline]
    pub(super) fn held(&self) -> u64 {
        u64::from(self.have)
    }

    /// Takes in a byte.
    pub(super) fn push(&mut self, byte: u8) -> Decoded {
        if self.have == 0 {
            return self.first(byte);
        }
        if byte & 0xc0 != 0x80 {
            self.have = 0;
            return Decoded::Again;
        }
        self.code = self.code << 6 | u32::from(byte & 0x3f);
        self.have += 1;
        if self.have < self.need {
            return Decoded::More;
        }
        self.have = 0;
        let shortest = [0x80, 0x800, 0x1_0000][usize::from(self.need) - 2];
        if self.code < shortest || self.code == 0xfeff || char::from_u32(self.code).is_none() {
            return Decoded::Nothing;
        }
        Decoded::Code(self.code, u64::from(self.need))
    }

    fn first(&mut self, byte: u8) -> Decoded {
        let (need, bits) = match byte {
            0..0x80 => return Decoded::Code(u32::from(byte), 1),
            0xc0..0xe0 => (2, byte & 0x1f),
            0xe0..0xf0 => (3, byte & 0x0f),
            0xf0..0xf8 => (4, byte & 0x07),
            _ => return Decoded::Nothing,
        };
        *self = Self { code: u32::from(bits), have: 1, need };
        Decoded::More
    }
}
