//! Clients of every kind follow one session.

use crate::busy::{Follower, NAME, Way};
use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use std::process::Stdio;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Instant;
use testkit::{Terminal, assert_same, eventually};

/// Lines that the program writes: a megabyte and more.
const LINES: usize = 40_000;
/// Clients of each kind.
const EACH: usize = 3;
/// Begins what a terminal that joined is shown from its first byte to its last.
const BEGIN: &[u8] = b"BEGIN\n";
const SCRIPT: &str =
    "stty raw -echo; echo ready; head -c 1 >/dev/null; echo BEGIN; cat stream; head -c 1 >/dev/null";

/// Reads the output by parts, as a script does, until all of it is there.
fn poll(rig: &Rig, bytes: usize) -> Vec<u8> {
    let mut output = Vec::new();
    let end = Instant::now() + LIMIT;
    while output.len() < bytes {
        assert!(Instant::now() < end, "{} bytes of {bytes}", output.len());
        let path = format!("/api/v1/sessions/{NAME}/output?from={}", output.len());
        let part = Call::get(&path).bearer(&rig.manage).send(rig);
        assert_eq!(part.status, 200, "{part:?}");
        output.extend_from_slice(&part.body);
        let next = part.header("centerfire-next-offset").expect("where the next part begins");
        assert_eq!(next.parse(), Ok(output.len()));
    }
    output
}

/// A51: WebSockets, event streams, scripts over HTTP, terminals and commands, all on one session at once: each has every
/// byte, in order.
#[test]
fn clients_of_every_kind_have_the_same_bytes() {
    let rig = Rig::new();
    let lines: String =
        (0..LINES).map(|line| format!("line {line} of {LINES} \u{2713} \u{e4}\r\n")).collect();
    let stream = (lines + "that was all\r\n").into_bytes();
    rig.file("stream", &stream);
    rig.start(NAME, SCRIPT);
    let written = [b"ready\n", BEGIN, &stream].concat();
    let seen: [AtomicU64; 2 * EACH] = Default::default();
    thread::scope(|scope| {
        let deadline = Instant::now() + LIMIT;
        let follow = |(place, seen)| {
            let way = if place < EACH { Way::WebSocket } else { Way::Events };
            let follower = Follower { way, address: rig.address(), secret: &rig.manage, seen, deadline };
            scope.spawn(move || (format!("{way:?}"), follower.follow().output))
        };
        let mut clients: Vec<_> = seen.iter().enumerate().map(follow).collect();
        for _ in 0..EACH {
            clients.push(scope.spawn(|| ("HTTP".to_owned(), poll(&rig, written.len()))));
        }
        let mut command = rig.instance.command(&["output", NAME, "--follow", "--raw"]);
        let command = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("start a command");
        let command = scope.spawn(|| command.wait_with_output().expect("read what it prints"));
        let attach = |_| {
            let command = rig.instance.command(&["attach", NAME, "--read-only"]);
            Terminal::spawn(command, 80, 24).expect("open a terminal")
        };
        let terminals: Vec<Terminal> = (0..EACH).map(attach).collect();
        for terminal in &terminals {
            terminal.wait_for_shown("ready").expect("a terminal shows the screen");
        }
        let there = || {
            let listed = Call::get("/api/v1/connections").bearer(&rig.manage).send(&rig).json();
            (listed["connections"].as_array()?.len() == seen.len()).then_some(())
        };
        eventually(LIMIT, there).expect("everybody is there");

        rig.press(NAME, "x");
        for (number, terminal) in terminals.iter().enumerate() {
            let shown = terminal.wait_for(|shown| shown.ends_with(b"that was all\r\n"), LIMIT);
            let shown = shown.expect("a terminal shows all");
            let begin = shown.windows(BEGIN.len()).position(|part| part == BEGIN).expect("where it began");
            assert_same(&shown[begin + BEGIN.len()..], &stream, &format!("terminal {number}"));
        }
        rig.press(NAME, "x");
        for client in clients {
            let (kind, output) = client.join().expect("a client");
            assert_same(&output, &written, &kind);
        }
        assert_same(&command.join().expect("a command").stdout, &written, "centerfire output");
    });
    rig.wait_for_end(NAME);
    assert_same(&rig.stored(NAME), &written, "centerfire export");
}
