//! The screen's side tables: numbers for styles, marks and links, and giving up those that nothing uses.

use super::cell::StyleId;
use super::style::Pen;
use super::{Link, Screen, pack};

impl Screen {
    /// The number of the pen's style.
    #[inline]
    pub(super) fn pen_style(&mut self) -> StyleId {
        match self.pen_id {
            Some(id) => id,
            None => {
                let id = self.style_number(self.pen);
                self.pen_id = Some(id);
                id
            }
        }
    }

    /// The number of the style that erasing leaves: the pen's background.
    #[inline]
    pub(super) fn erase_style(&mut self) -> StyleId {
        match self.erase_id {
            Some(id) => id,
            None => {
                let id = self.style_number(self.pen.erased());
                self.erase_id = Some(id);
                id
            }
        }
    }

    /// Changes the pen.
    #[inline]
    pub(super) fn set_pen(&mut self, pen: Pen) {
        self.pen = pen;
        self.pen_id = None;
        self.erase_id = None;
    }

    /// The number of a style; plain where the table has no room for it.
    pub(super) fn style_number(&mut self, pen: Pen) -> StyleId {
        if let Some(id) = self.styles.intern(pen) {
            return id;
        }
        if !self.styles.may_collect() {
            return 0;
        }
        self.collect_styles();
        self.styles.intern(pen).unwrap_or(0)
    }

    /// The number of a text of marks; none where the table has no room for it.
    pub(super) fn marks_number(&mut self, text: String) -> u16 {
        if let Some(id) = self.marks.intern(text.clone()) {
            return id;
        }
        if !self.marks.may_collect() {
            return 0;
        }
        let mut used = vec![false; self.marks.numbers()];
        for cell in self.primary.cells().chain(self.alternate.cells()) {
            used[usize::from(cell.marks())] = true;
        }
        self.marks.keep(&used);
        self.marks.intern(text).unwrap_or(0)
    }

    /// The number of a link; none where the table has no room for it.
    pub(super) fn link_number(&mut self, link: Link) -> u16 {
        if let Some(id) = self.links.intern(link.clone()) {
            return id;
        }
        if !self.links.may_collect() {
            return 0;
        }
        self.collect_styles();
        let mut used = vec![false; self.links.numbers()];
        used[usize::from(self.pen.link)] = true;
        self.styles.iter().for_each(|pen| used[usize::from(pen.link)] = true);
        self.history.for_newest(self.history.len(), |line| {
            let line = pack::unpack(line);
            used[usize::from(line.tail.link)] = true;
            line.for_each(|(pen, _)| used[usize::from(pen.link)] = true);
        });
        self.links.keep(&used);
        self.links.intern(link).unwrap_or(0)
    }

    /// Gives up the styles that no cell uses.
    fn collect_styles(&mut self) {
        let mut used = vec![false; self.styles.numbers()];
        let known = [self.pen_id, self.erase_id].into_iter().flatten();
        for id in self.primary.style_ids().chain(self.alternate.style_ids()).chain(known) {
            used[usize::from(id)] = true;
        }
        self.styles.keep(&used);
    }
}
