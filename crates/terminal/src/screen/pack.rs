//! The packed form of a line in the history: text as UTF-8, with a few bytes where the style changes.
//!
//! A line is: one byte of flags, the columns of the screen it was on (u16), the style of its tail if that is not
//! plain, then runs: a style, the length of the text in bytes (u16), the text. Only links are numbers into a table.

use super::cell::{Cell, StyleId};
use super::style::{Color, Ink, Pen};

/// Flag of a line: it continues the line before.
pub(super) const WRAPPED: u8 = 1;
/// Flag of a line: the style of its tail follows.
const TAIL: u8 = 2;

/// Bit of a style's head: attribute bits follow.
const FLAGS: u8 = 1 << 4;
/// Bit of a style's head: the underline's colour follows.
const UNDERLINE: u8 = 1 << 5;
/// Bit of a style's head: the number of a link follows.
const LINK: u8 = 1 << 6;

/// A packed line, read.
pub(super) struct Line<'a> {
    /// Whether it continues the line before.
    pub wrapped: bool,
    /// The columns of the screen when it scrolled off.
    pub cols: usize,
    /// The style right of its text.
    pub tail: Pen,
    runs: Reader<'a>,
}

/// Packs a row's cells; `style` and `marks` resolve their numbers.
pub(super) fn pack<'m>(
    out: &mut Vec<u8>,
    (cells, tail): (&[Cell], Pen),
    (wrapped, cols): (bool, usize),
    style: impl Fn(u16) -> Pen,
    marks: impl Fn(u16) -> &'m str,
) {
    out.clear();
    let plain = tail == Pen::default();
    out.push((u8::from(wrapped) * WRAPPED) | (u8::from(!plain) * TAIL));
    out.extend((cols as u16).to_le_bytes());
    let mut cells = cells;
    if plain {
        let used =
            cells.iter().rposition(|cell| !cell.is_blank() || cell.style() != 0).map_or(0, |last| last + 1);
        cells = &cells[..used];
    } else {
        write_style(out, tail);
    }
    while let Some(first) = cells.first() {
        let id = first.style();
        write_style(out, style(id));
        let place = out.len();
        out.extend([0, 0]);
        let length = write_text(out, cells, id, &marks);
        // At most 1,000 cells of 4 + 8 * 4 bytes: it fits in 16 bits.
        let bytes = (out.len() - place - 2) as u16;
        out[place..place + 2].copy_from_slice(&bytes.to_le_bytes());
        cells = &cells[length..];
    }
}

/// Appends the text of the first cells, those of one style; gives their number.
fn write_text<'m>(out: &mut Vec<u8>, cells: &[Cell], id: StyleId, marks: &impl Fn(u16) -> &'m str) -> usize {
    let mut length = 0;
    loop {
        let rest = &cells[length..];
        let plain = rest.iter().position(|cell| !cell.is_ascii(id)).unwrap_or(rest.len());
        out.extend(rest[..plain].iter().map(|cell| cell.code() as u8));
        length += plain;
        match rest.get(plain).filter(|cell| cell.style() == id) {
            Some(cell) => write_cell(out, *cell, marks),
            None => return length,
        }
        length += 1;
    }
}

/// Appends the text of one cell.
#[inline]
fn write_cell<'m>(out: &mut Vec<u8>, cell: Cell, marks: &impl Fn(u16) -> &'m str) {
    if cell.is_spacer() {
        return;
    }
    out.extend(cell.char().encode_utf8(&mut [0; 4]).as_bytes());
    if cell.marks() != 0 {
        out.extend(marks(cell.marks()).as_bytes());
    }
}

/// Reads a packed line.
pub(super) fn unpack(line: &[u8]) -> Line<'_> {
    let mut runs = Reader(line);
    let flags = runs.byte();
    let cols = usize::from(runs.short());
    let tail = if flags & TAIL != 0 { runs.style() } else { Pen::default() };
    Line { wrapped: flags & WRAPPED != 0, cols, tail, runs }
}

impl<'a> Iterator for Line<'a> {
    type Item = (Pen, &'a str);

    fn next(&mut self) -> Option<(Pen, &'a str)> {
        if self.runs.0.is_empty() {
            return None;
        }
        let pen = self.runs.style();
        let length = usize::from(self.runs.short());
        let text = self.runs.take(length);
        Some((pen, std::str::from_utf8(text).expect("the packer writes whole characters")))
    }
}

/// Appends a style.
fn write_style(out: &mut Vec<u8>, pen: Pen) {
    let head = out.len();
    out.push(0);
    let mut bits = write_color(out, pen.fg) | write_color(out, pen.bg) << 2;
    if pen.flags != 0 {
        bits |= FLAGS;
        out.extend(pen.flags.to_le_bytes());
    }
    if pen.underline_color != Ink::DEFAULT {
        bits |= UNDERLINE;
        let place = out.len();
        out.push(0);
        out[place] = write_color(out, pen.underline_color);
    }
    if pen.link != 0 {
        bits |= LINK;
        out.extend(pen.link.to_le_bytes());
    }
    out[head] = bits;
}

/// Appends a colour and says which kind it is, in two bits.
fn write_color(out: &mut Vec<u8>, ink: Ink) -> u8 {
    match ink.color() {
        Color::Default => 0,
        Color::Ansi(index) => {
            out.push(index);
            1
        }
        Color::Indexed(index) => {
            out.push(index);
            2
        }
        Color::Rgb(r, g, b) => {
            out.extend([r, g, b]);
            3
        }
    }
}

/// Takes values off the front of a packed line. The packer wrote it, so nothing can be missing.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn short(&mut self) -> u16 {
        let bytes = self.take(2);
        u16::from_le_bytes([bytes[0], bytes[1]])
    }

    fn ink(&mut self, kind: u8) -> Ink {
        Ink::from(match kind & 3 {
            0 => Color::Default,
            1 => Color::Ansi(self.byte()),
            2 => Color::Indexed(self.byte()),
            _ => Color::Rgb(self.byte(), self.byte(), self.byte()),
        })
    }

    fn style(&mut self) -> Pen {
        let head = self.byte();
        let mut pen = Pen { fg: self.ink(head), bg: self.ink(head >> 2), ..Pen::default() };
        if head & FLAGS != 0 {
            pen.flags = self.short();
        }
        if head & UNDERLINE != 0 {
            let kind = self.byte();
            pen.underline_color = self.ink(kind);
        }
        if head & LINK != 0 {
            pen.link = self.short();
        }
        pen
    }
}
