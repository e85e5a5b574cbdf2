//! A terminal's screen as a value: feed it what a program wrote, ask it what a person would see.
//!
//! It follows xterm.js in what bytes mean, keeps the lines that scrolled off in a packed form, and can write itself
//! as a string that rebuilds it in another terminal ([`Screen::dump`]). It answers no questions of the program and
//! does no I/O. Every table in it is bounded.

mod cell;
mod charset;
mod color;
mod dump;
mod equal;
mod grid;
mod history;
mod interned;
mod keyboard;
mod modes;
mod pack;
mod parser;
mod perform;
mod picture;
mod reset;
mod resize;
mod row;
mod sgr;
mod style;
mod tables;
mod tabs;
#[cfg(test)]
mod tests;
mod title;
mod utf8;
mod view;
mod width;

pub use style::{Color, Link, Style, Underline};
pub use view::Run;
pub use width::cells;

use cell::StyleId;
use charset::Charsets;
use color::Colors;
use grid::Grid;
use history::History;
use interned::Interned;
use modes::Modes;
use parser::Parser;
use protocol::Size;
use style::{Pen, Styles};
use title::Title;

/// The screen of one terminal.
pub struct Screen {
    size: Size,
    primary: Grid,
    alternate: Grid,
    /// The mode that showed the alternate screen: 47, 1047 or 1049.
    shown_by: Option<u16>,
    history: History,
    row: usize,
    /// The cursor's column; one past the last means that the next character wraps.
    col: usize,
    pen: Pen,
    /// Number of the pen's style, once it is known.
    pen_id: Option<StyleId>,
    /// Number of the style that erasing leaves, once it is known.
    erase_id: Option<StyleId>,
    charsets: Charsets,
    modes: Modes,
    /// Width of the character REP repeats and marks join; 0 when a sequence came between.
    last_width: u16,
    title: Title,
    icon: Title,
    colors: Colors,
    styles: Styles,
    marks: Interned<String>,
    links: Interned<Link>,
    parser: Parser,
    /// A line on its way into the history.
    packed: Vec<u8>,
}

/// Where the cursor is and how it looks. Rows and columns count from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// Row on the screen, 0 at the top.
    pub row: u16,
    /// Column, 0 at the left.
    pub col: u16,
    /// Whether it shows (DECTCEM).
    pub visible: bool,
    /// The DECSCUSR parameter, 0 to 6.
    pub style: u8,
}

/// What DECRQM answers about a mode; the number is the one of the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModeState {
    /// Not known here.
    Unknown = 0,
    /// On.
    Set = 1,
    /// Off.
    Reset = 2,
    /// Always on.
    AlwaysSet = 3,
    /// Always off.
    AlwaysReset = 4,
}

/// Different texts of combining marks at most.
const MARKS_MAX: u16 = 4_096;
/// Bytes of all such texts.
const MARKS_BYTES_MAX: usize = 128 * 1024;
/// Different hyperlinks at most.
const LINKS_MAX: u16 = 4_096;
/// Bytes of all hyperlinks.
const LINKS_BYTES_MAX: usize = 512 * 1024;

impl Screen {
    /// A fresh screen that keeps at most `history` lines that scrolled off its top.
    pub fn new(size: Size, history: usize) -> Self {
        let (cols, rows) = (usize::from(size.cols).max(1), usize::from(size.rows).max(1));
        let mut primary = Grid::new(cols, rows);
        primary.open(rows, 0);
        Self {
            size: Size { cols: cols as u16, rows: rows as u16 },
            primary,
            alternate: Grid::new(cols, rows),
            shown_by: None,
            history: History::new(history),
            row: 0,
            col: 0,
            pen: Pen::default(),
            pen_id: None,
            erase_id: None,
            charsets: Charsets::default(),
            modes: Modes::default(),
            last_width: 0,
            title: Title::default(),
            icon: Title::default(),
            colors: Colors::default(),
            styles: Styles::default(),
            marks: Interned::new(MARKS_MAX, MARKS_BYTES_MAX),
            links: Interned::new(LINKS_MAX, LINKS_BYTES_MAX),
            parser: Parser::new(),
            packed: Vec::new(),
        }
    }

    /// The size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The cursor of the screen that is shown. At the end of a full row it stands on the last column.
    pub fn cursor(&self) -> Cursor {
        Cursor {
            row: self.row as u16,
            col: self.col.min(self.cols() - 1) as u16,
            visible: self.modes.cursor_visible,
            style: self.modes.cursor_style,
        }
    }

    /// How many bytes at the end of what was fed belong to a sequence or character that is not complete. A dump
    /// is the state before them. (Of more than 32 controls inside one sequence the further ones act at once.)
    pub fn pending(&self) -> u64 {
        self.parser.pending()
    }

    /// The state of an ANSI mode (`private` false) or a DEC private mode (`private` true).
    pub fn mode(&self, private: bool, mode: u16) -> ModeState {
        self.modes.state(private, mode, self.alternate())
    }

    /// The Kitty keyboard flags in force on the screen that is shown.
    pub fn keyboard_flags(&self) -> u8 {
        self.grid().keyboard.flags()
    }

    /// The level of xterm's modifyOtherKeys, 0 to 2.
    pub fn modify_other_keys(&self) -> u8 {
        self.modes.modify_other_keys
    }

    /// The window's title.
    pub fn title(&self) -> &str {
        self.title.text()
    }

    /// Whether the alternate screen is shown.
    pub fn alternate(&self) -> bool {
        self.shown_by.is_some()
    }

    /// First and last row of the scroll region, counted from 0.
    pub fn scroll_region(&self) -> (u16, u16) {
        (self.grid().top as u16, self.grid().bottom as u16)
    }

    /// The colour the program gave an entry of the palette.
    pub fn palette_override(&self, index: u8) -> Option<(u8, u8, u8)> {
        self.colors.palette.get(&index).copied()
    }

    /// The colour the program gave to the background (OSC 11).
    pub fn background_override(&self) -> Option<(u8, u8, u8)> {
        self.colors.special[1]
    }

    /// Bytes of memory it takes, heap included, to within some percent.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.primary.memory()
            + self.alternate.memory()
            + self.history.memory()
            + self.styles.memory()
            + self.marks.memory()
            + self.links.memory()
            + self.packed.capacity()
    }

    /// Columns.
    #[inline]
    fn cols(&self) -> usize {
        usize::from(self.size.cols)
    }

    /// Rows.
    #[inline]
    fn rows(&self) -> usize {
        usize::from(self.size.rows)
    }

    /// The grid that is shown.
    #[inline]
    fn grid(&self) -> &Grid {
        if self.shown_by.is_some() { &self.alternate } else { &self.primary }
    }

    /// The grid that is shown, to change it.
    #[inline]
    fn grid_mut(&mut self) -> &mut Grid {
        if self.shown_by.is_some() { &mut self.alternate } else { &mut self.primary }
    }
}
