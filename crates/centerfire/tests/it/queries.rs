//! A program that asks its terminal gets one answer to each question, in order and soon, whoever looks on (T14, T37).
//!
//! What it asks is in `tests/programs/asker.py`, which judges the answers, too.

use crate::session::{COLS, NAME, ROWS, Session};
use journal::Reader;
use protocol::{Body, Offset, hex};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use testkit::terminal::PATIENCE;
use testkit::{Answers, Instance, Terminal, eventually, tools};

/// Questions of the program in a form that nobody else uses: a host that gets to know the terminal asks in others.
const QUESTIONS: &[&str] =
    &["\x1b[0c", "\x1b[>0c", "\x1b[5n", "\x1b[6n", "\x1b[?25$p", "\x1b[4$p", "\x1b[>q"];
/// A question that goes on to the terminal: of its colours we ask only three ourselves.
const COLOUR: &[u8] = b"\x1b]4;1;?\x07";
/// Half of the answers take less, in milliseconds. Alone on a machine it is a tenth of one.
const SOON_MS: f64 = 100.0;

/// The asking program, which waits for its first key, with a `cat` behind it.
struct Scene {
    session: Session,
    report: PathBuf,
    clients: Vec<Terminal>,
}

impl Scene {
    /// With one client in control, if there is one, and the others watching.
    fn with_clients(count: usize, answers: &Answers) -> Scene {
        let asker = tools::repository().join("tests/programs/asker.py");
        let script = format!("python3 {} report; echo finished; exec cat", asker.display());
        let session = Session::start(&["sh", "-c", &script]);
        session.wait_for_line("ready");
        let join = |watches: bool| {
            let words: &[&str] = if watches { &["attach", NAME, "--read-only"] } else { &["attach", NAME] };
            let terminal = open(session.instance.command(words), answers.clone());
            terminal.wait_for_shown("ready").unwrap();
            terminal
        };
        let clients = (0..count).map(|number| join(number > 0)).collect();
        let report = session.instance.work().join("report");
        Scene { session, report, clients }
    }

    /// Lets the program ask, and returns its report.
    fn ask(&self) -> Value {
        self.session.get(&["send", "--text", "g"]);
        self.session.wait_for_line("^asked");
        serde_json::from_slice(&std::fs::read(&self.report).unwrap()).unwrap()
    }

    /// All that the program wrote, that it was answered, by the host or its terminal, and that was typed, as they stand
    /// in the journal.
    fn journal(&self) -> [Vec<u8>; 3] {
        let mut reader = Reader::open(&self.session.folder.join("journal"), Offset::ZERO).unwrap();
        let [mut output, mut answered, mut typed] = [const { Vec::new() }; 3];
        while let Some(record) = reader.next().unwrap() {
            match record.body {
                Body::Output { bytes, .. } => output.extend(bytes),
                Body::Reply { bytes } => answered.extend(bytes),
                Body::Input { bytes, .. } => typed.extend(bytes),
                _ => {}
            }
        }
        [output, answered, typed]
    }
}

/// A terminal that answers whatever the program asks, if it is asked.
fn open(command: Command, answers: Answers) -> Terminal {
    let mut answers = answers.with(COLOUR, b"\x1b]4;1;rgb:cdcd/0000/0000\x07");
    Terminal::spawn_answering(command, COLS, ROWS, move |piece: &[u8]| answers.reply(piece)).unwrap()
}

/// How often a text stands in bytes.
fn count(text: &str, bytes: &[u8]) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

