//! Operating system commands: titles, colours, hyperlinks.

use crate::screen::style::Pen;
use crate::screen::{Link, Screen};

impl Screen {
    /// Acts on the string of an OSC.
    pub(super) fn osc(&mut self, string: &str) {
        let (number, payload) = string.split_once(';').unwrap_or((string, ""));
        let Ok(number) = number.parse::<u16>() else { return };
        match number {
            0 => {
                self.title.set(payload);
                self.icon.set(payload);
            }
            1 => self.icon.set(payload),
            2 => self.title.set(payload),
            4 => self.colors.set_palette(payload),
            8 => self.hyperlink(payload),
            10..=12 => self.colors.set_special(usize::from(number) - 10, payload),
            104 => self.colors.reset_palette(payload),
            110..=112 => self.colors.special[usize::from(number) - 110] = None,
            _ => {}
        }
    }

    /// OSC 8: parameters and an address; without both the link ends.
    fn hyperlink(&mut self, payload: &str) {
        let Some((params, uri)) = payload.split_once(';') else { return };
        if uri.is_empty() {
            if params.trim().is_empty() {
                self.set_pen(Pen { link: 0, ..self.pen });
            }
            return;
        }
        let id = params.split(':').find_map(|param| param.trim().strip_prefix("id=")).unwrap_or("");
        let link = self.link_number(Link { id: id.to_owned(), uri: uri.to_owned() });
        self.set_pen(Pen { link, ..self.pen });
    }
}
