//! The real Gemini CLI, of whose questions its screen alone tells: they are seen and answered from elsewhere, by a key that is
//! pressed at their own dialog and at no other one.

use crate::overlays::{session_of, settled, waiting};
use crate::rig::{Rig, kill};
use crate::session::{NAME, Session};
use protocol::frame::Request;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::terminal::PATIENCE;
use testkit::{Gemini, ModelServer, eventually};

/// A user of Gemini CLI with a model of their own.
struct Desk {
    gemini: Gemini,
    _server: ModelServer,
    _folder: TempDir,
}

/// How long an Enter may go unanswered until it is pressed again.
const TAKEN_WITHIN: Duration = Duration::from_secs(6);

/// The last line of a dialog that asks leave.
const DIALOG: &str = "No, suggest changes";

/// A server of tools with one tool.
const NOTES: &str = r#"
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answers = {
        "initialize": lambda: {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "notes", "version": "1"}},
        "tools/list": lambda: {"tools": [{"name": "add", "description": "adds a note", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}]},
        "tools/call": lambda: {"content": [{"type": "text", "text": "added"}]},
    }
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answers.get(asked["method"], dict)()}), flush=True)
"#;

impl Desk {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let gemini = Gemini::prepare(folder.path(), &server).unwrap();
        Self { gemini, _server: server, _folder: folder }
    }

    fn session(&self, settings: &[(&str, &str)]) -> Session {
        let program = self.gemini.program().to_str().unwrap();
        session_of(&[program], self.gemini.environment(), &self.gemini.project(), settings)
    }

    fn made(&self, name: &str) -> bool {
        self.gemini.project().join(name).exists()
    }

    /// Gives Gemini CLI the tools of [`NOTES`].
    fn add_notes(&self) {
        let (script, file) =
            (self.gemini.home().join("notes.py"), self.gemini.home().join(".gemini/settings.json"));
        std::fs::write(&script, NOTES).unwrap();
        let mut settings: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        settings["mcpServers"] = json!({ "notes": { "command": "python3", "args": [script] } });
        std::fs::write(&file, settings.to_string()).unwrap();
    }
}

/// Types a prompt and presses Enter until it is taken: one within 30 ms of other keys is taken for a part of a paste.
fn submit(session: &Session, prompt: &str) {
    session.get(&["wait", "--for", "idle", "--timeout", "20"]);
    session.get(&["send", "--text", prompt]);
    let taken = || {
        session.get(&["send", "--key", "Enter"]);
        let works = |told: Value| matches!(told["agent"]["state"].as_str(), Some("working" | "blocked"));
        eventually(TAKEN_WITHIN, || works(session.json(&["show"])).then_some(()))
    };
    eventually(PATIENCE, taken).unwrap_or_else(|| panic!("not taken: {}", session.text()));
}

/// The one question that comes of a prompt.
fn ask(session: &Session, prompt: &str) -> Value {
    submit(session, prompt);
    waiting(session, 1).remove(0)
}

