//! What runs in a session neither answers what is asked there, nor types, nor gets at the session by another door.

use crate::rig::{Rig, Session, signal};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::PathBuf;
use testkit::terminal::PATIENCE;
use testkit::{eventually, tools};

const CF: &str = env!("CARGO_BIN_EXE_centerfire");
const NAME: &str = "own";

/// A session whose program does in its shell what it is told.
struct Inside {
    rig: Rig,
    session: Session,
}

impl Inside {
    fn new() -> Self {
        let rig = Rig::new();
        let session = rig.start(NAME, "echo ready; while read line; do eval \"$line\"; done");
        rig.wait_for_line(NAME, "ready");
        Self { rig, session }
    }

    fn types(&self, text: &str) {
        let sent = self.rig.run(&["send", NAME, "--submit", text]);
        assert!(sent.status.success(), "{sent:?}");
    }

    /// Has a hook in the session ask, which waits there.
    fn ask(&self) {
        let rules = r#"[{"type":"addRules","behavior":"allow","destination":"session","rules":[{"toolName":"Draw"}]}]"#;
        let told = format!(
            r#"{{"session_id":"a","hook_event_name":"PermissionRequest","tool_name":"Draw","tool_input":{{}},"permission_suggestions":{rules}}}"#
        );
        self.types(&format!("echo '{told}' | {CF} __hook claude & "));
        eventually(PATIENCE, || (self.waiting() == 1).then_some(())).expect("the question waits");
    }

    fn waiting(&self) -> usize {
        self.rig.instance.json(&["approvals", NAME, "--json"]).as_array().unwrap().len()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.rig.instance.work().join(name)
    }

    /// Begins to send requests from inside; the answers come in a file of this name.
    fn begin(&self, options: &str, name: &str, requests: &[Value]) {
        let script = tools::repository().join("tests/programs/insider.py");
        let requests: Vec<String> = requests.iter().map(|request| format!("'{request}'")).collect();
        let (script, requests) = (script.display(), requests.join(" "));
        self.types(&format!("python3 {script} {options} {} {requests}", self.file(name).display()));
    }

    fn answers(&self, name: &str) -> Vec<Value> {
        let read = || std::fs::read_to_string(self.file(name)).ok();
        let text = eventually(PATIENCE, read).unwrap_or_else(|| panic!("{}", self.rig.screen(NAME)));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What becomes of requests that are sent from inside.
    fn send(&self, name: &str, requests: &[Value]) -> Vec<Value> {
        self.begin("", name, requests);
        self.answers(name)
    }
}

#[track_caller]
fn assert_refused(answer: &Value) {
    assert_eq!(
        (&answer["answer"], &answer["code"]),
        (&json!("refused"), &json!("WRITE_REJECTED")),
        "{answer}"
    );
}

fn yes() -> Value {
    json!({ "request": "decide", "approval": 1, "by": "insider", "decision": { "behaviour": "allow" } })
}

/// The same for later.
fn always() -> Value {
    let mut yes = yes();
    yes["decision"]["always"] = json!("every Draw, for this session");
    yes
}

/// A blank, which the shell does not mind.
fn key() -> Value {
    json!({ "request": "input", "form": "raw", "tail": " " })
}

/// A connection is not another's because the process that made it is gone, before the host looked or after.
#[test]
fn no_question_is_answered_by_a_connection_whose_maker_has_left() {
    for (round, stopped) in [("running", false), ("stopped", true)] {
        let inside = Inside::new();
        inside.ask();
        let host = inside.session.pids().host;
        let wait = format!("until [ -e {} ]; do sleep 0.01; done; ", inside.file("go").display());
        inside.types(&wait);
        inside.begin("--left", round, &[yes(), key()]);
        if stopped {
            signal(host, Signal::STOP);
        }
        std::fs::write(inside.file("go"), "").unwrap();
        let left = inside.file(&format!("{round}.left"));
        eventually(PATIENCE, || left.exists().then_some(())).expect("who connected is gone");
        if stopped {
            signal(host, Signal::CONT);
        }
        inside.answers(round).iter().for_each(assert_refused);
        assert_eq!(inside.waiting(), 1);
        assert!(inside.rig.run(&["deny", NAME]).status.success(), "from outside it is answered");
    }
}

/// Saying that a question is over does not make it so: until somebody outside types, its dialog may stand there.
#[test]
fn nothing_is_typed_from_within_once_a_question_was_said_to_be_over() {
    let inside = Inside::new();
    let size = json!({ "request": "resize", "size": { "cols": 20, "rows": 5 } });
    let relay = json!({ "request": "attach", "control": true, "size": { "cols": 20, "rows": 5 } });
    let look = json!({ "request": "status" });
    let free = inside.send("free", &[key(), size.clone(), look.clone()]);
    assert!(free.iter().all(|answer| answer["answer"] != "refused"), "nothing was asked: {free:?}");
    inside.ask();
    let upgrade = json!({ "request": "upgrade", "binary": CF });
    let asked = inside.send("asked", &[key(), size, relay, yes(), always(), upgrade, look]);
    asked[..6].iter().for_each(assert_refused);
    assert_eq!(asked[6]["answer"], "status");
    let over = json!({ "request": "hook", "event": "Stop", "ends": { "ends": "all" } });
    let told = inside.send("told", &[over, key(), yes()]);
    assert_eq!((told[0]["answer"].as_str(), inside.waiting()), (Some("done"), 0));
    told[1..].iter().for_each(assert_refused);
    let typed = inside.send("typed", &[key(), key()]);
    assert!(typed.iter().all(|answer| answer["answer"] == "done"), "somebody typed outside: {typed:?}");
}

/// The host reads such a terminal itself, without any request.
#[test]
fn a_session_takes_no_terminal_that_is_in_it() {
    let inside = Inside::new();
    let attach = format!("[\"{CF}\", \"attach\", \"--take\", \"{NAME}\"]");
    let spawn = format!("import pty; print(\"code\", pty.spawn({attach}) >> 8)");
    inside.types(&format!("env -u CENTERFIRE_SESSION python3 -c '{spawn}'"));
    inside.rig.wait_for_line(NAME, "code 5");
    let told = String::from_utf8(inside.session.output()).unwrap();
    assert!(told.contains("or one in it"), "{told}");
}

/// A dialog stands there for a while before the screen tells of it.
#[test]
fn nothing_is_typed_from_within_where_the_screen_alone_tells_of_questions() {
    let rig = Rig::new();
    rig.file("gemini", format!("#!/bin/sh\n{CF} send {NAME} --key 1; echo code $?; read line\n").as_bytes());
    let program = rig.instance.work().join("gemini");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let started = rig.run(&["run", "--detached", "--name", NAME, "--", program.to_str().unwrap()]);
    assert!(started.status.success(), "{started:?}");
    rig.wait_for_line(NAME, "code 5");
    assert!(rig.session(NAME).input().is_empty());
}
