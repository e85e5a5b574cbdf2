//! A screen painted into a terminal of another size, cut to fit: for those who look on and for players.

use super::Screen;
use super::width::width;
use protocol::Size;

/// Hides the cursor while it paints, as one step where the terminal knows that (mode 2026).
const BEGIN: &[u8] = b"\x1b[?2026h\x1b[?25l\x1b[0m";

impl Screen {
    /// The bytes that paint this screen into a terminal, whatever is on it: the part with the cursor where the
    /// terminal is too low, the left where it is too narrow. No mode of the program reaches the terminal.
    pub fn picture(&self, terminal: Size) -> Vec<u8> {
        let cursor = self.cursor();
        let rows = self.size.rows.min(terminal.rows);
        let top = (cursor.row + 1).saturating_sub(rows);
        let mut out = BEGIN.to_vec();
        for row in 0..rows {
            out.extend(format!("\x1b[{};1H", row + 1).bytes());
            let used = self.paint_row(top + row, terminal.cols, &mut out);
            out.extend(b"\x1b[0m");
            // At the right margin the cursor stands on the last cell, which must not be erased.
            if used < terminal.cols {
                out.extend(b"\x1b[K");
            }
        }
        if rows < terminal.rows {
            out.extend(format!("\x1b[{};1H\x1b[J", rows + 1).bytes());
        }
        let col = cursor.col.min(terminal.cols - 1);
        out.extend(format!("\x1b[{};{}H", cursor.row - top + 1, col + 1).bytes());
        if cursor.visible {
            out.extend(b"\x1b[?25h");
        }
        out.extend(b"\x1b[?2026l");
        out
    }

    /// Paints the cells of a row that fit, and says how many.
    fn paint_row(&self, row: u16, cols: u16, out: &mut Vec<u8>) -> u16 {
        let mut used = 0;
        for run in self.runs(row) {
            out.extend(run.style.sgr().bytes());
            for char in run.text.chars() {
                let cells = width(u32::from(char));
                if used + cells > cols {
                    return used;
                }
                used += cells;
                out.extend(char.encode_utf8(&mut [0; 4]).bytes());
            }
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &str, size: (u16, u16), terminal: (u16, u16)) -> Vec<String> {
        let mut screen = Screen::new(Size::new(size.0, size.1).unwrap(), 0);
        screen.feed(text.as_bytes());
        let terminal = Size::new(terminal.0, terminal.1).unwrap();
        let mut seen = Screen::new(terminal, 0);
        // What was there before must not show through.
        seen.feed("#".repeat(usize::from(terminal.cols) * usize::from(terminal.rows)).as_bytes());
        seen.feed(&screen.picture(terminal));
        seen.lines()
    }

    #[test]
    fn a_picture_of_the_same_size_is_the_screen() {
        assert_eq!(painted("one\r\n\x1b[31mtwo!\x1b[m", (4, 2), (4, 2)), ["one", "two!"]);
    }

    #[test]
    fn a_larger_terminal_is_blank_around_it() {
        assert_eq!(painted("one\r\ntwo!", (4, 2), (6, 3)), ["one", "two!", ""]);
    }

    #[test]
    fn a_smaller_terminal_gets_the_left_and_the_rows_with_the_cursor() {
        assert_eq!(painted("first\r\nab🦀d\r\nlast", (8, 3), (3, 2)), ["ab", "las"]);
    }
}
