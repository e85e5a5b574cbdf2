//! One cell of a row in eight bytes: a character, how wide it is, and the numbers of its style and its marks.
//!
//! Style and marks are kept once in side tables ([`super::style`], [`super::interned`]); a cell only holds their
//! numbers. It is not what a person sees: that is [`super::Run`].

/// A cell. Bits 0-20 the character, bit 21 "first half of a wide one", bit 22 "second half", bits 32-47 the
/// style, bits 48-63 the marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(super) struct Cell(u64);

/// The number of a style in the style table; 0 is plain.
pub(super) type StyleId = u16;
/// The number of a text of combining marks; 0 is none.
pub(super) type MarksId = u16;

const CHARACTER: u64 = 0x1f_ffff;
const LEAD: u64 = 1 << 21;
const SPACER: u64 = 1 << 22;
const STYLE_SHIFT: u32 = 32;
const MARKS_SHIFT: u32 = 48;

impl Cell {
    /// A character of one cell.
    #[inline]
    pub(super) const fn narrow(code: u32, style: StyleId) -> Self {
        Self(code as u64 | (style as u64) << STYLE_SHIFT)
    }

    /// A blank.
    #[inline]
    pub(super) const fn blank(style: StyleId) -> Self {
        Self::narrow(b' ' as u32, style)
    }

    /// The first half of a character of two cells.
    pub(super) const fn lead(code: u32, style: StyleId) -> Self {
        Self(code as u64 | LEAD | (style as u64) << STYLE_SHIFT)
    }

    /// The second half of the character to the left.
    pub(super) const fn spacer(style: StyleId) -> Self {
        Self(SPACER | (style as u64) << STYLE_SHIFT)
    }

    /// The character; 0 in a second half.
    pub(super) fn code(self) -> u32 {
        (self.0 & CHARACTER) as u32
    }

    /// The character as a `char`.
    pub(super) fn char(self) -> char {
        char::from_u32(self.code()).unwrap_or(' ')
    }

    /// Whether this is the first half of a wide character.
    #[inline]
    pub(super) fn is_lead(self) -> bool {
        self.0 & LEAD != 0
    }

    /// Whether this is the second half of a wide character.
    #[inline]
    pub(super) fn is_spacer(self) -> bool {
        self.0 & SPACER != 0
    }

    /// The number of its style.
    #[inline]
    pub(super) fn style(self) -> StyleId {
        (self.0 >> STYLE_SHIFT) as u16
    }

    /// The number of its marks.
    #[inline]
    pub(super) fn marks(self) -> MarksId {
        (self.0 >> MARKS_SHIFT) as u16
    }

    /// Whether it is an ASCII character of this style, and nothing else.
    #[inline]
    pub(super) fn is_ascii(self, style: StyleId) -> bool {
        self.0 & !0x7f == Self::narrow(0, style).0
    }

    /// The same cell with other marks.
    pub(super) fn with_marks(self, marks: MarksId) -> Self {
        Self(self.0 & !(0xffff << MARKS_SHIFT) | u64::from(marks) << MARKS_SHIFT)
    }

    /// Cells it takes up with what follows it: 2, 1, or 0 for a second half.
    pub(super) fn width(self) -> u16 {
        if self.is_lead() { 2 } else { u16::from(!self.is_spacer()) }
    }

    /// Whether nothing is written in it.
    pub(super) fn is_blank(self) -> bool {
        self.code() == u32::from(b' ') && self.marks() == 0 && !self.is_lead()
    }
}
