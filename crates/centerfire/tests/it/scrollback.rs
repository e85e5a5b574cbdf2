//! One terminal, used as a person uses it: from its shell a session is started, left, and joined again.
//!
//! What counts is what stands in the terminal in the end: no line twice (T12), no mode left on (T25), and the shell
//! goes on at the beginning of an empty line.

use crate::rig::{kill, press_detach_key};
use crate::session::{COLS, NAME, ROWS};
use serde_json::Value;
use std::process::Command;
use testkit::terminal::PATIENCE;
use testkit::xterm::Window;
use testkit::{Instance, Judge, Terminal};

/// Lines of scrollback of the terminal: more than anything here prints.
const SCROLLBACK: u32 = 5000;

/// A shell that knows one program: `centerfire`, whose arguments each line is.
struct Shell {
    instance: Instance,
    terminal: Terminal,
}

impl Shell {
    fn open() -> Shell {
        let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
        let mut command = Command::new("sh");
        command.args(["-c", "while read -r words; do eval \"$CF $words\"; echo \"status $?\"; done"]);
        instance.settle(&mut command);
        command.env("CF", instance.binary());
        Shell { terminal: Terminal::spawn(command, COLS, ROWS).unwrap(), instance }
    }

    /// Types a command; returns the mark before its output.
    fn enter(&self, words: &str) -> usize {
        let mark = self.terminal.mark();
        self.terminal.write(format!("{words}\n").as_bytes()).unwrap();
        mark
    }

    /// Leaves the session; the shell is back then.
    fn detach(&self) {
        let mark = self.terminal.mark();
        press_detach_key(&self.terminal, |limit| {
            self.terminal.wait_for_text_since(mark, "status 0", limit).ok()
        });
    }

    /// What stands in the terminal now.
    fn verdict(&self) -> Value {
        let mut judge = Judge::default();
        judge.fresh(Window::new(COLS, ROWS, SCROLLBACK), &self.terminal.output());
        judge.judge().remove(0)
    }
}

/// All lines of a terminal, from the oldest.
fn lines(verdict: &Value) -> Vec<String> {
    let row = |runs: &Value| {
        let text = |run: &Value| run[0].as_str().unwrap().to_owned();
        runs.as_array().unwrap().iter().map(text).collect::<String>()
    };
    let history = verdict["historyText"].as_array().unwrap().iter();
    let history = history.map(|line| line.as_str().unwrap().to_owned());
    history.chain(verdict["rows"].as_array().unwrap().iter().map(row)).collect()
}

/// How often the line of this number stands there.
fn count(lines: &[String], number: usize) -> usize {
    times(lines, &format!("line {number}."))
}

fn times(lines: &[String], line: &str) -> usize {
    lines.iter().filter(|other| *other == line).count()
}

/// Every one of the terminal's own lines stands there once.
#[track_caller]
fn assert_kept(lines: &[String], own: usize, story: &str) {
    let wrong: Vec<_> = (1..=own)
        .map(|n| (n, times(lines, &format!("mine {n}."))))
        .filter(|(_, count)| *count != 1)
        .collect();
    assert!(wrong.is_empty(), "{story}: (line, times): {wrong:?}\n{}", lines.join("\n"));
}

/// A program that prints lines, numbered on and on, as many as each line that it reads says, and sets a title when
/// that is done, and before the first.
const COUNTING: &str = "stty -echo; n=0; printf \"\\033]2;so far 0\\007\"; while read more; do i=0; while [ $i -lt $more ]; do i=$((i+1)); \
                        n=$((n+1)); echo \"line $n.\"; done; printf \"\\033]2;so far $n\\007\"; done";

