//! Somebody is told when a session waits: by a command and a webhook, without any server of ours.

use crate::claude_code::Desk;
use crate::session::{NAME, Session};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use testkit::terminal::PATIENCE;
use testkit::{Instance, eventually};

/// A shell that runs what it is sent.
const SHELL: &[&str] = &["sh", "-c", "stty -echo; echo ready; while read -r line; do eval \"$line\"; done"];

fn report(session: &Session, state: &str) {
    session.get(&["send", "--text", &format!("printf '\\033]7501;state={state}\\007'\n")]);
}

/// Takes one call, refuses it if it is to, and gives its body.
fn take_call(listener: &TcpListener, status: &str) -> Value {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    let body = loop {
        let count = stream.read(&mut buffer).unwrap();
        text.extend_from_slice(&buffer[..count]);
        let whole = text.windows(4).position(|window| window == b"\r\n\r\n").map(|end| &text[end + 4..]);
        if let Some(body) = whole.and_then(|body| serde_json::from_slice(body).ok()) {
            break body;
        }
        assert!(count > 0, "{}", String::from_utf8_lossy(&text));
    };
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    body
}

#[test]
fn a_command_and_a_webhook_are_told_of_states_and_of_these_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let session = Session::start_with(SHELL, |command| {
        command.env("CENTERFIRE_NOTIFY_WEBHOOK", &url);
        command.env("CENTERFIRE_NOTIFY_ON", "blocked,done");
        let script = "echo $CENTERFIRE_SESSION_NAME $CENTERFIRE_STATE $CENTERFIRE_ON \"$CENTERFIRE_REASON\" >> told.txt";
        command.env("CENTERFIRE_NOTIFY_COMMAND", script);
    });
    session.wait_for_line("ready");
    report(&session, "working");
    report(&session, "blocked:kind=permission:msg=bWF5IEkgZ28/");
    let told = take_call(&listener, "200 OK");
    assert_eq!((&told["event"], &told["name"]), (&"state".into(), &NAME.into()));
    assert_eq!(told["agent"]["on"], "permission");
    assert_eq!(told["agent"]["reason"], "may I go?");
    // Each state is told by a process of its own: the next waits until this one has written its line.
    let file = session.instance.work().join("told.txt");
    let lines = |count: usize| {
        let written = || std::fs::read_to_string(&file).ok().filter(|text| text.lines().count() == count);
        eventually(PATIENCE, written).unwrap_or_else(|| panic!("{:?}", std::fs::read_to_string(&file)))
    };
    lines(1);
    report(&session, "working");
    report(&session, "done");
    // It is called again where it did not take the news.
    take_call(&listener, "503 Busy");
    assert_eq!(take_call(&listener, "200 OK")["agent"]["state"], "done");
    assert_eq!(lines(2), "s blocked permission may I go?\ns done \n");
}

#[test]
fn who_is_told_is_told_no_secrets() {
    const TOKEN: &str = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let session = Session::start_with(SHELL, |command| {
        command.env("CENTERFIRE_NOTIFY_WEBHOOK", &url);
        command.env("CENTERFIRE_NOTIFY_ON", "blocked");
        let script = "cat > told.json; env > told.env; echo \"$CENTERFIRE_REASON\" > reason.txt";
        command.env("CENTERFIRE_NOTIFY_COMMAND", script);
    });
    session.wait_for_line("ready");
    // The second is as long as a reason may be: what of the secret is missing was cut off.
    let long = format!("{} {}", "x".repeat(175), &TOKEN[..24]);
    for (why, masked) in
        [(format!("push {TOKEN}?"), "push [redacted:github-token]?"), (long, "[redacted:cut]")]
    {
        report(&session, "working");
        report(&session, &format!("blocked:kind=permission:msg={}", BASE64.encode(why)));
        let told = take_call(&listener, "200 OK");
        let reason = told["agent"]["reason"].as_str().unwrap();
        assert!(reason.ends_with(masked) && !told.to_string().contains(&TOKEN[4..20]), "{told}");
        let written = |name: &str| {
            let file = session.instance.work().join(name);
            let text = || std::fs::read_to_string(&file).ok().filter(|text| text.contains(masked));
            eventually(PATIENCE, text)
                .unwrap_or_else(|| panic!("{name}: {:?}", std::fs::read_to_string(&file)))
        };
        for name in ["reason.txt", "told.json", "told.env"] {
            assert!(!written(name).contains(&TOKEN[4..20]), "{name}: {}", written(name));
        }
    }
}

