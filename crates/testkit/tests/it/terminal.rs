//! A terminal and what a program in it sees: its size, its signals, a slow or stopped reader, its end.

use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use rustix::termios::LocalModes;
use testkit::terminal::PATIENCE;
use testkit::{Answers, Terminal, eventually, proc};

fn sh(script: &str) -> Terminal {
    let mut command = Command::new("/bin/bash");
    command.args(["-c", script]).env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
    Terminal::spawn(command, 100, 30).expect("open a terminal")
}

#[test]
fn what_is_typed_is_echoed_and_answered() {
    let terminal = Terminal::spawn(Command::new("cat"), 80, 24).unwrap();
    terminal.write(b"hello\n").unwrap();
    let output = terminal.wait_for(|bytes| bytes == b"hello\r\nhello\r\n", PATIENCE).unwrap();
    assert_eq!(terminal.reads().last().unwrap().end, output.len());
    terminal.write(&[4]).unwrap();
    assert!(terminal.wait(PATIENCE).unwrap().success());
}

#[test]
fn the_program_leads_a_session_on_a_sane_terminal_of_the_size_asked_for() {
    let terminal = sh("stty -a; tty; ps -o pid=,sid=,tpgid= -p $$; echo done");
    let output = String::from_utf8(terminal.wait_for_text("done").unwrap()).unwrap();
    assert!(output.contains("rows 30; columns 100"), "{output}");
    for mode in ["icanon", "echo", "isig", "icrnl", "opost", "iutf8"] {
        assert!(output.split_whitespace().any(|word| word == mode), "{mode} is off: {output}");
    }
    assert!(output.contains("/dev/pts/"), "{output}");
    let pid = terminal.pid();
    assert!(output.split_whitespace().filter(|word| *word == pid.to_string()).count() >= 2, "{output}");
}

#[test]
fn a_resize_is_signalled_and_seen() {
    let terminal = sh("trap 'stty size' WINCH; sleep 600 & echo ready; while :; do wait; done");
    terminal.wait_for_text("ready").unwrap();
    terminal.resize(120, 40).unwrap();
    terminal.wait_for_text("40 120").unwrap();
}

#[test]
fn megabytes_arrive_whole_and_the_exit_status_with_them() {
    let terminal = sh("seq 1 1000000; exit 3");
    assert_eq!(terminal.wait(PATIENCE).unwrap().code(), Some(3));
    let expect: String = (1..=1_000_000).map(|number| format!("{number}\r\n")).collect();
    assert!(terminal.output() == expect.as_bytes(), "{} bytes instead of {}", terminal.mark(), expect.len());
}

#[test]
fn a_stopped_terminal_takes_nothing_until_it_is_resumed() {
    let terminal = sh("read; seq 1 100000; echo end");
    terminal.pause_reading();
    terminal.write(b"\n").unwrap();
    // The kernel's buffer fills and the program comes to a stand: only time can show that nothing more is read.
    let _ = terminal.wait_for(|bytes| !bytes.is_empty(), Duration::from_millis(300));
    assert_eq!(terminal.mark(), 0);
    assert!(proc::is_running(terminal.pid()));
    terminal.resume_reading();
    terminal.wait_for_text("end").unwrap();
}

#[test]
fn a_throttled_terminal_reads_at_its_rate() {
    let terminal = sh("read; seq 1 2000; echo end");
    terminal.throttle(Some(20_000));
    terminal.write(b"\n").unwrap();
    terminal.wait_for_text("end").unwrap();
    let reads = terminal.reads();
    let seconds = (reads[reads.len() - 1].at - reads[0].at).as_secs_f64();
    let rate = terminal.mark() as f64 / seconds;
    assert!((10_000.0..21_000.0).contains(&rate), "{rate} bytes per second");
}

#[test]
fn queries_are_answered_as_a_kind_of_terminal_does() {
    let mut command = Command::new("/bin/bash");
    command.args([
        "-c",
        r"stty raw -echo; printf '\033[>0q\033[c'; head -c 26 | od -An -c | tr -d ' \r\n'; echo END",
    ]);
    let mut kitty = Answers::kitty();
    let terminal = Terminal::spawn_answering(command, 80, 24, move |bytes| kitty.reply(bytes)).unwrap();
    let output = terminal.wait_for_text("END").unwrap();
    let output = String::from_utf8_lossy(&output).into_owned();
    assert!(output.contains(r"033P>|kitty(0.26.5)033\033[?62"), "{output}");
}

#[test]
fn a_signal_reaches_the_program_and_its_death_is_told() {
    use std::os::unix::process::ExitStatusExt;
    let terminal = sh("trap 'echo caught' USR1; sleep 600 & echo ready; while :; do wait; done");
    terminal.wait_for_text("ready").unwrap();
    terminal.signal(Signal::USR1).unwrap();
    terminal.wait_for_text("caught").unwrap();
    terminal.signal(Signal::KILL).unwrap();
    assert_eq!(terminal.wait(PATIENCE).unwrap().signal(), Some(9));
    assert!(terminal.signal(Signal::TERM).is_err(), "the program is gone");
}

#[test]
fn modes_left_behind_are_seen_after_the_end() {
    let terminal = sh("stty raw -echo; exit 0");
    terminal.wait(PATIENCE).unwrap();
    let modes = terminal.termios().unwrap().local_modes;
    assert!(!modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO), "{modes:?}");
    let tidy = sh("stty raw -echo; stty sane; exit 0");
    tidy.wait(PATIENCE).unwrap();
    assert!(tidy.termios().unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO));
}

#[test]
fn a_drop_ends_the_whole_session_even_what_ignores_hangups() {
    let terminal = sh("trap '' HUP TERM; sleep 600 & echo ready; wait");
    terminal.wait_for_text("ready").unwrap();
    let pids = proc::session_members(terminal.pid()).unwrap();
    assert!(pids.len() >= 2, "{pids:?}");
    drop(terminal);
    let gone = eventually(PATIENCE, || pids.iter().all(|&pid| !proc::is_running(pid)).then_some(()));
    assert!(gone.is_some(), "{pids:?}");
}

#[test]
fn a_closed_terminal_hangs_up_on_its_program_and_keeps_what_was_printed() {
    let mut terminal = sh("trap 'exit 7' HUP; echo ready; while :; do sleep 0.01; done");
    terminal.wait_for_text("ready").unwrap();
    terminal.hang_up();
    assert_eq!(terminal.wait(PATIENCE).unwrap().code(), Some(7));
    assert!(terminal.output().starts_with(b"ready"));
}

#[test]
fn a_wait_in_vain_tells_what_was_printed_instead() {
    let terminal = sh(r"printf 'some \033[31mred\033[m words'; read -t 60");
    let error = terminal.wait_for_text_since(0, "blue", Duration::from_millis(300)).unwrap_err();
    let story = error.to_string();
    assert!(story.contains("blue") && story.contains(r"some \e[31mred\e[m words"), "{story}");
    terminal.write(b"\n").unwrap();
    let error = terminal.wait_for_text("blue").unwrap_err();
    assert!(error.to_string().contains("before the program closed its terminal"), "{error}");
}

#[test]
fn drawn_words_are_found_past_escape_sequences() {
    let terminal = sh(r"printf 'two\033[5C\033[1mwo'; printf 'rds\n'; read -t 60");
    terminal.wait_for_shown("two words").unwrap();
}
