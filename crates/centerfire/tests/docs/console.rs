//! Blocks marked `sh console`: commands, and below each what it prints.
//!
//! A line that begins with `$ ` is run by a shell; the lines up to the next such line are its output, errors
//! included. `…` in a line stands for any characters, a line that is only `…` for any lines, none among them. A
//! command must succeed, unless its last line is its exit code in brackets, such as `[4]`. Blanks at the ends of
//! lines and empty lines at the end of the output do not count.

use crate::block::Block;
use std::time::Duration;
use testkit::Instance;

/// A command of a document waits for nothing that takes longer.
const LIMIT: Duration = Duration::from_secs(20);

struct Step<'a> {
    command: &'a str,
    output: Vec<&'a str>,
    code: i32,
}

/// Runs each command of a block and compares.
pub(crate) fn run(instance: &Instance, block: &Block, place: &str) {
    for step in steps(&block.text) {
        let done =
            testkit::instance::finish(crate::shell(instance, &format!("{} 2>&1", step.command)), LIMIT);
        let printed = String::from_utf8_lossy(&done.stdout);
        let lines: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
        assert!(
            done.status.code() == Some(step.code) && fits(&step.output, &lines),
            "{place}: `{}` {} and printed\n{printed}\nwhere the document has exit {} and\n{}\n",
            step.command,
            done.status,
            step.code,
            step.output.join("\n")
        );
    }
}

fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command, output: Vec::new(), code: 0 });
            continue;
        }
        let step = steps.last_mut().expect("a block begins with a command");
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.parse().ok()) {
            Some(code) => step.code = code,
            None => step.output.push(line),
        }
    }
    steps
}

/// Whether the lines of a command are those of the document.
fn fits(expected: &[&str], lines: &[&str]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((&"…", rest)) => (0..=lines.len()).any(|skip| fits(rest, &lines[skip..])),
        Some((line, rest)) => match lines.split_first() {
            Some((first, others)) => line_fits(line, first) && fits(rest, others),
            None => line.is_empty() && fits(rest, lines),
        },
    }
}

/// Whether a line is that of the document, `…` being anything.
pub(crate) fn line_fits(expected: &str, line: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else { return expected == line };
    let Some(line) = line.strip_prefix(start) else { return false };
    line.char_indices().map(|(at, _)| at).chain([line.len()]).any(|at| line_fits(rest, &line[at..]))
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    assert!(fits(&["a … c", "…", "end"], &["a b c", "x", "y", "end"]));
    assert!(fits(&["…"], &[]));
    assert!(fits(&["a…"], &["a"]));
    assert!(!fits(&["a … c"], &["a b d"]));
    assert!(!fits(&["a"], &["a", "b"]));
    assert!(!fits(&["a", "b"], &["a"]));
}
