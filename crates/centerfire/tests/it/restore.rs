//! A terminal comes back as it was, however its user left the session.

use crate::rig::{LIMIT, Rig, after, client_in, detach, kill, signal};
use rustix::process::Signal;
use rustix::termios::{LocalModes, OutputModes};
use std::process::Command;
use testkit::Terminal;

/// A program that takes all of a terminal: full screen, mouse, paste brackets, focus, keyboard, no cursor.
const FULL_SCREEN: &str = r"stty raw -echo; printf '\033[?1049h\033[?1000h\033[?1006h\033[?2004h\033[?1004h\033[>1u\033[?25l\033[2J\033[Hfull screen'; ";

/// Runs a line around the session in a shell and waits for the program.
fn begin(rig: &Rig, name: &str, script: &str) -> Terminal {
    rig.file("script", script.as_bytes());
    let terminal = rig.shell(&format!(
        "$cf run --name {name} -- bash script; echo status $?; read line; echo \"got $line\""
    ));
    terminal.wait_for_shown("full screen").unwrap();
    let modes = terminal.termios().unwrap();
    assert!(!modes.local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    terminal
}

/// What a shell needs of its terminal.
#[track_caller]
fn assert_usable(terminal: &Terminal, status: &str) {
    terminal.wait_for_text(status).unwrap();
    let modes = terminal.termios().unwrap();
    assert!(modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));
    assert!(modes.output_modes.contains(OutputModes::OPOST));
    terminal.write(b"line\r").unwrap();
    terminal.wait_for_text("got line\r\n").unwrap();
}

/// The inverse of what the program set.
#[track_caller]
fn assert_modes_undone(terminal: &Terminal) {
    let output = terminal.output();
    let rest = String::from_utf8_lossy(after(&output, b"full screen")).into_owned();
    for inverse in ["\x1b[?1049l", "\x1b[?1000l", "\x1b[?2004l", "\x1b[?1004l", "\x1b[?25h"] {
        assert!(rest.contains(inverse), "{inverse:?} is missing in {rest:?}");
    }
}

/// T25: after the program's own end the terminal edits lines as before.
#[test]
fn after_the_end_the_terminal_is_as_before() {
    let rig = Rig::new();
    let terminal = begin(&rig, "ends", &format!("{FULL_SCREEN} head -c 1 >/dev/null; exit 3"));
    terminal.write(b"x").unwrap();
    assert_usable(&terminal, "status 3");
}

/// T25: a program that is killed cannot put its modes back; that is done for it.
#[test]
fn after_a_killed_program_its_modes_are_undone() {
    let rig = Rig::new();
    let terminal = begin(&rig, "dies", &format!("{FULL_SCREEN} head -c 1 >/dev/null; kill -9 $$"));
    terminal.write(b"x").unwrap();
    assert_usable(&terminal, "status 137");
    assert_modes_undone(&terminal);
}

/// T25: a detach undoes the program's modes here; a later attach sets them again.
#[test]
fn a_detach_undoes_the_modes_and_an_attach_sets_them_again() {
    let rig = Rig::new();
    let terminal = begin(&rig, "leaves", &format!("{FULL_SCREEN} cat"));
    detach(&terminal);
    assert_usable(&terminal, "status 0");
    assert_modes_undone(&terminal);
    let again = rig.attach("leaves", &[]);
    again.wait_for_shown("full screen").unwrap();
    let painted = String::from_utf8_lossy(&again.output()).into_owned();
    for mode in ["\x1b[?1049h", "\x1b[?2004h", "\x1b[?1004h", "\x1b[?25l"] {
        again.wait_for_text(mode).unwrap_or_else(|_| panic!("{mode:?} is missing in {painted:?}"));
    }
}

/// T25: a client that is told to go puts its terminal back first; the session goes on.
#[test]
fn a_client_that_is_told_to_go_gives_the_terminal_back() {
    let rig = Rig::new();
    for (word, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let name = format!("told-{code}");
        let terminal = begin(&rig, &name, &format!("{FULL_SCREEN} cat"));
        let client = client_in(&terminal);
        signal(client, word);
        assert_usable(&terminal, &format!("status {code}"));
        assert_modes_undone(&terminal);
        assert_eq!(rig.instance.json(&["show", &name, "--json"])["phase"], "running");
    }
}

/// T25: a client that was killed leaves a terminal whose modes its host undid.
#[test]
fn a_killed_client_leaves_no_modes_behind() {
    let rig = Rig::new();
    let terminal = begin(&rig, "killed", &format!("{FULL_SCREEN} cat"));
    kill(client_in(&terminal));
    terminal.wait_for_text("status 137").unwrap();
    testkit::eventually(LIMIT, || {
        terminal.termios().ok()?.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO).then_some(())
    })
    .expect("the host cooks the terminal");
    terminal.wait_for_text("\x1b[?1049l").unwrap();
    assert_modes_undone(&terminal);
}

