//! Colours a program gives the terminal itself: the palette, text, background and cursor (OSC 4, 10-12, 104, 110-112).

use std::collections::BTreeMap;

/// Red, green, blue.
pub(super) type Rgb = (u8, u8, u8);

/// Overrides of the terminal's own colours; at most 256 of the palette.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Colors {
    /// By index in the palette.
    pub palette: BTreeMap<u8, Rgb>,
    /// Text, background, cursor.
    pub special: [Option<Rgb>; 3],
}

impl Colors {
    /// OSC 4: pairs of index and colour; questions (`?`) change nothing.
    pub(super) fn set_palette(&mut self, payload: &str) {
        let mut fields = payload.split(';');
        while let (Some(index), Some(spec)) = (fields.next(), fields.next()) {
            if let (Ok(index), Some(color)) = (index.parse::<u8>(), parse(spec)) {
                self.palette.insert(index, color);
            }
        }
    }

    /// OSC 104: indices, or all of them.
    pub(super) fn reset_palette(&mut self, payload: &str) {
        if payload.is_empty() {
            self.palette.clear();
        }
        for index in payload.split(';').filter_map(|index| index.parse::<u8>().ok()) {
            self.palette.remove(&index);
        }
    }

    /// OSC 10, 11, 12: colours for the slot and those after it.
    pub(super) fn set_special(&mut self, slot: usize, payload: &str) {
        for (place, spec) in self.special.iter_mut().skip(slot).zip(payload.split(';')) {
            if let Some(color) = parse(spec) {
                *place = Some(color);
            }
        }
    }

    /// Writes the sequences that lead from a fresh terminal here.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (index, (r, g, b)) in &self.palette {
            out.extend(format!("\x1b]4;{index};rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\").bytes());
        }
        for (number, color) in (10..).zip(self.special) {
            if let Some((r, g, b)) = color {
                out.extend(format!("\x1b]{number};rgb:{r:02x}/{g:02x}/{b:02x}\x1b\\").bytes());
            }
        }
    }

    /// Writes the sequences that lead from here to a fresh terminal.
    pub(super) fn write_reset(&self, out: &mut Vec<u8>) {
        if !self.palette.is_empty() {
            out.extend(b"\x1b]104\x1b\\");
        }
        for (number, _) in (110..).zip(self.special).filter(|(_, color)| color.is_some()) {
            out.extend(format!("\x1b]{number}\x1b\\").bytes());
        }
    }
}

/// Reads `rgb:r/g/b` (1 to 4 hexadecimal digits each) or `#rgb` (1 to 4 digits for each part).
fn parse(spec: &str) -> Option<Rgb> {
    let hex = |text: &str| {
        let digits = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u32::from_str_radix(text, 16).ok()).flatten()
    };
    let spec = spec.to_ascii_lowercase();
    if let Some(parts) = spec.strip_prefix("rgb:") {
        let parts: Vec<&str> = parts.split('/').collect();
        let &[r, g, b] = parts.as_slice() else { return None };
        if r.len() != g.len() || g.len() != b.len() {
            return None;
        }
        let full = (1u32 << (4 * r.len().min(4))) - 1;
        let scale = |text| Some(((hex(text)? * 255 + full / 2) / full) as u8);
        return Some((scale(r)?, scale(g)?, scale(b)?));
    }
    let digits = spec.strip_prefix('#').filter(|digits| digits.is_ascii() && digits.len() % 3 == 0)?;
    let each = digits.len() / 3;
    let part = |place: usize| {
        let value = hex(digits.get(place * each..(place + 1) * each)?)?;
        Some(if each == 1 { value << 4 } else { value >> (4 * (each - 2)) } as u8)
    };
    Some((part(0)?, part(1)?, part(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_form_xterm_knows() {
        for (spec, color) in [
            ("rgb:f/0/8", Some((255, 0, 136))),
            ("rgb:ff/00/80", Some((255, 0, 128))),
            ("rgb:ffff/0000/8080", Some((255, 0, 128))),
            ("#f08", Some((240, 0, 128))),
            ("#ff0080", Some((255, 0, 128))),
            ("#fff000800", Some((255, 0, 128))),
            ("#ffff00008080", Some((255, 0, 128))),
            ("rgb:ff/0/80", None),
            ("red", None),
            ("#", None),
            ("#12345", None),
            ("?", None),
            ("", None),
        ] {
            assert_eq!(parse(spec), color, "{spec}");
        }
    }
}
