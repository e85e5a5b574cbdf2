//! Scrolling: line feeds, the scroll region, inserting and deleting lines and columns, what goes into the history.

use crate::screen::Screen;
use crate::screen::pack;

impl Screen {
    /// LF, VT, FF.
    pub(super) fn line_feed(&mut self) {
        if self.modes.newline {
            self.col = 0;
        }
        if self.row == self.grid().bottom {
            self.scroll_region_up();
        } else if self.row + 1 < self.rows() {
            self.row += 1;
            let row = self.row;
            self.grid_mut().rows[row].wrapped = false;
        }
        self.col = self.col.min(self.cols() - 1);
    }

    /// IND.
    pub(super) fn index(&mut self) {
        self.settle();
        if self.row == self.grid().bottom {
            self.scroll_region_up();
        } else {
            self.row = (self.row + 1).min(self.rows() - 1);
        }
        self.settle();
    }

    /// NEL.
    pub(super) fn next_line(&mut self) {
        self.col = 0;
        self.index();
    }

    /// RI.
    pub(super) fn reverse_index(&mut self) {
        self.settle();
        if self.row != self.grid().top {
            self.row = self.row.saturating_sub(1);
            self.settle();
            return;
        }
        let style = self.erase_style();
        let grid = self.grid_mut();
        grid.rotate_down(grid.top, grid.bottom, style);
    }

    /// Moves the region up by one row; what leaves the top of the primary screen becomes history.
    pub(in crate::screen) fn scroll_region_up(&mut self) {
        let style = self.erase_style();
        if self.shown_by.is_none() && self.primary.top == 0 {
            self.remember_first();
        }
        let grid = self.grid_mut();
        grid.rotate_up(grid.top, grid.bottom, style);
        self.unwrap_first();
    }

    /// Packs the first row of the primary screen into the history.
    pub(in crate::screen) fn remember_first(&mut self) {
        if !self.history.keeps() {
            return;
        }
        let row = &self.primary.rows[0];
        let (styles, marks) = (&self.styles, &self.marks);
        pack::pack(
            &mut self.packed,
            (row.cells(), styles.get(row.tail)),
            (row.wrapped, usize::from(self.size.cols)),
            |id| styles.get(id),
            |id| marks.get(id).map_or("", String::as_str),
        );
        self.history.push(&self.packed);
    }

    /// The very first line there is continues nothing.
    pub(in crate::screen) fn unwrap_first(&mut self) {
        if self.shown_by.is_some() || self.history.is_empty() {
            self.grid_mut().rows[0].wrapped = false;
        }
    }

    /// SU: nothing becomes history, as in xterm.js.
    pub(super) fn scroll_up(&mut self, count: usize) {
        let style = self.erase_style();
        let grid = self.grid_mut();
        let (top, bottom) = (grid.top, grid.bottom);
        (0..count.min(bottom - top + 1)).for_each(|_| grid.rotate_up(top, bottom, style));
        self.unwrap_first();
    }

    /// SD: the new rows are plain, as in xterm.js.
    pub(super) fn scroll_down(&mut self, count: usize) {
        let grid = self.grid_mut();
        let (top, bottom) = (grid.top, grid.bottom);
        (0..count.min(bottom - top + 1)).for_each(|_| grid.rotate_down(top, bottom, 0));
    }

    /// IL.
    pub(super) fn insert_lines(&mut self, count: usize) {
        self.settle();
        let (row, style) = (self.row, self.erase_style());
        if !self.grid().in_region(row) {
            return;
        }
        let grid = self.grid_mut();
        let bottom = grid.bottom;
        (0..count.min(bottom - row + 1)).for_each(|_| grid.rotate_down(row, bottom, style));
        self.col = 0;
    }

    /// DL.
    pub(super) fn delete_lines(&mut self, count: usize) {
        self.settle();
        let (row, style) = (self.row, self.erase_style());
        if !self.grid().in_region(row) {
            return;
        }
        let grid = self.grid_mut();
        let bottom = grid.bottom;
        (0..count.min(bottom - row + 1)).for_each(|_| grid.rotate_up(row, bottom, style));
        self.col = 0;
        self.unwrap_first();
    }

    /// SL, SR, DECIC, DECDC: inserts or deletes cells at a column in every row of the region.
    pub(super) fn shift_columns(&mut self, col: usize, count: usize, insert: bool) {
        if !self.grid().in_region(self.row) {
            return;
        }
        let (cols, style) = (self.cols(), self.erase_style());
        let grid = self.grid_mut();
        // Behind the last column means the first one: xterm.js counts on from there.
        let col = col % cols;
        for row in grid.rows.range_mut(grid.top..=grid.bottom) {
            row.wrapped = false;
            if insert {
                row.insert(col, count, cols, style);
            } else {
                row.delete(col, count, cols, style);
            }
        }
    }
}
