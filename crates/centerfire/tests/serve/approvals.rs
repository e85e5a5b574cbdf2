//! What programs ask leave for: listed, shown, pushed and answered over HTTP, beside the commands.

use crate::http::{Answer, Call};
use crate::rig::{LIMIT, Rig};
use crate::sse::Stream;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Stdio};
use std::sync::Barrier;
use testkit::{Claude, Codex, ModelServer, eventually};

/// A hook of Claude Code in a session, which waits for an answer; killed with the test.
struct Hook(Child);

impl Hook {
    /// Asks what a payload says.
    fn ask(rig: &Rig, session: &str, tool: &str, input: &Value) -> Self {
        Self::suggest(rig, session, tool, input, &Value::Null)
    }

    /// The same with what it suggests to allow for later.
    fn suggest(rig: &Rig, session: &str, tool: &str, input: &Value, updates: &Value) -> Self {
        let told = json!({
            "hook_event_name": "PermissionRequest", "prompt_id": "p", "tool_name": tool, "tool_input": input,
            "permission_suggestions": updates,
        });
        let file = rig.instance.work().join("payload.json");
        std::fs::write(&file, told.to_string()).unwrap();
        let socket = rig.instance.json(&["show", session, "--json"])["socket"].as_str().unwrap().to_owned();
        let mut command = rig.instance.command(&["__hook", "claude"]);
        command.env("CENTERFIRE_SOCKET", socket).stdin(File::open(file).unwrap()).stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// What Claude Code is told.
    fn told(mut self) -> Value {
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success());
        let told: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        told["hookSpecificOutput"]["decision"].clone()
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(rig: &Rig, path: &str) -> Value {
    let answer = Call::get(path).bearer(&rig.manage).send(rig);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Waits until so many questions wait in all sessions.
fn waiting(rig: &Rig, count: usize) -> Vec<Value> {
    let all = || {
        let all = get(rig, "/api/v1/approvals")["approvals"].as_array().unwrap().clone();
        (all.len() == count).then_some(all)
    };
    eventually(LIMIT, all).unwrap_or_else(|| panic!("{}", get(rig, "/api/v1/approvals")))
}

fn decide(rig: &Rig, secret: &str, session: &str, id: &Value, answer: &Value) -> Answer {
    Call::post(&format!("/api/v1/sessions/{session}/approvals/{id}"), answer).bearer(secret).send(rig)
}

fn kept(rig: &Rig) -> String {
    std::fs::read_to_string(rig.instance.home().join("state/gateway/audit.jsonl")).unwrap_or_default()
}

/// Proof 3, with the real CLI: asked beside its dialog, answered over HTTP, told to who follows; the late answer is refused.
#[test]
fn claude_code_is_answered_over_http() {
    let rig = Rig::new();
    let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let claude = Claude::prepare(folder.path(), &server).unwrap();
    let program = claude.program().to_str().unwrap();
    let mut start = rig.instance.command(&["run", "--detached", "--name", "claude", "--", program]);
    start.env_clear().envs(claude.environment()).env("CENTERFIRE_HOME", rig.instance.home());
    start.current_dir(claude.project());
    let started = testkit::instance::finish(start, LIMIT);
    assert!(started.status.success(), "{started:?}");
    rig.instance.out(&["wait", "claude", "--for", "idle", "--timeout", "25"]);
    let mut events = Stream::open(rig.address(), "/api/v1/sessions/claude/events", Some(&rig.manage));
    rig.instance.out(&["send", "claude", "--submit", "[[bash:touch yes.txt]] [[say:it is made]]"]);
    let asked = events.wait_for("a question", |kind, _| kind == "asked");
    assert_eq!(asked["approval"]["input"]["command"], "touch yes.txt");
    let one = waiting(&rig, 1).remove(0);
    assert_eq!(
        (&one["name"], &one["kind"], &one["tool"]),
        (&json!("claude"), &json!("permission"), &json!("Bash"))
    );
    let (phone, id) = rig.token_and_id(&["--role", "type", "--label", "anna's phone"]);
    let answer = decide(&rig, &phone, "claude", &one["id"], &json!({ "behaviour": "allow" }));
    assert_eq!((answer.status, &answer.json()["settled"]["by"]), (200, &json!("anna's phone with the API")));
    rig.wait_for_line("claude", "● it is made");
    assert!(claude.project().join("yes.txt").exists());
    let settled = events.wait_for("its end", |kind, _| kind == "settled");
    assert_eq!(settled["settled"], answer.json()["settled"]);
    let late = decide(&rig, &rig.manage, "claude", &one["id"], &json!({ "behaviour": "deny" }));
    assert_eq!((late.status, late.code().as_str()), (409, "SETTLED"));
    let why = late.error().unwrap();
    assert!(why.contains("was allowed by anna's phone with the API at 20"), "{why}");
    let path = format!("/api/v1/sessions/claude/approvals/{}", one["id"]);
    assert_eq!(get(&rig, &path)["settled"], settled["settled"]);
    // The other way round: a no from another terminal is told here.
    rig.instance.out(&["send", "claude", "--submit", "[[bash:touch no.txt]] [[say:well then]]"]);
    let next = waiting(&rig, 1).remove(0);
    rig.instance.out(&["deny", "claude", "--message", "rather not"]);
    let late = decide(&rig, &phone, "claude", &next["id"], &json!({ "behaviour": "allow" })).error().unwrap();
    assert!(late.contains("was denied by") && late.contains("with centerfire deny"), "{late}");
    rig.wait_for_line("claude", "● well then");
    assert!(!claude.project().join("no.txt").exists());
    let line = kept(&rig).lines().find(|line| line.contains("\"allow\"")).map(str::to_owned).expect("a line");
    assert!(line.contains(&id), "{line}");
    // A20: what was said is told at the addresses of the first plan, while the session runs and by its id.
    let said = || {
        let told = get(&rig, "/api/conversation/session/claude");
        let entries = told["conversations"][0]["entries"].as_array()?.clone();
        entries.iter().any(|entry| entry["text"] == "well then").then_some(told)
    };
    let told = eventually(LIMIT, said).expect("the conversation is taken in");
    assert_eq!(told["session_id"], rig.instance.json(&["show", "claude", "--json"])["id"]);
    let active = || get(&rig, "/api/conversation/active")["conversations"].as_array().unwrap().clone();
    assert_eq!(active().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&told["conversations"][0]["id"]]);
    rig.instance.out(&["kill", "claude"]);
    assert!(active().is_empty());
}

/// The same with the real Codex, whose dialog is on the screen: the answer is the key that it takes.
#[test]
fn codex_is_answered_over_http() {
    let rig = Rig::new();
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let program = codex.program().to_str().unwrap();
    let mut start = rig.instance.command(&["run", "--detached", "--name", "codex", "--", program]);
    start.env_clear().envs(codex.environment()).env("CENTERFIRE_HOME", rig.instance.home());
    start.current_dir(codex.project());
    let started = testkit::instance::finish(start, LIMIT);
    assert!(started.status.success(), "{started:?}");
    rig.instance.out(&["wait", "codex", "--for", "idle", "--timeout", "30"]);
    let mut events = Stream::open(rig.address(), "/api/v1/sessions/codex/events", Some(&rig.manage));
    let asks = |command: &str, then: &str| {
        let input =
            json!({ "cmd": command, "sandbox_permissions": "require_escalated", "justification": "may I" });
        let prompt = format!("[[tool:exec_command|{input}]] [[say:{then}]]");
        rig.instance.out(&["send", "codex", "--submit", &prompt]);
    };
    asks("touch yes.txt", "it is made");
    let asked = events.wait_for("a question", |kind, _| kind == "asked");
    assert_eq!(
        (&asked["approval"]["input"]["command"], &asked["approval"]["typed"]),
        (&json!("touch yes.txt"), &json!(true))
    );
    let one = waiting(&rig, 1).remove(0);
    assert_eq!((&one["kind"], &one["tool"]), (&json!("permission"), &json!("Bash")));
    let answer = decide(&rig, &rig.manage, "codex", &one["id"], &json!({ "behaviour": "allow" }));
    assert_eq!(answer.status, 200, "{answer:?}");
    rig.wait_for_line("codex", "• it is made");
    assert!(codex.project().join("yes.txt").exists());
    let settled = events.wait_for("its end", |kind, _| kind == "settled");
    assert_eq!(settled["settled"], answer.json()["settled"]);
    let late = decide(&rig, &rig.manage, "codex", &one["id"], &json!({ "behaviour": "deny" }));
    assert_eq!((late.status, late.code().as_str()), (409, "SETTLED"));
    asks("touch no.txt", "never");
    let next = waiting(&rig, 1).remove(0);
    let words = json!({ "behaviour": "deny", "message": "rather not today" });
    assert_eq!(decide(&rig, &rig.manage, "codex", &next["id"], &words).status, 200);
    // What is said beside a no comes as the next prompt.
    rig.wait_for_line("codex", "FAKE: rather not today");
    assert!(!codex.project().join("no.txt").exists());
}

/// Of answers over HTTP and by commands at one moment exactly one counts, and the hook is told that one.
#[test]
fn of_answers_at_once_over_http_and_by_commands_one_counts() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    for round in 0..8 {
        let hook = Hook::ask(&rig, "own", "Bash", &json!({ "command": format!("touch {round}") }));
        let id = waiting(&rig, 1).remove(0)["id"].clone();
        let ready = Barrier::new(6);
        let won: Vec<String> = std::thread::scope(|scope| {
            let answers: Vec<_> = ["allow", "deny", "allow", "deny", "approve", "deny"]
                .into_iter()
                .enumerate()
                .map(|(place, word)| {
                    let (rig, ready, id) = (&rig, &ready, &id);
                    scope.spawn(move || {
                        ready.wait();
                        if place < 4 {
                            let answer = decide(rig, &rig.manage, "own", id, &json!({ "behaviour": word }));
                            assert!(matches!(answer.status, 200 | 409), "{answer:?}");
                            return (answer.status == 200).then(|| word.to_owned());
                        }
                        let output = rig.run(&[word, "own", &id.to_string()]);
                        assert!(matches!(output.status.code(), Some(0 | 5)), "{output:?}");
                        output.status.success().then(|| word.replace("approve", "allow"))
                    })
                })
                .collect();
            answers.into_iter().filter_map(|answer| answer.join().unwrap()).collect()
        });
        assert_eq!(won.len(), 1, "{won:?}");
        assert_eq!(hook.told()["behavior"], won[0].as_str());
    }
}

/// A server holds no question: one that was killed leaves them, and the next one answers them.
#[test]
fn what_waits_is_there_after_a_restart_of_the_server() {
    let mut rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    let one = Hook::ask(&rig, "own", "Bash", &json!({ "command": "make" }));
    waiting(&rig, 1);
    let _two = Hook::ask(
        &rig,
        "other",
        "Edit",
        &json!({ "file_path": "/w/a", "old_string": "a", "new_string": "b" }),
    );
    let before = waiting(&rig, 2);
    rig.restart_server();
    assert_eq!(waiting(&rig, 2), before);
    let of_own = get(&rig, "/api/v1/sessions/own/approvals")["approvals"].clone();
    let own: Vec<&Value> = before.iter().filter(|one| one["name"] == "own").collect();
    assert_eq!(of_own, json!(own));
    // The list of sessions tells it in a few words.
    let listed = get(&rig, "/api/v1/sessions/other")["approvals"].clone();
    assert_eq!(
        listed,
        json!([{ "id": 1, "since": listed[0]["since"], "kind": "permission", "tool": "Edit", "agent": null, "gist": "/w/a" }])
    );
    let answer =
        decide(&rig, &rig.manage, "own", &json!(1), &json!({ "behaviour": "deny", "message": "not now" }));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(one.told(), json!({ "behavior": "deny", "message": "not now" }));
    waiting(&rig, 1);
}

/// Who may look sees all of it and answers nothing; a token for one session hears of no other.
#[test]
fn who_may_only_look_answers_nothing_and_sees_its_own_session() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    let long = "x".repeat(100 << 10);
    let _own = Hook::ask(&rig, "own", "Bash", &json!({ "command": long }));
    waiting(&rig, 1);
    let _other = Hook::ask(&rig, "other", "Bash", &json!({ "command": "make" }));
    waiting(&rig, 2);
    let guest = rig.token(&["--role", "view", "--session", "own"]);
    let ask = |path: &str| Call::get(path).bearer(&guest).send(&rig);
    let listed = ask("/api/v1/approvals").json();
    assert_eq!(listed["approvals"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&listed["approvals"][0]["name"], &listed["approvals"][0]["cut"]),
        (&json!("own"), &json!(true))
    );
    let whole = ask("/api/v1/sessions/own/approvals").json();
    assert_eq!(whole["approvals"][0]["input"]["command"], long);
    assert_eq!(ask("/api/v1/sessions/own/approvals/1").json()["approval"], whole["approvals"][0]);
    assert_eq!(ask("/api/v1/sessions/other/approvals").status, 404);
    let refused = decide(&rig, &guest, "own", &json!(1), &json!({ "behaviour": "allow" }));
    assert_eq!((refused.status, refused.code().as_str()), (403, "FORBIDDEN"));
    let typist = rig.token(&["--role", "type", "--session", "own"]);
    assert_eq!(decide(&rig, &typist, "other", &json!(1), &json!({ "behaviour": "allow" })).status, 404);
    waiting(&rig, 2);
    let mut events = Stream::open(rig.address(), "/api/v1/sessions/own/events?from=0", Some(&guest));
    let pushed = events.wait_for("the question", |kind, _| kind == "asked")["approval"].clone();
    assert_eq!((&pushed["id"], &pushed["cut"]), (&json!(1), &json!(true)));
}

