//! SGR: the pen's colours and attributes.

use crate::screen::Screen;
use crate::screen::parser::Params;
use crate::screen::style::{Color, Ink, Pen, flag};

impl Screen {
    /// SGR with the parameters of the sequence. A link is no part of it.
    pub(super) fn select_rendition(&mut self) {
        let params = &self.parser.params;
        let mut pen = self.pen;
        let mut place = 0;
        while place < params.len() {
            place += apply(&mut pen, params, place);
        }
        if pen != self.pen {
            self.set_pen(pen);
        }
    }

    /// DECSCA.
    pub(super) fn protect(&mut self, what: u32) {
        let flags = match what {
            1 => self.pen.flags | flag::PROTECTED,
            0 | 2 => self.pen.flags & !flag::PROTECTED,
            _ => return,
        };
        self.set_pen(Pen { flags, ..self.pen });
    }
}

/// Applies the parameter at a place; returns how many parameters it took.
#[inline]
fn apply(pen: &mut Pen, params: &Params, place: usize) -> usize {
    let param = params.get(place);
    match param {
        0 => *pen = Pen { link: pen.link, ..Pen::default() },
        1 => pen.flags |= flag::BOLD,
        2 => pen.flags |= flag::DIM,
        3 => pen.flags |= flag::ITALIC,
        4 => underline(pen, params.subs(place).first().copied().unwrap_or(1)),
        5 => pen.flags |= flag::BLINK,
        7 => pen.flags |= flag::INVERSE,
        8 => pen.flags |= flag::INVISIBLE,
        9 => pen.flags |= flag::STRIKETHROUGH,
        21 => underline(pen, 2),
        22 => pen.flags &= !(flag::BOLD | flag::DIM),
        23 => pen.flags &= !flag::ITALIC,
        24 => underline(pen, 0),
        25 => pen.flags &= !flag::BLINK,
        27 => pen.flags &= !flag::INVERSE,
        28 => pen.flags &= !flag::INVISIBLE,
        29 => pen.flags &= !flag::STRIKETHROUGH,
        30..=37 => pen.fg = Color::Ansi((param - 30) as u8).into(),
        39 => pen.fg = Ink::DEFAULT,
        40..=47 => pen.bg = Color::Ansi((param - 40) as u8).into(),
        49 => pen.bg = Ink::DEFAULT,
        53 => pen.flags |= flag::OVERLINE,
        55 => pen.flags &= !flag::OVERLINE,
        59 => pen.underline_color = Ink::DEFAULT,
        90..=97 => pen.fg = Color::Ansi((param - 90) as u8 + 8).into(),
        100..=107 => pen.bg = Color::Ansi((param - 100) as u8 + 8).into(),
        38 | 48 | 58 => return extended(pen, params, place),
        _ => {}
    }
    1
}

/// Sets the kind of underline; an unknown one is a plain line.
fn underline(pen: &mut Pen, kind: i32) {
    let kind = if (0..=5).contains(&kind) { kind as u16 } else { 1 };
    pen.flags = pen.flags & !flag::UNDERLINE | kind;
}

/// SGR 38, 48, 58, in all forms: `;` throughout, `:` throughout, or `:` from the second or third value on.
fn extended(pen: &mut Pen, params: &Params, place: usize) -> usize {
    // As if written with a colour space: mode, space, three values.
    let mut values = [0; 5];
    let mut filled = 0;
    let mut taken = 1;
    let subs = params.subs(place);
    if subs.is_empty() {
        while place + taken < params.len() && filled < values.len() {
            values[filled] = params.get(place + taken) as i32;
            filled += if filled == 0 { 2 } else { 1 };
            let tail = params.subs(place + taken);
            taken += 1;
            let room = tail.len().min(values.len() - filled.min(values.len()));
            if !tail.is_empty() {
                values[filled..filled + room].copy_from_slice(&tail[..room]);
                break;
            }
            if values[0] == 5 && filled >= 3 {
                break;
            }
        }
    } else {
        // Three values without a colour space is an old form that programs still write.
        let skip = usize::from(subs[0] == 5 || subs.len() == 4);
        values[0] = subs[0];
        for (value, sub) in values[1 + skip..].iter_mut().zip(&subs[1..]) {
            *value = *sub;
        }
    }
    let [mode, _, a, b, c] = values.map(|value| value.max(0));
    let color = Ink::from(match mode {
        2 => Color::Rgb(a as u8, b as u8, c as u8),
        5 => Color::Indexed(a as u8),
        _ => return taken,
    });
    match params.get(place) {
        38 => pen.fg = color,
        48 => pen.bg = color,
        _ => pen.underline_color = color,
    }
    taken
}
