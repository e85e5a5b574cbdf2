//! The board of all sessions in a terminal: who needs somebody stands first, and Enter goes there.

use crate::rig::press_detach_key;
use crate::session::{COLS, ROWS, Session, end_of};
use serde_json::{Value, json};
use testkit::terminal::PATIENCE;
use testkit::{Answers, Terminal, eventually};

/// A program that tells a state and reads.
fn telling(report: &str, says: &str) -> String {
    format!(
        "printf '\\033]7501;state={report}\\007'; echo {says}; read -r line; echo \"heard $line\"; sleep 60"
    )
}

#[test]
fn who_needs_somebody_stands_first_and_enter_goes_there() {
    let session = Session::start(&["sh", "-c", &telling("working", "busy")]);
    let run = |name: &str, script: &str| {
        session.instance.out(&["run", "--detached", "--name", name, "--", "sh", "-c", script]);
    };
    run("plain", "sleep 60");
    run("made", &telling("done", "it is made"));
    run("broke", &telling("error", "it broke"));
    run("asks", &telling("blocked:kind=permission:msg=bWF5IEkgZ28/", "may I go?"));
    let board = || session.instance.json(&["top", "--json"]);
    let names = |board: &Value| -> Vec<(String, bool)> {
        let row = |row: &Value| (row["name"].as_str().unwrap().to_owned(), row["needs_you"] == true);
        board.as_array().unwrap().iter().map(row).collect()
    };
    let expected = [("asks", true), ("broke", true), ("made", false), ("s", false), ("plain", false)]
        .map(|(name, needs)| (name.to_owned(), needs));
    let told = eventually(PATIENCE, || Some(board()).filter(|board| names(board) == expected));
    let told = told.unwrap_or_else(|| panic!("{}", board()));
    assert_eq!(told[0]["agent"]["on"], json!("permission"));
    let page = String::from_utf8(session.instance.out(&["top", "--once"])).unwrap();
    assert!(page.starts_with("5 running, 2 need you, 1 finished\n") && page.contains("may I go?"), "{page}");

    let mut answers = Answers::xterm();
    let command = session.instance.command(&["top"]);
    let terminal = Terminal::spawn_answering(command, COLS, ROWS, move |piece| answers.reply(piece)).unwrap();
    terminal.wait_for_shown("2 need you").unwrap();
    terminal.wait_for_shown("blocked (permission)").unwrap();
    // Down and up again, and in.
    terminal.write(b"j").unwrap();
    terminal.write(b"k").unwrap();
    terminal.write(b"\r").unwrap();
    // The board has the same words, and the session may be painted before this is awake.
    let left = terminal.wait_for_text("\x1b[?1049l").unwrap();
    let mark = end_of(b"\x1b[?1049l", &left).unwrap();
    terminal.wait_for_shown_since(mark, "may I go?", PATIENCE).unwrap();
    terminal.write(b"yes\r").unwrap();
    terminal.wait_for_shown_since(mark, "heard yes", PATIENCE).unwrap();
    // Twice the detach key leads back to the board, and the row that was chosen.
    let mark = terminal.mark();
    press_detach_key(&terminal, |limit| terminal.wait_for_shown_since(mark, "q quits", limit).ok());
    terminal.write(b"q").unwrap();
    assert_eq!(terminal.wait(PATIENCE).unwrap().code(), Some(0));
}

#[test]
fn the_board_leaves_the_terminal_as_it_was() {
    let session = Session::start(&["sleep", "60"]);
    let terminal = Terminal::spawn(session.instance.command(&["top"]), COLS, ROWS).unwrap();
    let before = terminal.termios().unwrap();
    terminal.wait_for_shown("1 running, none needs you").unwrap();
    terminal.resize(40, 5).unwrap();
    terminal.write(b"q").unwrap();
    assert_eq!(terminal.wait(PATIENCE).unwrap().code(), Some(0));
    terminal.wait_for_text("\x1b[?1049l").unwrap();
    let after = terminal.termios().unwrap();
    assert_eq!(before.local_modes | after.local_modes, after.local_modes);
}
