//! Styles: colours, attributes and link of a piece of text, and the table that keeps each of them once.
//!
//! The table is bounded. When it is full, styles that no cell uses any more are given up; if that is not enough
//! the text is drawn plain, and it stays readable.

use super::cell::StyleId;

/// A colour as the program named it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Color {
    /// The terminal's own.
    #[default]
    Default,
    /// One of the 16 (SGR 30-37, 90-97): terminals may brighten it for bold text.
    Ansi(u8),
    /// One of the palette of 256 (SGR 38;5).
    Indexed(u8),
    /// Red, green, blue (SGR 38;2).
    Rgb(u8, u8, u8),
}

/// How text is underlined.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Underline {
    /// Not at all.
    #[default]
    None = 0,
    /// A line.
    Single = 1,
    /// Two lines.
    Double = 2,
    /// A wave.
    Curly = 3,
    /// Dots.
    Dotted = 4,
    /// Dashes.
    Dashed = 5,
}

/// A hyperlink (OSC 8).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Link {
    /// The parameter `id`, empty where the program gave none.
    pub id: String,
    /// Where it leads.
    pub uri: String,
}

/// How a run of cells is drawn.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Style {
    /// Colour of the text.
    pub foreground: Color,
    /// Colour behind it.
    pub background: Color,
    /// Colour of the underline; default means that of the text.
    pub underline_color: Color,
    /// Kind of underline.
    pub underline: Underline,
    /// SGR 1.
    pub bold: bool,
    /// SGR 2.
    pub dim: bool,
    /// SGR 3.
    pub italic: bool,
    /// SGR 5.
    pub blink: bool,
    /// SGR 7.
    pub inverse: bool,
    /// SGR 8.
    pub invisible: bool,
    /// SGR 9.
    pub strikethrough: bool,
    /// SGR 53.
    pub overline: bool,
    /// Guarded from DECSED and DECSEL (DECSCA).
    pub protected: bool,
    /// The hyperlink it belongs to.
    pub link: Option<Link>,
}

/// Attribute bits of a [`Pen`]; the lowest three are the underline.
pub(super) mod flag {
    /// Kind of underline, 0 to 5.
    pub const UNDERLINE: u16 = 0b111;
    pub const BOLD: u16 = 1 << 3;
    pub const DIM: u16 = 1 << 4;
    pub const ITALIC: u16 = 1 << 5;
    pub const BLINK: u16 = 1 << 6;
    pub const INVERSE: u16 = 1 << 7;
    pub const INVISIBLE: u16 = 1 << 8;
    pub const STRIKETHROUGH: u16 = 1 << 9;
    pub const OVERLINE: u16 = 1 << 10;
    pub const PROTECTED: u16 = 1 << 11;
}

/// A colour as the tables hold it: its kind in the top byte, so that two styles compare as numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Ink(u32);

impl Ink {
    /// The terminal's own colour.
    pub(super) const DEFAULT: Self = Self(0);

    /// The public form.
    pub(super) fn color(self) -> Color {
        let [kind, r, g, b] = self.0.to_be_bytes();
        match kind {
            1 => Color::Ansi(b),
            2 => Color::Indexed(b),
            3 => Color::Rgb(r, g, b),
            _ => Color::Default,
        }
    }
}

impl From<Color> for Ink {
    #[inline]
    fn from(color: Color) -> Self {
        Self(u32::from_be_bytes(match color {
            Color::Default => [0; 4],
            Color::Ansi(index) => [1, 0, 0, index],
            Color::Indexed(index) => [2, 0, 0, index],
            Color::Rgb(r, g, b) => [3, r, g, b],
        }))
    }
}

/// A style as the tables hold it: 16 bytes, with the link as a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Pen {
    pub fg: Ink,
    pub bg: Ink,
    pub underline_color: Ink,
    pub flags: u16,
    /// The number of the link, 0 for none.
    pub link: u16,
}

impl Pen {
    /// What erased cells look like: only the background stays.
    pub(super) fn erased(self) -> Self {
        Self { bg: self.bg, ..Self::default() }
    }

    /// The kind of underline.
    pub(super) fn underline(self) -> Underline {
        match self.flags & flag::UNDERLINE {
            0 => Underline::None,
            2 => Underline::Double,
            3 => Underline::Curly,
            4 => Underline::Dotted,
            5 => Underline::Dashed,
            _ => Underline::Single,
        }
    }

