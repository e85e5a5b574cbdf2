//! The history of a project, as much as fits; and Claude Code, which is told it.

use crate::real::Desk;
use crate::written::Transcript;
use serde_json::{Value, json};
use testkit::instance::{LIMIT, finish};
use testkit::terminal::PATIENCE;
use testkit::{Codex, Instance, ModelServer, eventually};

/// A history of two conversations in /w.
fn history() -> Instance {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    for number in 1..3 {
        Transcript::new(&instance, number).grow(40);
    }
    let last = Transcript::new(&instance, 3);
    let secret = format!("ghp_{}", &"a1B2c3D4e5".repeat(4)[..36]);
    let said =
        format!("We decided to keep the marmalade. TODO: label it with {secret}\nerror: the lid is stuck");
    let usage = json!({ "input_tokens": 1_000, "output_tokens": 200, "cache_read_input_tokens": 60_000,
        "cache_creation_input_tokens": 500 });
    let line = json!({
        "type": "assistant", "uuid": "last", "sessionId": last.name, "cwd": "/w", "version": "2.1.329",
        "timestamp": "2026-01-02T00:00:00.000Z", "message": { "role": "assistant", "id": "msg-last", "model": "claude-opus-4-5",
            "content": [{ "type": "text", "text": said }], "usage": usage },
    });
    last.append(format!("{line}\n").as_bytes());
    instance
}

fn context(instance: &Instance, budget: &str, query: &[&str]) -> Value {
    let arguments = [&["context", "--json", "--cwd", "/w", "--budget", budget], query].concat();
    instance.json(&arguments)
}

/// A34: never more than the budget, the same each time, masked, and each line says where it is from.
#[test]
fn a_history_fits_its_budget_and_says_where_it_is_from() {
    let instance = history();
    let mut before = 0;
    for budget in [1, 20, 60, 120, 250, 500, 1_000, 3_000, 20_000] {
        let told = context(&instance, &budget.to_string(), &[]);
        let tokens = told["tokens"].as_u64().unwrap();
        assert!(tokens <= budget, "{tokens} of {budget}");
        assert!(tokens >= before, "more fits into {budget}, and less is told");
        assert_eq!(told, context(&instance, &budget.to_string(), &[]));
        let text = told["text"].as_str().unwrap();
        let pieces = told["pieces"].as_array().unwrap();
        assert!(pieces.iter().all(|piece| text.contains(piece["text"].as_str().unwrap())), "{told}");
        before = tokens;
    }
    let told = context(&instance, "20000", &["part7"]);
    let text = told["text"].as_str().unwrap();
    for heading in ["Said last", "Found for what is asked now", "Decided", "Left to do", "Errors that came"] {
        assert!(text.contains(&format!("## {heading}\n- [claude 0000000")), "{heading}: {text}");
    }
    assert!(text.contains("[redacted:github-token]") && !text.contains("ghp_"), "{text}");
    let found: Vec<&Value> =
        told["pieces"].as_array().unwrap().iter().filter(|piece| piece["section"] == "found").collect();
    assert!(
        !found.is_empty() && found.iter().all(|piece| piece["text"].to_string().contains("part7")),
        "{told}"
    );
    assert!(found.iter().all(|piece| piece["entry"].is_string() && piece["conversation"].is_string()));
    let words = instance.run(&["context", "marmalade", "lid"]);
    assert_eq!(words.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&words.stderr).contains("`centerfire context --cwd . marmalade`"),
        "{words:?}"
    );
    let found = String::from_utf8(instance.out(&["search", "marmalade"])).unwrap();
    let name = found.split_once("  centerfire conversation ").expect("a hit names its conversation").1;
    let name = name.split_whitespace().next().unwrap();
    assert!(String::from_utf8(instance.out(&["conversation", name])).unwrap().contains("marmalade"));
    let none = instance.run(&["conversation", "--list", "--since", "1h"]);
    let told = String::from_utf8_lossy(&none.stderr);
    assert!(told.contains("no conversation fits") && !told.contains("import"), "{told}");
    let empty = instance.work();
    let none = instance.run(&["context", "--cwd", empty.to_str().unwrap()]);
    assert!(none.stdout.is_empty() && none.status.success(), "{none:?}");
}

