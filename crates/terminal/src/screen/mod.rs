//! A terminal's screen as a value: feed it what a program wrote, ask it what a person would see.

use protocol::Size;

/// The screen of one terminal.
pub struct Screen {
    size: Size,
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

impl Screen {
    /// A fresh screen that keeps at most `history` lines that scrolled off its top.
    pub fn new(size: Size, history: usize) -> Self {
        let _ = history;
        Self { size }
    }

    /// Takes in the next bytes of the program's output; they may end anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        let _ = bytes;
    }

    /// Changes the size.
    pub fn resize(&mut self, size: Size) {
        self.size = size;
    }

    /// The size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The cursor of the screen that is shown.
    pub fn cursor(&self) -> Cursor {
        Cursor { row: 0, col: 0, visible: true, style: 0 }
    }

    /// How many bytes at the end of what was fed belong to a sequence or character that is not complete. A dump
    /// is the state before them.
    pub fn pending(&self) -> u64 {
        0
    }

    /// The bytes that turn a fresh terminal of the same size into this one: lines that scrolled off (the newest
    /// `history` of them), both screens, modes, cursor, styles.
    pub fn dump(&self, history: usize) -> Vec<u8> {
        let _ = history;
        Vec::new()
    }

    /// The rows of the screen as text, trailing blanks cut.
    pub fn lines(&self) -> Vec<String> {
        Vec::new()
    }

    /// The state of an ANSI mode (`private` false) or a DEC private mode (`private` true).
    pub fn mode(&self, private: bool, mode: u16) -> ModeState {
        let _ = (private, mode);
        ModeState::Unknown
    }

    /// The Kitty keyboard flags in force on the screen that is shown.
    pub fn keyboard_flags(&self) -> u8 {
        0
    }

    /// The level of xterm's modifyOtherKeys, 0 to 2.
    pub fn modify_other_keys(&self) -> u8 {
        0
    }
}
