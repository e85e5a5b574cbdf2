//! Modes a program can switch (SM, RM, DECSET, DECRST) and how each is asked for and written.
//!
//! Only the state: what switching a mode does to the screen is in `perform/mode.rs`.

use super::ModeState;

/// The state of every mode but the one of the alternate screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Modes {
    /// IRM, ANSI 4.
    pub insert: bool,
    /// LNM, ANSI 20.
    pub newline: bool,
    /// DECOM, 6.
    pub origin: bool,
    /// DECAWM, 7.
    pub wrap: bool,
    /// 45.
    pub reverse_wrap: bool,
    /// DECTCEM, 25.
    pub cursor_visible: bool,
    /// Modes that are only remembered, in the order of [`PLAIN`].
    plain: [bool; PLAIN.len()],
    /// Mouse protocol: 0, 9, 1000, 1002 or 1003; setting one replaces the other.
    pub mouse: u16,
    /// Mouse encoding: 0, 1006 or 1016.
    pub mouse_encoding: u16,
    /// Level of xterm's modifyOtherKeys.
    pub modify_other_keys: u8,
    /// DECSCUSR.
    pub cursor_style: u8,
}

/// DEC private modes that mean nothing to the screen itself: DECCKM, reverse video, blinking cursor, keypad,
/// highlight tracking, focus, two old mouse encodings, bracketed paste, synchronized output, grapheme clusters,
/// colour scheme reports.
const PLAIN: [u16; 12] = [1, 5, 12, 66, 1001, 1004, 1005, 1015, 2004, 2026, 2027, 2031];
/// Those a soft reset (DECSTR) puts back, as xterm.js does.
const SOFT: [u16; 5] = [1, 66, 1004, 2004, 2026];

impl Default for Modes {
    fn default() -> Self {
        Self {
            insert: false,
            newline: false,
            origin: false,
            wrap: true,
            reverse_wrap: false,
            cursor_visible: true,
            plain: [false; PLAIN.len()],
            mouse: 0,
            mouse_encoding: 0,
            modify_other_keys: 0,
            cursor_style: 0,
        }
    }
}

impl Modes {
    /// Sets or resets a DEC private mode that the screen does not act on; other numbers are ignored.
    pub(super) fn set_private(&mut self, mode: u16, on: bool) {
        if let Some(place) = PLAIN.iter().position(|known| *known == mode) {
            self.plain[place] = on;
        }
        match mode {
            7 => self.wrap = on,
            25 => self.cursor_visible = on,
            45 => self.reverse_wrap = on,
            9 | 1000 | 1002 | 1003 => self.mouse = if on { mode } else { 0 },
            1006 | 1016 => self.mouse_encoding = if on { mode } else { 0 },
            _ => {}
        }
    }

    /// What DECSTR puts back.
    pub(super) fn soft_reset(&mut self) {
        self.insert = false;
        self.origin = false;
        self.wrap = true;
        self.reverse_wrap = false;
        self.cursor_visible = true;
        self.cursor_style = 0;
        SOFT.iter().for_each(|mode| self.set_private(*mode, false));
    }

    /// The state of a mode, for DECRQM; `alternate` says which screen is shown.
    pub(super) fn state(&self, private: bool, mode: u16, alternate: bool) -> ModeState {
        let of = |on| if on { ModeState::Set } else { ModeState::Reset };
        if !private {
            return match mode {
                2 => ModeState::AlwaysReset,
                4 => of(self.insert),
                12 => ModeState::AlwaysSet,
                20 => of(self.newline),
                _ => ModeState::Unknown,
            };
        }
        if let Some(place) = PLAIN.iter().position(|known| *known == mode) {
            return of(self.plain[place]);
        }
        match mode {
            6 => of(self.origin),
            7 => of(self.wrap),
            8 => ModeState::AlwaysSet,
            25 => of(self.cursor_visible),
            45 => of(self.reverse_wrap),
            47 | 1047 | 1049 => of(alternate),
            67 => ModeState::AlwaysReset,
            9 | 1000 | 1002 | 1003 => of(self.mouse == mode),
            1006 | 1016 => of(self.mouse_encoding == mode),
            1048 => ModeState::Set,
            _ => ModeState::Unknown,
        }
    }

    /// Writes the sequences that lead from a fresh terminal here. Origin, insert and the cursor's position depend
    /// on each other, so the dump writes those itself.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (mode, _) in PLAIN.iter().zip(self.plain).filter(|(_, on)| *on) {
            match mode {
                // More terminals know DECKPAM than the mode of the same meaning.
                66 => out.extend(b"\x1b="),
                _ => out.extend(format!("\x1b[?{mode}h").bytes()),
            }
        }
        for mode in [self.mouse, self.mouse_encoding, u16::from(self.reverse_wrap) * 45] {
            if mode != 0 {
                out.extend(format!("\x1b[?{mode}h").bytes());
            }
        }
        if !self.wrap {
            out.extend(b"\x1b[?7l");
        }
        if self.newline {
            out.extend(b"\x1b[20h");
        }
        if !self.cursor_visible {
            out.extend(b"\x1b[?25l");
        }
        if self.cursor_style != 0 {
            out.extend(format!("\x1b[{} q", self.cursor_style).bytes());
        }
        if self.modify_other_keys != 0 {
            out.extend(format!("\x1b[>4;{}m", self.modify_other_keys).bytes());
        }
    }

    /// Writes the sequences that lead from here to a fresh terminal.
    pub(super) fn write_reset(&self, out: &mut Vec<u8>) {
        for (mode, _) in PLAIN.iter().zip(self.plain).filter(|(_, on)| *on) {
            match mode {
                66 => out.extend(b"\x1b>"),
                _ => out.extend(format!("\x1b[?{mode}l").bytes()),
            }
        }
        let private =
            [self.mouse, self.mouse_encoding, u16::from(self.reverse_wrap) * 45, u16::from(self.origin) * 6];
        for mode in private.into_iter().filter(|mode| *mode != 0) {
            out.extend(format!("\x1b[?{mode}l").bytes());
        }
        let rest: [(bool, &[u8]); 6] = [
            (self.insert, b"\x1b[4l"),
            (self.newline, b"\x1b[20l"),
            (!self.wrap, b"\x1b[?7h"),
            (!self.cursor_visible, b"\x1b[?25h"),
            (self.cursor_style != 0, b"\x1b[0 q"),
            (self.modify_other_keys != 0, b"\x1b[>4m"),
        ];
        rest.iter().filter(|(set, _)| *set).for_each(|(_, sequence)| out.extend(*sequence));
    }
}
