//! The real Codex on the scripted model: what its reader gives is what the script said.

use std::fs;
use std::process::Command;
use std::time::Duration;

use adapter::by_name;
use serde_json::json;
use tempfile::TempDir;
use testkit::codex::{APPROVAL, QUESTION};
use testkit::instance::finish;
use testkit::terminal::PATIENCE;
use testkit::{Answers, Codex, ModelServer, Terminal};

use crate::reading::Reading;
use crate::record;

/// How long one headless run may take on a busy machine.
const RUN: Duration = Duration::from_secs(60);

/// A user of Codex with a model of their own.
struct Scene {
    codex: Codex,
    folder: TempDir,
    _server: ModelServer,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let codex = Codex::prepare(folder.path(), &server).unwrap();
        Scene { codex, folder, _server: server }
    }

    fn run(&self, command: Command) {
        finish(command, RUN);
    }

    fn ask(&self, prompt: &str) {
        self.run(self.codex.headless(prompt));
    }

    /// All conversations, which become this case if cases are recorded.
    fn read(&self, case: &str) -> Reading {
        let mut reading = Reading::default();
        let case = format!("codex/{case}");
        record::begin(&case);
        for file in self.codex.transcripts().unwrap() {
            reading.read(by_name("codex").unwrap(), &file, &file);
            let at = file.file_name().expect("it is a file");
            record::lines(&case, at.as_ref(), self.folder.path(), &fs::read_to_string(&file).unwrap());
        }
        reading
    }

    /// The program in a terminal, ready for input.
    fn open(&self) -> Terminal {
        let mut answers = Answers::kitty();
        let terminal =
            Terminal::spawn_answering(self.codex.command(), 100, 30, move |bytes| answers.reply(bytes))
                .unwrap();
        terminal.wait_for_text("]7501;state=idle").unwrap();
        terminal
    }
}

#[test]
fn a_turn_with_a_thought_and_tools() {
    let scene = Scene::new();
    let script = "[[think:let me see]] [[say:first]] [[bash:echo one]] [[and]] [[bash:echo two; exit 3]] \
                  [[write:a.txt|content]] [[usage:700|80]] [[say:all done]]";
    scene.ask(script);
    let reading = scene.read("tools");
    let patch = json!("*** Begin Patch\n*** Add File: a.txt\n+content\n*** End Patch\n");
    assert_eq!(
        reading.told(),
        [
            &format!("user says {script}"),
            "assistant thinks let me see",
            "assistant says first",
            r#"assistant calls exec_command {"cmd":"echo one"}"#,
            r#"assistant calls exec_command {"cmd":"echo two; exit 3"}"#,
            "tool gives one",
            "tool fails two",
            &format!("assistant calls apply_patch {patch}"),
            "tool gives A a.txt",
            "assistant says all done",
        ]
    );
    assert_eq!(reading.states(), ["working", "done"]);
    let usage = reading.usage();
    assert_eq!(usage.len(), 3, "one for each answer: {usage:#?}");
    assert_eq!((&usage[2]["usage"]["input"], &usage[2]["usage"]["output"]), (&json!(700), &json!(80)));
    let entries = reading.entries();
    let requests: Vec<_> = entries.iter().filter_map(|entry| entry.request.as_ref()).collect();
    assert!(requests[..4].iter().all(|request| usage[0]["request"] == **request), "{requests:?}");
    assert_eq!(usage[2]["request"], **requests[5]);
    let head = &reading.json()["heads"][0];
    assert_eq!(head["cwd"], json!(scene.codex.project()));
    assert_eq!(head["version"], "0.169.0");
}

