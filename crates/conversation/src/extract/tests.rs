//! What is found in entries, and what only looks like it.

use super::*;
use protocol::{Source, Time};
use serde_json::json;

fn entry(content: Content) -> Entry {
    Entry {
        id: "x".into(),
        conversation: "c".into(),
        agent: None,
        time: Time(0),
        role: Speaker::Assistant,
        content,
        model: None,
        request: None,
        source: Source::Transcript,
        place: None,
    }
}

fn of(content: Content) -> Vec<(&'static str, String)> {
    found(&entry(content)).mentions.into_iter().map(|mention| (mention.kind, mention.value)).collect()
}

fn call(name: &str, input: Value) -> Content {
    Content::ToolCall { call: "1".into(), name: name.into(), input }
}

#[test]
fn tools_tell_files_and_commands() {
    let read = json!({ "file_path": "/w/a.rs" });
    assert_eq!(of(call("Read", read)), [("file_read", "/w/a.rs".into())]);
    let edit = json!({ "file_path": "/w/a.rs", "old_string": "1", "new_string": "2" });
    assert_eq!(of(call("Edit", edit)), [("file_written", "/w/a.rs".into())]);
    assert_eq!(of(call("Bash", json!({ "command": "make test" }))), [("command", "make test".into())]);
    assert_eq!(of(call("shell", json!({ "command": ["ls", "-l"] }))), [("command", "ls -l".into())]);
    let patch = json!({ "input": "*** Begin Patch\n*** Update File: src/a.rs\n@@\n*** Add File: b.rs\n" });
    assert_eq!(
        of(call("apply_patch", patch)),
        [("file_written", "b.rs".into()), ("file_written", "src/a.rs".into())]
    );
}

#[test]
fn what_was_denied_mentions_nothing() {
    let text = "error[E0425]: cannot find value `x`".to_owned();
    let result = |is_denied| {
        let text = text.clone();
        Content::ToolResult { call: "1".into(), text, is_error: true, is_denied, detail: None }
    };
    assert_eq!(of(result(true)), []);
    assert_eq!(of(result(false)).len(), 1);
}

#[test]
fn an_error_is_the_same_wherever_it_comes() {
    let of_text = |text: &str| {
        let result = Content::ToolResult {
            call: "1".into(),
            text: text.into(),
            is_error: true,
            is_denied: false,
            detail: None,
        };
        of(result)
    };
    let one = of_text("warning: x\nerror[E0425]: cannot find value `a` in line 12\nmore");
    assert_eq!(one, [("error", "error[E0425]: cannot find value `a` in line #".to_owned())]);
    assert_eq!(one, of_text("error[E0425]: cannot find value `a` in line 99"));
    assert_eq!(
        of_text("sh: 1: foo: command not found"),
        [("error", "sh: #: foo: command not found".to_owned())]
    );
    assert_eq!(of_text("ValueError: bad 3"), [("error", "ValueError: bad #".to_owned())]);
    assert_eq!(of_text("all is well, no error here"), []);
    assert_eq!(of_text("see https://a.example/b?c=1."), [("url", "https://a.example/b?c=1".to_owned())]);
}

#[test]
fn there_is_a_limit_to_what_is_kept() {
    let text: String = (0..100).map(|number| format!("https://a.example/{number}\n")).collect();
    assert_eq!(of(Content::Message { text }).len(), EACH_MAX);
    let long = of(call("Bash", json!({ "command": "é".repeat(1000) })));
    assert_eq!(long[0].1.len(), VALUE_MAX_BYTES);
    assert_eq!(of(Content::Message { text: "TODO: later".into() }), [("todo", "TODO: later".to_owned())]);
}

