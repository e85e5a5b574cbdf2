//! Keys: their names, the bytes a terminal sends for them in the modes a program set, and the detach key.
//!
//! Sending a key is the reverse of what a terminal does, so it follows the terminals: legacy forms first, the Kitty
//! protocol or modifyOtherKeys where the program asked for it. Releases of keys are never sent.

mod detach;
mod encode;
mod name;

pub use detach::{DetachKey, DetachWatch, Press};
pub use name::KeyError;

use crate::screen::{ModeState, Screen};

/// One key with its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    code: Code,
    modifiers: Modifiers,
}

/// Shift, Alt and Control, as the bits that terminals report.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
struct Modifiers(u8);

impl Modifiers {
    const NONE: Self = Self(0);
    const SHIFT: Self = Self(1);
    const ALT: Self = Self(2);
    const CTRL: Self = Self(4);

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Which key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Code {
    Char(char),
    Enter,
    Tab,
    Escape,
    Backspace,
    /// A key that ends in this letter: arrows, Home, End.
    Cursor(u8),
    /// A key with this number before `~`: Insert, Delete, PageUp, PageDown.
    Edit(u8),
    /// F1 to F20.
    Function(u8),
    /// The keypad's key for this character; CR is its Enter.
    Keypad(u8),
}

/// What a program set of the keyboard's modes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyModes {
    /// DECCKM: arrows as `ESC O`.
    pub application_cursor: bool,
    /// DECNKM: the keypad as `ESC O`.
    pub application_keypad: bool,
    /// The Kitty keyboard flags.
    pub kitty: u8,
    /// The level of modifyOtherKeys.
    pub modify_other_keys: u8,
}

impl KeyModes {
    /// The modes in force on a screen.
    pub fn of(screen: &Screen) -> Self {
        let set = |mode| screen.mode(true, mode) == ModeState::Set;
        Self {
            application_cursor: set(1),
            application_keypad: set(66),
            kitty: screen.keyboard_flags(),
            modify_other_keys: screen.modify_other_keys(),
        }
    }
}