/// T36: what the host does with the terminal is not the shell's: no O_NONBLOCK is left on it.
#[test]
fn the_terminal_of_the_shell_still_blocks() {
    let rig = Rig::new();
    let terminal =
        rig.shell("$cf run -- true; grep flags /proc/self/fdinfo/0; $cf run -- true; echo now; cat");
    let output = String::from_utf8(terminal.wait_for_text("now\r\n").unwrap()).unwrap();
    terminal.write(b"typed\r").unwrap();
    terminal.wait_for_text("typed\r\ntyped\r\n").unwrap();
    let flags = output.split_whitespace().nth(1).map(|flags| u32::from_str_radix(flags, 8).unwrap());
    assert_eq!(flags.map(|flags| flags & 0o4000), Some(0), "{output}");
}

/// T25: a client that is stopped from outside leaves the terminal to its shell: keys, modes and all. It comes back
/// with `fg`.
#[test]
fn a_client_that_is_stopped_leaves_the_keys_to_the_shell() {
    let rig = Rig::new();
    rig.file("script", format!("{FULL_SCREEN} cat").as_bytes());
    let mut command = Command::new("/bin/bash");
    rig.instance.settle(&mut command);
    command.args(["--norc", "--noprofile", "-i"]).env("cf", rig.instance.binary());
    let terminal = Terminal::spawn(command, 80, 24).unwrap();
    terminal.write(b"$cf run --name stopped -- bash script\r").unwrap();
    terminal.wait_for_shown("full screen").unwrap();
    let session = rig.session("stopped");
    signal(client_in(&terminal), Signal::STOP);
    terminal.wait_for_text("Stopped").unwrap();
    // The shell may be so quick that the host finds no key any more; then it takes none, and notices at another one.
    testkit::eventually(LIMIT, || {
        let mark = terminal.mark();
        terminal.write(b"echo the \"\"shell\r").unwrap();
        terminal.wait_for_text_since(mark, "the shell\r\n", LIMIT).unwrap();
        session.status().clients.iter().all(|client| !client.control).then_some(())
    })
    .expect("the host lets go of the terminal");
    assert_modes_undone(&terminal);
    assert_eq!(session.input(), b"", "the shell's keys are not the program's");
    let mark = terminal.mark();
    terminal.write(b"fg\r").unwrap();
    terminal.wait_for_shown_since(mark, "full screen", LIMIT).unwrap();
    terminal.write(b"typed").unwrap();
    testkit::eventually(LIMIT, || (session.input() == b"typed").then_some(()))
        .expect("the keys are its again");
}

/// Stops a process, and waits until it is.
fn stop(pid: u32, word: Signal) {
    signal(pid, word);
    let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a stopped process is there");
    testkit::eventually(LIMIT, || stat().contains(") T ").then_some(())).expect("the client stops");
}

/// T25: a client that is told to stop, as by Ctrl-Z of a shell's user, and one that was stopped come back as often as
/// they like; a signal to leave that came meanwhile is heeded.
#[test]
fn a_client_that_goes_on_after_a_stop_heeds_what_came_meanwhile() {
    let rig = Rig::new();
    for word in [Signal::STOP, Signal::TSTP] {
        let terminal = begin(&rig, &format!("paused-{}", word.as_raw()), &format!("{FULL_SCREEN} cat"));
        let client = client_in(&terminal);
        for _ in 0..2 {
            let mark = terminal.mark();
            stop(client, word);
            signal(client, Signal::CONT);
            terminal.wait_for_shown_since(mark, "full screen", LIMIT).unwrap();
        }
        stop(client, word);
        signal(client, Signal::TERM);
        signal(client, Signal::CONT);
        assert_usable(&terminal, "status 143");
        assert_modes_undone(&terminal);
    }
}

/// T25: where the host cannot have the terminal, the client that relays leaves it clean as well: told to go, from a
/// session that it saw from the beginning and from one that was painted, and when the program is killed.
#[test]
fn a_relay_leaves_the_terminal_clean() {
    let rig = Rig::new();
    rig.file("stays", format!("{FULL_SCREEN} cat").as_bytes());
    rig.file("dies", format!("{FULL_SCREEN} head -c 1 >/dev/null; kill -9 $$").as_bytes());
    rig.start("painted", &format!("{FULL_SCREEN} cat"));
    rig.wait_for_line("painted", "full screen");
    for (join, status) in [
        ("run --name fresh -- bash stays", 143),
        ("attach painted", 143),
        ("run --name dies -- bash dies", 137),
    ] {
        // Its standard input is not the terminal, which is what makes it a relay.
        let terminal = rig.shell(&format!(
            "[ -e pipe ] || mkfifo pipe; $cf {join} <>pipe; echo status $?; read line; echo \"got $line\""
        ));
        terminal.wait_for_shown("full screen").unwrap();
        if status == 137 {
            assert!(rig.run(&["send", "dies", "--text", "x"]).status.success());
        } else {
            signal(client_in(&terminal), Signal::TERM);
        }
        assert_usable(&terminal, &format!("status {status}"));
        assert_modes_undone(&terminal);
    }
}
