//! Signals, job control and the size, as in any terminal.

use crate::rig::{LIMIT, Rig};
use testkit::Terminal;

/// An interactive shell without its user's settings.
fn shell(rig: &Rig) -> Terminal {
    let command =
        rig.instance.command(&["run", "--name", "shell", "--", "bash", "--norc", "--noprofile", "-i"]);
    let terminal = Terminal::spawn(command, 80, 24).expect("open a terminal");
    say(&terminal, "PS1=\"pro\"\"mpt> \"", "prompt>");
    terminal
}

/// Types a line and waits for words that the line itself does not have.
fn say(terminal: &Terminal, line: &str, words: &str) {
    let mark = terminal.mark();
    terminal.write(format!("{line}\r").as_bytes()).unwrap();
    terminal.wait_for_text_since(mark, words, LIMIT).unwrap();
}

/// T18: stop, list, continue, interrupt: the program has a terminal and a session of its own.
#[test]
fn job_control_works_inside() {
    let rig = Rig::new();
    let terminal = shell(&rig);
    let mark = terminal.mark();
    terminal.write(b"echo be\"\"fore; sleep 600; echo after $?\r").unwrap();
    terminal.wait_for_text_since(mark, "before", LIMIT).unwrap();
    let mark = terminal.mark();
    // The shell may not have put the job in the foreground when it echoed: the key is for whoever is there.
    testkit::eventually(LIMIT, || {
        terminal.write(b"\x1a").ok()?;
        terminal.wait_for_text_since(mark, "Stopped", std::time::Duration::from_millis(500)).ok()
    })
    .expect("Ctrl-Z stops the job");
    say(&terminal, "jobs", "sleep 600");
    let mark = terminal.mark();
    terminal.write(b"fg\r").unwrap();
    terminal.wait_for_text_since(mark, "sleep 600", LIMIT).unwrap();
    // From here on: the prompt before `fg` may have been drawn after the last mark.
    let mark = terminal.mark();
    let interrupted = testkit::eventually(LIMIT, || {
        terminal.write(b"\x03").ok()?;
        terminal.wait_for_text_since(mark, "prompt>", std::time::Duration::from_millis(500)).ok()
    });
    assert!(interrupted.is_some(), "Ctrl-C ends the job");
    say(&terminal, "echo a\"\"live", "alive");
    terminal.write(b"exit 3\r").unwrap();
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(3));
}

/// T26: Ctrl-S, Ctrl-Q and the rest are the program's, not the outer terminal's.
#[test]
fn every_control_key_reaches_the_program() {
    let rig = Rig::new();
    let keys: Vec<u8> = (0..32).filter(|key| *key != 0x1d).chain([0x7f, 0x80, 0xff]).collect();
    let script = format!("stty raw -echo; echo ready; head -c {} | od -An -v -tx1; echo END", keys.len());
    let terminal = rig.open("keys", &script);
    terminal.wait_for_text("ready").unwrap();
    terminal.write(&keys).unwrap();
    let output = String::from_utf8(terminal.wait_for_text("END").unwrap()).unwrap();
    let seen: Vec<u8> = output
        .split_whitespace()
        .filter(|word| word.len() == 2)
        .map(|word| u8::from_str_radix(word, 16).unwrap())
        .collect();
    assert_eq!(seen, keys);
}

/// T16: the program starts with the terminal's size, sees each other one once, and no signal for the same one.
#[test]
fn the_size_follows_the_terminal() {
    let rig = Rig::new();
    // bash finds a signal that comes right before it reads only when a line was read: so it reads what is there.
    let script = "trap 'stty size; echo changed' WINCH; stty size; echo ready; while :; do \
                  if read -t 0; then read -r line; [ \"$line\" = count ] && echo counted; else sleep 0.02; fi; done";
    let terminal = rig.open("sized", script);
    terminal.wait_for_text("24 80").unwrap();
    terminal.wait_for_text("ready").unwrap();
    terminal.resize(100, 30).unwrap();
    terminal.wait_for_text("30 100").unwrap();
    let session = rig.session("sized");
    session.settled("the new size", |status| (status.size.cols, status.size.rows) == (100, 30));
    // The same again is no change; the answer to what is typed after it comes after whatever it would cause.
    terminal.resize(100, 30).unwrap();
    terminal.write(b"count\r").unwrap();
    let output = String::from_utf8_lossy(&terminal.wait_for_text("counted").unwrap()).into_owned();
    assert_eq!(output.matches("changed").count(), 1, "{output}");
}

/// T16: `--size` gives a size where there is no terminal, `resize` another one; nonsense is refused.
#[test]
fn a_size_can_be_given() {
    let rig = Rig::new();
    let script = "trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done";
    rig.start_with("given", &["--size", "120x40"], script);
    rig.wait_for_line("given", "40 120");
    assert!(rig.run(&["resize", "given", "90x20"]).status.success());
    rig.wait_for_line("given", "20 90");
    assert_eq!(rig.run(&["resize", "given", "0x20"]).status.code(), Some(2));
    rig.start("plain", "stty size; cat");
    rig.wait_for_line("plain", "24 80");
}

/// Who controls owns the size.
#[test]
fn nobody_resizes_under_the_controller() {
    let rig = Rig::new();
    let terminal = rig.open("owned", "echo ready; cat");
    terminal.wait_for_text("ready").unwrap();
    let output = rig.run(&["resize", "owned", "90x20", "--json"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["code"], "NOT_IN_CONTROL");
}

/// A signal from outside reaches the program, by name and by number.
#[test]
fn a_signal_is_passed_on() {
    let rig = Rig::new();
    let script = "trap 'echo one' USR1; trap 'echo two' USR2; echo ready; while :; do sleep 0.02; done";
    rig.start("caught", script);
    rig.wait_for_line("caught", "ready");
    assert!(rig.run(&["kill", "caught", "--signal", "USR1"]).status.success());
    rig.wait_for_line("caught", "one");
    assert!(rig.run(&["kill", "caught", "--signal", "12"]).status.success());
    rig.wait_for_line("caught", "two");
}
