//! Frames that programs draw around their fields, found by their corners.

use crate::Screen;
use std::ops::Range;

/// Borders between the cursor and the left edge of its frame that are tried: frames within frames.
const MAX_BORDERS: usize = 4;

/// A frame that has a cell inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Frame {
    left: u16,
    right: u16,
    /// The row of its upper border.
    pub top: u16,
}

impl Frame {
    /// The innermost frame around a cell. A line between two windows is none: it has no corner above.
    pub(super) fn around(screen: &Screen, row: u16, col: u16) -> Option<Self> {
        let borders = (0..col).rev().filter(|left| is_vertical(screen.char_at(row, *left)));
        borders.take(MAX_BORDERS).find_map(|left| {
            let top = (0..row).rev().find(|above| !is_vertical(screen.char_at(*above, left)))?;
            let corner = |col, corners: &str| corners.contains(screen.char_at(top, col));
            let right = (left + 1..screen.size().cols).find(|right| corner(*right, "┐╮╗┓+"))?;
            let encloses = col <= right && is_vertical(screen.char_at(row, right));
            (corner(left, "┌╭╔┏+") && encloses).then_some(Self { left, right, top })
        })
    }

    /// The frame that has this one inside.
    pub(super) fn outer(&self, screen: &Screen) -> Option<Self> {
        Self::around(screen, self.top, self.left)
    }

    /// The columns between its borders.
    pub(super) fn columns(&self) -> Range<u16> {
        self.left + 1..self.right
    }

    /// What is written into its upper border.
    pub(super) fn title(&self, screen: &Screen) -> String {
        let border = screen.text_in(self.top, self.columns());
        border.trim_matches(|c: char| is_drawn(c) || "-=+| ".contains(c)).to_owned()
    }
}

/// Whether a row is a border or a rule, perhaps with a title in it.
pub(super) fn is_rule(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().take(3).all(|c| (is_drawn(c) && !is_vertical(c)) || c == '-')
}

/// A line drawn from top to bottom, with or without branches.
pub(super) fn is_vertical(c: char) -> bool {
    "│┃║|├┤╠╣┣┫".contains(c)
}

/// Lines and blocks that borders are made of.
fn is_drawn(c: char) -> bool {
    ('\u{2500}'..='\u{259f}').contains(&c)
}
