//! Every byte arrives as it was sent: at the terminal, in the journal, at the program.

use crate::rig::{LIMIT, Rig, after};
use crate::stream::{noise, noise_without_queries, queries};
use protocol::{Body, Offset, hex};
use sha2::{Digest, Sha256};
use std::time::Duration;
use terminal::probe::probe;
use terminal::scan::Scanner;
use testkit::{Answers, Terminal, assert_same};

/// Bytes that a person's terminal prints before the part that counts may hold anything; this begins the part.
const BEGIN: &[u8] = b"BEGIN\n";
/// Says so in raw mode, and waits for a key.
const READY: &str = "stty raw -echo; echo BEGIN; head -c 1 >/dev/null; ";

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Invariants 1 and 6, T2, T10, T33: 64 MB of the worst bytes are the same in the program, the journal and the
/// terminal, to the very last one.
#[test]
fn what_the_program_sent_is_what_is_stored_and_what_the_terminal_got() {
    let rig = Rig::new();
    let stream = noise_without_queries(1, 64 << 20);
    rig.file("stream", &stream);
    let terminal = rig.open("flood", &format!("{READY} sha256sum <stream >sent; cat stream"));
    terminal.wait_for_text("BEGIN\n").unwrap();
    terminal.write(b"x").unwrap();
    assert!(terminal.wait(Duration::from_secs(90)).unwrap().success());

    let sent = std::fs::read_to_string(rig.instance.work().join("sent")).unwrap();
    let stored = rig.session("flood").output();
    let shown = terminal.output();
    assert_same(after(&stored, BEGIN), &stream, "journal");
    assert_same(after(&shown, BEGIN), &stream, "terminal");
    for bytes in [after(&stored, BEGIN), after(&shown, BEGIN)] {
        assert!(sent.starts_with(&sha256(bytes)), "{sent}");
    }
    assert!(rig.run(&["verify", "flood"]).status.success());
}

/// Invariant 9, T14: of a stream with questions in it the journal holds all, and a terminal gets all but those that
/// were answered for it. What the host asks the terminal itself never breaks a sequence of the program.
#[test]
fn a_terminal_gets_all_but_the_answered_queries() {
    const QUERIES: &[&[u8]] = &[b"\x1b[c", b"\x1b[6n", b"\x1b[>0q", b"\x1b[?u", b"\x1b[5n", b"\x1b[?2026$p"];
    let rig = Rig::new();
    let mut stream = Vec::new();
    for (piece, query) in noise_without_queries(2, 4 << 20).chunks(1000).zip(QUERIES.iter().cycle()) {
        // CAN ends whatever the noise began, so that the question is one.
        stream.extend_from_slice(&[piece, b"\x18", query].concat());
    }
    // The last word is no question: for one that waits for its answer the host may ask the terminal.
    stream.extend_from_slice(b"the end");
    rig.file("stream", &stream);
    let script = format!("{READY} cat stream");
    let command = rig.instance.command(&["run", "--name", "asks", "--", "bash", "-c", &script]);
    let mut xterm = Answers::xterm();
    let terminal = Terminal::spawn_answering(command, 80, 24, move |bytes| xterm.reply(bytes)).unwrap();
    terminal.wait_for_text("BEGIN\n").unwrap();
    terminal.write(b"x").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());

    let session = rig.session("asks");
    let stored = session.output();
    assert_same(after(&stored, BEGIN), &stream, "journal");
    let first = stored.len() - stream.len();
    let mut answered = Vec::new();
    session.records(|body| {
        if let Body::Answered { ranges } = body {
            let ranges = ranges.iter().map(|range| (range.start.0, range.end.0));
            answered.extend(ranges.map(|(start, end)| start as usize - first..end as usize - first));
        }
    });
    let asked = queries(&stream);
    assert!(answered.iter().all(|range| asked.contains(range)), "only questions are taken out");
    assert!(answered.len() > asked.len() / 2, "{} of {} were answered", answered.len(), asked.len());
    let mut expected = stream;
    for range in answered.into_iter().rev() {
        expected.drain(range);
    }
    let shown = without(after(&terminal.output(), BEGIN), &probe());
    // The host's fence is a question of the program, too: where that was left to the terminal both are taken out.
    assert_same(&without(&shown, b"\x1b[c"), &without(&expected, b"\x1b[c"), "terminal");
}

