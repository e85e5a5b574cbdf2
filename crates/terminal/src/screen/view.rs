//! Looking at the screen: text of rows and of the history, runs of equal style.

use super::style::Pen;
use super::{Link, Screen, Style, pack};
use std::ops::Range;

/// Neighbouring cells of one style.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Their characters; a blank is a space.
    pub text: String,
    /// How many cells they take.
    pub width: u16,
    /// How they are drawn.
    pub style: Style,
}

impl Screen {
    /// The rows of the screen as text, trailing blanks cut.
    pub fn lines(&self) -> Vec<String> {
        (0..self.size.rows).map(|row| self.row_text(row)).collect()
    }

    /// One row as text, trailing blanks cut; empty for a row that does not exist.
    pub fn row_text(&self, row: u16) -> String {
        let Some(row) = self.grid().rows.get(usize::from(row)) else { return String::new() };
        let mut text = String::new();
        row.cells().iter().take(self.cols()).for_each(|cell| self.write_cell(*cell, &mut text));
        text.truncate(text.trim_end_matches(' ').len());
        text
    }

    /// What stands in some columns of a row as text, blanks and all; a wide character counts where it begins.
    pub fn text_in(&self, row: u16, columns: Range<u16>) -> String {
        let Some(row) = self.grid().rows.get(usize::from(row)) else { return String::new() };
        let mut text = String::new();
        columns
            .take_while(|col| usize::from(*col) < self.cols())
            .for_each(|col| self.write_cell(row.get(col.into()), &mut text));
        text
    }

    /// The character in a cell; a space where there is none.
    pub fn char_at(&self, row: u16, col: u16) -> char {
        self.grid().rows.get(usize::from(row)).map_or(' ', |row| row.get(col.into()).char())
    }

    /// Whether the cursor's row is full, so that the next character begins another.
    pub fn wraps_next(&self) -> bool {
        self.col >= self.cols()
    }

    /// One row as runs; plain blanks at its end are left out.
    pub fn runs(&self, row: u16) -> Vec<Run> {
        let Some(row) = self.grid().rows.get(usize::from(row)) else { return Vec::new() };
        let mut runs: Vec<(Pen, String, u16)> = Vec::new();
        let used = (0..self.cols()).rposition(|col| !row.get(col).is_blank() || row.get(col).style() != 0);
        for col in 0..used.map_or(0, |last| last + 1) {
            let cell = row.get(col);
            let pen = self.styles.get(cell.style());
            match runs.last_mut() {
                Some((last, text, width)) if *last == pen => {
                    self.write_cell(cell, text);
                    *width += 1;
                }
                _ => {
                    let mut text = String::new();
                    self.write_cell(cell, &mut text);
                    runs.push((pen, text, 1));
                }
            }
        }
        runs.into_iter().map(|(pen, text, width)| Run { text, width, style: self.style(pen) }).collect()
    }

    /// Whether a row continues the one above it, which was too short for its text.
    pub fn wrapped(&self, row: u16) -> bool {
        self.grid().rows.get(usize::from(row)).is_some_and(|row| row.wrapped)
    }

    /// How many lines that scrolled off are kept.
    pub fn history_len(&self) -> usize {
        self.history.len()
    }

    /// The newest lines that scrolled off as text, oldest of them first, trailing blanks cut.
    pub fn history_lines(&self, newest: usize) -> Vec<String> {
        let mut lines = Vec::with_capacity(newest.min(self.history.len()));
        self.history.for_newest(newest, |line| lines.push(unpacked_text(line)));
        lines
    }

    /// Takes the oldest lines that scrolled off out of the history, until `keep` are left: for those who write a
    /// history of any length down without holding all of it.
    pub fn take_history(&mut self, keep: usize) -> Vec<String> {
        let mut lines = Vec::new();
        self.history.take_oldest(keep, |line| lines.push(unpacked_text(line)));
        lines
    }

    /// The public form of a style.
    pub(super) fn style(&self, pen: Pen) -> Style {
        pen.style(self.link(pen).cloned())
    }

    /// The link of a style.
    pub(super) fn link(&self, pen: Pen) -> Option<&Link> {
        self.links.get(pen.link)
    }

    /// Appends the text of one cell.
    pub(super) fn write_cell(&self, cell: super::cell::Cell, text: &mut String) {
        if cell.is_spacer() {
            return;
        }
        text.push(cell.char());
        if let Some(marks) = self.marks.get(cell.marks()) {
            text.push_str(marks);
        }
    }
}

fn unpacked_text(line: &[u8]) -> String {
    let mut text: String = pack::unpack(line).map(|(_, text)| text).collect();
    text.truncate(text.trim_end_matches(' ').len());
    text
}
