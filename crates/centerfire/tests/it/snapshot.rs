//! What `screen` prints is what a terminal shows: of a session that runs, of one that ended, and after its host died.
//!
//! The judge is xterm.js, fed with the bytes of a terminal that never left.

use crate::session::{COLS, NAME, NeverLeft, ROWS, Random, Session, window};
use serde_json::{Value, json};
use testkit::terminal::PATIENCE;
use testkit::xterm::Window;
use testkit::{Judge, eventually, tools};

/// The first columns and rows of a screen: text with style, cell by cell.
type Cells = Vec<Vec<(char, String)>>;

/// The storm painted so far, and what was seen of it.
struct Storm {
    session: Session,
    never_left: NeverLeft,
    random: Random,
}

impl Storm {
    fn begin(seed: u64) -> Storm {
        let session = Session::start_python("storm.py", &[&seed.to_string()]);
        session.wait_for_line("storm");
        let never_left = session.never_left();
        Storm { session, never_left, random: Random(seed) }
    }

    /// Paints on, and waits until all is on the screen.
    fn paint(&mut self, mark: &str) {
        let bursts = "b".repeat(1 + self.random.below(3));
        // With the end of the mark before in its place, this one would be there before it is whole.
        self.session.get(&["send", "--text", &format!("{bursts}\x1b[2;2H\x1b[K<{mark}>")]);
        self.session.wait_for_line(&format!("<{mark}>"));
        self.never_left.pull();
    }
}

/// What `screen --format json` must say of a terminal, in its own words.
fn as_json(verdict: &Value, offset: usize) -> Value {
    let line = |runs: &Value| -> String {
        let text = runs.as_array().unwrap().iter().map(|run| run[0].as_str().unwrap());
        text.collect::<String>().trim_end_matches(' ').to_owned()
    };
    let lines: Vec<String> = verdict["rows"].as_array().unwrap().iter().map(line).collect();
    // Behind the last column is a pending wrap, for us the last column.
    let col = verdict["cursor"][1].as_u64().unwrap().min(u64::from(COLS) - 1);
    let kind = match verdict["cursorStyle"][0].as_str().unwrap() {
        "block" => 1,
        "underline" => 3,
        "bar" => 5,
        _ => 0,
    };
    let steady = kind != 0 && verdict["cursorStyle"][1] == false;
    json!({
        "offset": offset,
        "size": { "cols": COLS, "rows": ROWS },
        "cursor": {
            "row": verdict["cursor"][0], "col": col, "visible": verdict["visible"],
            "style": kind + i32::from(steady),
        },
        "alternate": verdict["alternate"],
        "title": verdict["title"],
        "lines": lines,
        "history": verdict["historyText"],
    })
}

/// The cells of a verdict. A line of text has no links, and no lines under them.
fn cells(verdict: &Value) -> Cells {
    let cell = |run: &Value| {
        let style = run[1].as_str().unwrap();
        let (look, link) = style.rsplit_once(',').unwrap();
        let look = if link.is_empty() {
            style.to_owned()
        } else {
            format!("{},0,-,", look.rsplitn(3, ',').last().unwrap())
        };
        run[0].as_str().unwrap().chars().map(|c| (c, look.clone())).collect::<Vec<_>>()
    };
    let row = |row: &Value| row.as_array().unwrap().iter().flat_map(cell).collect();
    verdict["rows"].as_array().unwrap().iter().map(row).collect()
}

/// `screen --format json` and `--format ansi` of a session, the latter as a terminal prints it.
fn printed(session: &Session) -> (Value, Vec<u8>) {
    let told = session.json(&["screen", "--history", "10000"]);
    let ansi = session.get(&["screen", "--format", "ansi"]);
    (told, ansi.trim_end_matches('\n').replace('\n', "\r\n").into_bytes())
}