fn assert_answered(clients: usize, terminal: &Answers) -> Vec<u8> {
    let scene = Scene::with_clients(clients, terminal);
    let report = scene.ask();
    assert_eq!(report["wrong"], serde_json::json!([]), "with {clients} clients");
    let times: Vec<f64> =
        report["milliseconds"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    let (half, most, all) = (times[times.len() / 2], times[times.len() * 99 / 100], times.len());
    println!("{clients} clients: {all} single answers, p50 {half:.2} ms, p99 {most:.2} ms");
    assert!(half < SOON_MS, "with {clients} clients half of the answers take {half} ms");
    // Each question is in the journal; none of them was a client's to answer.
    let [output, answers, typed] = scene.journal();
    for question in QUESTIONS {
        assert!(count(question, &output) >= 100, "{question:?} is not in the journal");
        for client in &scene.clients {
            client.wait_for_shown("asked").unwrap();
            let received = client.output();
            assert_eq!(count(question, &received), 0, "{question:?} reached a terminal");
        }
    }
    for client in &scene.clients {
        let asked = count(str::from_utf8(COLOUR).unwrap(), &client.output());
        assert!(asked >= 100, "each terminal answers {asked} times, and one of them is heard");
    }
    assert_eq!(typed, b"g", "the key that began it, and no answer");
    assert_eq!(report["received"].as_str().unwrap(), hex(&answers), "all that was answered, once");
    // Had an answer come late, the terminal would now echo it as if it had been typed.
    scene.session.get(&["send", "--text", "q"]);
    scene.session.wait_for_line("^finished");
    scene.session.get(&["send", "--text", "typed by hand\r"]);
    scene.session.wait_for_line("typed by hand");
    let shown = scene.session.text();
    assert!(!shown.contains("^[") && !shown.contains(';'), "{shown}");
    answers
}

/// T14: without a terminal the host answers.
#[test]
fn each_query_is_answered_once_and_in_order_when_nobody_looks() {
    assert_answered(0, &Answers::xterm());
}

/// T14: the terminal in control would answer as well, and never sees a question.
#[test]
fn each_query_is_answered_once_and_in_order_with_a_terminal() {
    assert_answered(1, &Answers::xterm());
}

/// T14: nor do those that watch.
#[test]
fn each_query_is_answered_once_and_in_order_with_three_terminals() {
    assert_answered(3, &Answers::xterm());
}

/// T14: the Kitty keyboard, of which other terminals rightly say nothing.
#[test]
fn a_terminal_with_the_kitty_keyboard_answers_for_it_once_however_many_look_on() {
    for clients in [1, 3] {
        let answers = assert_answered(clients, &Answers::kitty());
        assert!(count("\x1b[?0u", &answers) >= 100, "with {clients} clients");
    }
}

/// T14, A1: a program that asks at its very start, before the terminal around it can be known.
#[test]
fn each_query_is_answered_once_and_in_order_from_the_first_byte_of_a_run() {
    let instance = Instance::new(env!("CARGO_BIN_EXE_centerfire"));
    let asker = tools::repository().join("tests/programs/asker.py");
    let terminal = open(
        instance.command(&["run", "--", "python3", asker.to_str().unwrap(), "report", "now"]),
        Answers::xterm(),
    );
    terminal.wait_for_shown("asked").unwrap();
    let report = std::fs::read(instance.work().join("report")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["wrong"], serde_json::json!([]));
    for question in QUESTIONS {
        assert_eq!(count(question, &terminal.output()), 0, "{question:?} reached a terminal");
    }
    terminal.write(b"q").unwrap();
    assert!(terminal.wait(PATIENCE).unwrap().success());
}

/// T14: Shift+F3 looks like the answer to where the cursor is, and is a key.
#[test]
fn a_key_that_looks_like_an_answer_reaches_the_program() {
    let scene = Scene::with_clients(1, &Answers::xterm());
    scene.ask();
    let key = b"\x1b[1;2R";
    let typed = |times: usize| {
        let received = || (count(&format!("<{}>", hex(key)), &scene.journal()[0]) == times).then_some(());
        eventually(PATIENCE, received).unwrap_or_else(|| panic!("{}", scene.session.text()));
    };
    scene.clients[0].write(key).unwrap();
    typed(1);
    scene.clients[0].write(key).unwrap();
    typed(2);
    scene.session.get(&["send", "--key", "S-F3"]);
    typed(3);
}
