//! Lines that fit: in a terminal that is narrower than one, its end is cut off and marked instead of wrapped. What goes
//! anywhere else than to a terminal stays whole.

use crate::term;
use std::io::stdout;
use terminal::screen::cells;
use terminal::tty;

/// Stands for what was cut off.
const MARK: char = '\u{2026}';

/// Prints a line, cut to the terminal that standard output is, if it is one.
pub(crate) fn say(line: &str) {
    match tty::size(stdout()) {
        Some(size) => term::say(cut(line, size.cols)),
        None => term::say(line),
    }
}

/// Columns of the terminal that standard output is, if it is one.
pub(crate) fn cols() -> Option<usize> {
    tty::size(stdout()).map(|size| usize::from(size.cols))
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    parts(text).map(|part| part.cols()).sum()
}

/// A path below the user's home as people write it, from `~` on.
pub(crate) fn from_home(path: &str) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    match path.strip_prefix(home.trim_end_matches('/')) {
        Some(below) if home.len() > 1 && (below.is_empty() || below.starts_with('/')) => format!("~{below}"),
        _ => path.to_owned(),
    }
}

/// The end of a path, as much as fits into so many columns.
pub(crate) fn cut_path(path: &str, cols: usize) -> String {
    let mut used = 0;
    if width(path) <= cols {
        return path.to_owned();
    }
    let fits = |c: &char| {
        used += usize::from(cells(*c));
        used < cols
    };
    let tail = path.chars().rev().take_while(fits).map(char::len_utf8).sum::<usize>();
    let tail = &path[path.len() - tail..];
    // From a name's begin on, where one fits.
    let tail = tail.find('/').filter(|at| at + 1 < tail.len()).map_or(tail, |at| &tail[at..]);
    format!("{MARK}{tail}")
}

/// As much of a line as fits into so many columns. Its colours (CSI sequences) take none of them, and stay.
pub(crate) fn cut(line: &str, cols: u16) -> String {
    let cols = usize::from(cols);
    if width(line) <= cols {
        return line.to_owned();
    }
    let mut fitting = String::with_capacity(line.len());
    let mut used = 0;
    let mut marked = false;
    for part in parts(line) {
        used += part.cols();
        match part {
            Part::Colour(sequence) => fitting.push_str(sequence),
            Part::Shown(character) if used < cols => fitting.push(character),
            Part::Shown(_) if !std::mem::replace(&mut marked, true) => fitting.push(MARK),
            Part::Shown(_) => {}
        }
    }
    fitting
}

enum Part<'a> {
    Shown(char),
    Colour(&'a str),
}

impl Part<'_> {
    fn cols(&self) -> usize {
        match self {
            Part::Shown(character) => usize::from(cells(*character)),
            Part::Colour(_) => 0,
        }
    }
}

fn parts(mut rest: &str) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let sequence = rest.strip_prefix("\x1b[").and_then(|tail| tail.find(|c| matches!(c, '@'..='~')));
        let length = sequence.map_or(first.len_utf8(), |end| "\x1b[".len() + end + 1);
        let (part, after) = rest.split_at(length);
        rest = after;
        Some(if sequence.is_some() { Part::Colour(part) } else { Part::Shown(first) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_the_end_is_left() {
        for (path, cols, fitting) in [
            ("/a/b", 4, "/a/b"),
            ("/home/me/till", 10, "…/me/till"),
            ("/home/me/till", 7, "…/till"),
            ("/averylongname", 6, "…gname"),
        ] {
            assert_eq!(cut_path(path, cols), fitting, "{path:?} in {cols}");
        }
    }

    #[test]
    fn what_fits_is_whole_and_of_the_rest_the_end_is_marked() {
        for (line, cols, fitting) in [
            ("abcd", 4, "abcd"),
            ("abcde", 4, "abc…"),
            ("", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e", 2, "e\u{301}…"),
            ("\x1b[31mred\x1b[0m", 3, "\x1b[31mred\x1b[0m"),
            ("\x1b[31mred\x1b[0m and", 4, "\x1b[31mred\x1b[0m…"),
            ("\x1b[31mred\x1b[0m and", 2, "\x1b[31mr…\x1b[0m"),
        ] {
            assert_eq!(cut(line, cols), fitting, "{line:?} in {cols}");
        }
    }
}
