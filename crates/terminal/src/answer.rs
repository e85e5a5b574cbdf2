//! Answers to queries, from the screen and the profile of the terminal in control (T14, T37).
//!
//! An answer is given only where it is known to be what that terminal would say. Silence can be known too: a
//! terminal without the Kitty keyboard does not answer `?u`, and the program learns it from the DA1 behind it.

use crate::profile::{OPTIONAL_MODES, Profile, Scheme};
use crate::query::{Query, Terminator};
use crate::screen::{Cursor, ModeState, Screen};
use protocol::Size;
use std::io::Write;

/// What a valid answer to DECRQSS begins with.
const VALID_SETTING: &[u8] = b"\x1bP1$r";
/// The answer to a setting that is not known.
const NO_SETTING: &[u8] = b"\x1bP0$r\x1b\\";

/// What the screen says to one query, taken down where the query stands: an answer may be given later than that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    cursor: Cursor,
    size: Size,
    /// Of the mode that is asked for.
    mode: ModeState,
    keyboard_flags: u8,
    modify_other_keys: u8,
}

impl Seen {
    /// Looks at the screen for this query.
    pub fn at(query: &Query, screen: &Screen) -> Self {
        Self {
            cursor: screen.cursor(),
            size: screen.size(),
            mode: match query {
                Query::Mode { private, mode } => screen.mode(*private, *mode),
                _ => ModeState::Unknown,
            },
            keyboard_flags: screen.keyboard_flags(),
            modify_other_keys: screen.modify_other_keys(),
        }
    }
}

/// Appends the answer to `out`, all of it or nothing. False: not known here; the terminal in control may be asked.
pub fn answer(query: &Query, seen: &Seen, profile: &Profile, out: &mut Vec<u8>) -> bool {
    match query {
        Query::PrimaryAttributes => say(out, format_args!("\x1b[?{}c", profile.primary)),
        Query::SecondaryAttributes => match &profile.secondary {
            Some(secondary) => say(out, format_args!("\x1b[>{secondary}c")),
            None => true,
        },
        Query::TertiaryAttributes => plain(profile, out, "\x1bP!|00000000\x1b\\"),
        Query::Operating => say(out, format_args!("\x1b[0n")),
        Query::CursorPosition => position(seen, "", out),
        Query::ExtendedCursorPosition => position(seen, "?", out),
        Query::PrivateStatus(report) => status(*report, profile, out),
        Query::Mode { private, mode } => mode_state(*private, *mode, seen, profile, out),
        Query::Version => match &profile.name {
            Some(name) => say(out, format_args!("\x1bP>|{name}\x1b\\")),
            None => true,
        },
        Query::KeyboardFlags if profile.kitty_keyboard => {
            say(out, format_args!("\x1b[?{}u", seen.keyboard_flags))
        }
        Query::KeyboardFlags => true,
        Query::ModifyKeys(4) => plain(profile, out, &format!("\x1b[>4;{}m", seen.modify_other_keys)),
        Query::Window { report, .. } => window(*report, seen, profile, out),
        Query::Parameters(n) => say(out, format_args!("\x1b[{};1;1;128;128;1;0x", n + 2)),
        Query::Setting(setting) => decrqss(setting, seen, profile, out),
        Query::Capabilities(names) => !profile.asked && capabilities(names, out),
        Query::Palette(entries, end) => palette(entries, *end, profile, out),
        Query::Colours { first, count, end } => colours(*first, *count, *end, profile, out),
        Query::ProgramStatus(_) if profile.program_status => say(out, format_args!("\x1b]7501;?\x1b\\")),
        Query::Graphics { id, direct, quiet } => graphics(*id, *direct, *quiet, profile, out),
        Query::ModifyKeys(_)
        | Query::Clipboard(..)
        | Query::ProgramStatus(_)
        | Query::Notifications(..)
        | Query::CellSize(_)
        | Query::Other(_) => false,
    }
}

fn say(out: &mut Vec<u8>, words: std::fmt::Arguments<'_>) -> bool {
    out.write_fmt(words).is_ok()
}

/// An answer for a session without a terminal; a real one was not asked this, and may differ.
fn plain(profile: &Profile, out: &mut Vec<u8>, words: &str) -> bool {
    !profile.asked && say(out, format_args!("{words}"))
}

fn position(seen: &Seen, prefix: &str, out: &mut Vec<u8>) -> bool {
    let (cursor, size) = (seen.cursor, seen.size);
    let row = u32::from(cursor.row.min(size.rows - 1)) + 1;
    let col = u32::from(cursor.col.min(size.cols - 1)) + 1;
    say(out, format_args!("\x1b[{prefix}{row};{col}R"))
}

/// No printer, no user-defined keys, a North American keyboard, no locator, all well.
fn status(report: u16, profile: &Profile, out: &mut Vec<u8>) -> bool {
    let scheme = profile.scheme().filter(|_| profile.modes.contains(&2031));
    let words = match report {
        15 => "?13n",
        25 => "?20n",
        26 => "?27;1;0;0n",
        53 | 55 => "?50n",
        56 => "?57;0n",
        75 => "?70n",
        85 => "?83n",
        996 => match scheme {
            Some(Scheme::Dark) => "?997;1n",
            Some(Scheme::Light) => "?997;2n",
            None => return true,
        },
        _ => return false,
    };
    say(out, format_args!("\x1b[{words}"))
}

