//! `centerfire list`.

use crate::{LIMIT, instance, out, started, text};
use testkit::Terminal;

/// The same of `doctor`, whose lines are longer still.
#[test]
fn in_a_narrow_terminal_no_line_wraps_and_in_a_pipe_every_line_is_whole() {
    let instance = instance();
    started(&instance, "read line # a command that is longer than the terminal is wide");
    for command in ["list", "doctor"] {
        let whole = out(&instance, &[command]);
        assert!(!whole.contains('…') && whole.lines().any(|line| line.chars().count() > 60), "{whole}");
        let mut narrow = instance.command(&[command]);
        narrow.env("NO_COLOR", "1");
        let terminal = Terminal::spawn(narrow, 40, 24).unwrap();
        terminal.wait(LIMIT).unwrap();
        let shown = text(&terminal.output());
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines.len(), whole.lines().count(), "{shown}");
        for line in &lines {
            assert!(line.chars().count() <= 40, "{line}");
        }
        assert!(lines.iter().any(|line| line.ends_with('…') && line.chars().count() == 40), "{shown}");
    }
}
