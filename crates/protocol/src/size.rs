//! The size of a terminal, in cells.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Columns and rows. Never zero: a hidden browser pane reports 0 x 0, and that must not reach a program (T16).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Size {
    /// Width in cells, 1 to [`Size::MAX`].
    pub cols: u16,
    /// Height in cells, 1 to [`Size::MAX`].
    pub rows: u16,
}

/// A text or a pair of numbers that is no terminal size.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no terminal size: write COLSxROWS, each 1 to {max}, such as 120x40", max = Size::MAX)]
pub struct SizeError(String);

impl Size {
    /// What a program gets where there is no terminal to ask.
    pub const DEFAULT: Self = Self { cols: 80, rows: 24 };

    /// Cells in one direction at most: a screen of this size takes about 8 MB, one of 65,535 squared would take
    /// the machine.
    pub const MAX: u16 = 1000;

    /// A size within the limits, or `None` where a side is zero or too long.
    pub fn new(cols: u16, rows: u16) -> Option<Self> {
        let fits = |side| (1..=Self::MAX).contains(&side);
        (fits(cols) && fits(rows)).then_some(Self { cols, rows })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        text.split_once('x')
            .and_then(|(cols, rows)| Self::new(cols.parse().ok()?, rows.parse().ok()?))
            .ok_or_else(|| SizeError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_as_it_is_written() {
        assert_eq!("120x40".parse::<Size>().unwrap(), Size { cols: 120, rows: 40 });
        for bad in ["", "x", "80", "0x24", "80x0", "80x24x2", "1001x24", "-1x5", "80 x 24"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }
}
