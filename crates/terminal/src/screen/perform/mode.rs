//! Switching modes that act on the screen: origin, the alternate screens, soft and full reset.

use crate::screen::Screen;
use crate::screen::charset::Charsets;
use crate::screen::grid::{Grid, Saved};
use crate::screen::modes::Modes;
use crate::screen::style::Pen;

impl Screen {
    /// SM, RM.
    pub(super) fn set_ansi(&mut self, mode: u32, on: bool) {
        match mode {
            4 => self.modes.insert = on,
            20 => self.modes.newline = on,
            _ => {}
        }
    }

    /// DECSET, DECRST.
    pub(super) fn set_private(&mut self, mode: u32, on: bool) {
        let Ok(mode) = u16::try_from(mode) else { return };
        match mode {
            2 if on => self.charsets.sets = Charsets::default().sets,
            6 => {
                self.modes.origin = on;
                self.place(0, 0);
            }
            47 | 1047 | 1049 if on => self.show_alternate(mode),
            47 | 1047 | 1049 => self.show_primary(mode),
            1048 if on => self.save(),
            1048 => self.restore(),
            _ => self.modes.set_private(mode, on),
        }
    }

    /// Shows the alternate screen, blank in the pen's background; 1049 saves the cursor before.
    fn show_alternate(&mut self, mode: u16) {
        if mode == 1049 {
            self.save();
        }
        if self.shown_by.is_some() {
            return;
        }
        let (rows, style) = (self.rows(), self.erase_style());
        self.primary.left_row = self.row;
        self.alternate.open(rows, style);
        self.shown_by = Some(mode);
        self.restrict(self.cols());
    }

    /// Shows the primary screen; the cursor stays where it is, unless 1049 restores it.
    fn show_primary(&mut self, mode: u16) {
        if self.shown_by.take().is_some() {
            self.alternate.close(self.cols(), self.rows());
            self.restrict(self.cols());
        }
        if mode == 1049 {
            self.restore();
        }
    }

    /// DECSTR.
    pub(super) fn soft_reset(&mut self) {
        let bottom = self.rows() - 1;
        self.modes.soft_reset();
        self.charsets = Charsets::default();
        self.set_pen(Pen::default());
        let grid = self.grid_mut();
        grid.top = 0;
        grid.bottom = bottom;
        grid.saved = Saved::default();
    }

    /// RIS: everything but the size, the titles and the colours; the history goes, too, as in xterm.js.
    pub(super) fn full_reset(&mut self) {
        let (cols, rows) = (self.cols(), self.rows());
        self.primary = Grid::new(cols, rows);
        self.primary.open(rows, 0);
        self.alternate = Grid::new(cols, rows);
        self.shown_by = None;
        self.history.clear();
        (self.row, self.col) = (0, 0);
        self.set_pen(Pen::default());
        self.charsets = Charsets::default();
        self.modes = Modes::default();
    }
}
