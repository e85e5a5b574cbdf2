//! A screen as an escape string that rebuilds it in another terminal.
//!
//! Assumed: a fresh terminal of the same size. It is brought into a known state without being reset (a reset, or
//! erasing the scrollback, would take away what a person had in it). Lines are sent in order, so that those of
//! the history scroll off again, and rows that continue another are made to wrap again.

use super::cell::Cell;
use super::charset::Charsets;
use super::grid::{Grid, Saved};
use super::interned::Interned;
use super::row::Row;
use super::style::{Ink, Pen};
use super::tabs::Tabs;
use super::width::width;
use super::{Link, Screen, pack, sgr};

/// Wraps on; origin, insert, newline off; no scroll region; ASCII; plain; home; the screen blank.
const KNOWN_STATE: &[u8] = b"\x1b[?7h\x1b[?6l\x1b[4l\x1b[20l\x1b[r\x1b(B\x0f\x1b[m\x1b[H\x1b[2J";

impl Screen {
    /// The bytes that turn a fresh terminal of the same size into this one: lines that scrolled off (the newest
    /// `history` of them), both screens, modes, cursor, styles.
    pub fn dump(&self, history: usize) -> Vec<u8> {
        let mut painter = Painter::new(self);
        painter.out.extend(KNOWN_STATE);
        self.dump_hidden_alternate(&mut painter);
        self.history.for_newest(history, |line| painter.line(line, false));
        self.dump_rows(&self.primary, history.min(self.history.len()), &mut painter);
        self.dump_grid(&self.primary, &mut painter);
        match self.shown_by {
            None => painter.save(self.primary.saved),
            Some(mode) => self.dump_alternate(mode, &mut painter),
        }
        self.modes.write(&mut painter.out);
        self.title.write(&mut painter.out, 2, 2);
        self.icon.write(&mut painter.out, 1, 1);
        self.colors.write(&mut painter.out);
        self.dump_cursor(&mut painter);
        painter.out
    }

    /// What the alternate screen keeps while it is not shown: its saved cursor and its keyboard flags.
    fn dump_hidden_alternate(&self, painter: &mut Painter) {
        let grid = &self.alternate;
        if self.alternate() || grid.saved == Saved::default() && grid.keyboard.is_default() {
            return;
        }
        painter.out.extend(b"\x1b[?47h");
        grid.keyboard.write(&mut painter.out);
        painter.save(grid.saved);
        painter.plain();
        painter.out.extend(b"\x1b[?47l\x1b[H");
    }

    /// Shows the alternate screen the way the program did, and everything on it.
    fn dump_alternate(&self, mode: u16, painter: &mut Painter) {
        if mode == 1049 {
            painter.go_to_saved(self.primary.saved);
        } else {
            painter.save(self.primary.saved);
            painter.plain();
            painter.place(self.primary.left_row, 0);
        }
        painter.out.extend(format!("\x1b[?{mode}h").bytes());
        painter.plain();
        painter.charsets(Charsets::default());
        // Some terminals have one scroll region for both screens.
        if self.has_region(&self.primary) {
            painter.out.extend(b"\x1b[r");
        }
        painter.out.extend(b"\x1b[2J\x1b[H");
        painter.start_lines();
        self.dump_rows(&self.alternate, 0, painter);
        self.dump_grid(&self.alternate, painter);
        painter.save(self.alternate.saved);
    }

    /// The rows of a grid, after `before` lines of history.
    fn dump_rows(&self, grid: &Grid, before: usize, painter: &mut Painter) {
        let blank = |row: &Row| {
            row.tail == 0
                && !row.wrapped
                && row.cells().iter().all(|cell| cell.is_blank() && cell.style() == 0)
        };
        let used = match before {
            0 => grid.rows.iter().rposition(|row| !blank(row)).map_or(0, |last| last + 1),
            // Every row is needed to make the lines before them scroll off.
            _ => grid.rows.len(),
        };
        let mut packed = Vec::new();
        for row in grid.rows.iter().take(used) {
            let cells = &row.cells()[..row.cells().len().min(self.cols())];
            pack::pack(
                &mut packed,
                (cells, self.styles.get(row.tail)),
                (row.wrapped, self.cols()),
                |id| self.styles.get(id),
                |id| self.marks.get(id).map_or("", String::as_str),
            );
            painter.line(&packed, true);
        }
        painter.end_line();
        painter.plain();
    }

    /// Tab stops, keyboard flags, scroll region.
    fn dump_grid(&self, grid: &Grid, painter: &mut Painter) {
        let usual = Tabs::new(self.cols());
        // Some terminals have one set of tab stops for both screens.
        if !grid.tabs.same(&usual, self.cols()) || !self.primary.tabs.same(&usual, self.cols()) {
            painter.out.extend(b"\x1b[3g");
            for col in (0..self.cols()).filter(|col| grid.tabs.has(*col)) {
                painter.out.extend(format!("\x1b[{}G\x1bH", col + 1).bytes());
            }
        }
        grid.keyboard.write(&mut painter.out);
        if self.has_region(grid) {
            painter.out.extend(format!("\x1b[{};{}r", grid.top + 1, grid.bottom + 1).bytes());
        }
    }

