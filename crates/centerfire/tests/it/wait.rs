//! `wait`: until a text, a state, an end. Only what comes after `--since` counts (T38), and time-outs are told apart.

use crate::rig;
use crate::session::{NAME, Session};
use rustix::process::Signal;
use serde_json::Value;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use testkit::instance::finish;
use testkit::terminal::PATIENCE;
use testkit::{eventually, proc};

/// The exit code of a time-out.
const TIMED_OUT: i32 = 124;

/// A shell without echo that runs each line it is sent.
fn shell() -> Session {
    let session =
        Session::start(&["sh", "-c", "stty -echo; echo ready; while read -r line; do eval \"$line\"; done"]);
    session.wait_for_line("ready");
    session
}

/// Types a line; returns the offset at which it was taken.
fn send(session: &Session, line: &str) -> u64 {
    session.json(&["send", "--text", &format!("{line}\n")])["offset"].as_u64().unwrap()
}

/// Tells a state as a program does.
fn report(state: &str) -> String {
    format!("printf '\\033]7501;state={state}:app=test\\007'")
}

fn wait(session: &Session, words: &[&str], seconds: &str) -> Output {
    let words: Vec<&str> =
        ["wait", "--json", "--timeout", seconds, "--for"].iter().chain(words).copied().collect();
    session.run(&words)
}