/// The bytes without these words of the host; they stand in ground state, or the sequence before them is broken.
fn without(bytes: &[u8], words: &[u8]) -> Vec<u8> {
    let mut scanner = Scanner::new(Offset::ZERO);
    let mut rest = Vec::new();
    let mut from = 0;
    while let Some(at) = bytes[from..].windows(words.len()).position(|window| window == words) {
        rest.extend_from_slice(&bytes[from..from + at]);
        scanner.scan(&bytes[from..from + at], &mut Vec::new());
        assert!(
            scanner.ground(),
            "the host speaks within a sequence: {}",
            rest[rest.len().saturating_sub(60)..].escape_ascii()
        );
        from += at + words.len();
    }
    rest.extend_from_slice(&bytes[from..]);
    rest
}

/// Invariant 6, T6, T26: 8 MB of the worst bytes reach the program, while it writes as much.
#[test]
fn what_is_typed_is_what_the_program_reads() {
    let rig = Rig::new();
    let typed = noise(3, 8 << 20);
    let stream = noise_without_queries(4, 8 << 20);
    rig.file("stream", &stream);
    let script = format!(
        "{READY} cat stream & head -c {} | sha256sum >read; wait; printf END; head -c 1 >/dev/null",
        typed.len()
    );
    let terminal = rig.open_with("types", &["--detach-key", "none"], &script);
    terminal.wait_for_text("BEGIN\n").unwrap();
    terminal.write(b"x").unwrap();
    for piece in typed.chunks(64 << 10) {
        terminal.write(piece).unwrap();
    }
    terminal.wait_for(|bytes| bytes.ends_with(b"END"), LIMIT).unwrap();
    let read = std::fs::read_to_string(rig.instance.work().join("read")).unwrap();
    assert!(read.starts_with(&sha256(&typed)), "the program read something else");
    let session = rig.session("types");
    assert_same(after(&session.input(), b"x"), &typed, "input in the journal");
    assert_same(after(&session.output(), BEGIN), &[&stream[..], b"END"].concat(), "output in the journal");
    assert_same(after(&terminal.output(), BEGIN), &[&stream[..], b"END"].concat(), "terminal");
}

/// Invariant 6: what goes through pipes is the same, too.
#[test]
fn what_goes_through_pipes_is_not_changed() {
    let rig = Rig::new();
    let stream = noise_without_queries(5, 8 << 20);
    rig.file("stream", &stream);
    let output = rig.run(&["run", "--name", "piped", "--", "bash", "-c", "stty raw -echo; cat stream"]);
    assert!(output.status.success());
    assert_same(&output.stdout, &stream, "standard output");
    assert_same(&rig.session("piped").output(), &stream, "journal");
}

/// Invariant 9: bytes at the very end that might have become a question, and never did, are shown.
#[test]
fn the_beginning_of_a_query_at_the_end_of_the_output_is_shown() {
    let rig = Rig::new();
    let terminal = rig.open("half", r"stty raw -echo; printf 'BEGIN\n text \033[?'");
    assert!(terminal.wait(LIMIT).unwrap().success());
    assert_same(after(&rig.session("half").output(), BEGIN), b" text \x1b[?", "journal");
    assert_same(after(&terminal.output(), BEGIN), b" text \x1b[?", "terminal");
    let output = rig.run(&["run", "--", "bash", "-c", r"stty raw -echo; printf ' text \033[?'"]);
    assert_same(&output.stdout, b" text \x1b[?", "pipe");
}
