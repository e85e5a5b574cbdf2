//! What standard output and error are: colours only for people, and only if they want them.

use std::io::IsTerminal;

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether standard output takes colours.
pub(crate) fn colour_on_stdout() -> bool {
    wanted() && std::io::stdout().is_terminal()
}

/// Whether standard error takes colours.
pub(crate) fn colour_on_stderr() -> bool {
    wanted() && std::io::stderr().is_terminal()
}

/// Wraps text in an SGR colour, where standard output takes one.
pub(crate) fn paint(text: &str, sgr: &str) -> String {
    if colour_on_stdout() { format!("\x1b[{sgr}m{text}\x1b[0m") } else { text.to_owned() }
}
