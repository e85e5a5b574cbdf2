//! What the commands print in a terminal: each thing once, in lines that can be read, with commands that can be copied.

use serde_json::{Value, json};
use std::fs;
use testkit::terminal::PATIENCE;
use testkit::{Instance, Terminal};

/// A conversation in the form of Claude Code: lines of `(role, content, extra fields)`, the first at that second.
fn talk(instance: &Instance, name: &str, second: usize, lines: Vec<(&str, Value, Value)>) {
    let folder = instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    let line = |(number, (role, content, extra)): (usize, (&str, Value, Value))| {
        let mut line = json!({
            "type": role, "uuid": format!("{name}-{number}"), "sessionId": name, "cwd": "/w", "version": "2.1.329",
            "timestamp": format!("2026-01-01T00:00:{:02}Z", second + number),
            "message": { "role": role, "content": content, "id": format!("{name}-m{number}"), "model": "claude-x" },
        });
        line.as_object_mut().unwrap().extend(extra.as_object().cloned().unwrap_or_default());
        format!("{line}\n")
    };
    let text: String = lines.into_iter().enumerate().map(line).collect();
    fs::write(folder.join(format!("{name}.jsonl")), text).unwrap();
}

fn calls(id: &str, name: &str, input: &Value) -> (&'static str, Value, Value) {
    ("assistant", json!([{ "type": "tool_use", "id": id, "name": name, "input": input }]), json!({}))
}

fn gives(id: &str, text: &str, is_error: bool, extra: Value) -> (&'static str, Value, Value) {
    let result = json!({ "type": "tool_result", "tool_use_id": id, "content": text, "is_error": is_error });
    ("user", json!([result]), extra)
}

fn text(instance: &Instance, words: &[&str]) -> String {
    String::from_utf8(instance.out(words)).unwrap()
}

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

#[test]
fn a_call_that_was_denied_is_told_as_that_and_is_no_command_that_failed() {
    let instance = instance();
    let denied = json!({ "toolDenialKind": "permission-rule" });
    let command = |line: &str| json!({ "command": line });
    let lines = vec![
        ("user", json!("tidy up"), json!({})),
        calls("t1", "Bash", &command("rm -r all\nsync")),
        gives("t1", "Permission denied by hook", true, denied),
        calls("t2", "Bash", &command("make check")),
        gives("t2", "Exit code 1\nerror: it broke", true, json!({})),
        calls("t3", "Bash", &command("make check")),
        gives("t3", "Permission denied by hook", true, json!({ "toolDenialKind": "user-rejected" })),
    ];
    talk(&instance, "talk-0001", 0, lines);
    let shown = text(&instance, &["conversation", "talk-0001"]);
    assert!(shown.contains("`Bash`\n\n```\nrm -r all\nsync\n```\n\n**denied**"), "{shown}");
    assert_eq!((shown.matches("**denied**").count(), shown.matches("```error").count()), (2, 1), "{shown}");
    let told = instance.json(&["projects", "show", "w", "--json"]);
    let failing =
        json!([{ "command": "make check", "runs": 1, "failed": 1, "last": told["failing"][0]["last"] }]);
    assert_eq!(told["failing"], failing);
    let history = text(&instance, &["history", "--command", "make check"]);
    assert_eq!(history.matches("failed with").count(), 1, "{history}");
    let entries = || instance.json(&["conversation", "talk-0001", "--json"])[0]["entries"].clone();
    let before = entries();
    instance.out(&["import", "--rebuild"]);
    assert_eq!(before.as_array().unwrap().len(), entries().as_array().unwrap().len());
    assert_eq!((&entries()[2]["is_denied"], &entries()[4]["is_denied"]), (&json!(true), &Value::Null));
}

#[test]
fn what_was_pasted_stands_without_the_wrapper_of_the_cli() {
    let instance = instance();
    let prompt = "see\n\n<pasted_content id=\"0a1f\">\nthe piece\n</pasted_content id=\"0a1f\">";
    talk(&instance, "talk-0001", 0, vec![("user", json!(prompt), json!({}))]);
    for words in [&["conversation", "talk-0001"][..], &["search", "piece"], &["context", "--cwd", "/w"]] {
        let shown = text(&instance, words);
        assert!(shown.contains("piece") && !shown.contains("pasted_content"), "{shown}");
    }
}