/// A34: how full the window is, by the last request; the user's own list has the last word.
#[test]
fn the_window_of_a_conversation_is_told() {
    let instance = history();
    let name = "00000003-0000-4000-8000-000000000000";
    let window = || instance.json(&["conversation", name, "--json"])[0]["context"].clone();
    let told = window();
    assert_eq!(
        (&told["used"], &told["size"], &told["left"]),
        (&json!(61_700), &json!(200_000), &json!(138_300))
    );
    assert_eq!((&told["cache_read"], &told["cache_write"]), (&json!(60_000), &json!(500)));
    let minutes = told["cached_until"].as_u64().unwrap() - told["time"].as_u64().unwrap();
    assert_eq!((minutes, &told["compacted"]), (300_000_000, &json!(false)));
    let text = String::from_utf8(instance.out(&["conversation", name])).unwrap();
    assert!(text.contains("61700 tokens of 200000, 138300 left, 60000 from the cache"), "{text}");
    std::fs::write(instance.home().join("state/prices.json"), r#"{"windows": {"claude-opus-4-5": 70000}}"#)
        .unwrap();
    assert_eq!((&window()["size"], &window()["left"]), (&json!(70_000), &json!(8_300)));
    std::fs::write(instance.home().join("state/prices.json"), r#"{"windows": {"claude-opus-4-5": 60000}}"#)
        .unwrap();
    assert_eq!(
        (&window()["size"], &window()["left"]),
        (&json!(null), &json!(null)),
        "a list that is proved wrong"
    );
}

/// The latest request that the model got with these words in it.
fn request_with(desk: &Desk, words: &str) -> String {
    let like = |request: &testkit::model::http::Request| request.body["messages"].to_string().contains(words);
    let found = desk.server.wait_for_request(like, PATIENCE);
    found.unwrap_or_else(|_| panic!("no request with {words}"));
    let all = desk.server.requests();
    all.iter().rev().find(|request| like(request)).unwrap().body.to_string()
}

/// A34: the real Claude Code gets it into a new conversation, after a compaction and when it takes one up again; and not without
/// being told to.
#[test]
fn claude_code_is_told_the_history_at_each_start() {
    const OWN: &str = "33333333-3333-4333-8333-333333333333";
    const TOLD: &str = "Earlier work in project";
    let desk = Desk::new();
    desk.out(desk.claude.headless("[[say:the marmalade is quixotic]]"));
    let program = desk.claude.program().to_str().unwrap();
    let start = |name: &str, words: &[&str], own: &[&str]| {
        desk.run(&[&["run", "-d", "--name", name], words, &["--", program], own].concat());
        desk.run(&["wait", name, "--for", "idle", "--timeout", "30"]);
    };
    start("plain", &[], &[]);
    desk.ask("plain", "[[sleep:300]] [[say:plainly answered]]", "done");
    assert!(!request_with(&desk, "plainly answered").contains(TOLD));
    desk.run(&["kill", "plain"]);

    start("told", &["--restore-context=1500"], &["--session-id", OWN]);
    desk.ask("told", "[[sleep:300]] [[say:first answer]]", "done");
    let request = request_with(&desk, "first answer");
    assert!(request.contains(TOLD) && request.contains("the marmalade is quixotic"), "{request}");

    let before = desk.server.requests().len();
    desk.run(&["send", "told", "--submit", "/compact"]);
    desk.run(&["wait", "told", "--for", "text", "--match", "(?i)compacted", "--timeout", "30"]);
    desk.run(&["wait", "told", "--for", "idle", "--timeout", "30"]);
    desk.ask("told", "[[sleep:300]] [[say:second answer]]", "done");
    let request = request_with(&desk, "second answer");
    assert!(desk.server.requests().len() > before + 1, "the conversation was shortened by the model");
    assert!(request.contains(TOLD) && request.contains("quixotic"), "{request}");
    // What was lost by the compaction is told first.
    assert!(request.contains("user: [[sleep:300]] [[say:first answer]]"), "{request}");
    desk.run(&["kill", "told"]);

    start("again", &["--restore-context"], &["--resume", OWN]);
    let before = desk.server.requests().len();
    desk.ask("again", "[[sleep:300]] [[say:third answer]]", "done");
    let requests = desk.server.requests();
    let request =
        requests[before..].iter().map(|one| one.body.to_string()).find(|one| one.contains("third answer"));
    let request = request.expect("the resumed conversation's request");
    assert!(request.matches(TOLD).count() >= 2, "it is told anew: {request}");
    desk.run(&["kill", "again"]);
}

/// The same for the real Codex, which asks for it with the first prompt.
#[test]
fn codex_is_told_the_history_at_each_start() {
    const TOLD: &str = "Earlier work in project";
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let run = |words: &[&str]| {
        let mut command = instance.command(words);
        command.envs(codex.environment()).current_dir(codex.project());
        let output = finish(command, LIMIT);
        assert!(output.status.success(), "{words:?}: {output:?}");
    };
    let program = codex.program().to_str().unwrap();
    let start = |name: &str, words: &[&str], own: &[&str]| {
        run(&[&["run", "-d", "--name", name, "--size", "120x40"], words, &["--", program], own].concat());
        run(&["wait", name, "--for", "idle", "--timeout", "30"]);
    };
    // The requests of a turn, as the model got them.
    let asked = |name: &str, answer: &str| {
        let before = server.requests().len();
        run(&["send", name, "--submit", &format!("[[say:{answer}]]")]);
        run(&["wait", name, "--for", "text", "--match", &format!("• {answer}"), "--timeout", "30"]);
        let all = server.requests();
        let like = all[before..].iter().map(|request| request.body.to_string());
        like.rev().find(|body| body.contains(answer)).expect("a request")
    };
    start("plain", &[], &[]);
    assert!(!asked("plain", "the marmalade is quixotic").contains(TOLD));
    run(&["kill", "plain"]);
    start("told", &["--restore-context=1500"], &[]);
    let request = asked("told", "first answer");
    assert!(request.contains(TOLD) && request.contains("the marmalade is quixotic"), "{request}");
    run(&["send", "told", "--submit", "/compact"]);
    run(&["wait", "told", "--for", "text", "--match", "Context compacted", "--timeout", "30"]);
    let request = asked("told", "second answer");
    assert!(request.contains(TOLD) && request.contains("first answer"), "{request}");
    run(&["kill", "told"]);
    start("again", &["--restore-context"], &["resume", "--last"]);
    let request = asked("again", "third answer");
    assert!(request.matches(TOLD).count() >= 2, "it is told anew: {request}");
    run(&["kill", "again"]);
}

/// Who waits for it waits for nothing else: a store that cannot be had costs the history, and the CLI goes on.
#[test]
fn a_hook_that_has_no_history_ends_well_and_soon() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let state = instance.home().join("state");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("conversation.db"), "no database at all, but long enough to be taken for one")
        .unwrap();
    let payload = json!({ "hook_event_name": "SessionStart", "session_id": "x", "cwd": "/w", "transcript_path": "/w/x.jsonl", "source": "startup" });
    let file = instance.work().join("payload");
    std::fs::write(&file, payload.to_string()).unwrap();
    // The best of three, because others use this machine too.
    let best = |words: &[&str]| {
        let run = |_| {
            let mut hook = instance.command(words);
            hook.stdin(std::fs::File::open(&file).unwrap());
            let begun = std::time::Instant::now();
            let output = hook.output().unwrap();
            assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
            begun.elapsed()
        };
        (0..3).map(run).min().unwrap()
    };
    let (without, with) = (best(&["__hook", "claude"]), best(&["__hook", "claude", "restore", "2000"]));
    assert!(with < without + std::time::Duration::from_secs(2), "{with:?} instead of {without:?}");
}

