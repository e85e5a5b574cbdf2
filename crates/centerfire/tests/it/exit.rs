//! How a program ended, exactly, after all of its output: as exit code, in `wait`, in `list`.

use crate::rig::{LIMIT, Rig, after, detach, kill, signal};
use rustix::process::Signal;
use serde_json::json;
use std::process::Output;
use testkit::{assert_same, eventually};

fn run(rig: &Rig, script: &str) -> Output {
    rig.run(&["run", "--", "bash", "-c", script])
}

/// T5: the program's own code, and 128 + signal, are passed on, in a pipe as in a terminal.
#[test]
fn the_exit_code_is_the_programs_own() {
    let rig = Rig::new();
    for (script, code) in
        [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143)]
    {
        assert_eq!(run(&rig, script).status.code(), Some(code), "{script}");
        let terminal = rig.open("same", script);
        assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(code), "{script} in a terminal");
    }
}

/// T5: a code and a signal of the same number are told apart.
#[test]
fn a_signal_is_told_as_a_signal() {
    let rig = Rig::new();
    rig.start("code", "exit 9");
    rig.start("signal", "kill -9 $$");
    assert_eq!(rig.end_of("code"), json!({ "code": 9 }));
    assert_eq!(rig.end_of("signal"), json!({ "signal": 9 }));
    let states: Vec<_> =
        ["code", "signal"].map(|name| rig.instance.json(&["show", name, "--json"])["state"].clone()).into();
    assert_eq!(states, [json!("exit 9"), json!("signal KILL")]);
}

/// A program that cannot be started is told at once, as shells do, and leaves no session.
#[test]
fn what_cannot_be_started_is_127_or_126() {
    let rig = Rig::new();
    rig.file("plain", b"no program");
    let plain = rig.instance.work().join("plain");
    for (command, code, word) in
        [("no-such-program", 127, "No such file"), (plain.to_str().unwrap(), 126, "Permission denied")]
    {
        for way in [&["run", "--", command][..], &["run", "--detached", "--", command]] {
            let output = rig.run(way);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{way:?} {told}");
            assert!(told.contains(word) && told.contains(command), "{told}");
        }
    }
    assert_eq!(rig.instance.json(&["list", "--all", "--json"]), json!([]));
    assert_eq!(rig.instance.leaked(), []);
}

/// Exit codes of the commands themselves: scripts rely on them.
#[test]
fn commands_tell_by_their_codes_what_went_wrong() {
    let rig = Rig::new();
    rig.start("here", "echo ready; cat");
    rig.start("over", "exit 0");
    rig.end_of("over");
    let code = |arguments: &[&str]| rig.run(arguments).status.code();
    assert_eq!(code(&["attach", "nowhere"]), Some(3));
    assert_eq!(code(&["send", "nowhere", "--text", "x"]), Some(3));
    assert_eq!(code(&["wait", "here", "--for", "exit", "--timeout", "0.1"]), Some(124));
    assert_eq!(code(&["wait", "here", "--for", "text", "--match", "never", "--timeout", "0.1"]), Some(124));
    assert_eq!(code(&["attach", "over"]), Some(4));
    assert_eq!(code(&["send", "over", "--text", "x"]), Some(4));
    assert_eq!(code(&["run", "--no-such-option"]), Some(2));
    assert_eq!(code(&["list"]), Some(0));
}

/// A detach is a success, and the session goes on.
#[test]
fn the_detach_key_leaves_with_zero() {
    let rig = Rig::new();
    let terminal = rig.open("stays", "echo ready; cat");
    terminal.wait_for_text("ready").unwrap();
    detach(&terminal);
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(0));
    terminal.wait_for_text("detached from stays").unwrap();
    assert_eq!(rig.instance.json(&["show", "stays", "--json"])["phase"], "running");
}

/// `run --detached` returns once the program runs, and its id leads to the session.
#[test]
fn a_detached_run_prints_the_id_of_a_program_that_runs() {
    let rig = Rig::new();
    let output = rig.run(&["run", "--detached", "--", "sleep", "600"]);
    let id = String::from_utf8(output.stdout).unwrap();
    let shown = rig.instance.json(&["show", id.trim(), "--json"]);
    let child = shown["pids"]["child"].as_u64().unwrap() as u32;
    assert_eq!(testkit::proc::command_line(child), "sleep 600");
}

/// T2: what was printed right before the end arrives, more than any buffer on the way holds.
#[test]
fn output_right_before_the_end_arrives() {
    let rig = Rig::new();
    let lines: String = (1..=40_000).map(|number| format!("{number}\r\n")).collect();
    let terminal = rig.open("burst", "seq 1 40000");
    assert!(terminal.wait(LIMIT).unwrap().success());
    assert_same(&terminal.output(), lines.as_bytes(), "terminal");
    assert_same(&rig.session("burst").output(), lines.as_bytes(), "journal");
    assert_same(&run(&rig, "seq 1 40000").stdout, lines.as_bytes(), "pipe");
}

/// A program that is over before its client has come is no error, and none of its output is missing.
#[test]
fn a_program_that_ends_at_once_is_seen_all_the_same() {
    let rig = Rig::new();
    for round in 0..60 {
        let output = rig.run(&["run", "--", "printf", "hello"]);
        assert_eq!(
            (output.status.code(), &output.stdout[..]),
            (Some(0), &b"hello"[..]),
            "round {round}: {output:?}"
        );
    }
    for round in 0..20 {
        let terminal = rig.open("quick", "printf hello; exit 3");
        assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(3), "round {round}");
        assert_same(&terminal.output(), b"hello", "terminal");
    }
}

/// `kill` ends by force what does not end otherwise.
#[test]
fn kill_ends_what_ignores_it() {
    let rig = Rig::new();
    rig.start("stubborn", "trap '' HUP TERM; echo ready; while :; do sleep 600; done");
    rig.wait_for_line("stubborn", "ready");
    let output = rig.run(&["kill", "stubborn", "--grace", "0.1"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(rig.end_of("stubborn"), json!({ "signal": 9 }));
}

/// The last screen of an ended session can be seen, and its recording removed.
#[test]
fn an_ended_session_is_there_until_it_is_removed() {
    let rig = Rig::new();
    rig.start("past", "echo the last words");
    rig.end_of("past");
    assert!(rig.screen("past").contains("the last words"));
    let folder = rig.session("past").folder;
    assert_same(after(&rig.session("past").output(), b"the last "), b"words\r\n", "journal");
    assert!(rig.run(&["remove", "past"]).status.success());
    assert!(!folder.path().exists());
}

/// T2: the program's end is not yet the session's: while output may be on its way, nobody says that it is over.
#[test]
fn a_session_has_exited_when_its_host_says_so_and_not_before() {
    let rig = Rig::new();
    let session = rig.start("slow", "echo ready; read line");
    rig.wait_for_line("slow", "ready");
    let pids = session.pids();
    let phases = || {
        let listed = rig.instance.json(&["list", "--all", "--json"])[0]["phase"].clone();
        let status = session.folder.status().unwrap().expect("a status lies on disk");
        (listed, json!(status.phase))
    };
    signal(pids.host, Signal::STOP);
    kill(pids.child);
    eventually(LIMIT, || session.exit()).expect("the keeper writes the end down");
    assert_eq!(phases(), ("running".into(), "running".into()));
    signal(pids.host, Signal::CONT);
    assert_eq!(rig.end_of("slow"), json!({ "signal": 9 }));
    assert_eq!(phases(), ("exited".into(), "exited".into()));
    assert_eq!(rig.instance.json(&["show", "slow", "--json"])["phase"], "exited");
}
