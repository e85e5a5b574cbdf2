//! What a program asks its terminal. The scanner finds these, `answer` replies to them.
//!
//! This is a list of words, not a parser: the grammar lives beside the scanner.

use crate::reply::ReplyKind;

/// How a string sequence was ended; an answer ends the same way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Terminator {
    /// BEL, which only an OSC can end with.
    Bel,
    /// ST, as `ESC \` or U+009C.
    St,
}

impl Terminator {
    /// The bytes that end a reply.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::Bel => b"\x07",
            Self::St => b"\x1b\\",
        }
    }
}

/// One question of a program to its terminal.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Query {
    /// DA1, `CSI c`; programs use it as a fence behind other questions. DECID (`ESC Z`) is the same question.
    PrimaryAttributes,
    /// DA2, `CSI > c`.
    SecondaryAttributes,
    /// DA3, `CSI = c`.
    TertiaryAttributes,
    /// DSR, `CSI 5 n`: are you well?
    Operating,
    /// CPR, `CSI 6 n`.
    CursorPosition,
    /// DECXCPR, `CSI ? 6 n`.
    ExtendedCursorPosition,
    /// The other private reports, `CSI ? n n`: 15 printer, 25 keys, 26 keyboard, 996 colour scheme...
    PrivateStatus(u16),
    /// DECRQM, `CSI n $ p` and `CSI ? n $ p`.
    Mode {
        /// Whether it is a DEC private mode.
        private: bool,
        /// The mode's number.
        mode: u16,
    },
    /// XTVERSION, `CSI > q`.
    Version,
    /// The Kitty keyboard flags in force, `CSI ? u`.
    KeyboardFlags,
    /// XTQMODKEYS, `CSI ? n m`; 4 is modifyOtherKeys.
    ModifyKeys(u16),
    /// A window report, `CSI n t` or `CSI n ; of t`: 14 pixels, 16 cell, 18 cells...
    Window {
        /// Which report: 11, 13 to 16 or 18 to 21.
        report: u16,
        /// The second parameter, 0 where it is missing; `14;2` asks for the whole window.
        of: u16,
    },
    /// DECREQTPARM, `CSI x`, with its parameter 0 or 1.
    Parameters(u16),
    /// DECRQSS, `DCS $ q ... ST`: the setting's final bytes, such as `m` or ` q`.
    Setting(Vec<u8>),
    /// XTGETTCAP, `DCS + q ... ST`: names in hexadecimal, `;` between.
    Capabilities(Vec<u8>),
    /// `OSC 4 ; n ; ?`, with one or more entries.
    Palette(Vec<u8>, Terminator),
    /// `OSC 10 ; ?` to `OSC 19 ; ?`; several `?` ask for the following numbers too.
    Colours {
        /// The first OSC number asked for: 10 foreground, 11 background, 12 cursor...
        first: u8,
        /// How many in a row, at least 1.
        count: u8,
        /// How it ended.
        end: Terminator,
    },
    /// `OSC 52 ; x ; ?`: the clipboard.
    Clipboard(Vec<u8>, Terminator),
    /// `OSC 7501 ; ?`: does the terminal take program status reports?
    ProgramStatus(Terminator),
    /// `OSC 99 ; i=x:p=? ;`: what desktop notifications can do; with its metadata.
    Notifications(Vec<u8>, Terminator),
    /// `OSC 1337 ; ReportCellSize`.
    CellSize(Terminator),
    /// Kitty graphics with `a=q`.
    Graphics {
        /// The value of `i`.
        id: Option<u32>,
        /// Whether the transmission is direct (`t=d`, or no `t`), which every terminal with graphics takes.
        direct: bool,
        /// The value of `q`: 1 silences a success, 2 a failure too.
        quiet: u8,
    },
    /// Certainly a question, and none that we know more of; the whole sequence.
    Other(Vec<u8>),
}

impl Query {
    /// The shape of the answer a terminal would send, so that it can be told from typing.
    pub fn reply(&self) -> ReplyKind {
        match self {
            Self::PrimaryAttributes => ReplyKind::csi(b"?", b"c"),
            Self::SecondaryAttributes => ReplyKind::csi(b">", b"c"),
            Self::TertiaryAttributes => ReplyKind::Dcs(b"!|"),
            Self::Operating => ReplyKind::csi(b"", b"n"),
            Self::CursorPosition => ReplyKind::csi(b"", b"R"),
            Self::ExtendedCursorPosition => ReplyKind::csi(b"?", b"R"),
            Self::PrivateStatus(_) => ReplyKind::csi(b"?", b"n"),
            Self::Mode { private: true, .. } => ReplyKind::csi(b"?", b"$y"),
            Self::Mode { private: false, .. } => ReplyKind::csi(b"", b"$y"),
            Self::Version => ReplyKind::Dcs(b">|"),
            Self::KeyboardFlags => ReplyKind::csi(b"?", b"u"),
            Self::ModifyKeys(_) => ReplyKind::csi(b">", b"m"),
            Self::Window { report: 20, .. } => ReplyKind::Label(b'L'),
            Self::Window { report: 21, .. } => ReplyKind::Label(b'l'),
            Self::Window { .. } => ReplyKind::csi(b"", b"t"),
            Self::Parameters(_) => ReplyKind::csi(b"", b"x"),
            Self::Setting(_) => ReplyKind::Dcs(b"$r"),
            Self::Capabilities(_) => ReplyKind::Dcs(b"+r"),
            Self::Palette(..) => ReplyKind::Osc(4),
            Self::Colours { first, .. } => ReplyKind::Osc(u16::from(*first)),
            Self::Clipboard(..) => ReplyKind::Osc(52),
            Self::ProgramStatus(_) => ReplyKind::Osc(7501),
            Self::Notifications(..) => ReplyKind::Osc(99),
            Self::CellSize(_) => ReplyKind::Osc(1337),
            Self::Graphics { .. } => ReplyKind::Graphics,
            Self::Other(_) => ReplyKind::Any,
        }
    }

    /// How many sequences the answer has at most.
    pub fn replies(&self) -> usize {
        match self {
            Self::Palette(entries, _) => entries.len(),
            Self::Colours { count, .. } => usize::from(*count),
            Self::Capabilities(names) => names.split(|byte| *byte == b';').count(),
            _ => 1,
        }
    }
}
