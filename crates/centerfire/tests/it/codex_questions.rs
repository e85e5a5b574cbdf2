//! What the real Codex wants to know, and what servers of tools ask in it: seen and answered from elsewhere, by keys in its own
//! dialogs.

use crate::overlays::{CodexDesk, ask, settled, waiting};
use crate::session::Session;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::eventually;
use testkit::terminal::PATIENCE;

/// A server of tools: one does nothing, and one asks its user first and tells what was answered.
const NOTES: &str = r#"
import json, sys
def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)
call = None
for line in sys.stdin:
    asked = json.loads(line)
    method, params = asked.get("method"), asked.get("params") or {}
    if method is None and call is not None:
        text = "told " + json.dumps(asked["result"], sort_keys=True)
        send({"id": call, "result": {"content": [{"type": "text", "text": text}]}})
    elif method == "initialize":
        about = {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}}
        send({"id": asked["id"], "result": {**about, "serverInfo": {"name": "notes", "version": "1"}}})
    elif method == "tools/list":
        tool = lambda name: {"name": name, "description": name, "inputSchema": {"type": "object", "properties": {}}}
        send({"id": asked["id"], "result": {"tools": [tool("add"), tool("ask")]}})
    elif method == "tools/call" and params["name"] == "ask":
        call, given = asked["id"], params["arguments"]
        schema = {"type": "object", "properties": given.get("fields", {})}
        form = {"mode": "form", "message": given["message"], "requestedSchema": schema}
        send({"id": "ask%s" % call, "method": "elicitation/create", "params": form})
    elif method == "tools/call":
        send({"id": asked["id"], "result": {"content": [{"type": "text", "text": "added"}]}})
"#;

/// How long a key may go unanswered until it is pressed again.
const AGAIN: Duration = Duration::from_secs(2);

/// Codex with the tools of [`NOTES`].
fn with_notes() -> (CodexDesk, Session) {
    let desk = CodexDesk::new();
    let (script, settings) = (desk.codex.home().join("notes.py"), desk.codex.config().join("config.toml"));
    std::fs::write(&script, NOTES).unwrap();
    let known = std::fs::read_to_string(&settings).unwrap();
    let server = format!("[mcp_servers.notes]\ncommand = \"python3\"\nargs = [{script:?}]\n");
    std::fs::write(&settings, known + &server).unwrap();
    let session = desk.session(&[], &[]);
    (desk, session)
}

/// What the model was told last by its tools.
fn told(desk: &CodexDesk) -> String {
    let outputs = |body: &Value| {
        let items = body["input"].as_array().cloned().unwrap_or_default();
        items.into_iter().rfind(|item| item["type"] == "function_call_output")
    };
    let last = desk.server.requests().iter().rev().find_map(|request| outputs(&request.body));
    last.expect("the model was told").to_string()
}

fn calls(tool: &str, input: &Value) -> String {
    format!("[[tool:{tool}|{input}]] [[say:it is over]]")
}

/// Waits until the turn is over that began at this offset of the output.
fn over(session: &Session) {
    waiting(session, 0);
    session.get(&["wait", "--for", "idle", "--timeout", "30"]);
}

/// A question of Codex with two options.
fn question(id: &str, text: &str, options: [(&str, &str); 2]) -> Value {
    let options = options.map(|(label, about)| json!({ "label": label, "description": about }));
    json!({ "id": id, "header": id, "question": text, "options": options })
}

fn prompt(questions: &[&Value]) -> String {
    calls("request_user_input", &json!({ "questions": questions }))
}

/// Codex in the mode in which it puts questions.
fn planning() -> (CodexDesk, Session) {
    let desk = CodexDesk::new();
    let session = desk.session(&[], &[]);
    session.get(&["send", "--submit", "/plan"]);
    session.wait_for_line("for Plan mode");
    (desk, session)
}