/// What was seen, by a wait that must not time out.
fn seen(session: &Session, words: &[&str]) -> Value {
    let output = wait(session, words, "25");
    let told = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{words:?}: {} {told:?}\n{}", output.status, session.text());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assert_times_out(session: &Session, words: &[&str]) {
    let start = Instant::now();
    let output = wait(session, words, "0.2");
    assert_eq!(
        output.status.code(),
        Some(TIMED_OUT),
        "{words:?} saw {}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert!(start.elapsed() >= Duration::from_millis(200));
}

/// T38: a state that was reached before the offset does not count, one that is reached after it does.
#[test]
fn a_state_from_before_the_offset_does_not_count() {
    let session = shell();
    send(&session, &report("done"));
    let done = seen(&session, &["done"])["offset"].as_u64().unwrap();
    // From its own offset on it counts, and from none.
    seen(&session, &["done", "--since", &done.to_string()]);
    let sent = send(&session, "true");
    assert!(sent > done);
    let since = sent.to_string();
    for state in ["done", "idle", "blocked"] {
        assert_times_out(&session, &[state, "--since", &since]);
    }
    // The same state, told again, is a new one.
    send(&session, &report("done"));
    let again = seen(&session, &["done", "--since", &since]);
    assert!(again["offset"].as_u64().unwrap() >= sent);
    assert_eq!(again["agent"]["state"], "done");
}

/// Idle is satisfied by done as well, done by itself alone; working, blocked and error by neither.
#[test]
fn idle_is_satisfied_by_done_and_done_by_itself_alone() {
    let session = shell();
    for (state, satisfied) in [
        ("idle", &["idle"][..]),
        ("done", &["idle", "done"]),
        ("blocked", &["blocked"]),
        ("working", &[]),
        ("error", &[]),
        ("clear", &[]),
    ] {
        let since = send(&session, &format!("{}; echo told {state}", report(state))).to_string();
        seen(&session, &["text", "--match", &format!("told {state}"), "--since", &since]);
        for wanted in ["idle", "done", "blocked"] {
            if satisfied.contains(&wanted) {
                assert_eq!(seen(&session, &[wanted, "--since", &since])["agent"]["state"], state);
            } else {
                assert_times_out(&session, &[wanted, "--since", &since]);
            }
        }
    }
}

/// A sub-agent's state is not its program's.
#[test]
fn the_state_of_a_sub_agent_is_not_waited_for() {
    let session = shell();
    let since = send(&session, "printf '\\033]7501;state=done:id=one/two\\007'; echo told").to_string();
    seen(&session, &["text", "--match", "told", "--since", &since]);
    assert_times_out(&session, &["done", "--since", &since]);
}

/// A line counts that was on the screen for a moment, even if it was gone before anybody waited for it.
#[test]
fn a_text_is_seen_that_was_shown_only_briefly() {
    let session = shell();
    for (how, hide) in [
        ("scrolled away", "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo more $i; done"),
        ("overwritten", "printf '\\r\\033[K'"),
        ("erased", "printf '\\033[2J\\033[3J\\033[H'"),
        ("on the other screen", "printf '\\033[?1049h\\033[2J\\033[?1049l\\033[H\\033[J'"),
    ] {
        let before = send(&session, "true").to_string();
        send(&session, &format!("printf 'a brief word'; {hide}; echo hidden"));
        seen(&session, &["text", "--match", "^hidden", "--since", &before]);
        let after = session.json(&["screen"])["offset"].to_string();
        let told = seen(&session, &["text", "--match", "brief (word|text)", "--since", &before]);
        assert!(told["line"].as_str().unwrap().contains("a brief word"), "{how}: {told}");
        assert_times_out(&session, &["text", "--match", "brief word", "--since", &after]);
        assert_times_out(&session, &["text", "--match", "brief word"]);
    }
}

/// A wait that began before what it waits for is woken by it.
#[test]
fn a_wait_is_woken_by_what_it_waits_for() {
    let session = shell();
    let cases = [
        (["wait", NAME, "--for", "text", "--match", "the word"], "echo the word"),
        (["wait", NAME, "--for", "blocked", "--timeout", "25"], &*report("blocked")),
        (["wait", NAME, "--for", "exit", "--timeout", "25"], "exit 7"),
    ];
    for (words, line) in cases {
        let command = session.instance.command(&words);
        let waiting = std::thread::spawn(move || finish(command, PATIENCE));
        let clients = || session.json(&["show"])["clients"].as_array().cloned();
        let there = || clients()?.iter().any(|client| client["name"] == "wait").then_some(());
        eventually(PATIENCE, there).expect("a client that waits");
        send(&session, line);
        assert!(waiting.join().unwrap().status.success(), "{words:?}");
    }
}

/// A4: the end of a session is seen by who waits for it, before and after, with its status; a state does not come any
/// more, and that is no time-out.
#[test]
fn the_end_is_seen_with_its_status_and_no_state_comes_after_it() {
    let session = shell();
    assert_times_out(&session, &["exit"]);
    send(&session, "echo last words; exit 7");
    assert_eq!(seen(&session, &["exit"])["exit"]["code"], 7);
    assert_eq!(seen(&session, &["exit"])["exit"]["code"], 7);
    assert_eq!(seen(&session, &["text", "--match", "last words"])["line"], "last words");
    for words in [&["done"][..], &["text", "--match", "never shown"]] {
        assert_eq!(wait(&session, words, "10").status.code(), Some(4), "{words:?}");
    }
}

/// T4: a keeper writes the end down before the host has read the last words. Who begins to wait then, for a text or for
/// the end, is answered once they are stored.
#[test]
fn a_wait_that_begins_between_the_end_and_its_last_words_gets_both() {
    let script = "mkfifo go; echo ready; read -r line <go; echo last words; exit 7";
    let session = Session::start(&["sh", "-c", script]);
    session.wait_for_line("ready");
    let host = session.pid("host");
    rig::signal(host, Signal::STOP);
    std::fs::write(session.instance.work().join("go"), "on\n").unwrap();
    let ended = || session.folder.join("exit.json").exists().then_some(());
    eventually(PATIENCE, ended).expect("the keeper writes the end down");
    let waiting = [&["--for", "text", "--match", "last words"][..], &["--for", "exit"]].map(|words| {
        let words = [&["wait", NAME, "--json"], words].concat();
        let mut command = session.instance.command(&words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    });
    // Both have asked the host, or have ended without it.
    for client in &waiting {
        let is_socket = |file: &Path| file.to_string_lossy().starts_with("socket:");
        let asked =
            || proc::open_files(client.id()).is_ok_and(|files| files.iter().any(|file| is_socket(file)));
        eventually(PATIENCE, || (asked() || !proc::is_running(client.id())).then_some(())).unwrap();
    }
    rig::signal(host, Signal::CONT);
    for client in waiting {
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["offset"], "ready\r\nlast words\r\n".len(), "{told}");
    }
}