/// Leave for a command, an edit and a tool of a server, a no with words; no server of ours runs.
#[test]
fn what_gemini_asks_is_answered_from_elsewhere() {
    let desk = Desk::new();
    desk.add_notes();
    let session = desk.session(&[]);
    let asked = ask(&session, "[[bash:touch yes]] [[say:it is made]]");
    assert_eq!(
        (&asked["tool"], &asked["kind"], &asked["input"]["command"], &asked["screen"]),
        (&json!("Shell"), &json!("permission"), &json!("touch yes"), &json!(true))
    );
    let shown = session.get(&["approvals"]);
    assert!(shown.contains(", as its screen shows it\n  touch yes\n"), "{shown}");
    session.get(&["approve"]);
    session.wait_for_line("✦ it is made");
    assert!(desk.made("yes"));
    let file = desk.gemini.project().join("edit.txt");
    let asked = ask(&session, &format!("[[write:{}|a line]] [[say:it is written]]", file.display()));
    let shown = asked["input"]["shown"].as_str().unwrap();
    assert!(
        asked["tool"] == "WriteFile" && shown.contains("edit.txt") && shown.contains("a line"),
        "{asked}"
    );
    session.get(&["approve"]);
    session.wait_for_line("✦ it is written");
    assert_eq!(std::fs::read_to_string(file).unwrap().trim(), "a line");
    let asked = ask(&session, "[[tool:mcp_notes_add|{\"text\":\"milk\"}]] [[say:it is noted]]");
    let shown = asked["input"]["shown"].as_str().unwrap();
    assert!(asked["tool"] == "add (notes MCP Server)" && shown.contains("milk"), "{asked}");
    session.get(&["approve"]);
    session.wait_for_line("✦ it is noted");
    let asked = ask(&session, "[[bash:touch no]] [[say:never]]");
    session.get(&["deny", "--message", "rather not today"]);
    session.wait_for_line("> rather not today");
    assert!(!desk.made("no"));
    let late = session.run(&["approve", &asked["id"].to_string()]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(late.status.code() == Some(5) && why.contains("was denied by"), "{why}");
    let settled = settled(&session);
    let is_ours = |one: &protocol::Settled| one.by.contains("with centerfire") && one.decision.is_some();
    assert!(settled.len() == 4 && settled.iter().all(is_ours), "{settled:?}");
}

/// A question by the digit of its option, a plan by the option with which each tool asks again.
#[test]
fn what_gemini_wants_to_know_is_answered_from_elsewhere() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let asks = r#"{"questions":[{"question":"Which db","header":"DB","type":"choice","options":[{"label":"SQLite","description":"small"},{"label":"Redis","description":"big"}]}]}"#;
    submit(&session, &format!("[[tool:ask_user|{asks}]] [[say:chosen]]"));
    // While its dialog is drawn it may show less for a moment.
    let whole = || {
        let asked = waiting(&session, 1).remove(0);
        (asked["input"]["questions"][0]["options"][1]["label"] == "Redis").then_some(asked)
    };
    let asked = eventually(PATIENCE, whole).unwrap_or_else(|| panic!("{}", session.json(&["approvals"])));
    assert_eq!(asked["kind"], "question");
    session.get(&["approve", "--answer", "Redis"]);
    session.wait_for_line("✦ chosen");
    ask(&session, "[[tool:enter_plan_mode|{}]] [[say:planning]]");
    session.get(&["approve"]);
    session.wait_for_line("✦ planning");
    let plans = eventually(PATIENCE, || desk.gemini.plans()).expect("plans have a folder");
    let plans = plans.display();
    let prompt = format!(
        "[[write:{plans}/p.md|# Count to three]] [[tool:exit_plan_mode|{{\"plan_filename\":\"p.md\"}}]] [[say:on it]]"
    );
    let asked = ask(&session, &prompt);
    assert_eq!((&asked["kind"], &asked["input"]["plan"]), (&json!("plan"), &json!("Count to three")));
    session.get(&["approve"]);
    session.wait_for_line("✦ on it");
    // Each tool asks again.
    ask(&session, "[[bash:touch f]] [[say:it is made]]");
    session.get(&["approve"]);
    session.wait_for_line("✦ it is made");
}

/// The programs of a command, and all edits; what is another program is asked for.
#[test]
fn gemini_does_not_ask_again_for_what_was_allowed_for_later() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let is_not_asked = |prompt: &str, name: &str| {
        let questions = settled(&session).len();
        // A turn that ends at once is not seen to begin.
        submit(&session, &format!("[[sleep:2000]] {prompt} [[say:done with {name}]]"));
        session.wait_for_line(&format!("✦ done with {name}"));
        assert!(desk.made(name));
        assert_eq!((session.json(&["approvals"]), settled(&session).len()), (json!([]), questions));
    };
    let asked = ask(&session, "[[bash:touch one]] [[say:it is made]]");
    let words = "every command of the programs that this one calls, for this session";
    assert_eq!(asked["always"], json!([words]));
    session.get(&["approve", "--always"]);
    session.wait_for_line("✦ it is made");
    is_not_asked("[[bash:touch two]]", "two");
    ask(&session, "[[bash:mkdir three]] [[say:it is there]]");
    session.get(&["approve"]);
    session.wait_for_line("✦ it is there");
    let write = |name: &str| format!("[[write:{}|a line]]", desk.gemini.project().join(name).display());
    let asked = ask(&session, &format!("{} [[say:it is written]]", write("four")));
    assert_eq!(asked["always"], json!(["all edits of files (mode auto_edit), for this session"]));
    session.get(&["approve", "--always"]);
    session.wait_for_line("✦ it is written");
    is_not_asked(&write("five"), "five");
    let settled = settled(&session);
    assert_eq!(settled[0].decision.as_ref().unwrap().always.as_deref(), Some(words));
    assert!(settled.iter().all(|one| one.by.contains("with centerfire approve")), "{settled:?}");
}

