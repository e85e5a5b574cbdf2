//! Conversations of which the CLI keeps no record, or none that is left: the recording tells what hooks told, and gives way to
//! a record as soon as there is one.

use crate::asked::{ASKS, short};
use crate::real::Desk;
use serde_json::{Value, json};
use std::fs::rename;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use testkit::{Codex, Instance, ModelServer, eventually};

const LIMIT: Duration = Duration::from_secs(30);

fn entries(desk: &Desk) -> Vec<Value> {
    desk.json(&["conversation", "s"])[0]["entries"].as_array().unwrap().clone()
}

fn in_short(entries: &[Value]) -> Vec<String> {
    entries.iter().map(short).collect()
}

#[test]
fn what_hooks_told_stands_for_a_record_until_there_is_one() {
    let desk = Desk::new();
    let records = desk.claude.config().join("projects");
    let aside = desk.claude.config().join("aside");
    let program = desk.claude.program().to_str().unwrap();
    desk.run(&["run", "-d", "--name", "s", "--size", "120x40", "--", program]);
    desk.run(&["wait", "s", "--for", "idle", "--timeout", "30"]);
    // Its hooks are not waited for, so what is asked at once after a turn may be told before that turn's end.
    let over = |state: &str| {
        let is_heard = || {
            let claims = desk.json(&["show", "s"])["agent"]["claims"].clone();
            let is_over = |claim: &Value| claim["source"] == "hook" && claim["state"] == state;
            claims.as_array().unwrap().iter().any(is_over).then_some(())
        };
        eventually(LIMIT, is_heard).expect("the hook tells that the turn is over");
    };
    desk.ask("s", "[[bash:touch yes]] [[say:quixotic]]", "blocked");
    desk.run(&["approve", "s"]);
    over("done");
    desk.ask("s", "[[bash:touch no]] [[say:alas]]", "blocked");
    desk.run(&["deny", "s", "--message", "rather not"]);
    over("done");
    let question = format!("[[tool:AskUserQuestion|{ASKS}]] [[say:chosen]]");
    desk.ask("s", &question, "blocked");
    desk.run(&["approve", "s", "--answer", "SQLite"]);
    over("done");
    desk.ask("s", "[[error:400|invalid_request_error]]", "error");
    over("error");
    desk.run(&["kill", "s"]);
    rename(&records, &aside).unwrap();
    let told = entries(&desk);
    let asked = format!("user message: {question}");
    let expected = [
        "user message: [[bash:touch yes]] [[say:quixotic]]",
        "call Bash",
        "result: allowed",
        "assistant message: quixotic",
        "user message: [[bash:touch no]] [[say:alas]]",
        "call Bash",
        "result is_error is_denied: denied: rather not",
        "assistant message: alas",
        &asked,
        "call AskUserQuestion",
        "result: {\"Which db?\":\"SQLite\"}",
        "assistant message: chosen",
        "user message: [[error:400|invalid_request_error]]",
        "system failure: API Error: 400 scripted 400",
    ];
    assert_eq!(in_short(&told), expected);
    assert!(told.iter().all(|entry| entry["source"] == "hook"), "{told:?}");
    let markdown = String::from_utf8(desk.run(&["conversation", "s"])).unwrap();
    assert!(markdown.contains("as hooks told it") && !markdown.contains("--resume"), "{markdown}");
    let places: Vec<u64> = told.iter().map(|entry| entry["place"]["offset"].as_u64().unwrap()).collect();
    assert!(places.is_sorted() && places[0] > 0, "{places:?}");
    let hits = desk.json(&["search", "quixotic", "--role", "assistant"]);
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
    // What was refused did nothing.
    let ran = desk.json(&["history", "--command", "touch"]).to_string();
    assert!(ran.contains("touch yes") && !ran.contains("touch no"), "{ran}");
    desk.run(&["import", "--rebuild"]);
    let ids = |entries: &[Value]| entries.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&entries(&desk)), ids(&told));

    rename(&aside, &records).unwrap();
    let recorded = entries(&desk);
    assert!(recorded.iter().all(|entry| entry["source"] == "transcript"), "{recorded:?}");
    assert!(in_short(&recorded).contains(&"result is_error is_denied: rather not".to_owned()));
    let hits = desk.json(&["search", "quixotic", "--role", "assistant"]);
    assert_eq!(hits.as_array().unwrap().len(), 1, "{hits}");
    desk.run(&["import", "--rebuild"]);
    assert_eq!(ids(&entries(&desk)), ids(&recorded));
}

