//! Names of keys, as tmux has them: `C-c`, `M-x`, `S-Tab`, `Enter`, `F5`, a single character.

use super::{Code, Key, Modifiers};
use std::fmt;
use std::str::FromStr;

/// Names that are proposed for one that is not known.
const MAX_NEAREST: usize = 3;

/// Why a text names no key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// No key has this name.
    #[error("no key is called `{name}`{}", hint(nearest))]
    Unknown {
        /// The name as it was given.
        name: String,
        /// The names most like it, best first.
        nearest: Vec<String>,
    },
    /// A key that people type all the time cannot detach.
    #[error(
        "`{0}` would be missing from what you type; write a key with Control or Alt, such as C-], or none"
    )]
    Plain(String),
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) }
}

/// Every key with a name; the first of several names is the one that is proposed.
const NAMES: &[(&str, Code)] = &[
    ("Enter", Code::Enter),
    ("Return", Code::Enter),
    ("Tab", Code::Tab),
    ("Escape", Code::Escape),
    ("Esc", Code::Escape),
    ("Space", Code::Char(' ')),
    ("BSpace", Code::Backspace),
    ("Backspace", Code::Backspace),
    ("Up", Code::Cursor(b'A')),
    ("Down", Code::Cursor(b'B')),
    ("Right", Code::Cursor(b'C')),
    ("Left", Code::Cursor(b'D')),
    ("Home", Code::Cursor(b'H')),
    ("End", Code::Cursor(b'F')),
    ("Insert", Code::Edit(2)),
    ("IC", Code::Edit(2)),
    ("Delete", Code::Edit(3)),
    ("DC", Code::Edit(3)),
    ("PageUp", Code::Edit(5)),
    ("PgUp", Code::Edit(5)),
    ("PPage", Code::Edit(5)),
    ("PageDown", Code::Edit(6)),
    ("PgDn", Code::Edit(6)),
    ("NPage", Code::Edit(6)),
    ("KPEnter", Code::Keypad(b'\r')),
];

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        let (modifiers, base) = split_modifiers(name);
        if base.eq_ignore_ascii_case("BTab") {
            return Ok(Self { code: Code::Tab, modifiers: modifiers.with(Modifiers::SHIFT) });
        }
        match code(base) {
            Some(code) => Ok(Self::new(code, modifiers)),
            None => Err(unknown(name, base)),
        }
    }
}

impl fmt::Display for Key {
    /// A name that is read as this key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, prefix) in [(Modifiers::CTRL, "C-"), (Modifiers::ALT, "M-"), (Modifiers::SHIFT, "S-")]
        {
            if self.modifiers.has(modifier) {
                f.write_str(prefix)?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, Code::Function(number)) => write!(f, "F{number}"),
            (None, Code::Keypad(key)) => write!(f, "KP{}", char::from(key)),
            (None, code) => unreachable!("{code:?} has a name"),
        }
    }
}

impl Key {
    /// `A` is Shift and `a`; with Control the case says nothing, as `C-A` is how many write `C-a`.
    fn new(code: Code, modifiers: Modifiers) -> Self {
        match code {
            Code::Char(c) if c.is_ascii_uppercase() => {
                let shift = if modifiers.has(Modifiers::CTRL) { Modifiers::NONE } else { Modifiers::SHIFT };
                Self { code: Code::Char(c.to_ascii_lowercase()), modifiers: modifiers.with(shift) }
            }
            _ => Self { code, modifiers },
        }
    }
}

/// The modifiers before a name, in any order, and the name.
fn split_modifiers(name: &str) -> (Modifiers, &str) {
    let mut modifiers = Modifiers::NONE;
    let mut rest = name;
    while rest.len() > 2 && rest.as_bytes()[1] == b'-' {
        modifiers = modifiers.with(match rest.as_bytes()[0] {
            b'C' | b'c' => Modifiers::CTRL,
            b'M' | b'm' | b'A' | b'a' => Modifiers::ALT,
            b'S' | b's' => Modifiers::SHIFT,
            _ => break,
        });
        rest = &rest[2..];
    }
    match rest.strip_prefix('^') {
        Some(letter) if letter.chars().count() == 1 => (modifiers.with(Modifiers::CTRL), letter),
        _ => (modifiers, rest),
    }
}

fn code(name: &str) -> Option<Code> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return (!c.is_control()).then_some(Code::Char(c));
    }
    let named = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    named.map(|(_, code)| *code).or_else(|| function(name)).or_else(|| keypad(name))
}

fn function(name: &str) -> Option<Code> {
    let number = name.strip_prefix(['F', 'f'])?.parse().ok()?;
    (1..=20).contains(&number).then_some(Code::Function(number))
}

fn keypad(name: &str) -> Option<Code> {
    match name.as_bytes() {
        [b'K' | b'k', b'P' | b'p', key @ (b'0'..=b'9' | b'.' | b'+' | b'-' | b'*' | b'/')] => {
            Some(Code::Keypad(*key))
        }
        _ => None,
    }
}

fn unknown(name: &str, base: &str) -> KeyError {
    let prefix = &name[..name.len() - base.len()];
    let wanted = base.to_ascii_lowercase();
    let functions = (1..=12).map(|n| format!("F{n}"));
    let all = NAMES.iter().map(|(known, _)| (*known).to_owned()).chain(functions);
    let mut ranked: Vec<(usize, String)> =
        all.map(|known| (distance(&wanted, &known.to_ascii_lowercase()), known)).collect();
    ranked.sort_by_key(|(distance, _)| *distance);
    let best = ranked.first().map_or(0, |(distance, _)| *distance);
    let near = |(distance, known): &(usize, String)| *distance == best && best <= 1 + known.len() / 3;
    let nearest = ranked.into_iter().filter(near).take(MAX_NEAREST);
    KeyError::Unknown {
        name: name.to_owned(),
        nearest: nearest.map(|(_, known)| format!("{prefix}{known}")).collect(),
    }
}

/// Levenshtein's distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_the_nearest() {
        for (name, expect) in [
            ("Entr", "no key is called `Entr`; did you mean Enter?"),
            ("C-S-Lefft", "no key is called `C-S-Lefft`; did you mean C-S-Left?"),
            ("pgupp", "no key is called `pgupp`; did you mean PgUp?"),
            ("xyzzyxyzzy", "no key is called `xyzzyxyzzy`"),
            ("", "no key is called ``"),
            ("F21", "no key is called `F21`; did you mean F1, F2, F11?"),
        ] {
            let error = name.parse::<Key>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{name}: {error}");
        }
        for name in ["C-", "KPx", "Ctrl-C", "F0", "\x1b", "^ab"] {
            assert!(name.parse::<Key>().is_err(), "{name}");
        }
    }
}
