//! Whether what is typed now is a secret (T31).
//!
//! Echo off in canonical mode is how every password prompt of a shell command looks. Programs that draw their own
//! stars switch to raw mode, as every full-screen program does, so there only the screen tells: [`asks`] judges what
//! stands around the cursor, and [`Secrecy`] keeps to the answer until the line is over. A wrong "yes" costs the
//! record of a line; a wrong "no" writes a password down.

mod field;
mod frame;
mod prompt;
#[cfg(test)]
mod tests;

pub use field::asks;

use crate::pty::InputMode;

/// What is typed in raw mode stays secret for so many bytes at most, should no key ever end it: longer than any
/// token, and a program whose screen was misread gets its record back.
const MAX_SECRET_BYTES: usize = 16 << 10; // 16 KiB

/// Keys that end a line or leave a prompt, as the keyboard protocols of kitty and xterm write them: Return, Escape,
/// Ctrl-C, Ctrl-D, and Enter on the keypad.
const ENDS: &[&[u8]] = &[
    b"\x1b[13u",
    b"\x1b[27u",
    b"\x1b[99;5u",
    b"\x1b[100;5u",
    b"\x1b[57414u",
    b"\x1b[27;5;99~",
    b"\x1b[27;5;100~",
    b"\x1bOM",
];
const PASTE: [&[u8]; 2] = [b"\x1b[200~", b"\x1b[201~"];

/// Whether what is typed is a secret, from one key to the next.
#[derive(Default)]
pub struct Secrecy {
    /// Bytes typed in raw mode since a prompt for a secret was seen; `None` outside of one.
    typed: Option<usize>,
}

impl Secrecy {
    /// Whether these bytes, about to be typed, must not be written down. `screen_asks` is called only where neither
    /// the terminal's settings nor what was typed before can tell.
    pub fn hides(&mut self, mode: InputMode, bytes: &[u8], screen_asks: impl FnOnce() -> bool) -> bool {
        if mode.echo || mode.canonical {
            self.typed = None;
            return !mode.echo;
        }
        let typed = self.typed.take().filter(|typed| *typed < MAX_SECRET_BYTES);
        // Once it began it goes on whatever the screen shows: stars that wrap, a hint, a counter.
        let secret = typed.is_some() || screen_asks();
        if secret && !ends(bytes) {
            self.typed = Some(typed.unwrap_or(0) + bytes.len());
        }
        secret
    }

    /// Whether a secret was begun and may go on, which only what was typed before tells, neither terminal nor screen.
    pub fn is_open(&self, mode: InputMode) -> bool {
        !mode.echo && !mode.canonical && self.typed.is_some_and(|typed| typed < MAX_SECRET_BYTES)
    }
}

/// Whether a line is over with these bytes. An Escape counts where it is a key of its own and no arrow; a line end in a
/// paste does not.
fn ends(bytes: &[u8]) -> bool {
    let bytes = match bytes.strip_prefix(PASTE[0]) {
        Some(pasted) => {
            let end = pasted.windows(PASTE[1].len()).position(|window| window == PASTE[1]);
            end.map_or(&[][..], |end| &pasted[end + PASTE[1].len()..])
        }
        None => bytes,
    };
    bytes == b"\x1b"
        || bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 3 | 4))
        || ENDS.iter().any(|end| bytes.ends_with(end))
}
