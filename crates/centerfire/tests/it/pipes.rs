//! A session in a pipe: standard input and output are no terminal, and nothing else is there.

use crate::rig::{LIMIT, Rig, kill};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use testkit::assert_same;

/// Runs a shell line with `$cf` as the binary and gives what it printed.
fn shell(rig: &Rig, line: &str) -> (Option<i32>, Vec<u8>) {
    let mut command = Command::new("/bin/bash");
    rig.instance.settle(&mut command);
    command.args(["-c", line]).env("cf", rig.instance.binary());
    let output = testkit::instance::finish(command, LIMIT);
    (output.status.code(), output.stdout)
}

fn piped(rig: &Rig, arguments: &[&str]) -> Child {
    let mut command = rig.instance.command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().expect("start a session")
}

/// What is piped in is typed, the end of it ends the program's input, and its code is passed on.
#[test]
fn a_pipe_is_typed_and_its_end_is_the_end_of_the_input() {
    let rig = Rig::new();
    let (code, output) = shell(&rig, "echo hi | $cf run -- cat");
    // Once by the terminal's echo, once by cat.
    assert_eq!((code, &output[..]), (Some(0), &b"hi\r\nhi\r\n"[..]));
    let (code, output) =
        shell(&rig, "printf hi | setsid -w $cf run -- bash -c 'stty -echo; echo; cat; exit 5'");
    assert_eq!(code, Some(5));
    assert!(output.ends_with(b"\r\nhi"), "{}", output.escape_ascii());
}

/// A shell that edits its lines itself ends with its input, whatever it does when the input ends: it begins, it waits, it runs a
/// command, or one that reads lines itself.
#[test]
fn the_end_of_a_pipe_ends_a_shell_that_edits_its_lines() {
    let rig = Rig::new();
    for (input, shown) in [
        ("", ""),
        ("echo hi\\n", "hi\r\n"),
        ("sleep 0.2; echo hi\\n", "hi\r\n"),
        ("cat\\n", ""),
        ("cat; cat\\n", ""),
    ] {
        for _ in 0..5 {
            let (code, output) = shell(&rig, &format!("printf '{input}' | $cf run -- bash --norc"));
            let text = String::from_utf8_lossy(&output);
            assert_eq!(code, Some(0), "{input}: {text:?}");
            assert!(text.contains(shown) && text.ends_with("exit\r\n"), "{input}: {text:?}");
        }
    }
}

/// Who joins a session and has nothing more to say leaves it; its program is somebody else's.
#[test]
fn a_pipe_that_joins_and_ends_leaves_the_session_alone() {
    let rig = Rig::new();
    let session = rig.start("shared", "echo ready; cat; echo over");
    rig.wait_for_line("shared", "ready");
    let (code, _) = shell(&rig, "$cf attach shared </dev/null");
    assert_eq!(code, Some(0));
    let (code, _) = shell(&rig, "echo word | $cf attach shared");
    assert_eq!(code, Some(0));
    rig.wait_for_line("shared", "word");
    assert_eq!(session.exit(), None);
    assert!(rig.run(&["send", "shared", "--submit", "still here"]).status.success());
    rig.wait_for_line("shared", "still here");
}

/// A consumer that has enough ends the client, not the session.
#[test]
fn a_consumer_that_leaves_does_not_end_the_session() {
    let rig = Rig::new();
    let (_, output) = shell(&rig, "$cf run --name goes-on -- seq 1 100000000 </dev/null | head -n 3");
    assert_eq!(output, b"1\r\n2\r\n3\r\n");
    let session = rig.session("goes-on");
    let stored = session.status().offset;
    session.settled("the program writes on", |status| status.offset > stored);
}

/// T6, T7: what a pipe brings is taken as the program reads it, megabytes too, or refused aloud.
#[test]
fn a_long_pipe_waits_for_its_reader() {
    let rig = Rig::new();
    let lines: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    rig.file("lines", lines.as_bytes());
    let (code, output) =
        shell(&rig, "$cf run -- bash -c 'stty -echo; echo; sleep 0.2; exec cat' <lines | tail -c 1000");
    assert_eq!(code, Some(0));
    assert!(output.ends_with(b"199999\r\n200000\r\n"), "{}", output.escape_ascii());
}

/// T7: a line that the terminal would cut is not cut in silence: the client says so and fails.
#[test]
fn a_line_too_long_for_a_pipe_is_refused_aloud() {
    let rig = Rig::new();
    rig.file("line", &[&[b'x'; 6000][..], b"\n"].concat());
    let mut command = Command::new("/bin/bash");
    rig.instance.settle(&mut command);
    command.args(["-c", "$cf run -- cat <line"]).env("cf", rig.instance.binary());
    let output = testkit::instance::finish(command, LIMIT);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(told.contains("6000 bytes"), "{told}");
}

/// A pipe gets every stored byte once, whatever becomes of hosts.
#[test]
fn a_pipe_gets_every_byte_once_over_the_death_of_hosts() {
    let rig = Rig::new();
    let script = "stty raw -echo; read -n 1; seq 1 3000000; printf END; read -n 1";
    let mut client = piped(&rig, &["run", "--name", "steady", "--", "bash", "-c", script]);
    let session = rig.session("steady");
    let mut input = client.stdin.take().expect("a pipe");
    let mut output = client.stdout.take().expect("a pipe");
    input.write_all(b"x").unwrap();
    let mut got = Vec::new();
    let mut piece = [0; 64 << 10];
    let mut next_kill = 1 << 20;
    while !got.ends_with(b"END") {
        let count = output.read(&mut piece).unwrap();
        assert_ne!(count, 0, "the pipe ends after {} bytes", got.len());
        got.extend_from_slice(&piece[..count]);
        if got.len() > next_kill {
            kill(session.pids().host);
            next_kill += 4 << 20;
        }
    }
    input.write_all(b"x").unwrap();
    output.read_to_end(&mut got).unwrap();
    assert!(client.wait().unwrap().success());
    assert_same(&got, &session.output(), "pipe");
    let restarts = session.notices().len();
    assert!(restarts >= 3, "{restarts}");
}

/// Two attached clients, one in a pipe that ends: the other is not told to leave.
#[test]
fn a_session_without_any_terminal_can_be_driven_by_commands() {
    let rig = Rig::new();
    rig.start("bare", "echo ready; read line; echo \"got $line\"; exit 4");
    rig.wait_for_line("bare", "ready");
    assert!(rig.run(&["send", "bare", "--submit", "an answer"]).status.success());
    rig.wait_for_line("bare", "got an answer");
    assert_eq!(rig.end_of("bare"), serde_json::json!({ "code": 4 }));
}