/// Asks each line of a corpus, and tells all that are wrong.
fn check_lines(corpus: &str, wrong: impl Fn(&str) -> (bool, Option<String>)) {
    let lines = corpus.lines().filter(|line| !line.starts_with('#'));
    let (found, other): (Vec<_>, Vec<_>) = lines.map(wrong).partition(|(is_found, _)| *is_found);
    assert!(found.len() >= 40 && other.len() >= 40, "{} cases and {} look-alikes", found.len(), other.len());
    let wrong: Vec<String> = found.into_iter().chain(other).filter_map(|(_, wrong)| wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn decisions_are_found_and_what_looks_like_them_is_not() {
    check_lines(include_str!("../../cases/decisions.txt"), |line| {
        let (sign, rest) = line.split_at(2);
        let mut parts = rest.split(" !! ");
        let found = decisions::in_words(parts.next().expect("a sentence"));
        let told: Vec<Vec<String>> = found.into_iter().map(|decision| decision.rejected).collect();
        let decides = sign == "+ ";
        let due: Vec<Vec<String>> =
            if decides { vec![parts.map(str::to_owned).collect()] } else { Vec::new() };
        (decides, (told != due).then(|| format!("{line}: {told:?}")))
    });
}

#[test]
fn symbols_are_found_and_what_looks_like_them_is_not() {
    check_lines(include_str!("../../cases/symbols.txt"), |line| {
        let line = line.replace("\\|", "\u{1}");
        let mut parts = line.split(" | ").map(|part| part.replace('\u{1}', "|").replace("\\n", "\n"));
        let language = parts.next().and_then(|name| Language::named(&name)).expect("a language");
        let code = parts.next().expect("code");
        let due = parts.next().unwrap_or_default();
        let found = symbols::defined(language, &code).collect::<Vec<_>>().join(" ");
        (!due.is_empty(), (found != due).then(|| format!("{line}: {found}")))
    });
}

#[test]
fn decisions_in_code_and_questions_are_none() {
    let text =
        "Two things.\n```\nWe decided to keep it.\n```\nWe decided to keep it. Is that so? I'll go with B.\n";
    let found: Vec<String> = decisions::in_words(text).into_iter().map(|decision| decision.text).collect();
    assert_eq!(found, ["We decided to keep it", "I'll go with B"]);
}

#[test]
fn answers_and_approved_plans_are_decisions() {
    let result = |text: &str, detail: Option<Value>| {
        let content = Content::ToolResult {
            call: "1".into(),
            text: text.into(),
            is_error: false,
            is_denied: false,
            detail,
        };
        let mut told = found(&entry(content));
        told.mentions.retain(|mention| mention.kind == "decision");
        let values = told.mentions.into_iter().map(|mention| mention.value).collect::<Vec<_>>();
        (
            values,
            told.relations.into_iter().map(|relation| (relation.kind, relation.to.1)).collect::<Vec<_>>(),
        )
    };
    let asked = json!({
        "questions": [{ "question": "Which database?", "options": [{ "label": "SQLite" }, { "label": "Redis" }] }],
        "answers": { "Which database?": "SQLite" },
    });
    let answered = result("User has answered your questions: …", Some(asked));
    assert_eq!(answered.0, ["Which database? SQLite"]);
    assert_eq!(answered.1, [("instead_of", "Redis".to_owned())]);
    let codex = result(r#"{"answers":{"database":{"answers":["SQLite"]}}}"#, None);
    assert_eq!(codex.0, ["database SQLite"]);
    let plan = json!({ "plan": "# Split the store\n\n1. …" });
    let approved = result("User has approved your plan. You can now start coding.", Some(plan));
    assert_eq!(approved.0, ["approved: Split the store"]);
    assert_eq!(result("The user does not want to proceed", None).0, [""; 0]);
}

#[test]
fn edits_define_symbols_in_their_files() {
    let told = |name: &str, input: Value| {
        let found = found(&entry(call(name, input)));
        let relations = found.relations.into_iter();
        relations.map(|Relation { from, kind, to }| format!("{} {kind} {}", from.1, to.1)).collect::<Vec<_>>()
    };
    let edit = json!({ "file_path": "/w/a.rs", "old_string": "fn old() {", "new_string": "fn new() {" });
    assert_eq!(told("Edit", edit), ["/w/a.rs defines new", "/w/a.rs defines old"]);
    let edits =
        json!({ "file_path": "/w/a.py", "edits": [{ "old_string": "", "new_string": "def one():" }] });
    assert_eq!(told("MultiEdit", edits), ["/w/a.py defines one"]);
    let patch = "*** Begin Patch\n*** Update File: a.go\n@@ func Head() {\n-func Old() {\n+func New() {\n func Same() {\n*** Add File: b.py\n+class B:\n";
    let defined = ["a.go defines Head", "a.go defines New", "a.go defines Old", "b.py defines B"];
    assert_eq!(told("apply_patch", json!({ "input": patch })), defined);
    assert_eq!(told("Read", json!({ "file_path": "/w/a.rs" })), [""; 0]);
    assert_eq!(told("Write", json!({ "file_path": "/w/a.txt", "content": "fn no() {" })), [""; 0]);
    let block = "See:\n```rust\nfn shown() {}\n```\n```text\nfn no() {}\n```\n";
    assert_eq!(of(Content::Message { text: block.into() }), [("symbol", "shown".to_owned())]);
}

#[test]
fn an_error_tells_its_file() {
    let file = |text: &str| errors::in_text(text).map(|failed| failed.file).collect::<Vec<_>>();
    let is = |file: &str| vec![Some(file.to_owned())];
    assert_eq!(file("error[E0425]: no `a`\n  --> src/a.rs:3:5\n   |"), is("src/a.rs"));
    assert_eq!(file("a.c:3:4: error: no x"), is("a.c"));
    assert_eq!(file("./a.go:3:4: undefined: x"), is("a.go"));
    assert_eq!(file("src/a.ts(3,4): error TS2304: no x"), is("src/a.ts"));
    assert_eq!(file("src/a.ts:3:4 - error TS2304: no x"), is("src/a.ts"));
    assert_eq!(file("thread 'main' panicked at src/a.rs:3:4:\nno"), is("src/a.rs"));
    assert_eq!(file("  File \"/w/a.py\", line 3, in f\n    x()\nValueError: bad"), is("/w/a.py"));
    assert_eq!(file("TypeError: no\n    at f (/w/a.js:3:4)\n"), is("/w/a.js"));
    assert_eq!(file("error: one\n\n  --> src/a.rs:3:5"), [None]);
    assert_eq!(file("error: no\n  --> /root/.cargo/registry/x/src/a.rs:3:5"), [None]);
    assert_eq!(file("a.go:12:func main() {"), []);
}