    /// The public form, with the link looked up by the caller.
    pub(super) fn style(self, link: Option<Link>) -> Style {
        let has = |bit| self.flags & bit != 0;
        Style {
            foreground: self.fg.color(),
            background: self.bg.color(),
            underline_color: self.underline_color.color(),
            underline: self.underline(),
            bold: has(flag::BOLD),
            dim: has(flag::DIM),
            italic: has(flag::ITALIC),
            blink: has(flag::BLINK),
            inverse: has(flag::INVERSE),
            invisible: has(flag::INVISIBLE),
            strikethrough: has(flag::STRIKETHROUGH),
            overline: has(flag::OVERLINE),
            protected: has(flag::PROTECTED),
            link,
        }
    }

    /// A hash good enough for a table of some thousand styles.
    fn hash(self) -> u64 {
        let colors = u64::from(self.fg.0) | u64::from(self.bg.0) << 32;
        let rest =
            u64::from(self.underline_color.0) | u64::from(self.flags) << 32 | u64::from(self.link) << 48;
        // Odd constants of the golden ratio: multiplications spread the bits to the top.
        let mixed = (colors.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ rest).wrapping_mul(0xd1b5_4a32_d192_ed03);
        mixed ^ mixed >> 32
    }
}

/// Styles at most. A screen of 120x40 has 4,800 cells; 16,384 styles of 20 bytes (with the mark of a free one) take 320 KiB.
const STYLES_MAX: usize = 16_384;
/// After a collection that freed little, so many further styles are drawn plain before the next one.
const REST_AFTER_COLLECTION: u32 = 4_096;

/// Every style in use, each once, found by its content.
#[derive(Default)]
pub(super) struct Styles {
    /// By number minus one: plain has no entry. `None` is free.
    entries: Vec<Option<Pen>>,
    /// Free numbers.
    free: Vec<StyleId>,
    /// Open addressing: numbers, 0 is empty. Its length is a power of two, at most half full.
    index: Vec<StyleId>,
    /// Requests to turn down before the next collection.
    resting: u32,
}

impl Styles {
    /// The style of a number.
    pub(super) fn get(&self, id: StyleId) -> Pen {
        match usize::from(id).checked_sub(1) {
            None => Pen::default(),
            Some(place) => self.entries[place].unwrap_or_default(),
        }
    }

    /// The number of a style, a new one where needed; `None` when the table is full.
    pub(super) fn intern(&mut self, pen: Pen) -> Option<StyleId> {
        if pen == Pen::default() {
            return Some(0);
        }
        if self.index.len() < (self.entries.len() + 1) * 2 {
            self.rebuild((self.entries.len() + 1) * 4);
        }
        let slot = self.slot(pen);
        if self.index[slot] != 0 {
            return Some(self.index[slot]);
        }
        let id = match self.free.pop() {
            Some(id) => id,
            None if self.entries.len() < STYLES_MAX => {
                self.entries.push(None);
                self.entries.len() as StyleId
            }
            None => return None,
        };
        self.entries[usize::from(id) - 1] = Some(pen);
        self.index[slot] = id;
        Some(id)
    }

    /// Whether a collection is worth its time now; counts the request.
    pub(super) fn may_collect(&mut self) -> bool {
        self.resting = self.resting.saturating_sub(1);
        self.resting == 0
    }

    /// Gives up every style that is not marked; `used` is indexed by number.
    pub(super) fn keep(&mut self, used: &[bool]) {
        self.free.clear();
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if !used[place + 1] {
                *entry = None;
                self.free.push((place + 1) as StyleId);
            }
        }
        if self.free.len() < STYLES_MAX / 8 {
            self.resting = REST_AFTER_COLLECTION;
        }
        self.rebuild((self.entries.len() + 1) * 4);
    }

    /// Length of a mark list for [`Styles::keep`].
    pub(super) fn numbers(&self) -> usize {
        self.entries.len() + 1
    }

    /// Every style in the table.
    pub(super) fn iter(&self) -> impl Iterator<Item = Pen> {
        self.entries.iter().copied().flatten()
    }

    /// Heap bytes.
    pub(super) fn memory(&self) -> usize {
        self.entries.capacity() * size_of::<Option<Pen>>()
            + (self.free.capacity() + self.index.capacity()) * 2
    }

    /// Where a style is or belongs in the index.
    fn slot(&self, pen: Pen) -> usize {
        let mask = self.index.len() - 1;
        let mut slot = pen.hash() as usize & mask;
        while self.index[slot] != 0 && self.get(self.index[slot]) != pen {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Makes the index anew with at least `want` places.
    fn rebuild(&mut self, want: usize) {
        self.index = vec![0; want.next_power_of_two().max(16)];
        for place in 0..self.entries.len() {
            if let Some(pen) = self.entries[place] {
                let slot = self.slot(pen);
                self.index[slot] = (place + 1) as StyleId;
            }
        }
    }
}