/// Who answers in the terminal answers; a new question in the same words is another one, which no answer to the first one
/// reaches; and a host that dies loses none.
#[test]
fn what_is_answered_in_gemini_itself_is_over_everywhere() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    let prompt = "[[bash:echo a >> same]] [[bash:echo a >> same]] [[say:both]]";
    let first = ask(&session, prompt)["id"].to_string();
    session.kill_host();
    assert_eq!(waiting(&session, 1)[0]["id"].to_string(), first, "it waits on");
    session.wait_for_line(DIALOG);
    session.get(&["send", "--key", "1"]);
    let next = || {
        let all = session.json(&["approvals"]);
        let id = all[0]["id"].as_u64()?.to_string();
        (id != first).then_some(id)
    };
    let second = eventually(PATIENCE, next).unwrap_or_else(|| panic!("{}", session.text()));
    let late = session.run(&["approve", &first]);
    let why = String::from_utf8_lossy(&late.stderr).into_owned();
    assert!(late.status.code() == Some(5) && why.contains("by the terminal"), "{why}");
    assert_eq!(waiting(&session, 1)[0]["id"].to_string(), second);
    session.get(&["send", "--key", "Escape"]);
    waiting(&session, 0);
    session.wait_for_line("Request cancelled");
    assert_eq!(std::fs::read_to_string(desk.gemini.project().join("same")).unwrap(), "a\n");
    assert_eq!(settled(&session).iter().filter(|one| one.decision.is_none()).count(), 2);
}

#[test]
fn of_two_answers_to_gemini_at_once_one_counts() {
    let desk = Desk::new();
    let session = desk.session(&[]);
    // Both calls are asked for at once, one dialog after the other.
    let id =
        ask(&session, "[[bash:touch made]] [[and]] [[bash:touch more]] [[say:the end]]")["id"].to_string();
    let start = |word: &str| {
        let mut command = session.instance.command(&[word, NAME, &id]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let codes = ["approve"; 4].map(start).map(|mut child| child.wait().unwrap().code());
    assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 5))), "{codes:?}");
    let asked = waiting(&session, 1).remove(0);
    assert_eq!(asked["input"]["command"], "touch more", "no key went to the second dialog");
    session.get(&["deny"]);
    // The first call went well, so the model is told of both.
    session.wait_for_line("✦ the end");
    assert!(!desk.made("more"));
}

#[test]
fn gemini_asks_by_itself_where_its_screen_is_not_read() {
    let desk = Desk::new();
    let session = desk.session(&[("CENTERFIRE_GEMINI_QUESTIONS", "false")]);
    submit(&session, "[[bash:touch made]] [[say:it is made]]");
    session.wait_for_line(DIALOG);
    session.get(&["wait", "--for", "blocked", "--timeout", "20"]);
    assert_eq!(session.json(&["approvals"]), json!([]));
    session.get(&["send", "--key", "1"]);
    session.wait_for_line("✦ it is made");
}

/// A dialog as Gemini CLI draws it.
const BOX: &str = "\
╭──────────────────────────────────────────────────────────────────────────────╮
│ ? Shell  touch two                                                           │
│ ╭──────────────────────────────────────────────────────────────────────────╮ │
│ │ touch two                                                                │ │
│ ╰──────────────────────────────────────────────────────────────────────────╯ │
│ Allow execution of [Shell]?                                                  │
│                                                                              │
│ ● 1. Allow once                                                              │
│   2. Allow for this session                                                  │
│   3. No, suggest changes (esc)                                               │
╰──────────────────────────────────────────────────────────────────────────────╯
";

/// A program that stands still has the key and shows its dialog. The next host does not ask anew before it may be taken for
/// unheard, 10 s later; and no host leaves meanwhile of its own will.
#[test]
fn the_next_host_knows_that_gemini_has_its_answer() {
    const NAME: &str = "still";
    let rig = Rig::new();
    rig.file("dialog", BOX.as_bytes());
    rig.file("gemini", b"#!/bin/sh\nstty -icanon -echo; cat dialog; exec sleep 60\n");
    let program = rig.instance.work().join("gemini");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let started = rig.run(&["run", "--detached", "--name", NAME, "--", program.to_str().unwrap()]);
    assert!(started.status.success(), "{started:?}");
    let session = rig.session(NAME);
    let asked =
        || eventually(PATIENCE, || rig.instance.json(&["approvals", NAME, "--json"])[0]["id"].as_u64());
    assert_eq!(asked(), Some(1), "{}", rig.screen(NAME));
    let approved = rig.run(&["approve", NAME]);
    assert!(approved.status.success(), "{approved:?}");
    let binary = env!("CARGO_BIN_EXE_centerfire").to_owned();
    let refused = session.client().call(Request::Upgrade { binary }).unwrap_err().to_string();
    assert!(refused.contains("is being typed"), "{refused}");
    kill(session.pids().host);
    let begin = Instant::now();
    assert_eq!(asked(), Some(2));
    assert!(begin.elapsed() > Duration::from_secs(5), "asked after {:?}", begin.elapsed());
}
