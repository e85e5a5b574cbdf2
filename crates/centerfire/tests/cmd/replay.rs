//! `centerfire replay`.

use crate::{LIMIT, instance, out, recorded, started, text};
use rustix::process::Signal;
use serde_json::json;
use testkit::{Instance, Terminal};

/// Three words, each in a piece of its own.
const WORDS: &[(f64, &str)] = &[(0.1, "one"), (0.3, "two"), (0.5, "three")];

/// A recording whose pieces and seconds no machine changes: one that was taken over.
fn taken(instance: &Instance, pieces: &[(f64, &str)]) {
    let head = json!({ "version": 2, "width": 80, "height": 24 });
    let events: String = pieces.iter().map(|(at, text)| format!("{}\n", json!([at, "o", text]))).collect();
    let cast = instance.work().join("s.cast");
    std::fs::write(&cast, format!("{head}\n{events}")).unwrap();
    instance.out(&["import", "--log", cast.to_str().unwrap()]);
}

fn play(instance: &Instance, arguments: &[&str], cols: u16, rows: u16) -> Terminal {
    let arguments = [&["replay", "s"], arguments].concat();
    Terminal::spawn(instance.command(&arguments), cols, rows).unwrap()
}

fn is_restored(terminal: &Terminal) {
    let modes = terminal.termios().unwrap().local_modes;
    assert!(modes.contains(rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO));
    let seen = text(&terminal.output());
    assert!(seen.contains("\x1b[?1049l") && seen.contains("\x1b[?25h"), "{seen:?}");
}

#[test]
fn without_a_terminal_it_copies_the_output_up_to_a_place() {
    let instance = instance();
    taken(&instance, WORDS);
    assert_eq!(out(&instance, &["replay", "s"]), "onetwothree", "no sign of ours is in it");
    assert_eq!(out(&instance, &["replay", "s", "--from", "3", "--to", "6"]), "two");
    assert_eq!(out(&instance, &["replay", "s", "--speed", "1000"]), "onetwothree");
    let told = instance.json(&["replay", "s", "--json", "--idle-limit", "0"]);
    assert_eq!((told["seconds"].as_f64(), told["offset"].as_u64()), (Some(0.0), Some(11)));
}

#[test]
fn in_a_terminal_it_plays_to_the_end_and_leaves_the_last_screen() {
    let instance = instance();
    taken(&instance, WORDS);
    let terminal = play(&instance, &[], 80, 25);
    terminal.wait_for_shown("playing 0:00").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
    is_restored(&terminal);
    let seen = text(&terminal.output());
    let (before, sign) = seen.rsplit_once("onetwothree\x1b[0m\r\n").expect(&seen);
    assert!(before.contains("playing 0:00") && !before.contains("[end of"), "{seen:?}");
    let told = "[end of s, 0:00; keys: space pauses, . steps, ← → 5 s, + - speed, q quits]\r\n";
    assert_eq!(sign, told);
}

#[test]
fn the_keys_are_told_on_the_last_row_where_no_other_is_free_and_then_it_is_the_programs() {
    let instance = instance();
    // The row is the program's again long before the end, on any machine.
    taken(&instance, &[(0.1, "\x1b[24;1Hbottom\x1b[1;1H"), (60.0, "end")]);
    let terminal = play(&instance, &["--speed", "1"], 80, 24);
    let mark = terminal.mark();
    terminal.wait_for_shown("space pauses, . steps").unwrap();
    terminal.wait_for_text_since(mark, "bottom", LIMIT).unwrap();
    let hint = terminal.mark();
    terminal.wait_for_text_since(hint, "bottom", LIMIT).unwrap();
    assert!(!text(&terminal.output_since(hint)).contains("[end of"), "it is seen before the end");
    terminal.write(b"q").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
    assert!(
        !text(&terminal.output()).contains("[end of"),
        "who leaves before the end is not told that it was"
    );
}

#[test]
fn in_a_narrow_terminal_no_line_of_it_wraps() {
    let instance = instance();
    taken(&instance, &[(0.1, &format!("{:060}\r\n", 7)), (0.2, "short\r\n")]);
    let terminal = play(&instance, &[], 40, 10);
    assert!(terminal.wait(LIMIT).unwrap().success());
    let seen = text(&terminal.output());
    let left = seen.rsplit_once("\x1b[K").unwrap().1;
    let zeros = "0".repeat(39);
    let lines =
        format!("{zeros}…\x1b[0m\r\n\x1b[0mshort\x1b[0m\r\n[end of s, 0:00; keys: space pauses, . …\r\n");
    assert!(left.ends_with(&lines), "{left:?}");
    assert!(seen.contains("…\x1b[0m\x1b[K"), "the line at the bottom is cut too: {seen:?}");
}

#[test]
fn keys_step_wind_back_and_quit() {
    let instance = instance();
    taken(&instance, WORDS);
    let terminal = play(&instance, &["--step"], 80, 25);
    terminal.wait_for_shown("paused 0:00").unwrap();
    let after = |keys: &str, shown: &str| {
        let mark = terminal.mark();
        terminal.write(keys.as_bytes()).unwrap();
        terminal.wait_for_text_since(mark, shown, LIMIT).unwrap();
    };
    assert!(!text(&terminal.output()).contains("one"));
    after("..", "one");
    after(".", "onetwo");
    after("\x1b[C", "onetwothree");
    after("\x1b[D", "\x1b[1;1H\x1b[0m\x1b[K");
    after("..", "one");
    after("+", "2x");
    after("q", "\x1b[?1049l");
    assert!(terminal.wait(LIMIT).unwrap().success());
    is_restored(&terminal);
}

#[test]
fn a_terminal_that_is_too_small_is_told_and_gets_what_fits() {
    let instance = instance();
    recorded(&instance, "printf '%060d' 7; printf '\\033[24;1Hbottom'");
    let terminal = play(&instance, &["--step"], 50, 10);
    terminal.wait_for_shown("paused").unwrap();
    terminal.write(b"\x1b[C").unwrap();
    terminal.wait_for_shown("80x24 cut to 50x10").unwrap();
    terminal.write(b" ").unwrap();
    assert!(terminal.wait(LIMIT).unwrap().success());
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let instance = instance();
    started(&instance, "echo begun; read line");
    out(&instance, &["wait", "s", "--for", "text", "--match", "begun"]);
    let terminal = play(&instance, &["--step"], 80, 25);
    terminal.wait_for_shown("paused").unwrap();
    terminal.signal(Signal::TERM).unwrap();
    assert_eq!(terminal.wait(LIMIT).unwrap().code(), Some(128 + 15));
    is_restored(&terminal);
}
