//! A grid of rows with what belongs to it alone: scroll region, tab stops, saved cursor, keyboard flags.
//!
//! There are two, the primary and the alternate. Lines that leave a grid are handed to the caller.

use super::cell::{Cell, StyleId};
use super::charset::Charsets;
use super::keyboard::Keyboard;
use super::row::Row;
use super::style::Pen;
use super::tabs::Tabs;
use std::collections::VecDeque;

/// What DECSC saves: as xterm.js, neither origin mode nor the pending wrap.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Saved {
    pub row: usize,
    pub col: usize,
    pub pen: Pen,
    pub charsets: Charsets,
}

/// Rows and their surroundings.
pub(super) struct Grid {
    /// One for each row of the screen; none while the alternate screen is not shown.
    pub rows: VecDeque<Row>,
    /// First row of the scroll region.
    pub top: usize,
    /// Last row of the scroll region.
    pub bottom: usize,
    pub tabs: Tabs,
    pub saved: Saved,
    pub keyboard: Keyboard,
    /// The cursor's row when this grid was left; only resizing asks for it.
    pub left_row: usize,
}

impl Grid {
    /// A grid without rows.
    pub(super) fn new(cols: usize, rows: usize) -> Self {
        Self {
            rows: VecDeque::new(),
            top: 0,
            bottom: rows - 1,
            tabs: Tabs::new(cols),
            saved: Saved::default(),
            keyboard: Keyboard::default(),
            left_row: 0,
        }
    }

    /// Fills it with blank rows.
    pub(super) fn open(&mut self, rows: usize, tail: StyleId) {
        self.rows = (0..rows).map(|_| Row::of(Vec::new(), tail, false)).collect();
    }

    /// Drops its rows and puts region and tabs back, as leaving the alternate screen does.
    pub(super) fn close(&mut self, cols: usize, rows: usize) {
        self.rows = VecDeque::new();
        self.top = 0;
        self.bottom = rows - 1;
        self.tabs = Tabs::new(cols);
    }

    /// Moves the rows `from..=to` up by one: the first is taken out, cleared and comes in at the end.
    pub(super) fn rotate_up(&mut self, from: usize, to: usize, tail: StyleId) {
        if let Some(mut row) = self.rows.remove(from) {
            row.clear(tail);
            self.rows.insert(to, row);
        }
    }

    /// Moves the rows `from..=to` down by one: the last is taken out, cleared and comes in at the start.
    pub(super) fn rotate_down(&mut self, from: usize, to: usize, tail: StyleId) {
        if let Some(mut row) = self.rows.remove(to) {
            row.clear(tail);
            self.rows.insert(from, row);
        }
    }

    /// Whether a row is inside the scroll region.
    pub(super) fn in_region(&self, row: usize) -> bool {
        (self.top..=self.bottom).contains(&row)
    }

    /// Every number of a style that its rows use.
    pub(super) fn style_ids(&self) -> impl Iterator<Item = StyleId> {
        self.rows.iter().flat_map(|row| row.cells().iter().map(|cell| cell.style()).chain([row.tail]))
    }

    /// Every cell of its rows.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> {
        self.rows.iter().flat_map(|row| row.cells().iter().copied())
    }

    /// Heap bytes.
    pub(super) fn memory(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.rows.iter().map(Row::memory).sum::<usize>()
    }
}
