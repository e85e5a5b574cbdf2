//! `centerfire history`: what touched a file, what fixed an error, what was decided; the same when the store is made anew.

use serde_json::{Value, json};
use std::fs;
use testkit::Instance;

const ERROR: &str = "error[E0425]: cannot find value `limit` in this scope";

/// A conversation in the form of Claude Code: a test fails, an edit fixes it, and things are decided.
fn talk(instance: &Instance) {
    let folder = instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    let call = |id: &str, name: &str, input: Value| {
        ("assistant", json!([{ "type": "tool_use", "id": id, "name": name, "input": input }]), None)
    };
    let result = |id: &str, text: &str, is_error: bool, detail: Option<Value>| {
        let block =
            json!({ "type": "tool_result", "tool_use_id": id, "content": text, "is_error": is_error });
        ("user", json!([block]), detail)
    };
    let question =
        json!([{ "question": "Which limit?", "options": [{ "label": "64 KiB" }, { "label": "1 MiB" }] }]);
    let answered = json!({ "questions": question, "answers": { "Which limit?": "64 KiB" } });
    let edit = json!({ "file_path": "/w/src/read.rs", "old_string": "", "new_string": "fn limited(text: &str) -> &str {" });
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let lines = [
        ("user", json!("Make the tests pass"), None),
        call("t1", "Bash", json!({ "command": "cargo test" })),
        result(
            "t1",
            &format!("Exit code 101\n{ERROR}\n  --> src/read.rs:12:5\nerror: token {secret}\n"),
            true,
            None,
        ),
        call("t2", "Edit", edit),
        result("t2", "The file was updated", false, None),
        call("t3", "Bash", json!({ "command": "cargo test" })),
        result("t3", "test result: ok", false, None),
        call("t4", "AskUserQuestion", json!({ "questions": question })),
        result("t4", "User has answered your questions: …", false, Some(answered)),
        (
            "assistant",
            json!([{ "type": "text", "text": "I'll go with one limit in src/read.rs instead of two." }]),
            None,
        ),
    ];
    let line = |(number, (role, content, detail)): (usize, (&str, Value, Option<Value>))| {
        let mut line = json!({
            "type": role, "uuid": format!("u-{number}"), "sessionId": "s-1", "cwd": "/w", "version": "2.1.329",
            "timestamp": format!("2026-01-01T00:00:{number:02}Z"),
            "message": { "role": role, "content": content, "id": format!("m-{number}"), "model": "claude-x" },
        });
        if let Some(detail) = detail {
            line["toolUseResult"] = detail;
        }
        format!("{line}\n")
    };
    let lines: String = lines.into_iter().enumerate().map(line).collect();
    fs::write(folder.join("s-1.jsonl"), lines).unwrap();
}

fn asked(instance: &Instance, words: &[&str]) -> Value {
    instance.json(&[&["history", "--json"], words].concat())
}

/// Each relation as a line.
fn related(told: &Value) -> Vec<String> {
    let line = |relation: &Value| {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        format!(
            "{} {} {}",
            word(&relation["from"]["value"]),
            word(&relation["kind"]),
            word(&relation["to"]["value"])
        )
    };
    told["relations"].as_array().unwrap().iter().map(line).collect()
}

fn snippets(told: &Value) -> Vec<&str> {
    told["entries"].as_array().unwrap().iter().map(|entry| entry["snippet"].as_str().unwrap()).collect()
}