/// Who tells reads the configuration anew, and has none of the start's flags.
#[test]
fn what_a_start_says_of_who_is_told_holds_for_its_session() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let file = instance.work().join("other.yaml");
    std::fs::write(&file, format!("profiles:\n  loud:\n    notify:\n      webhook: {url}\n")).unwrap();
    let words = ["--config", file.to_str().unwrap(), "--profile", "loud", "--set"];
    let mut words = words.to_vec();
    words.extend(["notify.command=echo $CENTERFIRE_STATE >> told.txt", "run", "-d", "--name", NAME, "--"]);
    words.extend(SHELL);
    instance.out(&words);
    instance.out(&["wait", NAME, "--for", "text", "--match", "ready", "--since", "0"]);
    instance.out(&["send", NAME, "--text", "printf '\\033]7501;state=blocked\\007'\n"]);
    assert_eq!(take_call(&listener, "200 OK")["agent"]["state"], "blocked");
    let file = instance.work().join("told.txt");
    let told = || std::fs::read_to_string(&file).ok().filter(|text| text == "blocked\n");
    eventually(PATIENCE, told).expect("the command is run");
}

/// A webhook that takes no connection and a command that hangs hold up nobody.
#[test]
fn who_is_told_and_hangs_holds_up_no_session() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let session = Session::start_with(SHELL, |command| {
        let script = "echo told >> told.txt; sleep 600";
        command.env("CENTERFIRE_NOTIFY_WEBHOOK", &url).env("CENTERFIRE_NOTIFY_COMMAND", script);
    });
    session.wait_for_line("ready");
    for _ in 0..3 {
        report(&session, "working");
        report(&session, "done");
    }
    // Both are given up later than this wait is.
    session.get(&["send", "--text", "echo still; echo here\n"]);
    session.wait_for_line("here");
    // Nor does the webhook, which is tried for half a minute, hold up the command.
    let told = session.instance.work().join("told.txt");
    let all = || std::fs::read_to_string(&told).ok().filter(|text| text.lines().count() == 3);
    eventually(PATIENCE, all).expect("the command is run each time");
}

/// A25: a question that nobody answers is told of again, with what it is about, once; and it waits on.
#[test]
fn a_question_that_nobody_answers_is_told_of_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let desk = Desk::new();
    let session = desk.session_set(&[
        ("CENTERFIRE_APPROVALS_UNANSWERED", "escalate"),
        ("CENTERFIRE_APPROVALS_AFTER", "1"),
        ("CENTERFIRE_NOTIFY_WEBHOOK", &url),
        ("CENTERFIRE_NOTIFY_ON", "blocked"),
        ("CENTERFIRE_NOTIFY_COMMAND", "echo $CENTERFIRE_EVENT $CENTERFIRE_STATE >> told.txt"),
    ]);
    session.get(&["send", "--submit", "[[bash:touch made.txt]] [[say:it is made]]"]);
    assert_eq!(take_call(&listener, "200 OK")["event"], "state");
    let told = take_call(&listener, "200 OK");
    assert_eq!((&told["event"], &told["name"]), (&"unanswered".into(), &NAME.into()));
    assert_eq!(told["approval"]["input"]["command"], "touch made.txt", "{told}");
    let file = desk.claude.project().join("told.txt");
    let both = || std::fs::read_to_string(&file).ok().filter(|text| text.lines().count() == 2);
    let both = eventually(PATIENCE, both).unwrap_or_else(|| panic!("{:?}", std::fs::read_to_string(&file)));
    assert_eq!(both, "state blocked\nunanswered blocked\n");
    session.get(&["approve"]);
    session.wait_for_line("● it is made");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), both, "told of once");
}
