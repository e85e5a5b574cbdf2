//! Changing the size: rows move into the history and back as in xterm.js; text is not wrapped anew.

use super::Screen;
use super::grid::Grid;
use super::row::Row;
use super::{cell::Cell, pack, style::Pen, width::width};
use protocol::Size;

impl Screen {
    /// Changes the size. Columns that are cut off come back when the screen widens before they are overwritten.
    pub fn resize(&mut self, size: Size) {
        let size = Size { cols: size.cols.max(1), rows: size.rows.max(1) };
        if size == self.size {
            return;
        }
        let old = std::mem::replace(&mut self.size, size);
        if size.cols != old.cols {
            let (new, old) = (usize::from(size.cols), usize::from(old.cols));
            resize_cols(&mut self.primary, old, new);
            resize_cols(&mut self.alternate, old, new);
        }
        let rows = self.rows();
        let primary_row = if self.alternate() { self.primary.left_row } else { self.row };
        let moved = self.resize_primary(primary_row, rows);
        if self.alternate() {
            self.primary.left_row = moved;
            self.row = resize_alternate(&mut self.alternate, self.row, rows);
        } else {
            self.row = moved;
        }
        for grid in [&mut self.primary, &mut self.alternate] {
            grid.top = 0;
            grid.bottom = usize::from(size.rows) - 1;
            grid.saved.row = grid.saved.row.min(usize::from(size.rows) - 1);
            grid.saved.col = grid.saved.col.min(usize::from(size.cols) - 1);
        }
        self.col = self.col.min(self.cols() - 1);
        self.row = self.row.min(self.rows() - 1);
        self.last_width = 0;
        self.unwrap_first();
    }

    /// Fits the primary grid to a number of rows; returns where its cursor's row went.
    fn resize_primary(&mut self, mut cursor: usize, rows: usize) -> usize {
        while self.primary.rows.len() > rows {
            if self.primary.rows.len() > cursor + 1 {
                self.primary.rows.pop_back();
            } else {
                self.remember_first();
                self.primary.rows.pop_front();
                cursor -= 1;
                self.primary.saved.row = self.primary.saved.row.saturating_sub(1);
            }
        }
        while self.primary.rows.len() < rows {
            let below = self.primary.rows.len() > cursor + 1;
            match if below { None } else { self.history.pop() } {
                Some(line) => {
                    let row = self.unpack_row(&line);
                    self.primary.rows.push_front(row);
                    cursor += 1;
                    self.primary.saved.row += 1;
                }
                None => self.primary.rows.push_back(Row::default()),
            }
        }
        cursor.min(rows - 1)
    }

    /// A packed line as a row.
    fn unpack_row(&mut self, line: &[u8]) -> Row {
        let line = pack::unpack(line);
        let (wrapped, tail) = (line.wrapped && line.cols == self.cols(), line.tail);
        let runs: Vec<(Pen, &str)> = line.collect();
        let mut cells = Vec::new();
        // Numbers of styles must not be given up while the row is not on the grid yet: all of them come first.
        let numbers: Vec<u16> = runs.iter().map(|(pen, _)| self.style_number(*pen)).collect();
        for ((_, text), number) in runs.iter().zip(numbers) {
            for char in text.chars() {
                self.unpack_char(&mut cells, char, number);
            }
        }
        let tail = self.style_number(tail);
        Row::of(cells, tail, wrapped)
    }

    /// Appends a character, or adds a mark to the last one.
    fn unpack_char(&mut self, cells: &mut Vec<Cell>, char: char, style: u16) {
        match width(u32::from(char)) {
            1 => cells.push(Cell::narrow(u32::from(char), style)),
            2 => cells.extend([Cell::lead(u32::from(char), style), Cell::spacer(style)]),
            _ => {
                let Some(place) = cells.iter().rposition(|cell| !cell.is_spacer()) else { return };
                let mut marks = self.marks.get(cells[place].marks()).cloned().unwrap_or_default();
                marks.push(char);
                cells[place] = cells[place].with_marks(self.marks_number(marks));
            }
        }
    }
}

/// Fits a grid to a number of columns. Nothing wraps anew, so no row continues another any more.
fn resize_cols(grid: &mut Grid, old: usize, new: usize) {
    for row in &mut grid.rows {
        row.wrapped = false;
        if new < old {
            row.narrow(new);
        } else {
            row.widen(old);
        }
    }
    if new > old {
        grid.tabs.widen(new);
    }
}

/// Fits the alternate grid to a number of rows; it has no history, so what leaves its top is gone.
fn resize_alternate(grid: &mut Grid, mut cursor: usize, rows: usize) -> usize {
    while grid.rows.len() > rows {
        if grid.rows.len() > cursor + 1 {
            grid.rows.pop_back();
        } else {
            grid.rows.pop_front();
            cursor -= 1;
            grid.saved.row = grid.saved.row.saturating_sub(1);
        }
    }
    grid.rows.resize_with(rows, Row::default);
    cursor.min(rows - 1)
}
