//! Moving the cursor: absolute, relative, tabs, saving and restoring.

use crate::screen::Screen;
use crate::screen::grid::Saved;
use crate::screen::style::Pen;

impl Screen {
    /// Puts the cursor inside the screen, or inside the scroll region in origin mode; `last_col` may be the place
    /// behind the last column.
    pub(super) fn restrict(&mut self, last_col: usize) {
        let (top, bottom) = self.bounds();
        self.col = self.col.min(last_col);
        self.row = self.row.clamp(top, bottom);
    }

    /// Ends a pending wrap and puts the cursor inside.
    pub(super) fn settle(&mut self) {
        self.restrict(self.cols() - 1);
    }

    /// The rows the cursor may be in.
    fn bounds(&self) -> (usize, usize) {
        if self.modes.origin { (self.grid().top, self.grid().bottom) } else { (0, self.rows() - 1) }
    }

    /// CUP: `row` counts from the top of the scroll region in origin mode.
    pub(super) fn place(&mut self, row: usize, col: usize) {
        self.row = row + self.bounds().0;
        self.col = col;
        self.settle();
    }

    /// CHA, HPA.
    pub(super) fn move_to_col(&mut self, col: usize) {
        self.col = col;
        self.settle();
    }

    /// VPA.
    pub(super) fn move_to_row(&mut self, row: usize) {
        self.place(row, self.col);
    }

    /// CUU: stops at the top of the scroll region if it starts inside.
    pub(super) fn up(&mut self, count: usize) {
        self.settle();
        let top = self.grid().top;
        let room = if self.row >= top { self.row - top } else { self.row };
        self.row -= count.min(room);
    }

    /// CUD: stops at the bottom of the scroll region if it starts inside.
    pub(super) fn down(&mut self, count: usize) {
        self.settle();
        let bottom = self.grid().bottom;
        let room = if self.row <= bottom { bottom - self.row } else { self.rows() - 1 - self.row };
        self.row += count.min(room);
    }

    /// VPR: knows no scroll region.
    pub(super) fn down_freely(&mut self, count: usize) {
        self.settle();
        self.row += count;
        self.settle();
    }

    /// CUF, HPR.
    pub(super) fn forward(&mut self, count: usize) {
        self.settle();
        self.move_to_col(self.col + count);
    }

    /// CUB.
    pub(super) fn backward(&mut self, count: usize) {
        self.settle();
        self.col = self.col.saturating_sub(count);
    }

    /// BS; with reverse wrap it goes back into the row that this one continues.
    pub(super) fn backspace(&mut self) {
        if !self.modes.reverse_wrap {
            self.settle();
            self.col = self.col.saturating_sub(1);
            return;
        }
        self.restrict(self.cols());
        if self.col > 0 {
            self.col -= 1;
        } else if self.row > self.grid().top && self.row <= self.grid().bottom {
            self.wrap_back();
        }
        self.settle();
    }

    /// Goes to the end of the row above, if this one continues it. A blank left there because a wide character did
    /// not fit is skipped.
    fn wrap_back(&mut self) {
        let (row, last) = (self.row, self.cols() - 1);
        let grid = self.grid_mut();
        if !std::mem::take(&mut grid.rows[row].wrapped) {
            return;
        }
        let early = grid.rows[row].get(0).is_lead() && grid.rows[row - 1].get(last).is_blank();
        self.row -= 1;
        self.col = last.saturating_sub(usize::from(early));
    }

    /// HT, CHT: does nothing behind the last column.
    pub(super) fn tab(&mut self, count: usize) {
        let cols = self.cols();
        if self.col >= cols {
            return;
        }
        for _ in 0..count {
            self.col = self.grid().tabs.next(self.col, cols);
        }
    }

    /// CBT: does nothing behind the last column.
    pub(super) fn tab_back(&mut self, count: usize) {
        if self.col >= self.cols() {
            return;
        }
        for _ in 0..count {
            self.col = self.grid().tabs.previous(self.col);
        }
    }

    /// HTS.
    pub(super) fn set_tab(&mut self) {
        let col = self.col;
        if col < self.cols() {
            self.grid_mut().tabs.set(col);
        }
    }

    /// TBC.
    pub(super) fn clear_tabs(&mut self, which: u32) {
        let col = self.col;
        match which {
            0 => self.grid_mut().tabs.unset(col),
            3 => self.grid_mut().tabs.clear(),
            _ => {}
        }
    }

    /// DECSC, SCOSC. A link is not saved.
    pub(super) fn save(&mut self) {
        let pen = Pen { link: 0, ..self.pen };
        let col = self.col.min(self.cols() - 1);
        let saved = Saved { row: self.row, col, pen, charsets: self.charsets };
        self.grid_mut().saved = saved;
    }

    /// DECRC, SCORC.
    pub(super) fn restore(&mut self) {
        let saved = self.grid().saved;
        self.row = saved.row;
        self.col = saved.col;
        self.charsets = saved.charsets;
        self.set_pen(Pen { link: self.pen.link, ..saved.pen });
        self.settle();
    }
}
