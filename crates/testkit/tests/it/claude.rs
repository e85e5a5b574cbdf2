//! The real Claude Code on the scripted model: headless and in a terminal.

use std::time::Duration;

use tempfile::TempDir;
use testkit::claude::PROMPT;
use testkit::instance::finish;
use testkit::terminal::PATIENCE;
use testkit::{Answers, Claude, ModelServer, Terminal, eventually};

/// How long one headless run may take on a busy machine.
const RUN: Duration = Duration::from_secs(60);

/// A user of Claude Code with a model of their own.
struct Scene {
    claude: Claude,
    server: ModelServer,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Scene {
        let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let claude = Claude::prepare(folder.path(), &server).unwrap();
        Scene { claude, server, _folder: folder }
    }

    /// What it prints for a prompt.
    fn ask(&self, prompt: &str) -> String {
        let output = finish(self.claude.headless(prompt), RUN);
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// The program in a terminal, ready for input.
    fn open(&self) -> Terminal {
        let mut answers = Answers::kitty().with_program_status();
        let terminal =
            Terminal::spawn_answering(self.claude.command(), 100, 30, move |bytes| answers.reply(bytes))
                .unwrap();
        terminal.wait_for_text(PROMPT).unwrap();
        terminal.wait_for_text("]7501;state=idle").unwrap();
        terminal
    }

    /// How often the model was asked.
    fn calls(&self) -> usize {
        self.server.requests().iter().filter(|request| request.path == "/v1/messages").count()
    }
}

#[test]
fn headless_a_plain_prompt_is_echoed() {
    let scene = Scene::new();
    assert_eq!(scene.ask("hello there").trim(), "FAKE: hello there");
    let request = scene.server.wait_for_request(|request| request.path == "/v1/messages", RUN).unwrap();
    assert_eq!(request.header("authorization"), Some("Bearer scripted"));
    assert_eq!(scene.claude.transcripts().unwrap().len(), 1);
}

#[test]
fn headless_tools_run_one_after_another_and_the_script_goes_on() {
    let scene = Scene::new();
    let file = scene.claude.project().join("a.txt");
    let script = format!(
        "[[think:let me see]] [[say:first]] [[bash:echo one]] [[and]] [[bash:echo two]] \
         [[read:{}]] [[say:all done]]",
        file.display()
    );
    std::fs::write(&file, "content\n").unwrap();
    assert_eq!(scene.ask(&script).trim(), "all done");
    let last = scene.server.requests().pop().unwrap().body["messages"].to_string();
    for result in ["one", "two", "content"] {
        assert!(last.contains(result), "{result}: {last}");
    }
}

#[test]
fn headless_an_overloaded_model_is_asked_again() {
    let scene = Scene::new();
    assert_eq!(scene.ask("[[error:529|overloaded_error|once]] [[say:recovered]]").trim(), "recovered");
    assert!(scene.calls() >= 2);
}

#[test]
fn headless_a_refusal_is_told() {
    let scene = Scene::new();
    let output = scene.ask("[[error:400|invalid_request_error]]");
    assert!(output.contains("scripted 400"), "{output}");
}

#[test]
fn headless_a_dropped_stream_is_asked_for_again() {
    let scene = Scene::new();
    // Whether Claude Code has read any of it by then decides how it asks again; the pause gives it the time to.
    for cut in ["[[drop:once]]", "[[say:half a]] [[drop:once]]", "[[say:half a]] [[sleep:300]] [[drop:once]]"]
    {
        let before = scene.calls();
        let output = scene.ask(&format!("{cut} [[say:sentence]]"));
        assert!(output.contains("sentence"), "{cut}: {output}");
        assert_eq!(scene.calls() - before, 2, "{cut}: {output}");
    }
}

#[test]
fn in_a_terminal_a_prompt_is_answered_and_exit_ends_it() {
    let scene = Scene::new();
    let terminal = scene.open();
    assert_eq!(scene.claude.registered(terminal.pid()).unwrap()["status"], "idle");
    scene.claude.submit(&terminal, "hello there").unwrap();
    terminal.wait_for_shown("FAKE: hello there").unwrap();
    terminal.wait_for_text("]7501;state=done").unwrap();
    terminal.write(b"/exit\r").unwrap();
    assert!(terminal.wait(PATIENCE).unwrap().success());
    terminal.wait_for_text("\x1b[?1049l").unwrap();
    terminal.wait_for_text("]7501;state=clear").unwrap();
    assert!(scene.claude.registered(terminal.pid()).is_none());
}

#[test]
fn in_a_terminal_a_tool_runs_once_it_is_permitted() {
    let scene = Scene::new();
    let terminal = scene.open();
    let file = scene.claude.project().join("made.txt");
    let mark =
        scene.claude.submit(&terminal, "[[say:working]] [[bash:touch made.txt]] [[say:the end]]").unwrap();
    terminal.wait_for_text("state=blocked:app=claude-code:kind=permission").unwrap();
    assert!(!file.exists());
    let waiting = || scene.claude.registered(terminal.pid()).filter(|session| session["status"] == "waiting");
    assert!(eventually(PATIENCE, waiting).is_some());
    scene.claude.choose(&terminal, mark, "1").unwrap();
    // The state marks the place: the prompt, which is shown too, holds the same words.
    terminal.wait_for_text("state=done").unwrap();
    terminal.wait_for_shown_since(mark, "● the end", PATIENCE).unwrap();
    assert!(file.exists());
}

#[test]
fn in_a_terminal_a_resize_repaints() {
    let scene = Scene::new();
    let terminal = scene.open();
    let mark = terminal.mark();
    terminal.resize(120, 40).unwrap();
    terminal.wait_for_text_since(mark, "\x1b[2J", PATIENCE).unwrap();
    terminal.wait_for_text_since(mark, PROMPT, PATIENCE).unwrap();
}

#[test]
fn in_a_terminal_escape_interrupts_a_slow_answer() {
    let scene = Scene::new();
    let terminal = scene.open();
    scene.claude.submit(&terminal, "[[rate:50]] [[lorem:5000]]").unwrap();
    terminal.wait_for_shown("lorem ipsum").unwrap();
    let mark = terminal.mark();
    terminal.write(b"\x1b").unwrap();
    terminal.wait_for_text_since(mark, "]7501;state=idle", PATIENCE).unwrap();
}
