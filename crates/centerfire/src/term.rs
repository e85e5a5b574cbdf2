//! What standard output and error are: colours only for people, and only if they want them.

use crate::config::Colours;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

static CHOSEN: OnceLock<Colours> = OnceLock::new();

/// Takes the person's choice from the configuration; before it is known, or without one, it is `auto`.
pub(crate) fn choose(colours: Colours) {
    let _ = CHOSEN.set(colours);
}

fn wanted(is_terminal: bool) -> bool {
    match CHOSEN.get().unwrap_or(&Colours::Auto) {
        Colours::Always => true,
        Colours::Never => false,
        Colours::Auto => {
            is_terminal
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// Whether standard output takes colours.
pub(crate) fn colour_on_stdout() -> bool {
    wanted(std::io::stdout().is_terminal())
}

/// Whether standard error takes colours.
pub(crate) fn colour_on_stderr() -> bool {
    wanted(std::io::stderr().is_terminal())
}

/// Whether a line on standard error can be written over.
pub(crate) fn rewrites_on_stderr() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Prints a line. Whoever stops reading, as `| head` does, has what they wanted: unlike `println!` it never panics.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Text of others on one line of ours: what would move the cursor becomes a blank, what turns the direction of writing a
/// sign.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { straight(c) }).collect()
}

/// Text of others in lines of its own.
pub(crate) fn plain_lines(text: &str) -> String {
    let plain = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => '\u{fffd}',
        c => straight(c),
    };
    text.chars().map(plain).collect()
}

/// A text that is read in another order than it stands could say another thing than what is allowed.
fn straight(c: char) -> char {
    if matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') { '\u{fffd}' } else { c }
}

/// Wraps text in an SGR colour, where standard output takes one.
pub(crate) fn paint(text: &str, sgr: &str) -> String {
    if colour_on_stdout() { format!("\x1b[{sgr}m{text}\x1b[0m") } else { text.to_owned() }
}

/// So many of something whose plural ends in s: `1 session`, `2 sessions`.
pub(crate) fn counted(count: impl TryInto<u64>, one: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// A number of bytes in its largest unit.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    let mut value = count as f64 / 1000.0;
    if value < 1.0 {
        return format!("{count} B");
    }
    for unit in units {
        if value < 999.5 || unit == "TB" {
            return if value < 10.0 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") };
        }
        value /= 1000.0;
    }
    unreachable!("the last unit takes all")
}