/// To bring a store up to date takes longer than a CLI waits: its hook leaves an older one to others.
#[test]
fn a_hook_leaves_a_store_of_an_older_version_alone() {
    let instance = history();
    instance.out(&["import"]);
    let payload = json!({ "hook_event_name": "SessionStart", "session_id": "x", "cwd": "/w", "transcript_path": "/w/x.jsonl", "source": "startup" });
    let file = instance.work().join("payload");
    std::fs::write(&file, payload.to_string()).unwrap();
    let told = || {
        let mut hook = instance.command(&["__hook", "claude", "restore", "2000"]);
        hook.stdin(std::fs::File::open(&file).unwrap());
        let output = hook.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    // On a busy machine it is left out at times that is not there in time.
    eventually(LIMIT, || told().contains("marmalade").then_some(())).expect("the history is told");
    let store = instance.home().join("state/conversation.db");
    let mut bytes = std::fs::read(&store).unwrap();
    // Where SQLite keeps the version that its user gives.
    let version = u32::from_be_bytes(bytes[60..64].try_into().unwrap());
    let older = (version - 1).to_be_bytes();
    bytes[60..64].copy_from_slice(&older);
    std::fs::write(&store, &bytes).unwrap();
    assert_eq!(told(), "");
    assert_eq!(std::fs::read(&store).unwrap()[60..64], older);
}