/// C3: the screen as text, with colours and as JSON, against the judge, in a storm of redraws.
#[test]
fn screen_prints_what_a_terminal_shows() {
    let mut storm = Storm::begin(7);
    let (mut judge, mut ansi_judge) = (Judge::default(), Judge::default());
    let mut seen = Vec::new();
    let mut judged = 0;
    for round in 0..30 {
        storm.paint(&round.to_string());
        let bytes = &storm.never_left.bytes;
        match std::mem::replace(&mut judged, bytes.len()) {
            0 => judge.fresh(window(), bytes),
            before => judge.more(&bytes[before..]),
        };
        let (told, ansi) = printed(&storm.session);
        ansi_judge.fresh(Window::new(COLS, ROWS, 0), &ansi);
        let text = storm.session.get(&["screen"]);
        // The blank rows at the bottom are left out.
        let mut rows: Vec<_> = text.lines().collect();
        rows.resize(usize::from(ROWS), "");
        assert_eq!(json!(rows), told["lines"]);
        seen.push((told, bytes.len()));
    }
    for ((verdict, ansi), (told, offset)) in judge.judge().iter().zip(ansi_judge.judge()).zip(seen) {
        assert_eq!(told, as_json(verdict, offset));
        assert_eq!(cells(&ansi), cells(verdict), "with colours\n{}", told["lines"]);
    }
}

/// C3, A4: a session that ended shows its last screen.
#[test]
fn screen_of_an_ended_session_is_its_last_live_one() {
    for seed in 0..3 {
        let mut storm = Storm::begin(seed);
        storm.paint("last");
        let live = printed(&storm.session);
        storm.session.instance.run(&["kill", NAME]);
        assert_eq!(printed(&storm.session), live, "seed {seed}");
    }
}

/// A2, C3: the host that follows one that was killed has its screen, though the program does nothing.
#[test]
fn screen_after_the_host_was_killed_is_the_one_before() {
    for seed in 10..13 {
        let mut storm = Storm::begin(seed);
        for round in 0..2 {
            storm.paint(&round.to_string());
            let before = printed(&storm.session);
            storm.session.kill_host();
            assert_eq!(printed(&storm.session), before, "seed {seed}, round {round}");
        }
    }
}

/// A2, C3: the same with vim, which paints everything again when it is told of a new size.
#[test]
fn screen_of_vim_after_the_host_was_killed_is_the_one_before() {
    let file = tools::repository().join("Cargo.lock");
    let session = Session::start(&["vim", "-u", "NONE", "-i", "NONE", "-nN", file.to_str().unwrap()]);
    session.wait_for_line("Cargo.lock");
    session.get(&["send", "--text", "\x06\x06\x06:syntax on\rihello, \u{4e16}\u{754c}\x1b"]);
    session.wait_for_line("hello, 世界");
    // The last line says no more that text is inserted once Ctrl-L has made vim paint it all.
    session.get(&["send", "--text", "\x0c"]);
    let painted = || (session.json(&["screen"])["lines"][usize::from(ROWS) - 1] == "").then_some(());
    eventually(PATIENCE, painted).expect("an empty last line");
    let look = || {
        let (mut told, ansi) = printed(&session);
        told["offset"] = Value::Null;
        (told, ansi)
    };
    let before = look();
    assert!(before.0["alternate"] == true);
    session.kill_host();
    // In between vim erases the screen.
    let same = eventually(PATIENCE, || (look() == before).then_some(()));
    assert!(same.is_some(), "{:#}\n{:#}", before.0, look().0);
}

/// A size that is set where the screen was last written down is the session's for whoever paints on from there: the host that
/// follows a killed one, and who looks once it is over.
#[test]
fn a_size_that_is_set_where_the_screen_was_written_down_counts() {
    const SCRIPT: &str = "stty -echo; seq -f '%06.0f, and more than fits into a narrow line' 8000; \
        for word in one two; do read x; echo $word, which is to be broken into two lines as well; done; read x";
    let session = Session::start(&["sh", "-c", SCRIPT]);
    session.wait_for_line("008000");
    let written = || session.folder.join("screen.ckpt").exists().then_some(());
    eventually(PATIENCE, written).expect("the screen is written down in a pause");
    for (size, word) in [("40x12", "one,"), ("30x10", "two,")] {
        session.get(&["resize", size]);
        session.get(&["send", "--key", "Enter"]);
        session.wait_for_line(word);
        let before = printed(&session);
        session.kill_host();
        assert_eq!(printed(&session), before, "after {size}");
    }
    let lines = || session.json(&["screen"])["lines"].clone();
    let before = lines();
    session.get(&["send", "--key", "Enter"]);
    session.get(&["wait", "--for", "exit"]);
    assert_eq!(lines(), before, "once it is over");
    assert_eq!(session.json(&["screen"])["size"], json!({ "cols": 30, "rows": 10 }));
}