#[test]
fn what_a_script_of_the_model_runs_is_told() {
    let scene = Scene::new();
    // The newer models write JavaScript that calls the tools.
    let patch = r"*** Begin Patch\\n*** Add File: b.txt\\n+x\\n*** End Patch\\n";
    let script = format!(
        "text((await tools.exec_command({{cmd: 'echo nested; exit 4'}})).output); await tools.apply_patch('{patch}')"
    );
    let mut command = scene.codex.headless(&format!(r#"[[tool:exec|"{script}"]] [[say:fin]]"#));
    command.args(["-m", "gpt-6-sol"]);
    scene.run(command);
    let reading = scene.read("script");
    let told: Vec<String> = reading.told().into_iter().filter(|line| !line.starts_with("user")).collect();
    let of_script = json!(script.replace(r"\\", r"\"));
    assert_eq!(
        told,
        [
            &format!("assistant calls exec {of_script}"),
            &format!(
                "assistant calls exec_command {}",
                json!({
                    "command": ["/bin/bash", "-lc", "echo nested; exit 4"],
                    "cwd": format!("file://{}", scene.codex.project().display()),
                })
            ),
            "tool fails nested",
            &format!(
                "assistant calls apply_patch {}",
                json!({ "changes": { scene.codex.project().join("b.txt").display().to_string(): { "type": "add", "content": "x\n" } } })
            ),
            "tool gives A b.txt",
            "tool gives nested",
            "assistant says fin",
        ]
    );
}

#[test]
fn what_fails_is_told_with_its_status() {
    let scene = Scene::new();
    scene.ask("[[error:400|invalid_request_error]]");
    scene.ask("[[error:429|rate_limit_exceeded]]");
    scene.ask("[[error:500|server_error|once]] [[say:recovered]]");
    scene.ask("[[say:half]] [[drop:once]] [[say:whole]]");
    let reading = scene.read("failures");
    let told: Vec<String> = reading.told().into_iter().filter(|line| !line.starts_with("user")).collect();
    assert_eq!(
        told,
        [
            "system fails None scripted 400",
            "system fails Some(429) exceeded retry limit, last status: 429 Too Many Requests",
            "assistant says recovered",
            "assistant says half",
            "assistant says half",
            "assistant says whole",
        ]
    );
    let states = ["working", "error", "working", "limit", "working", "done", "working", "done"];
    assert_eq!(reading.states(), states);
    // What was cut off and asked for again is one request: the other was never paid for.
    assert_eq!(reading.usage().len(), 2);
}

#[test]
fn what_goes_on_later_is_the_same_conversation_and_a_fork_names_its_parent() {
    let scene = Scene::new();
    scene.ask("hello");
    let first = scene.read("resume").json()["heads"][0]["conversation"].as_str().unwrap().to_owned();
    scene.run(scene.codex.resume(&first, "again"));
    scene.run(scene.codex.fork(&first, "elsewhere"));
    let reading = scene.read("resume");
    let told = [
        "user says hello",
        "assistant says FAKE: hello",
        "user says again",
        "assistant says FAKE: again",
        "user says elsewhere",
        "assistant says FAKE: elsewhere",
    ];
    assert_eq!(reading.told(), told);
    let heads = &reading.json()["heads"];
    assert_eq!(heads.as_array().unwrap().len(), 2);
    assert_eq!(heads[1]["parent"], json!(first));
    let fork = &heads[1]["conversation"];
    assert!(reading.entries().iter().filter(|entry| json!(entry.conversation) == *fork).count() == 2);
}

#[test]
fn a_sub_agent_is_a_part_of_its_conversation() {
    let scene = Scene::new();
    scene.ask(
        r#"[[tool:multi_agent_v1.spawn_agent|{"message":"[[say:from below]]"}]] [[sleep:3000]] [[say:from above]]"#,
    );
    let reading = scene.read("sub_agent");
    let told = reading.told();
    assert!(told.contains(&"sub-agent assistant says from below".to_owned()), "{told:#?}");
    assert!(told.contains(&"assistant says from above".to_owned()), "{told:#?}");
    let entries = reading.entries();
    assert!(entries.iter().all(|entry| entry.conversation == entries[0].conversation));
    assert_eq!(reading.json()["heads"].as_array().unwrap().len(), 1);
}

#[test]
fn a_picture_is_one_whether_given_or_looked_at() {
    let scene = Scene::new();
    let picture = include_bytes!("dot.png");
    fs::write(scene.codex.project().join("dot.png"), picture).unwrap();
    let mut command = scene.codex.headless(r#"look [[tool:view_image|{"path":"dot.png"}]] [[say:red]]"#);
    command.args(["-i", "dot.png"]);
    scene.run(command);
    assert_eq!(
        scene.read("picture").told(),
        [
            "user shows image/png true",
            r#"user says look [[tool:view_image|{"path":"dot.png"}]] [[say:red]]"#,
            r#"assistant calls view_image {"path":"dot.png"}"#,
            "tool gives ",
            "tool shows image/png true",
            "assistant says red",
        ]
    );
}

#[test]
fn in_a_terminal_an_approval_an_interrupt_and_a_compaction() {
    let scene = Scene::new();
    let terminal = scene.open();
    let asks = r#"{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"may I"}"#;
    let submit = |prompt: &str| scene.codex.submit(&terminal, prompt).unwrap();
    let mark = submit(&format!("[[tool:exec_command|{asks}]] [[say:made]]"));
    terminal.wait_for_text_since(mark, "state=blocked:app=codex:kind=permission", PATIENCE).unwrap();
    scene.codex.choose(&terminal, mark, APPROVAL, "y").unwrap();
    terminal.wait_for_text_since(mark, "state=done", PATIENCE).unwrap();
    let mark = submit("[[rate:20]] [[lorem:500]]");
    terminal.wait_for_shown_since(mark, "lorem ipsum dolor", PATIENCE).unwrap();
    terminal.write(b"\x1b").unwrap();
    terminal.wait_for_text_since(mark, "state=idle", PATIENCE).unwrap();
    let mark = submit("/compact");
    terminal.wait_for_text_since(mark, "state=done", PATIENCE).unwrap();
    let reading = scene.read("terminal");
    assert!(scene.codex.project().join("f").exists());
    let told: Vec<String> = reading.told().into_iter().filter(|line| !line.starts_with("user")).collect();
    let call = serde_json::from_str::<serde_json::Value>(asks).unwrap();
    assert_eq!(
        told,
        [
            &format!("assistant calls exec_command {call}"),
            "tool gives Output:",
            "assistant says made",
            "system notes turn_aborted interrupted",
            "system compacts FAKE summary",
        ]
    );
    assert_eq!(reading.states(), ["working", "done", "working", "idle", "working", "done"]);
}

#[test]
fn in_a_terminal_a_command_of_the_users_a_refusal_and_a_question() {
    let scene = Scene::new();
    let terminal = scene.open();
    let submit = |prompt: &str| scene.codex.submit(&terminal, prompt).unwrap();
    let mark = submit("hello");
    terminal.wait_for_text_since(mark, "state=done", PATIENCE).unwrap();
    let mark = terminal.mark();
    terminal.write(b"!").unwrap();
    terminal.wait_for_shown_since(mark, "!", PATIENCE).unwrap();
    let mark = submit("echo mine; exit 3");
    terminal.wait_for_text_since(mark, "state=done", PATIENCE).unwrap();
    let asks = r#"{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"may I"}"#;
    let mark = submit(&format!("[[tool:exec_command|{asks}]]"));
    scene.codex.choose(&terminal, mark, APPROVAL, "n").unwrap();
    terminal.wait_for_text_since(mark, "state=idle", PATIENCE).unwrap();
    let mark = submit("/plan");
    terminal.wait_for_shown_since(mark, "Plan mode", PATIENCE).unwrap();
    let question = r#"{"questions":[{"id":"a","header":"Q","question":"Which?","options":[{"label":"A","description":"first"}]}]}"#;
    let mark = submit(&format!("[[tool:request_user_input|{question}]] [[say:asked]]"));
    terminal.wait_for_text_since(mark, "state=blocked:app=codex:kind=question", PATIENCE).unwrap();
    scene.codex.choose(&terminal, mark, QUESTION, "\r").unwrap();
    terminal.wait_for_text_since(mark, "state=done", PATIENCE).unwrap();
    let reading = scene.read("question");
    let told = reading.told();
    for line in [
        "tool fails mine",
        "tool fails aborted by user",
        "system notes turn_aborted interrupted",
        r#"tool gives {"answers":{"a":{"answers":["A"]}}}"#,
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    assert!(told.iter().any(|line| line.starts_with("user calls exec_command")), "{told:#?}");
    assert_eq!(reading.states()[6..], ["working", "blocked", "working", "done"]);
}
