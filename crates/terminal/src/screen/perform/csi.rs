//! Control sequences: which final byte means what. Long because it is one table.

use crate::screen::Screen;

/// Prefixes and intermediates as the parser collects them.
const NONE: u32 = 0;
const QUESTION: u32 = b'?' as u32;
const GREATER: u32 = b'>' as u32;
const LESS: u32 = b'<' as u32;
const EQUALS: u32 = b'=' as u32;
const SPACE: u32 = b' ' as u32;
const BANG: u32 = b'!' as u32;
const QUOTE: u32 = b'"' as u32;
const APOSTROPHE: u32 = b'\'' as u32;

impl Screen {
    /// Acts on a control sequence with its final byte.
    #[inline]
    pub(super) fn csi(&mut self, last: u8) {
        match self.parser.collected() {
            NONE if last == b'm' => self.select_rendition(),
            NONE => self.csi_plain(last),
            QUESTION => self.csi_private(last),
            collected => self.csi_marked(collected, last),
        }
    }

    /// Sequences without prefix or intermediate.
    fn csi_plain(&mut self, last: u8) {
        let (cols, rows) = (self.cols(), self.rows());
        let params = &self.parser.params;
        let first = params.get(0);
        let (across, down) = (params.count(0, cols), params.count(0, rows));
        match last {
            b'@' => self.insert_chars(across),
            b'A' => self.up(down),
            b'B' => self.down(down),
            b'C' | b'a' => self.forward(across),
            b'D' => self.backward(across),
            b'E' => {
                self.down(down);
                self.col = 0;
            }
            b'F' => {
                self.up(down);
                self.col = 0;
            }
            b'G' | b'`' => self.move_to_col(across - 1),
            b'H' | b'f' => {
                let col = params.count(1, cols) - 1;
                self.place(down - 1, col);
            }
            b'I' => self.tab(across),
            b'J' => self.erase_display(first, false),
            b'K' => self.erase_line(first, false),
            b'L' => self.insert_lines(down),
            b'M' => self.delete_lines(down),
            b'P' => self.delete_chars(across),
            b'S' => self.scroll_up(down),
            b'T' => self.scroll_down(down),
            b'X' => self.erase_chars(across),
            b'Z' => self.tab_back(across),
            // One screenful at most: more of the same would only cost time.
            b'b' => self.repeat(params.count(0, cols * rows)),
            b'd' => self.move_to_row(down - 1),
            b'e' => self.down_freely(down),
            b'g' => self.clear_tabs(first),
            b'h' | b'l' => self.for_each_param(|screen, mode| screen.set_ansi(mode, last == b'h')),
            b'r' => self.set_region(),
            b's' => self.save(),
            b't' => self.window(),
            b'u' => self.restore(),
            _ => {}
        }
    }

    /// Sequences with the prefix `?`.
    fn csi_private(&mut self, last: u8) {
        let first = self.parser.params.get(0);
        match last {
            b'h' | b'l' => self.for_each_param(|screen, mode| screen.set_private(mode, last == b'h')),
            b'J' => self.erase_display(first, true),
            b'K' => self.erase_line(first, true),
            _ => {}
        }
    }

    /// Sequences with another prefix or an intermediate.
    fn csi_marked(&mut self, collected: u32, last: u8) {
        let (cols, params) = (self.cols(), &self.parser.params);
        let (first, second) = (params.get(0), params.get(1));
        let across = params.count(0, cols);
        let how = if params.len() > 1 { second } else { 1 };
        match (collected, last) {
            (SPACE, b'@') => self.shift_columns(0, across, false),
            (SPACE, b'A') => self.shift_columns(0, across, true),
            (APOSTROPHE, b'}') => self.shift_columns(self.col, across, true),
            (APOSTROPHE, b'~') => self.shift_columns(self.col, across, false),
            (SPACE, b'q') if first <= 6 => self.modes.cursor_style = first as u8,
            (BANG, b'p') => self.soft_reset(),
            (QUOTE, b'q') => self.protect(first),
            (GREATER, b'u') => self.grid_mut().keyboard.push(first),
            (LESS, b'u') => self.grid_mut().keyboard.pop(first.max(1)),
            (EQUALS, b'u') => self.grid_mut().keyboard.set(first, how),
            (GREATER, b'm') if first == 4 => self.modes.modify_other_keys = second.min(2) as u8,
            (GREATER, b'm') if first == 0 => self.modes.modify_other_keys = 0,
            (GREATER, b'n') if first == 4 => self.modes.modify_other_keys = 0,
            _ => {}
        }
    }

    /// Calls an action with every parameter.
    fn for_each_param(&mut self, action: impl Fn(&mut Self, u32)) {
        for place in 0..self.parser.params.len() {
            action(self, self.parser.params.get(place));
        }
    }

    /// DECSTBM.
    fn set_region(&mut self) {
        let rows = self.rows();
        let params = &self.parser.params;
        let top = params.get(0).max(1) as usize;
        let bottom = match params.get(1) as usize {
            0 => rows,
            bottom => bottom.min(rows),
        };
        if bottom > top {
            let grid = self.grid_mut();
            grid.top = top - 1;
            grid.bottom = bottom - 1;
            self.place(0, 0);
        }
    }

    /// XTWINOPS: only the title stack.
    fn window(&mut self) {
        let (what, which) = (self.parser.params.get(0), self.parser.params.get(1));
        match what {
            22 => {
                self.titles(which).for_each(|title| title.push());
            }
            23 => {
                self.titles(which).for_each(|title| title.pop());
            }
            _ => {}
        }
    }

    /// The titles a parameter means: 0 both, 1 the icon's, 2 the window's.
    fn titles(&mut self, which: u32) -> impl Iterator<Item = &mut crate::screen::title::Title> {
        let both = [(which == 0 || which == 2, &mut self.title), (which == 0 || which == 1, &mut self.icon)];
        both.into_iter().filter(|(meant, _)| *meant).map(|(_, title)| title)
    }
}
