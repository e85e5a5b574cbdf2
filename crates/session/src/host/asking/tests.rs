//! Programs that ask, terminals that answer late or not at all, people who type meanwhile; the clock is a number.

mod law;

use super::*;

const SIZE: Size = Size { cols: 80, rows: 24 };
const ANSWERS: &[u8] = b"\x1bP>|real\x1b\\\x1b[?2026;2$y\x1b[?64;1c";
const FENCED: &[u8] = b"\x1b[?64;1c";

/// A session with a virtual clock.
struct Scene {
    asking: Asking,
    screen: Screen,
    now: Instant,
    /// What the terminal was written of ours, besides fences.
    probes: usize,
    answered: Vec<u8>,
    typed: Vec<u8>,
}

impl Scene {
    fn new() -> Self {
        let (asking, screen) = (Asking::new(Profile::plain("1.2.3")), Screen::new(SIZE, 0));
        Self { asking, screen, now: Instant::now(), probes: 0, answered: Vec::new(), typed: Vec::new() }
    }

    /// One that knows its terminal already, and that this is what it says.
    fn acquainted() -> Self {
        let mut scene = Self::new();
        scene.ask(&Query::PrimaryAttributes, true);
        scene.wait(PROBE_AFTER);
        scene.read(ANSWERS);
        assert_eq!(scene.take(), FENCED);
        scene
    }

    /// The program asks, and waits for the answer where there is a terminal. Tells who has to answer.
    fn ask(&mut self, query: &Query, terminal: bool) -> Who {
        let ours = self.asking.answers(query, &self.screen, terminal);
        let who = match (ours, terminal) {
            (true, _) => Who::Host,
            (false, true) => Who::Terminal { fenced: true },
            (false, false) => Who::Nobody,
        };
        let waits = terminal.then_some(Offset::ZERO);
        self.asking.ask(query, who, &self.screen, waits, self.now, &mut self.answered);
        who
    }

    fn read(&mut self, bytes: &[u8]) {
        let typed = self.asking.typed(bytes, self.now, &mut self.answered);
        self.typed.extend(typed);
    }

    /// Time goes by, and all is done that is due in it.
    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.asking.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.probes += usize::from(self.asking.probe(self.now, SIZE, Offset::ZERO).is_some());
            self.typed.extend(self.asking.tend(self.now, &mut self.answered));
            assert!(self.asking.deadline().is_none_or(|next| next > self.now), "nothing is done twice");
        }
        self.now = end;
    }

    /// What the program was answered since the last time.
    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answered)
    }
}

fn palette(entry: u8) -> (Query, Vec<u8>) {
    let query = Query::Palette(vec![entry], terminal::query::Terminator::Bel);
    (query, format!("\x1b]4;{entry};rgb:{entry:04x}/0000/0000\x07").into_bytes())
}

#[test]
fn without_a_terminal_the_answer_is_there_before_anything_else_happens() {
    let mut scene = Scene::new();
    scene.ask(&Query::CursorPosition, false);
    scene.ask(&Query::PrimaryAttributes, false);
    assert_eq!(scene.take(), b"\x1b[1;1R\x1b[?62;22c");
    assert_eq!(scene.asking.deadline(), None);
}

#[test]
fn with_a_terminal_the_first_answer_is_there_with_the_terminals_own() {
    let mut scene = Scene::new();
    scene.ask(&Query::Version, true);
    scene.ask(&Query::CursorPosition, true);
    scene.wait(PROBE_AFTER);
    let (last, before) = ANSWERS.split_last().unwrap();
    scene.read(before);
    assert_eq!((scene.probes, scene.take()), (1, Vec::new()));
    scene.read(&[*last]);
    assert_eq!(scene.take(), b"\x1bP>|real\x1b\\\x1b[1;1R");
    assert_eq!(scene.asking.deadline(), None, "nothing is left to wait for");
}

#[test]
fn a_terminal_that_never_answers_costs_the_first_question_a_moment_and_the_others_as_much_at_most() {
    let mut scene = Scene::new();
    scene.ask(&Query::PrimaryAttributes, true);
    scene.wait(PROBE_PATIENCE);
    assert_eq!(scene.take(), b"\x1b[?62;22c");
    assert_eq!(scene.ask(&Query::PrimaryAttributes, true), Who::Host);
    assert_eq!(scene.take(), b"\x1b[?62;22c");
    scene.asking.profile = Profile::unknown();
    let (palette, _) = palette(1);
    assert_eq!(scene.ask(&palette, true), Who::Terminal { fenced: true });
    scene.ask(&Query::CursorPosition, true);
    assert_eq!(scene.take(), b"");
    scene.wait(TERMINAL_PATIENCE);
    assert_eq!(scene.take(), b"\x1b[1;1R");
    scene.wait(LATEST);
    assert_eq!((scene.asking.deadline(), scene.asking.filter.outstanding()), (None, 0));
    scene.read(b"\x1b[?64;1c");
    assert_eq!(scene.typed, b"\x1b[?64;1c", "there is a limit to it");
}

#[test]
fn an_escape_key_waits_a_moment_while_the_terminal_owes_an_answer_and_not_otherwise() {
    let mut scene = Scene::acquainted();
    scene.read(b"\x1b");
    assert_eq!(scene.typed, b"\x1b");
    scene.ask(&palette(1).0, true);
    scene.read(b"\x1b");
    assert_eq!(scene.typed, b"\x1b");
    scene.wait(KEY_AFTER);
    assert_eq!(scene.typed, b"\x1b\x1b");
    // Not even somebody who goes on typing puts it off.
    scene.read(b"\x1b");
    scene.wait(KEY_AFTER / 2);
    scene.read(b"]");
    scene.wait(KEY_AFTER / 2);
    assert_eq!(scene.typed, b"\x1b\x1b\x1b]");
}

