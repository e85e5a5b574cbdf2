//! The real opencode on the scripted model: what its reader gives is what the script said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use adapter::{Adapter, Layout, by_name};
use serde_json::json;
use tempfile::TempDir;
use testkit::instance::finish;
use testkit::{Answers, ModelServer, Opencode, Terminal, eventually};

use crate::reading::{Reading, changed};
use crate::record;

/// How long one headless run may take on a busy machine: alone it takes 3.5 s, all of it computing.
const RUN: Duration = Duration::from_secs(90);

/// How long something may take in the terminal, for the same reason.
const PATIENCE: Duration = Duration::from_secs(40);

/// A user of opencode with a model of their own.
struct Scene {
    opencode: Opencode,
    folder: TempDir,
    _server: ModelServer,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let opencode = Opencode::prepare(folder.path(), &server).unwrap();
        Scene { opencode, folder, _server: server }
    }

    fn run(&self, command: Command) {
        finish(command, RUN);
    }

    fn ask(&self, prompt: &str) {
        self.run(self.opencode.headless(prompt));
    }

    fn database(&self) -> PathBuf {
        self.opencode.transcripts().unwrap().pop().expect("there is a database")
    }

    /// All conversations, which become this case if cases are recorded.
    fn read(&self, case: &str) -> Reading {
        let (mut reading, file) = (Reading::default(), self.database());
        reading.read(adapter(), &file, &file);
        let case = format!("opencode/{case}");
        record::begin(&case);
        let rows: String = self.rows(0).into_iter().map(|(_, record)| record + "\n").collect();
        record::lines(&case, Path::new("opencode.db.jsonl"), self.folder.path(), &rows);
        reading
    }

    /// Waits until this is told and the last state is that one.
    fn wait_for(&self, told: &str, state: &str) {
        let there = || {
            let (mut reading, file) = (Reading::default(), self.database());
            reading.read(adapter(), &file, &file);
            let is_told = reading.told().iter().any(|line| line == told);
            (is_told && reading.states().last().is_some_and(|last| last == state)).then_some(())
        };
        eventually(PATIENCE, there).unwrap_or_else(|| panic!("{told:?} and {state} within {PATIENCE:?}"));
    }

    fn rows(&self, since: i64) -> Vec<(i64, String)> {
        let file = self.database();
        let Some(Layout::Database { changes }) = adapter().layout(&file) else { panic!("it is a database") };
        changed(&file, changes, since)
    }
}

fn adapter() -> &'static dyn Adapter {
    by_name("opencode").unwrap()
}

#[test]
fn a_turn_with_a_thought_and_tools() {
    let scene = Scene::new();
    let file = scene.opencode.project().join("a.txt");
    let file = file.display();
    let script = format!(
        "[[think:let me see]] [[say:first]] [[bash:echo one]] [[and]] [[bash:echo two; exit 3]] \
         [[write:{file}|content]] [[read:/nope]] [[usage:700|80]] [[say:all done]]"
    );
    scene.ask(&script);
    let reading = scene.read("tools");
    let write = json!({ "content": "content", "filePath": file.to_string() });
    assert_eq!(
        reading.told(),
        [
            &format!("user says {script}"),
            "assistant thinks let me see",
            "assistant says first",
            r#"assistant calls bash {"command":"echo one","description":"scripted command"}"#,
            "tool gives one",
            r#"assistant calls bash {"command":"echo two; exit 3","description":"scripted command"}"#,
            "tool fails two",
            &format!("assistant calls write {write}"),
            "tool gives Wrote file successfully.",
            r#"assistant calls read {"filePath":"/nope"}"#,
            "tool fails File not found: /nope",
            "assistant says all done",
        ]
    );
    assert_eq!(reading.states().last().unwrap(), "done");
    let usage = reading.usage();
    assert_eq!(usage.len(), 4, "one for each answer: {usage:#?}");
    let last = usage.iter().find(|usage| usage["usage"]["input"] == 700).expect("the last was scripted");
    assert_eq!(last["usage"]["output"], 80);
    let entries = reading.entries();
    assert_eq!(json!(entries.last().unwrap().request), last["request"]);
    let json = reading.json();
    let head = json["heads"].as_array().unwrap().last().unwrap();
    assert_eq!(head["cwd"], json!(scene.opencode.project()));
    assert_eq!((&head["version"], &head["title"]), (&json!("1.18.33"), &json!("FAKE title")));
}

