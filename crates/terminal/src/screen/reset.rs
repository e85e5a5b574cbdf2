//! Leaving a terminal clean: the reverse of what a program switched on.

use super::Screen;
use super::charset::Charsets;
use super::style::Pen;
use super::tabs::Tabs;
use super::{grid::Grid, sgr};

impl Screen {
    /// What a terminal that shows this screen must be sent to be itself again: every mode that is set is reset, the
    /// alternate screen is left. Text, titles and scrollback stay.
    pub fn reset_sequence(&self) -> Vec<u8> {
        let mut out = Vec::new();
        sgr::write_change(self.pen, Pen::default(), &self.links, &mut out);
        self.charsets.write_change(&Charsets::default(), &mut out);
        if let Some(mode) = self.shown_by {
            self.alternate.keyboard.write_reset(&mut out);
            out.extend(format!("\x1b[?{mode}l").bytes());
            // 1049 restores what was saved: the pen and the character sets of then.
            if mode == 1049 {
                sgr::write_change(self.primary.saved.pen, Pen::default(), &self.links, &mut out);
                self.primary.saved.charsets.write_change(&Charsets::default(), &mut out);
            }
        }
        self.primary.keyboard.write_reset(&mut out);
        self.modes.write_reset(&mut out);
        if self.has_region(&self.primary) || self.has_region(&self.alternate) {
            // Resetting the region moves the cursor.
            out.extend(b"\x1b7\x1b[r\x1b8");
        }
        let usual = Tabs::new(self.cols());
        if !self.primary.tabs.same(&usual, self.cols()) || !self.alternate.tabs.same(&usual, self.cols()) {
            out.extend(b"\x1b[?5W");
        }
        self.colors.write_reset(&mut out);
        out
    }

    /// Whether a grid's scroll region is not the whole screen.
    pub(super) fn has_region(&self, grid: &Grid) -> bool {
        (grid.top, grid.bottom) != (0, self.rows() - 1)
    }
}
