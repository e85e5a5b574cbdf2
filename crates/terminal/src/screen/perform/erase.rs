//! Erasing: in the display, in a line, characters; and what inserts or deletes characters in a row.

use crate::screen::Screen;
use crate::screen::cell::Cell;
use crate::screen::style::flag;

impl Screen {
    /// ED, DECSED (`guarded` leaves protected cells alone).
    pub(super) fn erase_display(&mut self, what: u32, guarded: bool) {
        self.restrict(self.cols());
        let (row, col, cols, rows) = (self.row, self.col, self.cols(), self.rows());
        match what {
            0 => {
                self.erase_row(row, col, cols, guarded);
                if col == 0 {
                    self.grid_mut().rows[row].wrapped = false;
                }
                self.erase_rows(row + 1, rows, guarded);
            }
            1 => {
                self.erase_row(row, 0, col + 1, guarded);
                self.grid_mut().rows[row].wrapped = false;
                if col + 1 >= cols && row + 1 < rows {
                    self.grid_mut().rows[row + 1].wrapped = false;
                }
                self.erase_rows(0, row, guarded);
            }
            2 => self.erase_rows(0, rows, guarded),
            3 if self.shown_by.is_none() => {
                self.history.clear();
                self.unwrap_first();
            }
            _ => {}
        }
    }

    /// EL, DECSEL.
    pub(super) fn erase_line(&mut self, what: u32, guarded: bool) {
        self.restrict(self.cols());
        let (row, col, cols) = (self.row, self.col, self.cols());
        match what {
            0 => self.erase_row(row, col, cols, guarded),
            1 => self.erase_row(row, 0, col + 1, guarded),
            2 => self.erase_row(row, 0, cols, guarded),
            _ => return,
        }
        if what == 2 || what == 0 && col == 0 {
            self.grid_mut().rows[row].wrapped = false;
        }
    }

    /// ECH.
    pub(super) fn erase_chars(&mut self, count: usize) {
        self.settle();
        self.erase_row(self.row, self.col, (self.col + count).min(self.cols()), false);
    }

    /// ICH.
    pub(super) fn insert_chars(&mut self, count: usize) {
        self.settle();
        let (row, col, cols, style) = (self.row, self.col, self.cols(), self.erase_style());
        self.grid_mut().rows[row].insert(col, count, cols, style);
    }

    /// DCH.
    pub(super) fn delete_chars(&mut self, count: usize) {
        self.settle();
        let (row, col, cols, style) = (self.row, self.col, self.cols(), self.erase_style());
        self.grid_mut().rows[row].delete(col, count, cols, style);
    }

    /// DECALN: the screen full of `E`.
    pub(super) fn align(&mut self) {
        let (cols, style) = (self.cols(), self.pen_style());
        for row in &mut self.grid_mut().rows {
            row.fill(cols, Cell::narrow(u32::from(b'E'), style));
        }
        self.place(0, 0);
    }

    /// Erases whole rows, which then continue nothing.
    fn erase_rows(&mut self, from: usize, to: usize, guarded: bool) {
        let cols = self.cols();
        for row in from..to {
            self.erase_row(row, 0, cols, guarded);
            self.grid_mut().rows[row].wrapped = false;
        }
    }

    /// Erases columns of a row.
    fn erase_row(&mut self, row: usize, start: usize, end: usize, guarded: bool) {
        let (cols, style) = (self.cols(), self.erase_style());
        let end = end.min(cols);
        if !guarded {
            self.grid_mut().rows[row].erase(start, end, cols, style);
            return;
        }
        for col in start..end {
            let cell = self.grid().rows[row].get(col);
            if self.styles.get(cell.style()).flags & flag::PROTECTED == 0 {
                self.grid_mut().rows[row].erase(col, col + 1, cols + 1, style);
            }
        }
    }
}
