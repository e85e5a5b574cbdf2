//! The real Gemini CLI on the scripted model: what its reader gives is what the script said.

use std::fs;
use std::process::Command;
use std::time::Duration;

use adapter::by_name;
use serde_json::json;
use tempfile::TempDir;
use testkit::instance::finish;
use testkit::terminal::PATIENCE;
use testkit::{Answers, Gemini, ModelServer, Terminal, eventually};

use crate::reading::Reading;
use crate::record;

/// How long one headless run may take on a busy machine.
const RUN: Duration = Duration::from_secs(60);

/// A user of Gemini CLI with a model of their own.
struct Scene {
    gemini: Gemini,
    folder: TempDir,
    _server: ModelServer,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let gemini = Gemini::prepare(folder.path(), &server).unwrap();
        Scene { gemini, folder, _server: server }
    }

    fn run(&self, command: Command) {
        finish(command, RUN);
    }

    fn ask(&self, prompt: &str) {
        self.run(self.gemini.headless(prompt));
    }

    /// All conversations.
    fn look(&self) -> Reading {
        let mut reading = Reading::default();
        for file in self.gemini.transcripts().unwrap() {
            reading.read(by_name("gemini").unwrap(), &file, &file);
        }
        reading
    }

    /// All conversations, which become this case if cases are recorded.
    fn read(&self, case: &str) -> Reading {
        let case = format!("gemini/{case}");
        record::begin(&case);
        for file in self.gemini.transcripts().unwrap() {
            let at = file.strip_prefix(self.gemini.sessions()).expect("it lies there");
            record::lines(&case, at, self.folder.path(), &fs::read_to_string(&file).unwrap());
        }
        self.look()
    }

    /// Waits until this is told.
    fn wait_for(&self, told: &str) {
        let there = || self.look().told().iter().any(|line| line == told).then_some(());
        eventually(PATIENCE, there)
            .unwrap_or_else(|| panic!("{told:?} within {PATIENCE:?}: {:#?}", self.look().told()));
    }
}

#[test]
fn a_turn_with_a_thought_and_tools() {
    let scene = Scene::new();
    let project = scene.gemini.project();
    let (made, missing) = (project.join("a.txt"), project.join("nope.txt"));
    let script = format!(
        "[[think:**Plan** let me see]] [[say:first]] [[bash:echo one]] [[and]] [[bash:echo two; exit 3]] \
         [[write:{}|content]] [[read:{}]] [[usage:700|80]] [[say:all done]]",
        made.display(),
        missing.display()
    );
    scene.ask(&script);
    let reading = scene.read("tools");
    assert_eq!(
        reading.told(),
        [
            &format!("user says {script}"),
            "assistant thinks **Plan** let me see",
            "assistant says first",
            r#"assistant calls run_shell_command {"command":"echo one","description":"scripted command"}"#,
            "tool gives </untrusted_context>",
            r#"assistant calls run_shell_command {"command":"echo two; exit 3","description":"scripted command"}"#,
            "tool fails </untrusted_context>",
            &format!("assistant calls write_file {}", json!({ "content": "content", "file_path": made })),
            "tool gives content",
            &format!("assistant calls read_file {}", json!({ "file_path": missing })),
            &format!("tool fails File not found: {}", missing.display()),
            "assistant says all done",
        ]
    );
    let usage = reading.usage();
    assert_eq!(usage.len(), 4, "one for each answer: {usage:#?}");
    assert_eq!((&usage[3]["usage"]["input"], &usage[3]["usage"]["output"]), (&json!(700), &json!(80)));
    assert_eq!(json!(reading.entries().last().unwrap().request), usage[3]["request"]);
    let entries = json!(reading.entries()).to_string();
    assert!(entries.contains("+content"), "the change is told: {entries}");
    assert_eq!(reading.json()["heads"][1]["cwd"], json!(project));
}

