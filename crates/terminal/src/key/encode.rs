//! The bytes of a key in the modes that a program set: a table of the terminals' conventions.

use super::{Code, Key, KeyModes, Modifiers};

/// Kitty: escape codes for what would be ambiguous.
const DISAMBIGUATE: u8 = 1;
/// Kitty: report the shifted key too.
const ALTERNATES: u8 = 4;
/// Kitty: escape codes for every key.
const ALL_KEYS: u8 = 8;
/// Kitty: report the text too.
const TEXT: u8 = 16;

/// The numbers before `~` of F5 to F20.
const FUNCTION_NUMBERS: [u32; 16] = [15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34];

impl Key {
    /// The bytes that a terminal in these modes sends for this key.
    pub fn encode(&self, modes: KeyModes) -> Vec<u8> {
        if modes.kitty & (DISAMBIGUATE | ALL_KEYS) != 0 {
            return self.kitty(modes);
        }
        if self.goes_as_other_key(modes.modify_other_keys) {
            return format!("\x1b[27;{};{}~", self.modifiers.0 + 1, self.number().0).into_bytes();
        }
        self.legacy(modes)
    }

    /// The number and the final byte under which CSI forms report this key.
    pub(super) fn number(&self) -> (u32, u8) {
        match self.code {
            Code::Char(c) => (u32::from(c), b'u'),
            Code::Enter => (13, b'u'),
            Code::Tab => (9, b'u'),
            Code::Escape => (27, b'u'),
            Code::Backspace => (127, b'u'),
            Code::Cursor(letter) => (1, letter),
            Code::Edit(number) => (u32::from(number), b'~'),
            Code::Function(n @ (1 | 2 | 4)) => (1, b'P' + n - 1),
            Code::Function(3) => (13, b'~'),
            Code::Function(n) => (FUNCTION_NUMBERS[usize::from(n) - 5], b'~'),
            Code::Keypad(key) => (keypad_number(key), b'u'),
        }
    }

    /// modifyOtherKeys: level 1 for keys without a legacy form, level 2 for all that Control or Alt changes.
    fn goes_as_other_key(&self, level: u8) -> bool {
        let beyond_shift = self.modifiers.0 & !Modifiers::SHIFT.0 != 0;
        match (level, self.code) {
            (0, _) => false,
            (1, Code::Char(c)) => self.modifiers.has(Modifiers::CTRL) && control(c).is_none(),
            (1, Code::Enter) => self.modifiers.has(Modifiers::CTRL.with(Modifiers::SHIFT)),
            (1, Code::Tab) => self.modifiers.has(Modifiers::CTRL),
            (1, _) => false,
            (_, Code::Char(_)) => beyond_shift,
            (_, Code::Enter | Code::Tab | Code::Escape | Code::Backspace) => {
                self.modifiers != Modifiers::NONE
            }
            _ => false,
        }
    }

    fn legacy(&self, modes: KeyModes) -> Vec<u8> {
        let bytes = match self.code {
            Code::Char(c) => self.text_or_control(c),
            Code::Enter => b"\r".to_vec(),
            Code::Tab if self.modifiers.has(Modifiers::SHIFT) => b"\x1b[Z".to_vec(),
            Code::Tab => b"\t".to_vec(),
            Code::Escape => b"\x1b".to_vec(),
            Code::Backspace if self.modifiers.has(Modifiers::CTRL) => b"\x08".to_vec(),
            Code::Backspace => b"\x7f".to_vec(),
            Code::Keypad(key) if modes.application_keypad => keypad_application(key),
            Code::Keypad(key) => vec![key],
            Code::Cursor(letter) if self.modifiers == Modifiers::NONE && modes.application_cursor => {
                vec![0x1b, b'O', letter]
            }
            Code::Function(n @ 1..=4) if self.modifiers == Modifiers::NONE => vec![0x1b, b'O', b'P' + n - 1],
            Code::Function(3) => return format!("\x1b[1;{}R", self.modifiers.0 + 1).into_bytes(),
            Code::Cursor(_) | Code::Edit(_) | Code::Function(_) => return self.csi(),
        };
        if self.modifiers.has(Modifiers::ALT) { [b"\x1b".as_slice(), &bytes].concat() } else { bytes }
    }

