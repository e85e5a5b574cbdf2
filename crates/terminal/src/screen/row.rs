//! One row of a grid: cells up to the last one that was written, and one style for the rest.
//!
//! It keeps one promise everywhere: the first half of a wide character is always followed by its second half, and
//! a second half never stands alone.

use super::cell::{Cell, StyleId};

/// A row. Right of its cells it is blank in the style `tail`.
#[derive(Clone, Default)]
pub(super) struct Row {
    cells: Vec<Cell>,
    /// Style of everything right of the cells.
    pub tail: StyleId,
    /// Whether it continues the row above, which was too short for its text.
    pub wrapped: bool,
}

impl Row {
    /// The cells that are held; blanks of style `tail` follow.
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// A row of given cells.
    pub(super) fn of(cells: Vec<Cell>, tail: StyleId, wrapped: bool) -> Self {
        Self { cells, tail, wrapped }
    }

    /// The cell in a column.
    pub(super) fn get(&self, col: usize) -> Cell {
        self.cells.get(col).copied().unwrap_or(Cell::blank(self.tail))
    }

    /// Makes it blank in one style; keeps the memory.
    pub(super) fn clear(&mut self, tail: StyleId) {
        self.cells.clear();
        self.tail = tail;
        self.wrapped = false;
    }

    /// Hides what stands right of `cols` until the row is written again there or the screen widens.
    pub(super) fn narrow(&mut self, cols: usize) {
        if self.cells.get(cols).is_some_and(|cell| cell.is_spacer()) {
            for col in [cols - 1, cols] {
                self.cells[col] = Cell::blank(self.cells[col].style());
            }
        }
    }

    /// Keeps the tail's style to the columns there were: the new ones are plain.
    pub(super) fn widen(&mut self, old_cols: usize) {
        if self.tail != 0 {
            self.reach(old_cols);
            self.tail = 0;
        }
    }

    /// Fills the first `cols` cells with one character.
    pub(super) fn fill(&mut self, cols: usize, cell: Cell) {
        self.clear(0);
        self.cells.resize(cols, cell);
    }

    /// Cuts everything right of `cols`.
    pub(super) fn cut(&mut self, cols: usize) {
        if self.cells.len() <= cols {
            return;
        }
        if self.cells[cols].is_spacer() {
            self.cells[cols - 1] = Cell::blank(self.cells[cols - 1].style());
        }
        self.cells.truncate(cols);
        self.cells.shrink_to(cols);
    }

    /// Writes printable ASCII from a column on.
    #[inline]
    pub(super) fn write_ascii(&mut self, col: usize, text: &[u8], style: StyleId) {
        self.split_before(col, style);
        let end = col + text.len();
        self.split_after(end, style);
        self.reach(col);
        let over = self.cells.len().min(end) - col;
        for (cell, byte) in self.cells[col..].iter_mut().zip(&text[..over]) {
            *cell = Cell::narrow(u32::from(*byte), style);
        }
        self.cells.extend(text[over..].iter().map(|byte| Cell::narrow(u32::from(*byte), style)));
    }

    /// Writes one character of `width` 1 or 2.
    #[inline]
    pub(super) fn write(&mut self, col: usize, code: u32, width: u16, style: StyleId) {
        self.split_before(col, style);
        self.split_after(col + usize::from(width), style);
        self.reach(col);
        if width == 1 {
            self.set(col, Cell::narrow(code, style));
        } else {
            self.set(col, Cell::lead(code, style));
            self.set(col + 1, Cell::spacer(style));
        }
    }

    /// Makes a column a cell of its own, to replace it.
    pub(super) fn materialize(&mut self, col: usize) {
        self.reach(col + 1);
    }

    /// Replaces a cell that exists.
    pub(super) fn replace(&mut self, col: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(col) {
            *place = cell;
        }
    }

    /// Erases the columns `start..end` of a row of `cols`.
    pub(super) fn erase(&mut self, start: usize, end: usize, cols: usize, fill: StyleId) {
        if start >= end {
            return;
        }
        self.split_before(start, fill);
        if end >= cols {
            if self.tail != fill {
                self.reach(start);
                self.tail = fill;
            }
            self.cells.truncate(start);
            return;
        }
        self.split_after(end, fill);
        if self.tail == fill && end >= self.cells.len() {
            self.cells.truncate(start);
            return;
        }
        self.reach(end);
        self.cells[start..end].fill(Cell::blank(fill));
    }

    /// Moves what stands from `col` on `n` cells to the right; what leaves the row of `cols` is lost.
    pub(super) fn insert(&mut self, col: usize, n: usize, cols: usize, fill: StyleId) {
        self.cut(cols);
        let n = n.min(cols - col);
        self.split_before(col, fill);
        if self.cells.get(col).is_some_and(|cell| cell.is_spacer()) {
            let style = self.cells[col].style();
            self.cells[col] = Cell::blank(style);
        }
        if col >= self.cells.len() && self.tail == fill {
            return;
        }
        self.reach(col);
        self.cells.splice(col..col, std::iter::repeat_n(Cell::blank(fill), n));
        self.cells.truncate(cols);
        if self.cells.len() == cols && self.cells[cols - 1].is_lead() {
            self.cells[cols - 1] = Cell::blank(fill);
        }
    }

    /// Cuts a wide character in two that `col` is the second half of: both halves become blanks in one style.
    pub(super) fn split(&mut self, col: usize, fill: StyleId) {
        self.split_before(col, fill);
        self.split_after(col, fill);
    }

    /// Takes `n` cells out at `col`; blanks come in at the right margin.
    pub(super) fn delete(&mut self, col: usize, n: usize, cols: usize, fill: StyleId) {
        self.cut(cols);
        let n = n.min(cols - col);
        self.split_before(col, fill);
        if self.tail != fill {
            self.reach(cols);
            self.tail = fill;
        }
        if col >= self.cells.len() {
            return;
        }
        let end = (col + n).min(self.cells.len());
        self.cells.drain(col..end);
        if self.cells.get(col).is_some_and(|cell| cell.is_spacer()) {
            self.cells[col] = Cell::blank(fill);
        }
    }

    /// Heap bytes.
    pub(super) fn memory(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>()
    }

    /// Where a wide character would be cut in two left of `col`, its first half becomes blank.
    #[inline]
    fn split_before(&mut self, col: usize, fill: StyleId) {
        if col > 0 && self.cells.get(col).is_some_and(|cell| cell.is_spacer()) {
            self.cells[col - 1] = Cell::blank(fill);
        }
    }

    /// Where a wide character is cut in two at `col`, its second half becomes blank.
    #[inline]
    fn split_after(&mut self, col: usize, fill: StyleId) {
        if self.cells.get(col).is_some_and(|cell| cell.is_spacer()) {
            self.cells[col] = Cell::blank(fill);
        }
    }

    /// Sets a cell, which may be the next one.
    #[inline]
    fn set(&mut self, col: usize, cell: Cell) {
        if col < self.cells.len() {
            self.cells[col] = cell;
        } else {
            self.cells.push(cell);
        }
    }

    /// Makes the cells reach up to `col`.
    #[inline]
    fn reach(&mut self, col: usize) {
        if self.cells.len() < col {
            self.cells.resize(col, Cell::blank(self.tail));
        }
    }
}
