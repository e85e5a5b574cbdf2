//! When two screens are the same: a person and a program could not tell them apart.
//!
//! Numbers in side tables, memory, limits and an incomplete sequence at the end do not count.

use super::grid::{Grid, Saved};
use super::row::Row;
use super::style::{Pen, Style};
use super::{Screen, pack};

impl PartialEq for Screen {
    fn eq(&self, other: &Self) -> bool {
        self.size == other.size
            && (self.row, self.col, self.last_width) == (other.row, other.col, other.last_width)
            && self.charsets == other.charsets
            && self.modes == other.modes
            && (&self.title, &self.icon) == (&other.title, &other.icon)
            && self.colors == other.colors
            && self.alternate() == other.alternate()
            && self.style(self.pen) == other.style(other.pen)
            && self.same_grid(&self.primary, other, &other.primary)
            && self.same_grid(&self.alternate, other, &other.alternate)
            && self.history_runs() == other.history_runs()
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let grids = [&self.primary, &self.alternate].map(|grid| {
            let rows: Vec<_> = grid.rows.iter().map(|row| (row.wrapped, self.row_runs(row))).collect();
            (grid.top, grid.bottom, grid.saved, grid.keyboard.clone(), rows)
        });
        f.debug_struct("Screen")
            .field("size", &self.size)
            .field("cursor", &(self.row, self.col, self.last_width))
            .field("pen", &self.style(self.pen))
            .field("charsets", &self.charsets)
            .field("modes", &self.modes)
            .field("titles", &(&self.title, &self.icon))
            .field("colors", &self.colors)
            .field("alternate", &self.shown_by)
            .field("grids", &grids)
            .field("history", &self.history_runs())
            .finish()
    }
}

impl Screen {
    /// Whether two grids are the same; what the primary's cursor was does not count.
    fn same_grid(&self, mine: &Grid, other: &Self, theirs: &Grid) -> bool {
        let saved =
            |screen: &Self, saved: Saved| (saved.row, saved.col, screen.style(saved.pen), saved.charsets);
        (mine.top, mine.bottom) == (theirs.top, theirs.bottom)
            && mine.tabs.same(&theirs.tabs, self.cols())
            && mine.keyboard == theirs.keyboard
            && saved(self, mine.saved) == saved(other, theirs.saved)
            && mine.rows.len() == theirs.rows.len()
            && mine.rows.iter().zip(&theirs.rows).all(|(mine, theirs)| {
                mine.wrapped == theirs.wrapped && self.row_runs(mine) == other.row_runs(theirs)
            })
    }

    /// A row's cells as runs of equal style, plain blanks at the end left out.
    fn row_runs(&self, row: &Row) -> Vec<(Style, String)> {
        let mut runs = Runs::default();
        for col in 0..self.cols() {
            let mut text = String::new();
            self.write_cell(row.get(col), &mut text);
            runs.push(self, self.styles.get(row.get(col).style()), &text);
        }
        runs.finish()
    }

    /// The history in the same form.
    fn history_runs(&self) -> Vec<(bool, Vec<(Style, String)>)> {
        let mut lines = Vec::new();
        self.history.for_newest(self.history.len(), |line| {
            let line = pack::unpack(line);
            let (wrapped, cols, tail) = (line.wrapped, line.cols, line.tail);
            let mut runs = Runs::default();
            let mut used = 0;
            for (pen, text) in line {
                used +=
                    text.chars().map(|char| usize::from(super::width::width(u32::from(char)))).sum::<usize>();
                runs.push(self, pen, text);
            }
            runs.push(self, tail, &" ".repeat(cols.saturating_sub(used)));
            lines.push((wrapped, runs.finish()));
        });
        lines
    }
}

/// Runs of equal style, joined as they come.
#[derive(Default)]
struct Runs {
    runs: Vec<(Style, String)>,
    last: Pen,
}

impl Runs {
    fn push(&mut self, screen: &Screen, pen: Pen, text: &str) {
        match self.runs.last_mut() {
            _ if text.is_empty() => {}
            Some((_, last)) if self.last == pen => last.push_str(text),
            _ => self.runs.push((screen.style(pen), text.to_owned())),
        }
        self.last = pen;
    }

    fn finish(mut self) -> Vec<(Style, String)> {
        if let Some((style, text)) = self.runs.last_mut()
            && *style == Style::default()
        {
            text.truncate(text.trim_end_matches(' ').len());
            if text.is_empty() {
                self.runs.pop();
            }
        }
        self.runs
    }
}
