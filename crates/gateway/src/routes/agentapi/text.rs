//! What a program said, out of what its screen shows: the lines behind the question where it shows the question, else
//! those that were not there when it was asked; without the box in which the next question would be typed. A guess, as
//! every reading of a screen is.

use std::collections::HashMap;

/// Bytes of a message at most; of a longer one the end is kept.
const MESSAGE_MAX_BYTES: usize = 256 << 10; // 256 KiB
/// Lines that may stand below the box for input: hints and a status line.
const BELOW_BOX_LINES: usize = 6;
/// Characters of a question that are enough to know it by, where its line is cut.
const WRAPPED_MIN_CHARS: usize = 20;
/// Characters of a line that is nothing but a rule.
const RULE_MIN_CHARS: usize = 10;
/// Marks before what a user typed.
const PROMPTS: [char; 5] = ['>', '❯', '›', '»', '$'];

/// What came after `before`, in answer to `asked`.
pub(super) fn said(before: &[String], now: &[String], asked: &str) -> String {
    let now = &now[..input_box(now)];
    let asked: Vec<&str> = asked.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut lines = &now[question(before, now, &asked).unwrap_or_else(|| first_new(before, now))..];
    let mut echo = asked.join(" ");
    while let [first, rest @ ..] = lines
        && let Some(left) = without(&echo, first)
    {
        (lines, echo) = (rest, left.to_owned());
    }
    clean(lines)
}

/// A screen without what is empty around it and without its box for input.
pub(super) fn clean(lines: &[String]) -> String {
    let mut text = trimmed(&lines[..input_box(lines)]).join("\n");
    if text.len() > MESSAGE_MAX_BYTES {
        let from = text.ceil_char_boundary(text.len() - MESSAGE_MAX_BYTES);
        text.drain(..from);
    }
    text
}

/// The last line that shows the question, if it is shown more often than before.
fn question(before: &[String], now: &[String], asked: &[&str]) -> Option<usize> {
    let first = asked.first()?;
    let shows = |line: &String| {
        let text = line.trim_start();
        let shown = text.trim_start_matches(PROMPTS).trim();
        // The line may be too short for all of it.
        let is_whole =
            shown == *first || (shown.chars().count() >= WRAPPED_MIN_CHARS && first.starts_with(shown));
        text.starts_with(PROMPTS) && is_whole
    };
    let count = |lines: &[String]| lines.iter().filter(|line| shows(line)).count();
    let known = count(&before[..input_box(before)]);
    now.iter().rposition(shows).filter(|_| count(now) > known)
}

/// The first line that stands there more often than it did.
fn first_new(before: &[String], now: &[String]) -> usize {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for line in before {
        *known.entry(line).or_default() += 1;
    }
    let is_new = |line: &String| match known.get_mut(line.as_str()) {
        _ if line.trim().is_empty() => false,
        Some(left @ 1..) => {
            *left -= 1;
            false
        }
        _ => true,
    };
    now.iter().position(is_new).unwrap_or(now.len())
}

/// What is left of the question behind a line that is empty or shows how it goes on.
fn without<'a>(echo: &'a str, line: &str) -> Option<&'a str> {
    let text = line.trim().trim_start_matches(PROMPTS).trim();
    let left = echo.strip_prefix(text)?;
    (text.is_empty() || !echo.is_empty()).then(|| left.trim_start())
}

/// Where the box for input at a screen's end begins; the number of lines where there is none.
fn input_box(lines: &[String]) -> usize {
    let none = lines.len();
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let Some(bottom) = lines[..end].iter().rposition(|line| is_rule(line)) else { return none };
    let Some(top) = lines[..bottom].iter().rposition(|line| is_rule(line)) else { return none };
    let typed = lines[top + 1..bottom].first().map_or("", String::as_str);
    let is_typed = typed.trim_start_matches(['│', '|', ' ']).starts_with(PROMPTS);
    if is_typed && end - bottom <= BELOW_BOX_LINES { top } else { none }
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let drawn = |c: char| matches!(c, '─' | '━' | '═' | '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘');
    line.chars().count() >= RULE_MIN_CHARS && line.chars().all(drawn)
}

fn trimmed(lines: &[String]) -> &[String] {
    let full = |line: &String| !line.trim().is_empty();
    match (lines.iter().position(full), lines.iter().rposition(full)) {
        (Some(first), Some(last)) => &lines[first..=last],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(before: &str, now: &str, asked: &str, expected: &str) {
        assert_eq!(said(&lines(before), &lines(now), asked), expected);
    }

    #[test]
    fn what_is_new_is_said_without_the_question() {
        check("$ ", "$ echo hi\nhi\n$ ", "echo hi", "hi\n$ ");
        check("a\nb\n", "a\nb\n", "x", "");
        check("", "\n\nhello\n\n", "", "hello");
        check("> one\ntwo", "> one\ntwo\n> two\nlines\nthree", "two\nlines", "three");
    }

    #[test]
    fn what_stands_above_the_question_may_change() {
        check("logo 1\n", "logo 2\n\n❯ q\n\n● a\n", "q", "● a");
        let long = "a question that no line of this terminal is long enough for";
        check(
            "logo 1",
            "logo 2\n> a question that no line of this\n  terminal is long enough for\na",
            long,
            "a",
        );
    }

    #[test]
    fn the_same_answer_to_the_same_question_is_said_again() {
        check("> q\na\n", "> q\na\n\n> q\na\n", "q", "a");
    }

    #[test]
    fn the_box_for_input_is_no_part_of_an_answer() {
        let rule = "─".repeat(20);
        let now = format!("❯ q\n\n● the answer\n\n{rule}\n❯ \n{rule}\n  ? for shortcuts\n\n");
        check(&format!("{rule}\n❯ \n{rule}\n  ? for shortcuts"), &now, "q", "● the answer");
        let table = format!("┌{rule}┐\n│ cell │\n└{rule}┘");
        check("", &table, "q", &table);
    }

    #[test]
    fn of_what_is_too_long_the_end_is_kept() {
        let long = vec!["ä".repeat(1000); 1000];
        let text = clean(&long);
        assert!(text.len() <= MESSAGE_MAX_BYTES && text.len() > MESSAGE_MAX_BYTES - 4);
    }
}