/// A recording is heard on from where it was heard last: nothing comes twice, and an answer belongs to what it answers.
#[test]
fn a_recording_that_grows_is_heard_on() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("claude");
    let hook = env!("CARGO_BIN_EXE_centerfire");
    let script = format!("#!/bin/sh\nwhile read -r told; do echo \"$told\" | {hook} __hook claude; done\n");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    instance.out(&["run", "-d", "--name", "s", "--", program.to_str().unwrap()]);
    let tell = |event: &str, field: &str, text: &str| {
        let told = json!({ "session_id": "c", "hook_event_name": event, field: text, "tool_input": {} });
        instance.out(&["send", "s", "--text", &format!("{told}\n")]);
    };
    let told = || {
        let told = instance.json(&["conversation", "s", "--json"]);
        in_short(told[0]["entries"].as_array().unwrap())
    };
    let come = |count: usize| eventually(LIMIT, || Some(told()).filter(|told| told.len() == count)).unwrap();
    tell("UserPromptSubmit", "prompt", "one");
    let first = eventually(LIMIT, || {
        let output = instance.run(&["conversation", "s", "--json"]);
        output.status.success().then(told)
    });
    assert_eq!(first.unwrap(), ["user message: one"]);
    tell("Stop", "last_assistant_message", "two");
    assert_eq!(come(2), ["user message: one", "assistant message: two"]);
    tell("PermissionRequest", "tool_name", "Draw");
    assert_eq!(come(3)[2], "call Draw");
    assert_eq!(told().len(), 3);
    instance.out(&["deny", "s"]);
    tell("UserPromptSubmit", "prompt", "three");
    assert_eq!(come(5)[3..], ["result is_error is_denied: denied", "user message: three"]);
    let before = instance.json(&["conversation", "s", "--json"]);
    instance.out(&["import", "--rebuild"]);
    let ids = |told: &Value| {
        told[0]["entries"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&instance.json(&["conversation", "s", "--json"])), ids(&before));
    instance.out(&["kill", "s"]);
}

#[test]
fn a_conversation_that_claude_code_and_codex_do_not_keep_is_told_all_the_same() {
    let desk = Desk::new();
    let program = desk.claude.program().to_str().unwrap();
    let prompt = "[[bash:echo inside]] [[say:of claude]]";
    desk.run(&["run", "--tap", "--name", "s", "--", program, "-p", prompt, "--no-session-persistence"]);
    let said = |words: &str| [format!("user message: {prompt}"), format!("assistant message: {words}")];
    assert_eq!(in_short(&entries(&desk)), said("of claude"));
    // Two requests: for the call, and for the answer. Each counts once.
    for _ in 0..2 {
        let usage = desk.json(&["conversation", "s"])[0]["usage"].clone();
        let requests = desk.json(&["api", "s"]);
        let written = |told: &Value| told["usage"]["output"].as_u64();
        let written: u64 = requests.as_array().unwrap().iter().filter_map(written).sum();
        assert!(written > 0 && usage[0]["output"] == written, "{usage} {requests}");
        desk.run(&["import", "--rebuild"]);
    }

    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let prompt = "[[bash:echo inside]] [[say:of codex]]";
    let run = |words: &[&str]| {
        let mut command = instance.command(words);
        command.envs(codex.environment()).current_dir(codex.project());
        desk.out(command)
    };
    let headless = codex.headless(prompt);
    let words: Vec<&str> = headless.get_args().map(|word| word.to_str().unwrap()).collect();
    let start = ["run", "--name", "s", "--", codex.program().to_str().unwrap()];
    run(&[&start, &words[..], &["--ephemeral"]].concat());
    let told: Value = serde_json::from_slice(&run(&["conversation", "s", "--json"])).unwrap();
    let told = in_short(told[0]["entries"].as_array().unwrap());
    assert_eq!(told, [format!("user message: {prompt}"), "assistant message: of codex".to_owned()]);
}
