//! Input is taken whole, or refused; never cut, never mixed, and never in the way of output.

use crate::rig::{LIMIT, Rig};
use protocol::frame::{InputForm, Request};
use serde_json::Value;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use testkit::assert_same;

/// A paste in bytes that no terminal takes at once.
const BIG: usize = 1_000_000;

/// Begins to paste a file and gives the process that waits for the program to take it.
fn paste(rig: &Rig, session: &str, file: &str) -> Child {
    let mut command: Command =
        rig.instance.command(&["send", session, "--json", "--timeout", "60", "--paste", file]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("start a paste")
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// T6: a program that does not read can still write, what is more than the queue holds is refused whole and said to
/// be, and what was accepted arrives whole as soon as the program reads.
#[test]
fn a_paste_that_nobody_reads_blocks_nothing_and_arrives_whole() {
    let rig = Rig::new();
    let text: String = (0..BIG / 10).map(|number| format!("{number:09} ")).collect();
    rig.file("big", text.as_bytes());
    let script = format!(
        "stty raw -echo; printf ready; while [ ! -e output ]; do sleep 0.02; done; seq 1 200000; printf '\\r\\nwritten'; \
         while [ ! -e read ]; do sleep 0.02; done; head -c {} >taken; printf '\\r\\nEND'; cat",
        text.len()
    );
    let session = rig.start("deaf", &script);
    rig.wait_for_line("deaf", "ready");
    let first = paste(&rig, "deaf", "big");
    testkit::eventually(LIMIT, || (!session.input().is_empty()).then_some(())).expect("the paste has begun");
    let refused = paste(&rig, "deaf", "big").wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    assert_eq!(told(&refused)["code"], "WRITE_REJECTED");
    // No deadlock: with its input full the program writes more than any buffer holds.
    rig.file("output", b"");
    rig.wait_for_line("deaf", "written");
    rig.file("read", b"");
    rig.wait_for_line("deaf", "END");
    let accepted = first.wait_with_output().unwrap();
    assert!(accepted.status.success(), "{accepted:?}");
    assert_eq!(told(&accepted)["bytes"], BIG);
    let taken = std::fs::read(rig.instance.work().join("taken")).unwrap();
    assert_same(&taken, text.as_bytes(), "what the program read");
    assert!(rig.run(&["send", "deaf", "--text", "after"]).status.success());
    rig.wait_for_line("deaf", "after");
}

/// T9: four pastes at once arrive one after the other, each in one piece.
#[test]
fn pastes_at_once_do_not_mix() {
    const LENGTH: usize = 20_000;
    let rig = Rig::new();
    rig.start(
        "tidy",
        &format!("stty raw -echo; printf ready; head -c {} >taken; printf END; cat", 4 * LENGTH),
    );
    rig.wait_for_line("tidy", "ready");
    let writers: Vec<Child> = (b'a'..=b'd')
        .map(|letter| {
            let name = char::from(letter).to_string();
            rig.file(&name, &[letter; LENGTH]);
            paste(&rig, "tidy", &name)
        })
        .collect();
    for writer in writers {
        let output = writer.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    rig.wait_for_line("tidy", "END");
    let taken = std::fs::read(rig.instance.work().join("taken")).unwrap();
    assert_eq!(taken.len(), 4 * LENGTH);
    for piece in taken.chunks(LENGTH) {
        assert!(piece.iter().all(|byte| *byte == piece[0]), "two pastes are mixed");
    }
}

/// T9: prompts with their Enter, sent by several at once, stay prompts.
#[test]
fn prompts_at_once_stay_whole() {
    let rig = Rig::new();
    let session = rig.start("lines", "stty -echo; echo ready; while read line; do echo \"got $line\"; done");
    rig.wait_for_line("lines", "ready");
    let send =
        |number: usize| rig.run(&["send", "lines", "--submit", &format!("prompt {number} of several")]);
    thread::scope(|scope| {
        let sends: Vec<_> = (0..8).map(|number| scope.spawn(move || send(number))).collect();
        for send in sends {
            let output = send.join().expect("a send ends");
            assert!(output.status.success(), "{output:?}");
        }
    });
    rig.wait_for_line("lines", "several");
    let all =
        |output: &str| (0..8).all(|number| output.contains(&format!("got prompt {number} of several\r\n")));
    let seen = testkit::eventually(LIMIT, || {
        Some(String::from_utf8_lossy(&session.output()).into_owned()).filter(|output| all(output))
    });
    assert!(seen.is_some(), "{}", String::from_utf8_lossy(&session.output()));
}

/// T7: a line longer than a terminal in line mode takes is refused with its length, not cut; one that fits is taken.
#[test]
fn an_overlong_line_is_refused_not_cut() {
    let rig = Rig::new();
    rig.start("cooked", "stty -echo; echo ready; while read line; do echo \"got ${#line}\"; done");
    rig.wait_for_line("cooked", "ready");
    rig.file("fits", &[&[b'x'; 4095][..], b"\n"].concat());
    rig.file("long", &[&[b'x'; 4096][..], b"\n"].concat());
    rig.file("lines", &[&[b'x'; 3000][..], b"\n"].concat().repeat(5));
    let output = paste(&rig, "cooked", "long").wait_with_output().unwrap();
    assert_eq!((output.status.code(), told(&output)["code"].as_str()), (Some(5), Some("WRITE_REJECTED")));
    assert!(told(&output)["error"].as_str().is_some_and(|error| error.contains("4096 bytes")), "{output:?}");
    assert!(paste(&rig, "cooked", "fits").wait().unwrap().success());
    rig.wait_for_line("cooked", "got 4095");
    assert!(paste(&rig, "cooked", "lines").wait().unwrap().success());
    rig.wait_for_line("cooked", "got 3000");
    // A line may come in parts; what was typed of it counts.
    rig.file("part", &[b'x'; 3000]);
    assert!(paste(&rig, "cooked", "part").wait().unwrap().success());
    let output = paste(&rig, "cooked", "part").wait_with_output().unwrap();
    assert!(told(&output)["error"].as_str().is_some_and(|error| error.contains("6000 bytes")), "{output:?}");
}

/// T8: a paste cannot break out of its brackets, and a prompt's Enter comes after them as a key of its own.
#[test]
fn a_paste_stays_in_its_brackets() {
    let rig = Rig::new();
    let session = rig.start("brackets", r"stty raw -echo; printf '\033[?2004hready'; cat -v");
    rig.wait_for_line("brackets", "ready");
    let output = rig.run(&["send", "brackets", "--submit", "one\x1b[201~\ntwo"]);
    assert!(output.status.success(), "{output:?}");
    let input = String::from_utf8(session.input()).unwrap();
    assert!(
        input.starts_with("\x1b[200~one") && input.ends_with("two\x1b[201~\r"),
        "{}",
        input.escape_debug()
    );
    assert_eq!(input.matches("\x1b[201~").count(), 1, "{}", input.escape_debug());
}

/// T9: a terminal pastes in pieces, as they are read; what others send meanwhile comes behind the whole paste.
#[test]
fn what_is_sent_during_a_paste_at_the_terminal_comes_after_it() {
    const PIECE: usize = 4096;
    let rig = Rig::new();
    let text: String = (0..64 << 10).map(|number| char::from(b'a' + (number / PIECE) as u8)).collect();
    let pasted = format!("\x1b[200~{text}\x1b[201~");
    let all = pasted.len() + "<posted><sent>".len();
    let terminal = rig.open(
        "pasted",
        &format!(r"stty raw -echo; printf '\033[?2004hready'; head -c {all} >taken; printf END; cat"),
    );
    terminal.wait_for_text("ready").unwrap();
    let session = rig.session("pasted");
    let mut typed = 0;
    let mut senders = None;
    for piece in pasted.as_bytes().chunks(PIECE) {
        terminal.write(piece).unwrap();
        typed += piece.len();
        // The host has read it by then, and waits for the next.
        testkit::eventually(LIMIT, || (session.input().len() >= typed).then_some(()))
            .expect("the piece is taken");
        senders.get_or_insert_with(|| {
            let mut command = rig.instance.command(&["send", "pasted", "--text", "<sent>"]);
            let process = command.stdin(Stdio::null()).spawn().expect("start a send");
            let mut client = session.client();
            client.post(Request::Input { form: InputForm::Text }, b"<posted>").unwrap();
            // Requests are answered in order: once this is, the other one waits.
            client.call(Request::Status).unwrap();
            (process, client)
        });
    }
    terminal.wait_for_text("END").unwrap();
    let (mut process, _client) = senders.expect("a paste has pieces");
    assert!(process.wait().unwrap().success());
    let taken = std::fs::read(rig.instance.work().join("taken")).unwrap();
    assert_same(&taken[..pasted.len()], pasted.as_bytes(), "the paste");
    let mut rest = String::from_utf8(taken[pasted.len()..].to_vec()).unwrap();
    for sent in ["<posted>", "<sent>"] {
        assert!(rest.contains(sent), "{rest}");
        rest = rest.replacen(sent, "", 1);
    }
}
