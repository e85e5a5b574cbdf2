//! Questions that only the user's terminal can answer, and terminals that answer late or never (T14, T37).
//!
//! The program is `tests/programs/inquirer.py`; the terminal is a real one whose answers the test may keep back.

use crate::session::{COLS, NAME, ROWS, Session};
use journal::Reader;
use protocol::{Body, Offset, hex};
use std::sync::{Arc, Mutex};
use testkit::{Answers, Terminal, eventually, terminal::PATIENCE};

/// A colour is for the terminal to tell, that all is well for us.
const COLOUR_1: &[u8] = b"\x1b]4;1;?\x07";
const COLOUR_2: &[u8] = b"\x1b]4;2;?\x07";
const WELL: &[u8] = b"\x1b[5n";
const IS_COLOUR_1: &[u8] = b"\x1b]4;1;rgb:1111/0000/0000\x07";
const IS_COLOUR_2: &[u8] = b"\x1b]4;2;rgb:2222/0000/0000\x07";
const IS_WELL: &[u8] = b"\x1b[0n";

/// The program and the terminal that controls it.
struct Scene {
    session: Session,
    terminal: Terminal,
    /// What the terminal has not said yet; `None` while it says everything at once.
    kept: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Scene {
    fn new(batches: &[&[&[u8]]]) -> Scene {
        let batches: Vec<String> = batches.iter().map(|batch| hex(&batch.concat())).collect();
        let batches: Vec<&str> = batches.iter().map(String::as_str).collect();
        let session = Session::start_python("inquirer.py", &batches);
        session.wait_for_line("^ready");
        let kept = Arc::new(Mutex::new(None::<Vec<u8>>));
        let keep = Arc::clone(&kept);
        let mut answers = Answers::xterm().with(COLOUR_1, IS_COLOUR_1).with(COLOUR_2, IS_COLOUR_2);
        let say = move |piece: &[u8]| {
            let said = answers.reply(piece);
            match keep.lock().unwrap().as_mut() {
                Some(kept) => {
                    kept.extend(said);
                    Vec::new()
                }
                None => said,
            }
        };
        let command = session.instance.command(&["attach", NAME]);
        let terminal = Terminal::spawn_answering(command, COLS, ROWS, say).unwrap();
        terminal.wait_for_shown("ready").unwrap();
        Scene { session, terminal, kept }
    }

    /// From now on the terminal keeps its answers back.
    fn keep(&self) {
        *self.kept.lock().unwrap() = Some(Vec::new());
    }

    /// Waits until the terminal was asked so that it would say this.
    fn wait_until_asked(&self, answer: &[u8]) {
        let asked = || {
            let kept = self.kept.lock().unwrap();
            let kept = kept.as_ref().expect("a terminal that keeps its answers");
            kept.windows(answer.len()).any(|window| window == answer).then_some(())
        };
        eventually(PATIENCE, asked).unwrap_or_else(|| panic!("not asked: {}", self.session.text()));
    }

    /// Says what was kept back, and all that comes at once again.
    fn say(&self) {
        let kept = self.kept.lock().unwrap().take().expect("a terminal that keeps its answers");
        self.terminal.write(&kept).unwrap();
    }

    fn type_keys(&self, keys: &[u8]) {
        self.terminal.write(keys).unwrap();
    }

    /// Waits until the program got all this, and nothing else: what was typed, apart from `g`, and what was answered.
    fn wait_for(&self, typed: &[u8], answered: &[u8]) {
        let wanted = (typed.to_vec(), answered.to_vec());
        eventually(PATIENCE, || (self.received() == wanted).then_some(())).unwrap_or_else(|| {
            let (typed, answered) = self.received();
            panic!("typed {}, answered {}", typed.escape_ascii(), answered.escape_ascii())
        });
    }

    /// What the journal says was typed, and answered.
    fn received(&self) -> (Vec<u8>, Vec<u8>) {
        let mut reader = Reader::open(&self.session.folder.join("journal"), Offset::ZERO).unwrap();
        let (mut typed, mut answered) = (Vec::new(), Vec::new());
        while let Some(record) = reader.next().unwrap() {
            match record.body {
                Body::Input { bytes, .. } => typed.extend(bytes.iter().filter(|key| **key != b'g')),
                Body::Reply { bytes } => answered.extend(bytes),
                _ => {}
            }
        }
        (typed, answered)
    }

    /// Waits until the program has shown that it got these bytes, in this order, in however many reads.
    fn wait_for_program(&self, bytes: &[u8]) {
        let seen = || {
            let mut reader = Reader::open(&self.session.folder.join("journal"), Offset::ZERO).unwrap();
            let mut shown = String::new();
            while let Some(record) = reader.next().unwrap() {
                if let Body::Output { bytes, .. } = record.body {
                    shown.push_str(&String::from_utf8_lossy(bytes));
                }
            }
            let told = shown.split('<').skip(1).filter_map(|rest| rest.split_once('>'));
            let told: String = told.map(|(told, _)| told).collect();
            (told == hex(bytes)).then_some(())
        };
        eventually(PATIENCE, seen)
            .unwrap_or_else(|| panic!("not {}: {}", bytes.escape_ascii(), self.session.text()));
    }
}

/// T37: what we answer and what the terminal answers come in the order of the questions, in the first batch and in
/// one to a terminal that is known; none of it was typed.
#[test]
fn the_terminals_answers_and_ours_come_in_the_order_of_the_questions() {
    let batch: &[&[u8]] = &[COLOUR_1, WELL, COLOUR_2, b"\x1b[c"];
    let answers = [IS_COLOUR_1, IS_WELL, IS_COLOUR_2, b"\x1b[?64;1;22c"].concat();
    let scene = Scene::new(&[batch, batch]);
    scene.type_keys(b"g");
    scene.wait_for_program(&answers);
    scene.type_keys(b"g");
    scene.wait_for_program(&answers.repeat(2));
    scene.wait_for(b"", &answers.repeat(2));
}

/// T37: who gave up waiting for the terminal is not given its answers as if somebody typed them, and the next answers
/// are not taken for those.
#[test]
fn an_answer_that_comes_after_it_was_given_up_is_not_typed() {
    let scene = Scene::new(&[&[COLOUR_1, WELL], &[COLOUR_2, WELL]]);
    scene.keep();
    scene.type_keys(b"g");
    scene.wait_for_program(IS_WELL);
    scene.wait_until_asked(IS_COLOUR_1);
    scene.say();
    scene.type_keys(b"x");
    scene.wait_for(b"x", IS_WELL);
    // The program takes a `g` for itself only when it reads it alone.
    scene.wait_for_program(&[IS_WELL, b"x"].concat());
    scene.type_keys(b"g");
    scene.wait_for(b"x", &[IS_WELL, IS_COLOUR_2, IS_WELL].concat());
    scene.wait_for_program(&[IS_WELL, b"x", IS_COLOUR_2, IS_WELL].concat());
}

/// T14: a terminal without answers is a plain one; what is typed on it arrives.
#[test]
fn a_terminal_that_never_answers_stops_neither_the_program_nor_the_keys() {
    let scene = Scene::new(&[&[b"\x1b[c", WELL], &[COLOUR_1, WELL]]);
    let first = [b"\x1b[?62;22c", IS_WELL].concat();
    let second = [b"\x1b]4;1;rgb:cdcd/0000/0000\x07", IS_WELL].concat();
    scene.keep();
    scene.type_keys(b"g");
    scene.wait_for(b"", &first);
    scene.type_keys(b"\x1b[Ax");
    scene.wait_for_program(&[&first, b"\x1b[Ax".as_slice()].concat());
    scene.type_keys(b"g");
    scene.wait_for(b"\x1b[Ax", &[first, second].concat());
}

/// T14: an Escape key looks like the beginning of an answer, and is not kept until the terminal has given it.
#[test]
fn an_escape_key_reaches_the_program_while_the_terminal_owes_an_answer() {
    let scene = Scene::new(&[&[COLOUR_1]]);
    scene.keep();
    scene.type_keys(b"g");
    scene.wait_until_asked(IS_COLOUR_1);
    scene.type_keys(b"\x1b");
    scene.wait_for_program(b"\x1b");
    scene.wait_for(b"\x1b", b"");
}
