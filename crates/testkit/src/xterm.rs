//! The judge: xterm.js without a window, which says what a terminal shows after given bytes.
//!
//! Questions are collected and asked at once, since starting Node costs more than any of them. What comes back is
//! JSON: rows with their styles, scrollback, cursor, modes, and the rest that `tests/xterm/judge.mjs` lists. It is
//! compared as a whole or by key.
//!
//! Use: [`Judge::fresh`] and [`Judge::more`] with bytes, then [`Judge::judge`].

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::tools;

/// Places of a list that are shown where two lists differ.
const DIFFERENCES: usize = 4;

/// Questions to the judge, in order.
#[derive(Default)]
pub struct Judge {
    jobs: Vec<u8>,
    asked: usize,
}

/// A terminal to be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// Lines of scrollback.
    pub scrollback: u32,
    /// Rows that it is given at the end, if it changes.
    pub resized: Option<u16>,
}

impl Window {
    /// A terminal that keeps its size.
    pub fn new(cols: u16, rows: u16, scrollback: u32) -> Window {
        Window { cols, rows, scrollback, resized: None }
    }
}

impl Judge {
    /// Asks what a fresh terminal shows after these bytes; returns the number of the verdict.
    pub fn fresh(&mut self, window: Window, bytes: &[u8]) -> usize {
        let Window { cols, rows, scrollback, resized } = window;
        self.ask([cols.into(), rows.into(), scrollback, resized.unwrap_or(0).into()], bytes)
    }

    /// Asks what the terminal of the question before shows after these bytes as well.
    pub fn more(&mut self, bytes: &[u8]) -> usize {
        self.ask([0; 4], bytes)
    }

    fn ask(&mut self, numbers: [u32; 4], bytes: &[u8]) -> usize {
        let length = u32::try_from(bytes.len()).expect("a test judges less than 4 GB");
        for number in numbers.into_iter().chain([length]) {
            self.jobs.extend(number.to_le_bytes());
        }
        self.jobs.extend(bytes);
        self.asked += 1;
        self.asked - 1
    }

    /// All verdicts, in the order of the questions.
    ///
    /// # Panics
    /// When the judge cannot be run.
    pub fn judge(self) -> Vec<Value> {
        let output = String::from_utf8(node(&[], &self.jobs)).expect("the judge writes UTF-8");
        let verdicts: Vec<Value> =
            output.lines().map(|line| serde_json::from_str(line).expect("the judge writes JSON")).collect();
        assert_eq!(verdicts.len(), self.asked, "one verdict for each question");
        verdicts
    }
}

/// Where two verdicts differ, key by key; of lists the lengths and the first places that differ.
pub fn differences(one: &Value, other: &Value) -> Vec<String> {
    let keys = one.as_object().into_iter().flatten().map(|(key, _)| key);
    keys.filter(|key| one[*key] != other[*key]).map(|key| difference(key, &one[key], &other[key])).collect()
}

fn difference(key: &str, one: &Value, other: &Value) -> String {
    let (Some(ones), Some(others)) = (one.as_array(), other.as_array()) else {
        return format!("{key}: {one} / {other}");
    };
    let places = (0..ones.len().max(others.len())).filter(|place| ones.get(*place) != others.get(*place));
    let mut story = format!("{key}: {} / {} long", ones.len(), others.len());
    let say = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    for place in places.take(DIFFERENCES) {
        let (one, other) = (say(ones.get(place)), say(others.get(place)));
        story += &format!("\n  [{place}] {one}\n  [{place}] {other}");
    }
    story
}

/// Every character's width in cells, as ranges: where each begins, and the width from there on.
pub fn widths() -> Vec<(u32, u16)> {
    serde_json::from_slice(&node(&["widths"], &[])).expect("the judge writes JSON")
}

/// Runs the judge's script.
fn node(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let script = tools::xterm().expect("find the judge").join("judge.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start node, which the judge runs in");
    child.stdin.take().expect("stdin is piped").write_all(input).expect("the judge reads all jobs first");
    let output = child.wait_with_output().expect("wait for the judge");
    assert!(output.status.success(), "the judge failed: {}", output.status);
    output.stdout
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_goes_on_with_more_bytes_and_a_fresh_one_begins_anew() {
        let mut judge = Judge::default();
        let first = judge.fresh(Window::new(20, 4, 10), b"one\r\n\x1b[1mt");
        let second = judge.more(b"wo\x1b[?2004h");
        let third = judge.fresh(Window::new(20, 4, 10), b"three");
        let verdicts = judge.judge();
        assert_eq!(verdicts[first]["rows"][1][0][0], "t");
        assert_eq!(verdicts[second]["rows"][1][0], serde_json::json!(["two", "d,d,b,0,-,"]));
        assert_eq!(verdicts[second]["modes"]["2004"], true);
        assert_eq!(verdicts[third]["rows"][0][0][0], "three");
        assert_eq!(verdicts[third]["modes"]["2004"], false);
    }
}