#[test]
fn what_goes_on_later_is_the_same_conversation() {
    let scene = Scene::new();
    scene.ask("hello");
    scene.run(scene.gemini.resume("again"));
    let reading = scene.read("resume");
    let told =
        ["user says hello", "assistant says FAKE: hello", "user says again", "assistant says FAKE: again"];
    assert_eq!(reading.told(), told);
    let entries = reading.entries();
    assert!(entries.iter().all(|entry| entry.conversation == entries[0].conversation));
}

#[test]
fn a_sub_agent_is_a_part_of_its_conversation_and_a_picture_is_one() {
    let scene = Scene::new();
    let picture = include_bytes!("dot.png");
    fs::write(scene.gemini.project().join("dot.png"), picture).unwrap();
    let prompt = "[[say:from below]] [[tool:complete_task|{\\\"result\\\":{\\\"response\\\":\\\"fine\\\"}}]]";
    let script = format!(
        r#"look @dot.png [[tool:invoke_agent|{{"agent_name":"generalist","prompt":"{prompt}"}}]] [[say:from above]]"#
    );
    scene.ask(&script);
    let reading = scene.read("sub_agent");
    let told = reading.told();
    for line in
        ["user shows image/png true", "sub-agent assistant says from below", "assistant says from above"]
    {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    assert!(told.contains(&format!("user says {script}")), "{told:#?}");
    let entries = reading.entries();
    assert!(entries.iter().all(|entry| entry.conversation == entries[0].conversation));
}

#[test]
fn in_a_terminal_an_approval_an_interrupt_a_refusal_and_a_compaction() {
    let scene = Scene::new();
    let mut answers = Answers::kitty();
    let command = scene.gemini.command();
    let terminal = Terminal::spawn_answering(command, 100, 30, move |bytes| answers.reply(bytes)).unwrap();
    terminal.wait_for_shown("Type your message").unwrap();
    let submit = |prompt: &str| scene.gemini.submit(&terminal, prompt).unwrap();
    let mark = submit("[[bash:touch f]] [[say:was made]]");
    terminal.wait_for_text_since(mark, "Action Required", PATIENCE).unwrap();
    terminal.wait_for_shown_since(mark, "Allow once", PATIENCE).unwrap();
    terminal.write(b"\r").unwrap();
    scene.wait_for("assistant says was made");
    terminal.wait_for_text_since(mark, "Ready", PATIENCE).unwrap();
    let mark = submit("[[rate:20]] [[lorem:500]]");
    terminal.wait_for_shown_since(mark, "lorem ipsum dolor", PATIENCE).unwrap();
    terminal.write(b"\x1b").unwrap();
    scene.wait_for("system notes info Request cancelled.");
    let mark = submit("[[error:400|INVALID_ARGUMENT]]");
    scene.wait_for("system fails Some(400) scripted 400");
    terminal.wait_for_text_since(mark, "Ready", PATIENCE).unwrap();
    // Before its list of commands is there, Enter only completes the command.
    let mark = terminal.mark();
    terminal.write(b"/compress").unwrap();
    terminal.wait_for_shown_since(mark, "Compresses the context", PATIENCE).unwrap();
    terminal.write(b"\r").unwrap();
    scene.wait_for("system compacts FAKE summary");
    let reading = scene.read("terminal");
    assert!(scene.gemini.project().join("f").exists());
    let told = reading.told();
    let told: Vec<&str> =
        told.iter().map(String::as_str).filter(|line| !line.contains("notes info This")).collect();
    assert_eq!(
        told,
        [
            "user says [[bash:touch f]] [[say:was made]]",
            r#"assistant calls run_shell_command {"command":"touch f","description":"scripted command"}"#,
            "tool gives </untrusted_context>",
            "assistant says was made",
            "user says [[rate:20]] [[lorem:500]]",
            "system notes info Request cancelled.",
            "user says [[error:400|INVALID_ARGUMENT]]",
            "system fails Some(400) scripted 400",
            "system compacts FAKE summary",
        ]
    );
    assert_eq!(reading.states(), ["working", "working", "idle", "working", "error"]);
}
