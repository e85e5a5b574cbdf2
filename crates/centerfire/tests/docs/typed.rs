//! Blocks marked `sh terminal`: a command in a real terminal, and somebody who types.
//!
//! The first line begins with `$ ` and is run in a terminal of 80 by 24. Then, from top to bottom: a line that begins
//! with `> ` is typed, with Enter behind it; a line of words such as `^]` is those keys, pressed at once;
//! any other line is waited for as a line of the terminal's screen, `…` in it standing for anything. The command must
//! end by itself after the last line.

use crate::block::Block;
use crate::console::line_fits;
use terminal::Screen;
use testkit::terminal::PATIENCE;
use testkit::{Instance, Terminal};

/// Plays a block.
pub(crate) fn run(instance: &Instance, block: &Block, place: &str) {
    let mut lines = block.text.lines();
    let command =
        lines.next().and_then(|line| line.strip_prefix("$ ")).expect("a block begins with a command");
    let terminal = Terminal::spawn(crate::shell(instance, command), 80, 24).expect("open a terminal");
    for line in lines {
        if let Some(text) = line.strip_prefix("> ") {
            terminal.write(format!("{text}\r").as_bytes()).expect("type");
        } else if line.starts_with('^') {
            press(&terminal, line);
        } else {
            let seen = terminal.wait_for(|output| shows(output, line), PATIENCE);
            seen.unwrap_or_else(|error| panic!("{place}: `{line}`: {error}"));
        }
    }
    terminal.wait(PATIENCE).unwrap_or_else(|error| panic!("{place}: `{command}` goes on: {error}"));
}

/// Whether a person would see the line on the screen.
fn shows(output: &[u8], line: &str) -> bool {
    let mut screen = Screen::new(protocol::Size::DEFAULT, 0);
    screen.feed(output);
    screen.lines().iter().any(|shown| line_fits(line, shown))
}

/// In one write: two detach keys count when they are alone in their read, and apart only when they are read soon after each
/// other, which nobody can promise.
fn press(terminal: &Terminal, keys: &str) {
    let key =
        |key: &str| key.strip_prefix('^').and_then(|rest| rest.bytes().next()).map(|letter| letter & 0x1f);
    let keys = keys.split_whitespace().map(|word| key(word).expect("a key such as ^]"));
    terminal.write(&keys.collect::<Vec<u8>>()).expect("press keys");
}
