//! What a program of which nothing is known does, by its terminal alone.

use crate::session::Session;
use serde_json::Value;
use testkit::terminal::PATIENCE;
use testkit::{eventually, proc};

const WITHIN: &str = "20";

fn shell(prompt: &str) -> Session {
    let prompt = format!("PS1={prompt}ready> ");
    let session = Session::start(&["env", &prompt, "bash", "--norc", "--noprofile", "-i"]);
    session.wait_for_line("ready> *$");
    session
}

fn told(session: &Session) -> Value {
    session.json(&["show"])["agent"].clone()
}

fn wait(session: &Session, state: &str, since: u64) {
    session.get(&["wait", "--for", state, "--since", &since.to_string(), "--timeout", WITHIN]);
}

/// Submits a line; the offset at which it was taken.
fn send(session: &Session, line: &str) -> u64 {
    session.json(&["send", "--submit", line])["offset"].as_u64().unwrap()
}

/// Times at which a process was woken.
fn wakes(process: proc::Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process)).unwrap();
    let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
    line.split_whitespace().last().unwrap().parse().unwrap()
}

/// A shell that waits is idle, one in which something runs works, one that reads a password is blocked; each says why.
#[test]
fn a_shell_is_idle_working_or_blocked_by_its_terminal() {
    let session = shell("");
    session.get(&["wait", "--for", "idle", "--timeout", WITHIN]);
    let idle = told(&session);
    assert_eq!((&idle["state"], &idle["reason"]), (&"idle".into(), &"quiet for 2 s".into()), "{idle}");
    let sent = send(&session, "sleep 60");
    wait(&session, "working", sent);
    let named = || told(&session)["evidence"].as_str()?.ends_with("(sleep) has the foreground").then_some(());
    eventually(PATIENCE, named).unwrap_or_else(|| panic!("{}", told(&session)));
    let sent = session.json(&["send", "--key", "C-c"])["offset"].as_u64().unwrap();
    wait(&session, "idle", sent);
    let sent = send(&session, "read -rsp 'Password: ' word; echo; echo thanks");
    wait(&session, "blocked", sent);
    let blocked = told(&session);
    assert_eq!((&blocked["on"], &blocked["reason"]), (&"question".into(), &"password: Password:".into()));
    let sent = send(&session, "secret");
    wait(&session, "idle", sent);
    let explained = session.get(&["explain"]);
    for words in ["process", "quiet for 2 s", "(sleep) has the foreground", "password: Password:"] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
    // Whatever is known of it, nobody looks while nothing happens.
    let host = session.pid("host");
    let at_rest = || {
        let before = wakes(host);
        std::thread::sleep(std::time::Duration::from_secs(3));
        (wakes(host) == before).then_some(())
    };
    eventually(PATIENCE, at_rest).expect("an idle host sleeps");
}

/// A program that never hands the foreground on is known by what it shows.
#[test]
fn a_repl_works_while_it_shows_something() {
    let session = Session::start(&["python3", "-q", "-i"]);
    session.wait_for_line(">>> *$");
    session.get(&["wait", "--for", "idle", "--timeout", WITHIN]);
    let sent = send(&session, "import time\nfor n in range(6): print(n); time.sleep(.5)\n");
    wait(&session, "working", sent);
    let evidence = told(&session)["evidence"].clone();
    assert_eq!(evidence, "output within the last 2 s");
    wait(&session, "idle", session.wait_for_line("^5"));
}

/// A shell that marks its prompts and commands is believed at once.
#[test]
fn marks_of_a_shell_are_believed() {
    let session = shell("\\[\\e]133;A\\a\\]");
    let sent = send(&session, "PS0='\\e]133;C\\a'; echo marked");
    wait(&session, "idle", sent);
    let sent = send(&session, "sleep 60");
    wait(&session, "working", sent);
    let marked = |mark: &str| {
        let evidence = format!("mark {mark} of the shell (OSC 133)");
        eventually(PATIENCE, || (told(&session)["evidence"] == evidence.as_str()).then_some(()))
            .unwrap_or_else(|| panic!("{}", told(&session)));
    };
    marked("C");
    session.get(&["send", "--key", "C-c"]);
    marked("A");
}

/// Where there is no evidence nothing is said.
#[test]
fn a_program_that_never_says_a_word_is_unknown() {
    let session = Session::start(&["sleep", "60"]);
    assert_eq!(told(&session)["state"], "unknown");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(told(&session)["state"], "unknown");
}
