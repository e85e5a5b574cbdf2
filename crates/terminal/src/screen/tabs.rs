//! Tab stops of one grid, a bit for each column.

/// Columns between the stops of a fresh terminal.
const EVERY: usize = 8;

/// The tab stops.
#[derive(Clone, Default)]
pub(super) struct Tabs(Vec<u64>);

impl Tabs {
    /// The stops of a fresh terminal of `cols`.
    pub(super) fn new(cols: usize) -> Self {
        let mut tabs = Self::default();
        (0..cols).step_by(EVERY).for_each(|col| tabs.set(col));
        tabs
    }

    /// Puts a stop.
    pub(super) fn set(&mut self, col: usize) {
        if self.0.len() <= col / 64 {
            self.0.resize(col / 64 + 1, 0);
        }
        self.0[col / 64] |= 1 << (col % 64);
    }

    /// Takes a stop away.
    pub(super) fn unset(&mut self, col: usize) {
        if let Some(word) = self.0.get_mut(col / 64) {
            *word &= !(1 << (col % 64));
        }
    }

    /// Takes all stops away.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether a column has a stop.
    pub(super) fn has(&self, col: usize) -> bool {
        self.0.get(col / 64).is_some_and(|word| word >> (col % 64) & 1 == 1)
    }

    /// The next stop right of a column, or the last column.
    pub(super) fn next(&self, col: usize, cols: usize) -> usize {
        (col + 1..cols).find(|col| self.has(*col)).unwrap_or(cols - 1)
    }

    /// The next stop left of a column, or the first column.
    pub(super) fn previous(&self, col: usize) -> usize {
        (0..col).rev().find(|col| self.has(*col)).unwrap_or(0)
    }

    /// Goes on with the usual distance from the last stop when the screen gets wider.
    pub(super) fn widen(&mut self, cols: usize) {
        let last = if self.has(cols) { cols } else { self.previous(cols) };
        (last..cols).step_by(EVERY).for_each(|col| self.set(col));
    }

    /// Whether two grids of `cols` have the same stops.
    pub(super) fn same(&self, other: &Self, cols: usize) -> bool {
        (0..cols).all(|col| self.has(col) == other.has(col))
    }
}