/// T12, C3: lines that scrolled off stand once in the terminal's own history, however often it left and came back.
#[test]
fn a_terminal_that_comes_back_ten_times_has_no_line_twice() {
    let shell = Shell::open();
    let mark = shell.enter(&format!("run --name {NAME} -- sh -c '{COUNTING}'"));
    shell.terminal.wait_for_text_since(mark, "so far 0", PATIENCE).unwrap();
    let mut printed = 0;
    for more in [100, 0, 3, 40, 1, 0, 24, 23, 25, 10] {
        let mark = shell.terminal.mark();
        shell.terminal.write(format!("{more}\n").as_bytes()).unwrap();
        printed += more;
        let title = format!("so far {printed}");
        shell.terminal.wait_for_text_since(mark, &title, PATIENCE).unwrap();
        shell.detach();
        let mark = shell.enter(&format!("attach {NAME}"));
        shell.terminal.wait_for_text_since(mark, &title, PATIENCE).unwrap();
    }
    let lines = lines(&shell.verdict());
    let wrong: Vec<_> =
        (1..=printed).map(|n| (n, count(&lines, n))).filter(|(_, count)| *count != 1).collect();
    assert!(wrong.is_empty(), "(line, times): {wrong:?}\n{}", lines.join("\n"));
}

/// T12: a host that dies is followed by another, which paints the terminal again; the history that was asked for at
/// the beginning does not come again with that.
#[test]
fn a_host_that_dies_does_not_bring_the_history_again() {
    let shell = Shell::open();
    shell.enter(&format!("run --detached --name {NAME} --size {COLS}x{ROWS} -- sh -c '{COUNTING}'"));
    shell.terminal.wait_for_text("status 0").unwrap();
    shell.instance.out(&["send", NAME, "--submit", "100"]);
    shell.instance.out(&["wait", NAME, "--for", "text", "--match", "line 100", "--timeout", "25"]);
    let mark = shell.enter(&format!("attach {NAME} --history 50"));
    shell.terminal.wait_for_text_since(mark, "line 100.", PATIENCE).unwrap();
    let mark = shell.terminal.mark();
    let host = shell.instance.json(&["show", NAME, "--json"])["pids"]["host"].as_u64().unwrap();
    kill(host as u32);
    shell.terminal.wait_for_text_since(mark, "line 100.", PATIENCE).unwrap();
    let lines = lines(&shell.verdict());
    let wrong: Vec<_> = (30..=100).map(|n| (n, count(&lines, n))).filter(|(_, count)| *count != 1).collect();
    assert!(wrong.is_empty(), "(line, times): {wrong:?}\n{}", lines.join("\n"));
}

/// T12: what a person saw before an attach is in the terminal's own history then, and nothing of the session comes
/// twice, however full the screen was, whichever screen the program shows, and whoever joins.
#[test]
fn what_stood_in_the_terminal_before_an_attach_is_not_lost() {
    for (screen, switch) in [("main", ""), ("alternate", "printf \"\\033[?1049h\"; ")] {
        for (own, way) in [(15, ""), (60, "--read-only")] {
            let story = format!("{own} lines, the {screen} screen, attach {way}");
            let shell = Shell::open();
            let program = format!("'{switch}{COUNTING}'");
            shell.enter(&format!("run --detached --name {NAME} --size {COLS}x{ROWS} -- sh -c {program}"));
            shell.terminal.wait_for_text("status 0").unwrap();
            // Before, the terminal echoes what it is sent.
            let counts = || shell.instance.json(&["show", NAME, "--json"])["title"] == "so far 0";
            testkit::eventually(PATIENCE, || counts().then_some(())).expect("a program that counts");
            let mark = shell.enter(&format!("list; seq -f \"mine %g.\" {own}"));
            shell.terminal.wait_for_text_since(mark, &format!("mine {own}.\r\nstatus 0"), PATIENCE).unwrap();
            for time in 1..=2 {
                shell.instance.out(&["send", NAME, "--submit", "1"]);
                let title = format!("so far {time}");
                let mark = shell.enter(&format!("attach {NAME} {way}"));
                shell.terminal.wait_for_text_since(mark, &title, PATIENCE).unwrap();
                let lines = lines(&shell.verdict());
                assert_eq!(count(&lines, time), 1, "{story}\n{}", lines.join("\n"));
                shell.detach();
            }
            assert_kept(&lines(&shell.verdict()), own, &story);
        }
    }
}