fn mode_state(private: bool, mode: u16, seen: &Seen, profile: &Profile, out: &mut Vec<u8>) -> bool {
    let optional = private && OPTIONAL_MODES.contains(&mode);
    let state = match seen.mode {
        _ if optional && !profile.modes.contains(&mode) => ModeState::Unknown,
        ModeState::Unknown if optional => ModeState::Reset,
        state => state,
    };
    let prefix = if private { "?" } else { "" };
    say(out, format_args!("\x1b[{prefix}{mode};{}$y", state as u8))
}

fn window(report: u16, seen: &Seen, profile: &Profile, out: &mut Vec<u8>) -> bool {
    let size = seen.size;
    let (rows, cols) = (u32::from(size.rows), u32::from(size.cols));
    match (report, profile.cell) {
        (11, _) => say(out, format_args!("\x1b[1t")),
        (13, _) => plain(profile, out, "\x1b[3;0;0t"),
        (14, Some(cell)) => {
            let (height, width) = (rows * u32::from(cell.height), cols * u32::from(cell.width));
            say(out, format_args!("\x1b[4;{height};{width}t"))
        }
        (16, Some(cell)) => say(out, format_args!("\x1b[6;{};{}t", cell.height, cell.width)),
        // Asked at attach, and not told: such a terminal keeps silent.
        (14 | 16, None) => true,
        (18, _) => say(out, format_args!("\x1b[8;{rows};{cols}t")),
        (19, _) => plain(profile, out, &format!("\x1b[9;{rows};{cols}t")),
        // A title is the program's own text; reported back it would be typed into whatever reads next.
        (20, _) => say(out, format_args!("\x1b]L\x1b\\")),
        (21, _) => say(out, format_args!("\x1b]l\x1b\\")),
        _ => false,
    }
}

/// The cursor's style is known from the screen, and the level of conformance. The rest of a real terminal's
/// settings is not.
fn decrqss(setting: &[u8], seen: &Seen, profile: &Profile, out: &mut Vec<u8>) -> bool {
    let value = match setting {
        b" q" => seen.cursor.style.to_string(),
        b"\"p" => "62;1".into(),
        _ if profile.asked => return false,
        _ => {
            out.extend_from_slice(NO_SETTING);
            return true;
        }
    };
    out.extend_from_slice(VALID_SETTING);
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(setting);
    out.extend_from_slice(Terminator::St.bytes());
    true
}

/// The name and the number of colours; nothing else is promised.
fn capabilities(names: &[u8], out: &mut Vec<u8>) -> bool {
    for name in names.split(|b| *b == b';').filter(|name| !name.is_empty()) {
        let value: Option<&[u8]> = match unhex(name).as_deref() {
            Some(b"TN" | b"name") => Some(b"xterm-256color"),
            Some(b"Co" | b"colors") => Some(b"256"),
            _ => None,
        };
        out.extend_from_slice(if value.is_some() { b"\x1bP1+r" } else { b"\x1bP0+r" });
        out.extend_from_slice(name);
        if let Some(value) = value {
            out.push(b'=');
            value.iter().for_each(|byte| out.extend_from_slice(format!("{byte:02x}").as_bytes()));
        }
        out.extend_from_slice(Terminator::St.bytes());
    }
    true
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() % 2 == 0)?;
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

fn palette(entries: &[u8], end: Terminator, profile: &Profile, out: &mut Vec<u8>) -> bool {
    let Some(known) = entries.iter().map(|n| profile.colour(*n)).collect::<Option<Vec<_>>>() else {
        return false;
    };
    for (entry, colour) in entries.iter().zip(known) {
        out.extend_from_slice(format!("\x1b]4;{entry};{colour}").as_bytes());
        out.extend_from_slice(end.bytes());
    }
    true
}

fn colours(first: u8, count: u8, end: Terminator, profile: &Profile, out: &mut Vec<u8>) -> bool {
    if first + count > 13 {
        return false;
    }
    for number in first..first + count {
        let colour = match number {
            10 => profile.foreground,
            11 => profile.background,
            _ => profile.cursor,
        };
        if let Some(colour) = colour {
            out.extend_from_slice(format!("\x1b]{number};{colour}").as_bytes());
            out.extend_from_slice(end.bytes());
        }
    }
    true
}

/// A terminal with graphics takes a direct transmission; whether it can read our files is for it to say.
fn graphics(id: Option<u32>, direct: bool, quiet: u8, profile: &Profile, out: &mut Vec<u8>) -> bool {
    match (profile.kitty_graphics, id) {
        (false, _) | (true, None) => true,
        (true, Some(_)) if !direct => false,
        (true, Some(_)) if quiet > 0 => true,
        (true, Some(id)) => say(out, format_args!("\x1b_Gi={id};OK\x1b\\")),
    }
}

#[cfg(test)]
mod tests;
