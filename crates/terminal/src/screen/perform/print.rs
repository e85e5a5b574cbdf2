//! Printing characters: width, wrapping, insert mode, combining marks, repeating.

use crate::screen::Screen;
use crate::screen::width::width;

/// Combining marks that one cell keeps; further ones are dropped.
const MARKS_PER_CELL_MAX: usize = 8;

impl Screen {
    /// Prints a run of printable ASCII.
    pub(super) fn print_ascii(&mut self, text: &[u8]) {
        if self.modes.insert || !self.modes.wrap || !self.charsets.is_ascii() {
            text.iter().for_each(|byte| self.print(u32::from(*byte)));
            return;
        }
        let style = self.pen_style();
        let cols = self.cols();
        let mut rest = text;
        while !rest.is_empty() {
            if self.col >= cols {
                self.wrap();
            }
            let (row, col) = (self.row, self.col);
            let (now, later) = rest.split_at(rest.len().min(cols - col));
            self.grid_mut().rows[row].write_ascii(col, now, style);
            self.col += now.len();
            rest = later;
        }
        self.last_width = 1;
    }

    /// Prints one character.
    pub(super) fn print(&mut self, code: u32) {
        let code = self.charsets.translate(code);
        let wide = width(code);
        if wide == 0 {
            self.combine(code);
            return;
        }
        let (cells, cols) = (usize::from(wide), self.cols());
        if cells > cols {
            return;
        }
        if self.col + cells > cols {
            if self.modes.wrap {
                self.wrap();
            } else {
                self.col = cols - 1;
                if cells == 2 {
                    self.last_width = 0;
                    return;
                }
            }
        }
        let style = self.pen_style();
        let (row, col, insert) = (self.row, self.col, self.modes.insert);
        let row = &mut self.grid_mut().rows[row];
        if insert {
            row.split(col, style);
            row.insert(col, cells, cols, style);
        }
        row.write(col, code, wide, style);
        self.col += cells;
        self.last_width = wide;
    }

    /// Goes on at the start of the next row, which continues this one.
    fn wrap(&mut self) {
        let (row, col, cols) = (self.row, self.col, self.cols());
        if col < cols {
            let style = self.pen_style();
            self.grid_mut().rows[row].erase(col, cols, cols, style);
        }
        self.grid_mut().rows[row].cut(cols);
        self.col = 0;
        if row == self.grid().bottom {
            self.scroll_region_up();
        } else {
            self.row = (row + 1).min(self.rows() - 1);
        }
        let row = self.row;
        self.grid_mut().rows[row].wrapped = true;
        self.unwrap_first();
    }

    /// Adds a mark to the character left of the cursor.
    fn combine(&mut self, code: u32) {
        let Some(mark) = char::from_u32(code) else { return };
        if self.col == 0 {
            return;
        }
        let row = self.row;
        let mut col = self.col - 1;
        let mut cell = self.grid().rows[row].get(col);
        if cell.is_spacer() {
            col -= 1;
            cell = self.grid().rows[row].get(col);
        }
        let mut marks = self.marks.get(cell.marks()).cloned().unwrap_or_default();
        if marks.chars().count() >= MARKS_PER_CELL_MAX {
            return;
        }
        marks.push(mark);
        let number = self.marks_number(marks);
        if number == 0 {
            return;
        }
        let row = &mut self.grid_mut().rows[row];
        row.materialize(col);
        row.replace(col, cell.with_marks(number));
    }

    /// REP: prints the last character `count` times more, if nothing came between.
    pub(super) fn repeat(&mut self, count: usize) {
        let width = usize::from(self.last_width);
        if width == 0 || self.col < width {
            return;
        }
        let cell = self.grid().rows[self.row].get(self.col - width);
        let marks = self.marks.get(cell.marks()).cloned().unwrap_or_default();
        for _ in 0..count {
            self.print(u32::from(cell.char()));
            marks.chars().for_each(|mark| self.print(u32::from(mark)));
        }
    }
}