/// What is said why an answer is not taken.
fn refused(session: &Session, answer: &str) -> String {
    let output = session.run(&["approve", "--answer", answer]);
    assert!(!output.status.success(), "{answer}: {}", session.text());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_codex_wants_to_know_is_answered_from_elsewhere() {
    let (desk, session) = planning();
    let database = question("DB", "Which database shall I use?", [("SQLite", "small"), ("Redis", "big")]);
    let long = "A name that is rather long and goes on and on until its line must be broken";
    let name = question(
        "Name",
        "How shall it be called?",
        [(long, "and what is said of it is long as well, so both are broken"), ("db", "short")],
    );
    let asked = &ask(&session, &prompt(&[&database]), 1)[0];
    assert_eq!((&asked["kind"], &asked["typed"]), (&json!("question"), &json!(true)));
    assert_eq!(asked["input"]["questions"], json!([database]), "all of it, as the model gave it");
    assert_eq!(session.json(&["show"])["agent"]["on"], "question");
    session.get(&["approve", "--answer", "DB=Redis"]);
    over(&session);
    assert!(told(&desk).contains(r#"\"DB\":{\"answers\":[\"Redis\"]}"#), "{}", told(&desk));
    ask(&session, &prompt(&[&database, &name]), 1);
    let half = session.run(&["approve", "--answer", "DB=SQLite"]);
    assert!(!half.status.success(), "all are answered at once, or none");
    session.get(&["approve", "--answer", "DB=SQLite", "--answer", &format!("Name={long}")]);
    over(&session);
    assert!(told(&desk).contains(long) && told(&desk).contains("SQLite"), "{}", told(&desk));
    // Somebody begins to answer in the terminal: the rest is theirs.
    ask(&session, &prompt(&[&database, &name]), 1);
    let shows = |text: &str| eventually(AGAIN, || session.text().contains(text).then_some(()));
    eventually(PATIENCE, || shows("Question 1/2 (2 unanswered)"))
        .unwrap_or_else(|| panic!("{}", session.text()));
    // A dialog that was just drawn loses keys.
    let answered = || {
        session.get(&["send", "--key", "2"]);
        shows("Question 2/2 (1 unanswered)")
    };
    eventually(PATIENCE, answered).unwrap_or_else(|| panic!("{}", session.text()));
    let late = session.run(&["approve", "--answer", "DB=SQLite", "--answer", "Name=db"]);
    assert!(!late.status.success(), "{late:?}");
    session.get(&["deny"]);
    session.wait_for_line("Conversation interrupted");
    waiting(&session, 0);
}

#[test]
fn words_of_ones_own_are_an_answer_to_codex() {
    let (desk, session) = planning();
    let database = question("DB", "Which database shall I use?", [("SQLite", "small"), ("Redis", "big")]);
    let name = question("Name", "How shall it be called?", [("db", "short"), ("data", "long")]);
    let shows = |text: &str| eventually(PATIENCE, || session.text().contains(text).then_some(()));
    let asked = &ask(&session, &prompt(&[&database]), 1)[0];
    assert_eq!(asked["notes"], true);
    let words = "/quit @DuckDB, since it is fast: 1. small 2. ünïcödé 漢字, and all of that is longer than one line of the terminal is";
    session.get(&["approve", "--answer", words]);
    over(&session);
    assert!(told(&desk).contains("None of the above") && told(&desk).contains(words), "{}", told(&desk));
    // With a label, and a note for the second one.
    ask(&session, &prompt(&[&database, &name]), 1);
    session.get(&["approve", "--answer", "DB=Redis, with 2 replicas", "--answer", "Name=store"]);
    over(&session);
    let both = told(&desk);
    assert!(both.contains(r#"[\"Redis\",\"user_note: with 2 replicas\"]"#), "{both}");
    assert!(both.contains(r#"[\"None of the above\",\"user_note: store\"]"#), "{both}");
    // What cannot be typed, or is not shown whole, is not sent, and nothing of it is left.
    ask(&session, &prompt(&[&database]), 1);
    for answer in ["two\nlines", "\u{1b}[A", &"x".repeat(1001)] {
        assert!(refused(&session, answer).contains("in one line"), "{answer}");
    }
    let tall = "so many words ".repeat(70);
    session.get(&["resize", "60x24"]);
    assert!(refused(&session, &tall).contains("nothing was answered"));
    shows("tab to add notes").unwrap_or_else(|| panic!("{}", session.text()));
    // Somebody writes there: the field is theirs.
    session.get(&["send", "--key", "Tab"]);
    shows("Add notes").unwrap_or_else(|| panic!("{}", session.text()));
    session.get(&["send", "--text", "my draft"]);
    shows("my draft").unwrap_or_else(|| panic!("{}", session.text()));
    for answer in ["Redis", "my draft", "DuckDB"] {
        assert!(refused(&session, answer).contains("nothing was answered"), "{answer}");
    }
    assert!(!session.run(&["deny"]).status.success(), "Escape would take the draft out");
    assert!(session.text().contains("my draft"), "{}", session.text());
    assert_eq!(waiting(&session, 1)[0]["input"]["questions"], json!([database]));
    session.get(&["send", "--key", "Enter"]);
    over(&session);
    assert!(told(&desk).contains("user_note: my draft"), "{}", told(&desk));
    let own = settled(&session).iter().filter(|one| one.decision.is_some()).count();
    assert_eq!(own, 2, "and one in the terminal");
}

#[test]
fn a_form_of_a_server_of_tools_is_filled_in_from_elsewhere() {
    let (desk, session) = with_notes();
    let fields = json!({
        "a": { "type": "string", "title": "Name", "description": "of whom" },
        "b": { "type": "string", "title": "Kind", "enum": ["x", "y"] },
        "c": { "type": "string", "title": "Why" },
    });
    ask(&session, &calls("mcp__notes.ask", &json!({ "message": "Tell me", "fields": fields })), 1);
    // Of its fields the dialog of leave shows the beginning alone.
    session.wait_for_line("MCP server to run tool");
    session.get(&["send", "--key", "1"]);
    let form = |part: &str| {
        let shown = || {
            let asked = session.json(&["approvals"])[0].clone();
            let is_it = asked["screen"] == true
                && asked["input"]["questions"][0]["question"].to_string().contains(part);
            is_it.then_some(asked)
        };
        eventually(PATIENCE, shown).unwrap_or_else(|| panic!("{part}: {}", session.text()))
    };
    for (part, answer) in [("Name", "Anna, and 2 more"), ("Kind", "y"), ("Why", "/why @not?")] {
        form(part);
        if part == "Name" {
            session.get(&["send", "--text", "draft"]);
            session.wait_for_line("› draft");
            assert!(refused(&session, answer).contains("nothing was answered"));
            session.get(&["send", "--key", "C-u"]);
            session.wait_for_line("Type your answer");
        }
        session.get(&["approve", "--answer", answer]);
    }
    over(&session);
    for told_of in [r#"\"y\""#, "Anna, and 2 more", "/why @not?"] {
        assert!(told(&desk).contains(told_of), "{told_of}: {}", told(&desk));
    }
}

#[test]
fn what_servers_of_tools_ask_in_codex_is_answered_from_elsewhere() {
    let (desk, session) = with_notes();
    let asked = &ask(&session, &calls("mcp__notes.add", &json!({ "n": 3, "text": "buy milk" })), 1)[0];
    assert_eq!((&asked["tool"], &asked["kind"]), (&json!("mcp__notes__add"), &json!("permission")));
    assert_eq!(asked["input"], json!({ "n": 3, "text": "buy milk" }));
    session.get(&["approve"]);
    over(&session);
    assert!(told(&desk).contains("added"), "{}", told(&desk));
    // Of what a tool is given its dialog shows the beginning alone.
    let long = "a text of which the dialog shows the beginning alone, so that its end may say anything";
    let asked = &ask(&session, &calls("mcp__notes.add", &json!({ "text": long })), 1)[0];
    assert_eq!(asked["input"]["text"], long);
    session.wait_for_line("MCP server to run tool");
    let unseen = session.run(&["approve"]);
    let why = String::from_utf8_lossy(&unseen.stderr).into_owned();
    assert!(!unseen.status.success() && why.contains("do it in the terminal"), "{why}");
    session.get(&["send", "--key", "1"]);
    over(&session);
    // Leave for the tool, by the hook, and then what its server asks, by the screen.
    let fields = json!({ "db": { "type": "string", "title": "Database", "enum": ["a", "b"], "enumNames": ["SQLite", "Redis"] } });
    ask(&session, &calls("mcp__notes.ask", &json!({ "message": "Which one?" , "fields": fields})), 1);
    session.wait_for_line("MCP server to run tool");
    session.get(&["send", "--key", "2"]);
    let form = || {
        let asked = waiting(&session, 1).remove(0);
        (asked["screen"] == true).then_some(asked)
    };
    let asked = eventually(PATIENCE, form).unwrap_or_else(|| panic!("{}", session.text()));
    assert_eq!(asked["input"]["questions"][0]["options"][1]["label"], "Redis", "{asked}");
    assert_eq!(session.json(&["show"])["agent"]["on"], "question");
    session.get(&["approve", "--answer", "Redis"]);
    over(&session);
    assert!(
        told(&desk).contains(r#"{\"content\": {\"db\": \"b\"}}"#) || told(&desk).contains("\\\"b\\\""),
        "{}",
        told(&desk)
    );
    let asked = &ask(&session, &calls("mcp__notes.ask", &json!({ "message": "Shall I?" })), 1)[0];
    assert_eq!((&asked["kind"], &asked["input"]["shown"]), (&json!("permission"), &json!("Shall I?")));
    session.get(&["deny"]);
    over(&session);
    assert!(told(&desk).contains("decline"), "{}", told(&desk));
    let own = settled(&session).iter().filter(|one| one.decision.is_some()).count();
    assert_eq!(own, 3, "two were answered in the terminal");
}