    fn text_or_control(&self, c: char) -> Vec<u8> {
        match control(c).filter(|_| self.modifiers.has(Modifiers::CTRL)) {
            Some(byte) => vec![byte],
            None => self.text(c).to_string().into_bytes(),
        }
    }

    fn text(&self, c: char) -> char {
        if self.modifiers.has(Modifiers::SHIFT) { shifted(c) } else { c }
    }

    /// `CSI last`, `CSI number last` or `CSI number ; modifiers last`.
    fn csi(&self) -> Vec<u8> {
        let (number, last) = self.number();
        let last = char::from(last);
        match (number, self.modifiers) {
            (1, Modifiers::NONE) => format!("\x1b[{last}"),
            (_, Modifiers::NONE) => format!("\x1b[{number}{last}"),
            (_, Modifiers(bits)) => format!("\x1b[{number};{}{last}", bits + 1),
        }
        .into_bytes()
    }

    fn kitty(&self, modes: KeyModes) -> Vec<u8> {
        let all = modes.kitty & ALL_KEYS != 0;
        let plain = self.modifiers == Modifiers::NONE;
        match self.code {
            Code::Char(c) if !all && (plain || self.modifiers == Modifiers::SHIFT) => {
                self.text(c).to_string().into_bytes()
            }
            Code::Char(c) => self.kitty_char(c, modes.kitty),
            Code::Enter | Code::Tab | Code::Backspace if plain && !all => self.legacy(modes),
            Code::Keypad(key) if plain && !all && key != b'\r' => vec![key],
            Code::Function(n @ 13..) => {
                let key = Self { code: Code::Char(function_char(n)), ..*self };
                key.csi()
            }
            _ => self.csi(),
        }
    }

    fn kitty_char(&self, c: char, flags: u8) -> Vec<u8> {
        let mut numbers = u32::from(c).to_string();
        let shift = self.modifiers.has(Modifiers::SHIFT) && shifted(c) != c;
        if flags & ALTERNATES != 0 && shift {
            numbers.push_str(&format!(":{}", u32::from(shifted(c))));
        }
        let plain = self.modifiers == Modifiers::NONE;
        let modifiers = if plain { String::new() } else { (self.modifiers.0 + 1).to_string() };
        let types_text = self.modifiers.0 & !Modifiers::SHIFT.0 == 0;
        let tail = match (flags & TEXT != 0 && types_text, plain) {
            (true, _) => format!(";{modifiers};{}", u32::from(self.text(c))),
            (false, true) => String::new(),
            (false, false) => format!(";{modifiers}"),
        };
        format!("\x1b[{numbers}{tail}u").into_bytes()
    }
}

/// F13 to F20 have numbers of the private use area in the Kitty protocol.
fn function_char(n: u8) -> char {
    char::from_u32(57376 + u32::from(n) - 13).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// What Shift makes of a character; other than letters it depends on the keyboard, so they stay.
fn shifted(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

/// The control character that Control makes of a key, in the VT220's table.
fn control(c: char) -> Option<u8> {
    Some(match c {
        'a'..='z' => c as u8 & 0x1f,
        ' ' | '@' | '2' => 0,
        '[' | '3' => 0x1b,
        '\\' | '4' => 0x1c,
        ']' | '5' => 0x1d,
        '^' | '~' | '6' => 0x1e,
        '_' | '/' | '7' => 0x1f,
        '?' | '8' => 0x7f,
        _ => return None,
    })
}

fn keypad_application(key: u8) -> Vec<u8> {
    let letter = match key {
        b'\r' => b'M',
        b'0'..=b'9' => b'p' + key - b'0',
        // `*` to `/` are `j` to `o`.
        _ => key - b'*' + b'j',
    };
    vec![0x1b, b'O', letter]
}

fn keypad_number(key: u8) -> u32 {
    match key {
        b'0'..=b'9' => 57399 + u32::from(key - b'0'),
        b'.' => 57409,
        b'/' => 57410,
        b'*' => 57411,
        b'-' => 57412,
        b'+' => 57413,
        _ => 57414,
    }
}

#[cfg(test)]
mod tests;