/// A33: a search stays with a file or a command, and what calls gave belongs to them; another conversation's does not.
#[test]
fn a_search_stays_with_a_file_or_a_command() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    talk(&instance);
    let same_ids = fs::read_to_string(instance.user_home().join(".claude/projects/-w/s-1.jsonl")).unwrap();
    let other = same_ids.replace("s-1", "s-2").replace("u-", "v-").replace("cargo test", "make all");
    fs::write(instance.user_home().join(".claude/projects/-w/s-2.jsonl"), other).unwrap();
    let found = |words: &[&str]| {
        let output = instance.run(&[&["search", "--json"], words].concat());
        let hits: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert!(hits.is_array(), "{output:?}");
        let entry = |hit: &Value| hit["entry"].as_str().unwrap().to_owned();
        let mut entries: Vec<_> = hits.as_array().unwrap().iter().map(entry).collect();
        entries.sort();
        entries
    };
    assert_eq!(
        found(&["limit", "--file", "read.rs"]),
        ["claude:u-3", "claude:v-3"],
        "the edit, and not what was decided"
    );
    assert_eq!(found(&["updated", "--file", "/w/src/read.rs"]), ["claude:u-4", "claude:v-4"], "its result");
    assert!(found(&["updated", "--file", "ead.rs"]).is_empty(), "no end of a path");
    assert_eq!(found(&["ok"]), ["claude:u-6", "claude:v-6"]);
    assert_eq!(found(&["ok", "--command", "CARGO"]), ["claude:u-6"]);
    assert_eq!(found(&["error", "--command", "make all"]), ["claude:v-2"]);
}

/// A31: what touched this file, where this error was before and what fixed it, what was decided.
#[test]
fn history_tells_what_touched_a_file_and_what_fixed_an_error() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    talk(&instance);
    let file = asked(&instance, &["src/read.rs"]);
    assert_eq!(snippets(&file), ["/w/src/read.rs"]);
    let lines = related(&file);
    assert!(lines.contains(&format!("{ERROR} fixed_by /w/src/read.rs")), "{lines:?}");
    assert!(lines.contains(&format!("{ERROR} in src/read.rs")), "{lines:?}");
    assert!(lines.contains(&"/w/src/read.rs defines limited".to_owned()), "{lines:?}");
    let error = asked(&instance, &["--error", "cannot find VALUE"]);
    assert_eq!(snippets(&error), [ERROR]);
    assert!(related(&error).contains(&format!("cargo test failed_with {ERROR}")));
    assert!(!error.to_string().contains("ghp_16C7"), "a secret is told");
    let command = asked(&instance, &["--command", "cargo"]);
    assert_eq!(snippets(&command), ["cargo test", "cargo test"]);
    assert!(related(&command).contains(&"cargo test fixed_by /w/src/read.rs".to_owned()));
    assert_eq!(snippets(&asked(&instance, &["--symbol", "limited"])), ["limited"]);
    let decisions = asked(&instance, &["--decisions", "--project", "/w"]);
    let sentence = "I'll go with one limit in src/read.rs instead of two";
    assert_eq!(snippets(&decisions), [sentence, "Which limit? 64 KiB"]);
    let due = [
        format!("{sentence} about src/read.rs"),
        format!("{sentence} instead_of two"),
        "Which limit? 64 KiB instead_of 1 MiB".to_owned(),
    ];
    assert_eq!(related(&decisions), due);
    assert!(!instance.run(&["history", "--decisions", "--project", "/elsewhere"]).status.success());
    let shown = String::from_utf8(instance.out(&["history", "--error", "cannot find value"])).unwrap();
    assert!(shown.contains("fixed by /w/src/read.rs"), "{shown}");
}

/// Where nothing could be found somebody mistyped, and is told so.
#[test]
fn a_folder_that_is_nowhere_is_no_empty_history() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    talk(&instance);
    for words in [
        &["search", "--folder", "/elsewhere", "limit"][..],
        &["history", "--decisions", "--project", "/elsewhere"],
        &["context", "--cwd", "/elsewhere"],
        &["conversation", "--list", "--folder", "/elsewhere"],
    ] {
        let output = instance.run(words);
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && why.contains("there is no folder /elsewhere"),
            "{words:?}: {why}"
        );
    }
    // It is gone as well, and known.
    instance.out(&["search", "--folder", "/w", "limit"]);
    instance.out(&["context", "--cwd", "/w"]);
}

/// What is found depends on the entries alone: made anew, it is the same.
#[test]
fn a_store_that_is_made_anew_knows_the_same() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    talk(&instance);
    let all = || {
        let asked_for = [
            &["read.rs"][..],
            &["--error", ""],
            &["--command", ""],
            &["--symbol", "limited"],
            &["--decisions"],
        ];
        asked_for.map(|words| asked(&instance, words))
    };
    let before = all();
    instance.out(&["import", "--rebuild"]);
    assert_eq!(all(), before);
}
