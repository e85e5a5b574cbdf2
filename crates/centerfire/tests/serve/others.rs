//! Gemini CLI and opencode, the real ones, answered over HTTP.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use testkit::terminal::PATIENCE;
use testkit::{Gemini, ModelServer, Opencode, eventually};

fn start(rig: &Rig, program: &Path, environment: Vec<(&'static str, OsString)>, project: &Path) {
    let program = program.to_str().unwrap();
    let mut start = rig.instance.command(&["run", "--detached", "--name", "cli", "--", program]);
    start.env_clear().envs(environment).env("CENTERFIRE_HOME", rig.instance.home()).current_dir(project);
    let started = testkit::instance::finish(start, LIMIT);
    assert!(started.status.success(), "{started:?}");
    // They take seconds to start, and many on a busy machine.
    rig.instance.out(&["wait", "cli", "--for", "idle", "--timeout", "60"]);
}

/// Types a prompt, and presses Enter until it is taken.
fn submit(rig: &Rig, prompt: &str) {
    let rests = |told: Value| matches!(told["agent"]["state"].as_str(), Some("idle" | "done"));
    let rest = || rests(rig.instance.json(&["show", "cli", "--json"])).then_some(());
    eventually(PATIENCE, rest).expect("the turn before is over");
    rig.instance.out(&["send", "cli", "--text", prompt]);
    let taken = || {
        rig.instance.out(&["send", "cli", "--key", "Enter"]);
        let works = |told: Value| matches!(told["agent"]["state"].as_str(), Some("working" | "blocked"));
        let state = || works(rig.instance.json(&["show", "cli", "--json"])).then_some(());
        eventually(Duration::from_secs(2), state)
    };
    eventually(PATIENCE, taken).expect("the prompt is taken");
}

/// The one question that comes of a prompt, as HTTP tells it.
fn ask(rig: &Rig, prompt: &str) -> Value {
    submit(rig, prompt);
    let one = || {
        let answer = Call::get("/api/v1/sessions/cli/approvals").bearer(&rig.manage).send(rig).json();
        answer["approvals"].as_array().filter(|all| all.len() == 1).map(|all| all[0].clone())
    };
    eventually(PATIENCE, one).expect("a question")
}

fn decide(rig: &Rig, asked: &Value, answer: &Value) -> (u16, Value) {
    let path = format!("/api/v1/sessions/cli/approvals/{}", asked["id"]);
    let answer = Call::post(&path, answer).bearer(&rig.manage).send(rig);
    (answer.status, answer.json())
}

#[test]
fn gemini_is_answered_over_http() {
    let rig = Rig::new();
    let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let gemini = Gemini::prepare(folder.path(), &server).unwrap();
    start(&rig, gemini.program(), gemini.environment(), &gemini.project());
    let asked = ask(&rig, "[[bash:touch yes]] [[say:it is made]]");
    assert_eq!((&asked["input"]["command"], &asked["screen"]), (&json!("touch yes"), &json!(true)));
    let (status, told) = decide(&rig, &asked, &json!({ "behaviour": "allow", "input": { "command": "ls" } }));
    assert_eq!(status, 422, "{told}");
    let (status, told) = decide(&rig, &asked, &json!({ "behaviour": "allow" }));
    assert_eq!(status, 200, "{told}");
    rig.wait_for_line("cli", "✦ it is made");
    assert!(gemini.project().join("yes").exists());
    let (status, told) = decide(&rig, &asked, &json!({ "behaviour": "deny" }));
    assert_eq!((status, &told["code"]), (409, &json!("SETTLED")), "{told}");
    let asked = ask(&rig, "[[bash:touch no]] [[say:never]]");
    assert_eq!(decide(&rig, &asked, &json!({ "behaviour": "deny" })).0, 200);
    rig.wait_for_line("cli", "Request cancelled");
    assert!(!gemini.project().join("no").exists());
}

#[test]
fn opencode_is_answered_over_http() {
    let rig = Rig::new();
    let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let opencode = Opencode::prepare(folder.path(), &server).unwrap();
    start(&rig, opencode.program(), opencode.environment(), &opencode.project());
    let asked = ask(&rig, "[[bash:touch yes]] [[say:was made]]");
    assert_eq!((&asked["tool"], &asked["input"]["command"]), (&json!("bash"), &json!("touch yes")));
    assert_eq!(decide(&rig, &asked, &json!({ "behaviour": "allow" })).0, 200);
    rig.wait_for_line("cli", "was made$");
    assert!(opencode.project().join("yes").exists());
    let (status, told) = decide(&rig, &asked, &json!({ "behaviour": "deny" }));
    assert_eq!((status, &told["code"]), (409, &json!("SETTLED")), "{told}");
    let asked = ask(&rig, "[[bash:touch no]] [[say:well then]]");
    let refused = json!({ "behaviour": "deny", "message": "rather not today" });
    assert_eq!(decide(&rig, &asked, &refused).0, 200);
    rig.wait_for_line("cli", "well then$");
    assert!(!opencode.project().join("no").exists());
    let asks = r#"{"questions":[{"question":"Which db?","header":"Q","options":[{"label":"SQLite","description":"a"},{"label":"Redis","description":"b"}]}]}"#;
    let asked = ask(&rig, &format!("[[tool:question|{asks}]] [[say:chosen]]"));
    let (status, told) = decide(&rig, &asked, &json!({ "behaviour": "allow" }));
    assert_eq!(status, 422, "a question wants an answer: {told}");
    let answer = json!({ "behaviour": "allow", "answers": { "Which db?": "Redis" } });
    assert_eq!(decide(&rig, &asked, &answer).0, 200);
    rig.wait_for_line("cli", "chosen$");
    let told: String = server.requests().iter().map(|request| request.body["messages"].to_string()).collect();
    assert!(told.contains("Redis"));
}