    /// The cursor last, for everything else moves it. A pending wrap and the character that can be repeated come
    /// back by printing that character once more.
    fn dump_cursor(&self, painter: &mut Painter) {
        let mut top = 0;
        if self.modes.origin {
            painter.out.extend(b"\x1b[?6h");
            top = self.grid().top;
        }
        let row = &self.grid().rows[self.row];
        let last = self.col.saturating_sub(usize::from(self.last_width.max(1)));
        let last = last - usize::from(row.get(last).is_spacer());
        let repeatable = self.last_width > 0 && row.get(last).width() == self.last_width;
        if !repeatable && self.col >= self.cols() {
            painter.place(self.row - top, last);
            painter.pen(self.styles.get(row.get(last).style()));
            painter.cell(self, row.get(last));
            // A string terminator without a string: it only ends that this character can be repeated.
            painter.out.extend(b"\x1b\\");
        }
        if self.modes.insert {
            painter.out.extend(b"\x1b[4h");
        }
        painter.pen(self.pen);
        painter.charsets(self.charsets);
        if repeatable {
            painter.place(self.row - top, last);
            if self.modes.insert {
                painter.out.extend(format!("\x1b[{}P", self.last_width).bytes());
            }
            painter.cell(self, row.get(last));
        } else if self.col < self.cols() {
            painter.place(self.row - top, self.col);
        }
    }
}

/// Writes lines, and knows the state of the terminal it writes to.
struct Painter<'a> {
    out: Vec<u8>,
    links: &'a Interned<Link>,
    cols: usize,
    pen: Pen,
    charsets: Charsets,
    /// The line being written: its cells so far, its style right of them, columns of its screen.
    line: Option<Written>,
}

/// What is known of a line that is being written.
struct Written {
    used: usize,
    tail: Pen,
    cols: usize,
    /// Whether it continues another: then it must not be erased from its first column.
    wrapped: bool,
}

impl<'a> Painter<'a> {
    fn new(screen: &'a Screen) -> Self {
        Self {
            out: Vec::new(),
            links: &screen.links,
            cols: screen.cols(),
            pen: Pen::default(),
            charsets: Charsets::default(),
            line: None,
        }
    }

    /// Forgets the line before: the next one stands at the top.
    fn start_lines(&mut self) {
        self.line = None;
    }

    /// Writes a packed line below the last one, or as its continuation.
    fn line(&mut self, packed: &[u8], on_screen: bool) {
        let line = pack::unpack(packed);
        // A row of the screen must start at the left margin, so its predecessor must be as wide as the screen.
        let continues = |before: &Written| line.wrapped && (!on_screen || before.cols == self.cols);
        let wrapped = self.line.as_ref().is_some_and(continues);
        let (cols, tail) = (line.cols, line.tail);
        let runs: Vec<(Pen, &str)> = line.collect();
        if wrapped {
            self.wrap(runs.first().map(|run| run.0));
        } else if self.line.is_some() {
            self.end_line();
            if self.pen.bg != Ink::DEFAULT {
                self.plain();
            }
            self.out.extend(b"\r\n");
        }
        let mut used = 0;
        for (pen, text) in runs {
            self.pen(pen);
            self.out.extend(text.as_bytes());
            used += text.chars().map(|char| usize::from(width(u32::from(char)))).sum::<usize>();
        }
        self.line = Some(Written { used, tail, cols, wrapped });
    }

    /// Fills the last line, so that what follows wraps. A new row takes the background of what wraps into it, so a
    /// plain blank goes first where `next`, the style of what follows, has one, or where nothing follows.
    fn wrap(&mut self, next: Option<Pen>) {
        let Some(line) = self.line.take() else { return };
        self.blanks(line.tail, line.cols.saturating_sub(line.used));
        let plain = next.is_some_and(|pen| pen.bg == Ink::DEFAULT);
        // At another width the text just goes on and wraps where it will.
        if !plain && line.cols == self.cols {
            self.plain();
            self.out.extend(b" \r");
        }
    }

    /// Gives the last line its style right of its text.
    fn end_line(&mut self) {
        let Some(mut line) = self.line.take() else { return };
        if line.tail == Pen::default() {
            return;
        }
        if line.wrapped && line.used == 0 {
            self.blanks(line.tail, 1);
            line.used = 1;
        }
        let left = self.cols.saturating_sub(line.used);
        if left > 0 && line.tail == line.tail.erased() {
            self.pen(line.tail);
            self.out.extend(b"\x1b[K");
        } else {
            self.blanks(line.tail, left);
        }
    }

    /// Prints blanks in a style.
    fn blanks(&mut self, pen: Pen, count: usize) {
        if count > 0 {
            self.pen(pen);
            self.out.extend(std::iter::repeat_n(b' ', count));
        }
    }

    /// Prints a cell once more.
    fn cell(&mut self, screen: &Screen, cell: Cell) {
        let mut text = String::new();
        screen.write_cell(cell, &mut text);
        self.out.extend(text.bytes());
    }

    /// Changes the style.
    fn pen(&mut self, pen: Pen) {
        sgr::write_change(self.pen, pen, self.links, &mut self.out);
        self.pen = pen;
    }

    /// Changes to the plain style.
    fn plain(&mut self) {
        self.pen(Pen::default());
    }

    /// Changes the character sets.
    fn charsets(&mut self, charsets: Charsets) {
        self.charsets.write_change(&charsets, &mut self.out);
        self.charsets = charsets;
    }

    /// Moves the cursor.
    fn place(&mut self, row: usize, col: usize) {
        self.out.extend(format!("\x1b[{};{}H", row + 1, col + 1).bytes());
    }

    /// Makes the state one that can be saved.
    fn go_to_saved(&mut self, saved: Saved) {
        self.pen(saved.pen);
        self.charsets(saved.charsets);
        self.place(saved.row, saved.col);
    }

    /// Saves a cursor, where a fresh terminal has another.
    fn save(&mut self, saved: Saved) {
        if saved == Saved::default() {
            return;
        }
        self.go_to_saved(saved);
        self.out.extend(b"\x1b7");
        self.plain();
        self.charsets(Charsets::default());
    }
}