#[test]
fn it_is_idle_unless_an_answer_is_owed_or_typing_is_held() {
    let mut scene = Scene::acquainted();
    assert!(scene.asking.is_idle());
    let (query, answer) = palette(1);
    scene.ask(&query, true);
    assert!(!scene.asking.is_idle(), "a host that comes now would take the answer for typing");
    scene.read(b"\x1b");
    assert!(!scene.asking.is_idle());
    scene.wait(KEY_AFTER);
    scene.read(&[&answer, FENCED].concat());
    assert!(scene.asking.is_idle());
    scene.ask(&query, true);
    scene.wait(LATEST);
    assert!(scene.asking.is_idle(), "no terminal keeps a host for good");
}

#[test]
fn an_answer_between_two_of_the_terminals_keeps_its_place() {
    let mut scene = Scene::acquainted();
    let ((first, one), (second, two)) = (palette(1), palette(2));
    scene.ask(&first, true);
    scene.ask(&Query::CursorPosition, true);
    scene.ask(&second, true);
    scene.ask(&Query::PrimaryAttributes, true);
    scene.read(&one);
    assert_eq!(scene.take(), one);
    scene.read(FENCED);
    assert_eq!(scene.take(), b"\x1b[1;1R");
    scene.read(&[&two, FENCED].concat());
    assert_eq!(scene.take(), [&two, FENCED].concat());
}

#[test]
fn a_question_that_the_terminal_leaves_out_is_over_at_its_own_fence() {
    let mut scene = Scene::acquainted();
    let ((first, _), (second, two)) = (palette(1), palette(2));
    scene.ask(&first, true);
    scene.ask(&Query::CursorPosition, true);
    scene.ask(&second, true);
    scene.read(&[FENCED, &two].concat());
    assert_eq!(scene.take(), [b"\x1b[1;1R".as_slice(), &two].concat());
}

#[test]
fn what_comes_after_it_was_given_up_is_not_typing_and_not_the_answer_to_the_next_question() {
    let mut scene = Scene::acquainted();
    let ((first, one), (second, two)) = (palette(1), palette(2));
    scene.ask(&first, true);
    scene.wait(TERMINAL_PATIENCE);
    scene.ask(&second, true);
    scene.read(&[&one, FENCED].concat());
    assert_eq!((scene.take(), &*scene.typed), (Vec::new(), b"".as_slice()));
    scene.read(&[&two, FENCED].concat());
    assert_eq!((scene.take(), &*scene.typed), (two, b"".as_slice()));
}

#[test]
fn a_person_who_is_asked_for_the_clipboard_may_take_longer_than_a_terminal() {
    let mut scene = Scene::acquainted();
    let query = Query::Clipboard(b"c".to_vec(), terminal::query::Terminator::Bel);
    scene.ask(&query, true);
    scene.ask(&Query::CursorPosition, true);
    scene.read(FENCED);
    assert_eq!(scene.take(), b"\x1b[1;1R");
    scene.wait(LATEST / 2);
    scene.read(b"\x1b]52;c;aGk=\x07");
    assert_eq!((scene.take(), &*scene.typed), (b"\x1b]52;c;aGk=\x07".to_vec(), b"".as_slice()));
}

#[test]
fn in_the_middle_of_a_stream_the_terminals_answer_keeps_its_place_without_a_fence() {
    let mut scene = Scene::acquainted();
    let (query, answer) = palette(1);
    let (screen, now) = (Screen::new(SIZE, 0), scene.now);
    for (query, who) in [(&query, Who::Terminal { fenced: false }), (&Query::CursorPosition, Who::Host)] {
        scene.asking.ask(query, who, &screen, None, now, &mut scene.answered);
    }
    assert_eq!(scene.take(), b"");
    scene.read(&answer);
    assert_eq!(scene.take(), [&answer, b"\x1b[1;1R".as_slice()].concat());
}

#[test]
fn another_terminal_does_not_owe_what_the_one_before_did() {
    let mut scene = Scene::acquainted();
    scene.ask(&palette(1).0, true);
    scene.ask(&Query::CursorPosition, true);
    scene.read(b"\x1b");
    let typed = scene.asking.terminal_changed(scene.now, &mut scene.answered);
    assert_eq!((typed, scene.take()), (b"\x1b".to_vec(), b"\x1b[1;1R".to_vec()));
    assert_eq!(scene.asking.deadline(), None);
}

#[test]
fn an_answer_that_waits_tells_the_state_at_the_place_of_its_question() {
    let mut scene = Scene::new();
    let mode = Query::Mode { private: true, mode: 2004 };
    scene.ask(&mode, true);
    scene.screen.feed(b"\x1b[?2004h");
    scene.ask(&mode, true);
    scene.wait(PROBE_PATIENCE);
    assert_eq!(scene.take(), b"\x1b[?2004;2$y\x1b[?2004;1$y");
}

#[test]
fn a_program_that_asks_without_end_is_answered_in_order_all_the_same() {
    let mut scene = Scene::acquainted();
    scene.ask(&palette(1).0, true);
    for _ in 0..5000 {
        scene.ask(&Query::Operating, true);
    }
    assert!(scene.take().len() > 4 * 4096);
    scene.wait(TERMINAL_PATIENCE);
    scene.take();
    for _ in 0..2 * MAX_OWED {
        scene.ask(&palette(1).0, true);
    }
    assert_eq!(scene.asking.room(), 0);
}