#[test]
fn conversations_are_listed_under_a_head_in_the_order_of_their_age() {
    let instance = instance();
    let says = |text: &str| ("user", json!(text), json!({}));
    talk(&instance, "talk-0001", 0, vec![says("began first"), says("x"), says("x"), says("ended last")]);
    talk(&instance, "talk-0002", 1, vec![says(&"word ".repeat(60))]);
    let listed = text(&instance, &["conversation", "--list"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with("CLI") && lines[0].ends_with("TITLE"), "{listed}");
    assert!(lines[1].contains("talk-0001") && lines[2].ends_with("word…"), "{listed}");
}

#[test]
fn a_file_and_a_decision_come_up_once_each() {
    let instance = instance();
    let options = json!([{ "label": "SQLite" }, { "label": "Postgres" }]);
    let question = json!([{ "question": "Which db?", "options": options }]);
    let answered =
        json!({ "toolUseResult": { "questions": question, "answers": { "Which db?": "SQLite" } } });
    let file = json!({ "file_path": "/w/a.rs" });
    let edit = json!({ "file_path": "/w/a.rs", "old_string": "a", "new_string": "b" });
    let lines = vec![
        ("user", json!("decide"), json!({})),
        calls("t1", "AskUserQuestion", &json!({ "questions": question })),
        gives("t1", "User has answered your questions: …", false, answered),
        calls("t2", "Read", &file),
        gives("t2", "a", false, json!({})),
        calls("t3", "Edit", &edit),
        gives("t3", "done", false, json!({})),
        ("assistant", json!([{ "type": "text", "text": "Use SQLite instead of Redis." }]), json!({})),
    ];
    talk(&instance, "talk-0001", 0, lines);
    let decisions = text(&instance, &["history", "--decisions"]);
    assert_eq!(decisions.matches("Which db? SQLite, instead of Postgres\n").count(), 1, "{decisions}");
    assert_eq!(decisions.matches("Redis").count(), 1, "{decisions}");
    assert_eq!(decisions.matches("Which db?").count(), 1, "{decisions}");
    let touched = text(&instance, &["history", "a.rs"]);
    assert!(touched.starts_with("Where it was touched\n"), "{touched}");
    assert!(touched.contains("  claude  edited  ") && touched.contains("  claude  read  "), "{touched}");
    assert_eq!(touched.matches("centerfire conversation talk-0001").count(), 2, "{touched}");
    let project = text(&instance, &["projects", "show", "w"]);
    assert!(project.contains("    1 read      1 edited  a.rs\n"), "{project}");
}

#[test]
fn what_finds_nothing_says_so() {
    let instance = instance();
    talk(&instance, "talk-0001", 0, vec![("user", json!("hello there"), json!({}))]);
    assert!(text(&instance, &["import"]).contains(" new in 1 entries"));
    assert_eq!(text(&instance, &["import"]), "Nothing new.\n");
    let unknown = instance.run(&["search", "--cli", "claud", "hello"]);
    let why = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.status.code() == Some(2) && why.contains("did you mean `claude`?"), "{why}");
    let nowhere = text(&instance, &["purge", "--match", "never said", "--dry-run"]);
    assert_eq!(nowhere, "found nowhere; nothing to purge\n");
    instance.out(&["run", "-d", "--name", "my work", "--", "sh", "-c", "echo never-said; sleep 60"]);
    instance.out(&["wait", "my work", "--for", "text", "--match", "never-said", "--timeout", "20"]);
    let running = instance.run(&["purge", "--match", "never-said", "--dry-run"]);
    let why = String::from_utf8_lossy(&running.stderr).into_owned();
    assert!(why.contains("`my work` would not be purged"), "{why}");
    let taken = instance.run(&["run", "-d", "--name", "my work", "--", "true"]);
    let why = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(why.contains("`centerfire attach 'my work'`"), "{why}");
    let waited = instance.run(&["wait", "my work", "--for", "exit", "--timeout", "0.1", "--json"]);
    let told: Value = serde_json::from_slice(&waited.stdout).unwrap();
    assert_eq!((waited.status.code(), &told["code"]), (Some(124), &json!("TIMED_OUT")));
    instance.out(&["kill", "my work"]);
}

#[test]
fn in_a_terminal_prose_fits_and_code_is_whole_and_a_question_has_its_answer() {
    let instance = instance();
    let options = json!([{ "label": "SQLite", "description": "a file" }, { "label": "Postgres" }]);
    let question = json!([{ "question": "Which db?", "header": "DB", "options": options }]);
    let answers =
        json!({ "toolUseResult": { "questions": question, "answers": { "Which db?": "Postgres" } } });
    let code = format!("let {} = 1;", "a_name_".repeat(9));
    let prose = "- several words that are read ".repeat(4);
    let lines = vec![
        ("user", json!("decide"), json!({})),
        calls("t1", "AskUserQuestion", &json!({ "questions": question })),
        gives("t1", "User has answered your questions: …", false, answers),
        ("assistant", json!([{ "type": "text", "text": format!("{prose}\n\n```\n{code}\n```") }]), json!({})),
    ];
    let name = "0196a1b2-0000-7000-8000-123456789abc";
    talk(&instance, name, 0, lines);
    let whole = text(&instance, &["conversation", name]);
    assert!(whole.contains("**DB: Which db?**\n\n- [ ] SQLite: a file\n- [x] Postgres\n"), "{whole}");
    assert!(whole.contains(prose.trim_end()) && !whole.contains("has answered"), "{whole}");
    let resume = format!("claude --resume {name}");
    assert!(whole.ends_with(&format!("\nTo take it up again in /w:\n\n`{resume}`\n")), "{whole}");
    assert_eq!(instance.json(&["conversation", name, "--json"])[0]["resume"], json!(resume));
    let terminal = Terminal::spawn(instance.command(&["conversation", name]), 40, 24).unwrap();
    terminal.wait(PATIENCE).unwrap();
    let shown = String::from_utf8(terminal.output()).unwrap().replace('\r', "");
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 40).collect();
    assert_eq!(wide, [code.as_str(), &format!("`{resume}`")], "{shown}");
    assert!(shown.contains("\n  "), "an item goes on below its text: {shown}");
}