/// What is allowed for later is one of what is offered, in its very words; who may not answer may not choose it either.
#[test]
fn what_is_offered_for_later_is_chosen_by_its_words() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let rules = json!([{ "toolName": "Bash", "ruleContent": "git push *" }]);
    let updates =
        json!([{ "type": "addRules", "behavior": "allow", "destination": "session", "rules": rules }]);
    let push = |words: &str| json!({ "command": format!("git push {words}") });
    let hook = Hook::suggest(&rig, "own", "Bash", &push("one"), &updates);
    let words = "Bash(git push *), for this session";
    assert_eq!(waiting(&rig, 1)[0]["always"], json!([words]));
    let answer = |secret: &str, id: u32, body: &Value| decide(&rig, secret, "own", &json!(id), body);
    for (behaviour, always, input) in [
        ("allow", "Bash(git *), for this session", None),
        ("deny", words, None),
        ("allow", words, Some(push("-f"))),
    ] {
        let mut body = json!({ "behaviour": behaviour, "always": always });
        if let Some(input) = input {
            body["input"] = input;
        }
        let refused = answer(&rig.manage, 1, &body);
        assert_eq!((refused.status, refused.code().as_str()), (422, "BAD_REQUEST"), "{refused:?}");
        assert!(refused.error().unwrap().contains("for later"), "{refused:?}");
    }
    let yes = json!({ "behaviour": "allow", "always": words });
    assert_eq!(answer(&rig.token(&["--role", "view"]), 1, &yes).status, 403);
    waiting(&rig, 1);
    let settled = answer(&rig.manage, 1, &yes);
    assert_eq!((settled.status, &settled.json()["settled"]["decision"]["always"]), (200, &json!(words)));
    assert_eq!(hook.told()["updatedPermissions"], updates);
    assert!(kept(&rig).contains("\"allow_always\""), "{}", kept(&rig));
    let late = answer(&rig.manage, 1, &yes);
    let why = late.error().unwrap();
    assert!(late.status == 409 && why.contains(&format!("allowed for later too ({words}) by ")), "{why}");
    // A yes without it is for this once, and what is too long to be shown whole is not offered.
    let hook = Hook::suggest(&rig, "own", "Bash", &push("two"), &updates);
    waiting(&rig, 1);
    assert_eq!(answer(&rig.manage, 2, &json!({ "behaviour": "allow" })).status, 200);
    assert_eq!(hook.told(), json!({ "behavior": "allow", "updatedInput": push("two") }));
    let mut long = updates.clone();
    long[0]["rules"][0]["ruleContent"] = json!("x".repeat(5 << 10));
    let _hook = Hook::suggest(&rig, "own", "Bash", &push("three"), &long);
    assert_eq!(waiting(&rig, 1)[0]["always"], Value::Null);
}

