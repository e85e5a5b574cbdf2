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
        let told =
            r#"{"session_id":"a","hook_event_name":"PermissionRequest","tool_name":"Draw","tool_input":{}}"#;
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
