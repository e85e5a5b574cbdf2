//! Writing styles as escape sequences: the reverse of `perform/sgr.rs`.

use super::interned::Interned;
use super::style::{Color, Pen, Style, flag};
use super::{Link, Screen};

impl Screen {
    /// The pen as SGR parameters, such as `0;1;38;5;9`: what DECRQSS answers.
    pub fn sgr(&self) -> String {
        parameters(self.pen)
    }
}

impl Style {
    /// The escape sequence that draws in this style, whatever the style was before; without its link.
    pub fn sgr(&self) -> String {
        let bits = [
            (self.bold, flag::BOLD),
            (self.dim, flag::DIM),
            (self.italic, flag::ITALIC),
            (self.blink, flag::BLINK),
            (self.inverse, flag::INVERSE),
            (self.invisible, flag::INVISIBLE),
            (self.strikethrough, flag::STRIKETHROUGH),
            (self.overline, flag::OVERLINE),
        ];
        let set =
            bits.iter().filter(|(on, _)| *on).fold(self.underline as u16, |flags, (_, bit)| flags | bit);
        let pen = Pen {
            fg: self.foreground.into(),
            bg: self.background.into(),
            underline_color: self.underline_color.into(),
            flags: set,
            link: 0,
        };
        format!("\x1b[{}m", parameters(pen))
    }
}

/// A style as SGR parameters that start from plain.
fn parameters(pen: Pen) -> String {
    let mut text = String::from("0");
    let attributes = [
        (flag::BOLD, ";1"),
        (flag::DIM, ";2"),
        (flag::ITALIC, ";3"),
        (flag::BLINK, ";5"),
        (flag::INVERSE, ";7"),
        (flag::INVISIBLE, ";8"),
        (flag::STRIKETHROUGH, ";9"),
        (flag::OVERLINE, ";53"),
    ];
    attributes.iter().filter(|(bit, _)| pen.flags & bit != 0).for_each(|(_, sgr)| text.push_str(sgr));
    match pen.flags & flag::UNDERLINE {
        0 => {}
        1 => text.push_str(";4"),
        kind => text.push_str(&format!(";4:{kind}")),
    }
    text.push_str(&color(pen.fg.color(), 30));
    text.push_str(&color(pen.bg.color(), 40));
    match pen.underline_color.color() {
        Color::Default => {}
        // Terminals that do not know 58 must not take its values for attributes: sub-parameters throughout.
        Color::Ansi(index) | Color::Indexed(index) => text.push_str(&format!(";58:5:{index}")),
        Color::Rgb(r, g, b) => text.push_str(&format!(";58:2::{r}:{g}:{b}")),
    }
    text
}

/// A colour as SGR parameters, with a leading `;`; `base` is 30 or 40.
fn color(color: Color, base: u8) -> String {
    match color {
        Color::Default => String::new(),
        Color::Ansi(index @ 0..8) => format!(";{}", base + index),
        Color::Ansi(index) => format!(";{}", u16::from(base) + 52 + u16::from(index)),
        Color::Indexed(index) => format!(";{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!(";{};2;{r};{g};{b}", base + 8),
    }
}

/// Writes the change from one style to another.
pub(super) fn write_change(from: Pen, to: Pen, links: &Interned<Link>, out: &mut Vec<u8>) {
    let drawn = |pen: Pen| Pen { link: 0, flags: pen.flags & !flag::PROTECTED, ..pen };
    let guarded = |pen: Pen| pen.flags & flag::PROTECTED != 0;
    let restyled = drawn(from) != drawn(to);
    if restyled && drawn(to) == Pen::default() {
        out.extend(b"\x1b[m");
    } else if restyled {
        out.extend(format!("\x1b[{}m", parameters(to)).bytes());
    }
    // SGR 0 ends the protection in some terminals and not in others.
    if guarded(from) != guarded(to) || restyled && (guarded(from) || guarded(to)) {
        out.extend(if guarded(to) { b"\x1b[1\"q" } else { b"\x1b[0\"q" });
    }
    if from.link != to.link {
        match links.get(to.link) {
            Some(Link { id, uri }) if id.is_empty() => out.extend(format!("\x1b]8;;{uri}\x1b\\").bytes()),
            Some(Link { id, uri }) => out.extend(format!("\x1b]8;id={id};{uri}\x1b\\").bytes()),
            None => out.extend(b"\x1b]8;;\x1b\\"),
        }
    }
}