/// T12: a young session shares the screen with what was there before; leaving takes off its own lines only, and the
/// next join brings them once.
#[test]
fn what_stands_above_a_young_session_stays_when_it_is_left_and_joined_again() {
    for own in [3, 15, 60] {
        let shell = Shell::open();
        let mark = shell.enter(&format!("list; seq -f \"mine %g.\" {own}"));
        shell.terminal.wait_for_text_since(mark, &format!("mine {own}.\r\nstatus 0"), PATIENCE).unwrap();
        let mark = shell.enter(&format!("run --name {NAME} -- sh -c '{COUNTING}'"));
        shell.terminal.wait_for_text_since(mark, "so far 0", PATIENCE).unwrap();
        shell.terminal.write(b"5\n").unwrap();
        shell.terminal.wait_for_text_since(mark, "so far 5", PATIENCE).unwrap();
        shell.detach();
        let left = lines(&shell.verdict());
        assert_kept(&left, own, "left");
        assert_eq!(count(&left, 5), 0, "{}", left.join("\n"));
        let mark = shell.enter(&format!("attach {NAME}"));
        shell.terminal.wait_for_text_since(mark, "so far 5", PATIENCE).unwrap();
        let joined = lines(&shell.verdict());
        assert_kept(&joined, own, "joined again");
        assert_eq!((1..=5).map(|n| count(&joined, n)).collect::<Vec<_>>(), [1; 5], "{}", joined.join("\n"));
    }
}

/// T25, A1: after a detach the terminal is as the shell left it, whatever the program had set.
#[test]
fn after_a_detach_all_modes_are_reset_and_the_shell_is_on_a_clean_line() {
    let set_all = "printf '%b' '\\033[?1049h\\033[?1h\\033=\\033[?1003h\\033[?1006h\\033[?1004h\\033[?2004h\\033[?25l\
                   \\033[3;9r\\033[?6h\\033[4h\\033[?7l\\033[?45h\\033[5 q\\033(0\\033[1;31mqq\\033[?2026h\\033[20h'";
    for (screen, alternate) in [("alternate", true), ("main", false)] {
        let set = if alternate { set_all.to_owned() } else { set_all.replace("\\033[?1049h", "") };
        let program = format!("printf 'on the main screen'; {set}; printf READY; cat\n");
        for way in ["run", "attach", "attach --read-only"] {
            let shell = Shell::open();
            let script = shell.instance.work().join("program");
            std::fs::write(&script, &program).unwrap();
            let run = format!("--name {NAME} -- sh {}", script.display());
            let before = shell.terminal.termios().unwrap();
            if way == "run" {
                shell.enter(&format!("run {run}"));
            } else {
                shell.enter(&format!("run --detached --size {COLS}x{ROWS} {run}"));
                shell.terminal.wait_for_text("status 0").unwrap();
                shell.instance.out(&["wait", NAME, "--for", "text", "--match", "READY", "--timeout", "25"]);
                shell.enter(&format!("{way} {NAME}"));
            }
            shell.terminal.wait_for_text("READY").unwrap();
            shell.detach();
            assert_clean(&shell.verdict(), &format!("the {screen} screen, {way}"));
            let after = shell.terminal.termios().unwrap();
            assert_eq!(format!("{before:?}"), format!("{after:?}"), "the {screen} screen, {way}");
        }
    }
}

/// All modes as in a terminal in which nothing happened, and the notice of the detach on a line of its own.
fn assert_clean(verdict: &Value, story: &str) {
    let (fresh, lines) = (fresh(), lines(verdict));
    for key in ["modes", "mouse", "alternate", "visible", "region", "pen", "cursorStyle"] {
        assert_eq!(verdict[key], fresh[key], "{story}: {key}\n{}", lines.join("\n"));
    }
    let notice = format!("[detached from {NAME}; centerfire attach {NAME}]");
    assert!(lines.contains(&notice), "{story}: the notice has no line of its own\n{}", lines.join("\n"));
    assert!(lines.contains(&"status 0".to_owned()), "{story}: nor has the shell\n{}", lines.join("\n"));
}

/// A terminal in which nothing happened.
fn fresh() -> Value {
    let mut judge = Judge::default();
    judge.fresh(Window::new(COLS, ROWS, SCROLLBACK), b"");
    judge.judge().remove(0)
}