#[test]
fn what_goes_on_later_is_read_on_and_a_fork_is_not_paid_for_twice() {
    let scene = Scene::new();
    scene.ask("hello");
    let first = scene.read("resume").json()["heads"][0]["conversation"].as_str().unwrap().to_owned();
    let before = scene.rows(0);
    scene.run(scene.opencode.run(&["-s", &first], "again"));
    scene.run(scene.opencode.run(&["-s", &first, "--fork"], "elsewhere"));
    let reading = scene.read("resume");
    let told: Vec<String> = reading.told();
    let said = |words: &str| told.iter().filter(|line| line.ends_with(words)).count();
    assert_eq!([said("FAKE: hello"), said("FAKE: again"), said("FAKE: elsewhere")], [2, 2, 1], "{told:#?}");
    assert_eq!(reading.usage().len(), 3);
    // What is read after what was read before makes the same whole.
    let mut parts = Reading::default();
    let mut reader = adapter().transcript(&scene.database(), None);
    let since = before.last().unwrap().0;
    for (_, record) in before.into_iter().chain(scene.rows(since)) {
        reader.read(record.as_bytes(), &mut parts.heard);
    }
    let sorted = |reading: &Reading| {
        let mut entries: Vec<String> =
            reading.entries().iter().map(|entry| json!(entry).to_string()).collect();
        entries.sort();
        entries
    };
    assert_eq!(sorted(&parts), sorted(&reading));
}

#[test]
fn a_refusal_is_told_with_its_status() {
    let scene = Scene::new();
    scene.ask("[[error:400|invalid_request_error]]");
    let reading = scene.read("failures");
    let told = reading.told();
    assert_eq!(told.last().unwrap(), "system fails Some(400) scripted 400");
    assert_eq!(reading.states().last().unwrap(), "error");
    assert!(reading.usage().is_empty());
}

#[test]
fn a_sub_agent_is_a_part_of_its_conversation_and_a_picture_is_one() {
    let scene = Scene::new();
    let picture = include_bytes!("dot.png");
    fs::write(scene.opencode.project().join("dot.png"), picture).unwrap();
    let script = r#"[[tool:task|{"description":"job","prompt":"[[say:from below]]","subagent_type":"general"}]] [[say:from above]]"#;
    scene.run(scene.opencode.run(&["-f", "dot.png"], script));
    let reading = scene.read("sub_agent");
    let told = reading.told();
    for line in
        ["user shows image/png true", "sub-agent assistant says from below", "assistant says from above"]
    {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    let entries = reading.entries();
    assert!(entries.iter().all(|entry| entry.conversation == entries[0].conversation));
}

#[test]
fn in_a_terminal_an_approval_an_interrupt_and_a_compaction() {
    let scene = Scene::new();
    let mut answers = Answers::kitty();
    let command = scene.opencode.command();
    let terminal = Terminal::spawn_answering(command, 100, 30, move |bytes| answers.reply(bytes)).unwrap();
    terminal.wait_for_shown_since(0, "Ask anything", PATIENCE).unwrap();
    let submit = |prompt: &str| scene.opencode.submit(&terminal, prompt).unwrap();
    let mark = submit("[[bash:touch f]] [[say:was made]]");
    terminal.wait_for_shown_since(mark, "Permission required", PATIENCE).unwrap();
    terminal.write(b"\r").unwrap();
    scene.wait_for("assistant says was made", "done");
    let mark = submit("[[rate:20]] [[lorem:500]]");
    terminal.wait_for_shown_since(mark, "lorem ipsum dolor", PATIENCE).unwrap();
    // The first asks whether it is meant.
    terminal.write(b"\x1b").unwrap();
    terminal.wait_for_shown_since(mark, "again", PATIENCE).unwrap();
    terminal.write(b"\x1b").unwrap();
    scene.wait_for("system notes MessageAbortedError Aborted", "idle");
    submit("/compact");
    scene.wait_for("system compacts FAKE summary", "done");
    let reading = scene.read("terminal");
    assert!(scene.opencode.project().join("f").exists());
    let told: Vec<String> = reading.told().into_iter().filter(|line| !line.starts_with("user")).collect();
    assert_eq!(
        told[..3],
        [
            r#"assistant calls bash {"command":"touch f","description":"scripted command"}"#,
            "tool gives (no output)",
            "assistant says was made",
        ]
    );
    assert!(told[3].starts_with("assistant says lorem ipsum dolor"), "{told:#?}");
    assert_eq!(told[4..], ["system notes MessageAbortedError Aborted", "system compacts FAKE summary"]);
}
