//! The real Claude Code with and without a tap: it asks for the same, and shows the same.

use crate::rig::{PATIENCE, Rig};
use crate::wire::{Relay, Said, sides};
use gateway::tap::{Api, Exchange, Outcome};
use protocol::Size;
use std::process::Command;
use tempfile::TempDir;
use terminal::Screen;
use testkit::claude::PROMPT;
use testkit::instance::finish;
use testkit::{Answers, Claude, ModelServer, Terminal, eventually};

/// The size of the terminals.
const COLS: u16 = 100;
const ROWS: u16 = 30;

/// Claude Code behind a relay, a tap, and one more relay: what is recorded on both sides must be the same.
struct Scene {
    claude: Claude,
    rig: Rig,
    /// Between Claude Code and the tap.
    near: Relay,
    /// Between the tap and the model.
    far: Relay,
    _server: ModelServer,
    _folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("cc").tempdir_in("/tmp").unwrap();
        let server = ModelServer::start().unwrap();
        let claude = Claude::prepare(folder.path(), &server).unwrap();
        let far = Relay::to(([127, 0, 0, 1], server.port()).into());
        let rig = Rig::new(&far.base());
        let near = Relay::to(rig.place().0.parse().unwrap());
        Self { claude, rig, near, far, _server: server, _folder: folder }
    }

    /// What it prints for a prompt.
    fn ask(&self, prompt: &str) -> String {
        let mut command: Command = self.claude.headless(prompt);
        command.env("ANTHROPIC_BASE_URL", format!("{}{}", self.near.base(), self.rig.place().1));
        let output = finish(command, PATIENCE * 2);
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    fn sides(&self) -> [Said; 2] {
        sides(&self.near, &self.far, self.rig.place().1, "")
    }

    fn heard(&self, like: impl Fn(&Exchange) -> bool) -> Exchange {
        loop {
            let heard = self.rig.heard();
            if like(&heard) {
                return heard;
            }
        }
    }
}

#[test]
fn every_byte_it_asks_and_hears_is_the_same_on_both_sides() {
    let scene = Scene::new();
    let script =
        "[[think:let me see]] [[say:first]] [[bash:echo one]] [[and]] [[bash:echo two]] [[say:all done]]";
    assert_eq!(scene.ask(script).trim(), "all done");
    let [near, far] = scene.sides();
    let asks = near.iter().filter(|(asked, _)| asked.head[0].contains("/v1/messages")).count();
    assert!(asks >= 2, "{asks} requests");
    for (near, far) in near.iter().zip(&far) {
        assert_eq!(near.0.head, far.0.head);
        assert_eq!(near.1.as_ref().map(|one| &one.head), far.1.as_ref().map(|one| &one.head));
    }
    assert!(near == far, "a body differs, or {} requests became {}", near.len(), far.len());
    let heard = scene.heard(|heard| {
        heard.answer.as_ref().is_some_and(|answer| answer.stop.as_deref() == Some("end_turn"))
    });
    assert_eq!((heard.api, heard.outcome.clone(), heard.is_partial), (Api::Anthropic, Outcome::Whole, false));
    assert!(heard.header("x-claude-code-session-id").is_some(), "{:?}", heard.headers);
    assert!(heard.answer.unwrap().usage.input > 0);
}

/// What it prints, which must be the same without the tap.
fn both(scene: &Scene, prompt: &str) -> String {
    let tapped = scene.ask(prompt);
    let direct = finish(scene.claude.headless(prompt), PATIENCE * 2);
    assert_eq!(
        tapped,
        String::from_utf8(direct.stdout).unwrap() + &String::from_utf8(direct.stderr).unwrap()
    );
    tapped
}

#[test]
fn a_model_that_is_overloaded_or_too_often_asked_is_asked_again() {
    for error in ["529|overloaded_error", "429|rate_limit_error"] {
        let scene = Scene::new();
        let told = scene.ask(&format!("[[error:{error}|once]] [[say:second try]]"));
        assert_eq!(told.trim(), "second try");
        let [near, far] = scene.sides();
        assert!(near == far, "what went through differs");
    }
}

#[test]
fn a_stream_that_is_cut_is_asked_for_again() {
    let scene = Scene::new();
    let told = scene.ask("[[say:half a]] [[drop:once]] [[say:sentence]]");
    assert!(told.contains("sentence"), "{told}");
    assert_eq!(
        scene.heard(|heard| heard.api == Api::Anthropic && heard.outcome != Outcome::Whole).outcome,
        Outcome::Cut
    );
}

#[test]
fn a_refusal_is_told_in_the_same_words() {
    let scene = Scene::new();
    assert!(both(&scene, "[[error:400|invalid_request_error]]").contains("scripted 400"));
    let refused = scene.heard(|heard| heard.status == Some(400)).answer.unwrap().failure.unwrap();
    assert_eq!(refused.kind, "invalid_request_error");
}

/// The program in a terminal, after a prompt, a tool that has to be permitted, and its answer.
fn open(claude: &Claude, base: Option<String>) -> Terminal {
    let mut answers = Answers::kitty().with_program_status();
    let mut command = claude.command();
    if let Some(base) = base {
        command.env("ANTHROPIC_BASE_URL", base);
    }
    let terminal = Terminal::spawn_answering(command, COLS, ROWS, move |bytes| answers.reply(bytes)).unwrap();
    terminal.wait_for_text(PROMPT).unwrap();
    terminal.wait_for_text("]7501;state=idle").unwrap();
    let mark = claude.submit(&terminal, "[[say:working]] [[bash:touch made.txt]] [[say:the end]]").unwrap();
    terminal.wait_for_text("state=blocked:app=claude-code:kind=permission").unwrap();
    claude.choose(&terminal, mark, "1").unwrap();
    terminal.wait_for_text("state=done").unwrap();
    terminal.wait_for_shown_since(mark, "● the end", PATIENCE).unwrap();
    terminal
}

/// The conversation on a screen. What it says below of the time that it took, and what it proposes, differ from run to run anyway.
fn conversation(terminal: &Terminal) -> Vec<String> {
    let mut screen = Screen::new(Size { cols: COLS, rows: ROWS }, 0);
    screen.feed(&terminal.output());
    let lines: Vec<String> = screen.lines().into_iter().map(|line| line.trim_end().to_owned()).collect();
    let begin = lines.iter().position(|line| line.contains("[[say:working]]")).unwrap_or(0);
    let end = lines.iter().position(|line| line.contains("● the end")).unwrap_or(lines.len() - 1);
    lines[begin..=end].to_vec()
}

#[test]
fn the_screen_is_the_same_with_and_without_it() {
    let scene = Scene::new();
    let direct = open(&scene.claude, None);
    let tapped = open(&scene.claude, Some(scene.rig.base.clone()));
    // A moment after the end it draws the tool's call in another way.
    let same = || (conversation(&direct) == conversation(&tapped)).then(|| conversation(&direct));
    let same = eventually(PATIENCE, same);
    let same = same.unwrap_or_else(|| panic!("{:#?}\n{:#?}", conversation(&direct), conversation(&tapped)));
    assert!(
        same[0].contains("[[say:working]]") && same.last().is_some_and(|line| line.contains("the end")),
        "{same:#?}"
    );
}