/// A question with options is answered by their labels; what answers nothing is told what it should say.
#[test]
fn a_question_is_answered_by_its_options_and_an_input_is_changed() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let options = json!([{ "label": "SQLite" }, { "label": "Redis" }]);
    let questions =
        json!([{ "question": "Which db?", "options": options }, { "question": "Where?", "options": [] }]);
    let hook = Hook::ask(&rig, "own", "AskUserQuestion", &json!({ "questions": questions }));
    let asked = waiting(&rig, 1).remove(0);
    assert_eq!(asked["kind"], "question");
    let answer = |id: u32, body: &Value| decide(&rig, &rig.manage, "own", &json!(id), body);
    let wrong = [
        (json!({ "behaviour": "allow" }), 422, "`Which db?` (SQLite, Redis)"),
        (json!({ "behaviour": "allow", "answers": { "Which db?": "Redis" } }), 422, "`Where?`"),
        (json!({ "behaviour": "allow", "answers": { "When?": "now" } }), 422, "does not ask `When?`"),
        (json!({ "behaviour": "maybe" }), 422, "unknown variant"),
        (json!({ "behaviour": "deny", "message": "x".repeat(600 << 10) }), 413, "512 KiB"),
    ];
    for (body, status, words) in wrong {
        let refused = answer(1, &body);
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(refused.error().unwrap().contains(words), "{refused:?}");
    }
    assert_eq!(
        (answer(9, &json!({ "behaviour": "deny" })).status, kept(&rig).contains("deny")),
        (404, false)
    );
    let answers = json!({ "Which db?": "Redis", "Where?": "in words of mine" });
    assert_eq!(answer(1, &json!({ "behaviour": "allow", "answers": answers })).status, 200);
    assert_eq!(hook.told()["updatedInput"], json!({ "questions": questions, "answers": answers }));
    let hook = Hook::ask(&rig, "own", "Bash", &json!({ "command": "rm -r build" }));
    waiting(&rig, 1);
    assert_eq!(answer(2, &json!({ "behaviour": "allow", "input": { "command": "ls build" } })).status, 200);
    assert_eq!(hook.told(), json!({ "behavior": "allow", "updatedInput": { "command": "ls build" } }));
}
