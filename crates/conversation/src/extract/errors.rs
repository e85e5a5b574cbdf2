//! Errors in what programs print, and the files in which they say that they are.

use regex::Regex;
use std::sync::LazyLock;

/// Lines behind an error that may say where it is, as those of compilers do.
const LINES_BEHIND: usize = 4;
/// Lines before an error that may, as those of a traceback do.
const LINES_BEFORE: usize = 6;

/// Lines that tell an error, in the words of compilers, shells and runtimes.
static ERROR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^\s*(?:error(?:\[\w+\])?: .+|Error: .+|fatal: .+|panicked at .+|thread '.*' (?:\(\d+\) )?panicked.*|",
        r"\w*(?:Error|Exception)(?:: .+)|.*: command not found|npm ERR! .+|FAILED .+|E\s{3}.+|.+: No such file or directory|",
        r"\S+\.\w+(?::\d+)+: (?:fatal )?error: .+|\S+\.[cm]?tsx?(?:\(\d+,\d+\):|:\d+:\d+ -) error TS\d+: .+|\S+\.go:\d+:\d+: .+)$"
    ))
    .expect("a regular expression")
});
/// What differs between two times that the same error comes.
static NUMBERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"0x[0-9a-fA-F]+|\b\d+\b").expect("a regular expression"));
/// A file with a line in it.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?:File "([^"\n]+)", line \d|([\w./@+~-]*[\w-]\.[A-Za-z]\w{0,5})[:(]\d+)"#)
        .expect("a regular expression")
});
/// What is not of the project.
const ELSEWHERE: &[&str] =
    &["node_modules/", "site-packages/", "/rustc/", "/usr/lib/", "/usr/include/", ".cargo/registry/"];

/// An error, without what differs each time, and the file in which it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// Its line.
    pub error: String,
    /// The file, if it is told near it.
    pub file: Option<String>,
}

/// The error without what differs each time: by this it is found where it was before.
pub fn error_line(line: &str) -> String {
    NUMBERS.replace_all(line.trim(), "#").into_owned()
}

/// Errors in a text, in their order.
pub fn in_text(text: &str) -> impl Iterator<Item = Failed> {
    ERROR.find_iter(text).map(|found| {
        let line = found.as_str();
        let behind = text[found.end()..].lines().skip(1).take(LINES_BEHIND);
        // Where another error begins, what follows is of that one.
        let behind = behind.take_while(|line| !line.trim().is_empty() && !ERROR.is_match(line));
        let before = text[..found.start()].lines().rev().take(LINES_BEFORE);
        let before = before.filter(|line| line.trim_start().starts_with("File \""));
        let file = std::iter::once(line).chain(behind).chain(before).find_map(file_in);
        Failed { error: error_line(line), file }
    })
}

fn file_in(line: &str) -> Option<String> {
    let found = PLACE.captures(line)?;
    let file = found.get(1).or(found.get(2))?.as_str();
    let is_elsewhere = ELSEWHERE.iter().any(|part| file.contains(part)) || file.starts_with('<');
    (!is_elsewhere).then(|| file.trim_start_matches("./").to_owned())
}
