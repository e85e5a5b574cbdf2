//! Clients of any speed share a session, and none costs another a byte, the program its pace, or the host its memory.

use crate::rig::{LIMIT, Rig, after, detach, kill, signal};
use crate::session::without_our_titles;
use crate::stream::noise_without_queries;
use protocol::Notice;
use rustix::process::Signal;
use testkit::{Terminal, assert_same, eventually, proc};

/// Output that every client gets, in bytes.
const STREAM_BYTES: usize = 8 << 20;
/// What the host may take beyond what it took before, in bytes: its buffers, not its clients' arrears.
const MEMORY_BYTES: u64 = 8 << 20;
/// Begins what counts; printed once everyone is there.
const BEGIN: &[u8] = b"BEGIN\n";

fn watcher(rig: &Rig) -> Terminal {
    let terminal = rig.attach("shared", &["--read-only"]);
    terminal.wait_for_shown("ready").unwrap();
    terminal
}

/// T28, invariant 2: seven watchers, one of them stopped, one slow, and one killed in between; nobody else loses a
/// byte, and the program writes on as if they were not there.
#[test]
fn eight_clients_of_mixed_speed_get_every_byte() {
    let rig = Rig::new();
    let stream = noise_without_queries(6, STREAM_BYTES);
    rig.file("stream", &stream);
    let script = "stty raw -echo; printf ready; head -c 1 >/dev/null; echo BEGIN; cat stream; touch written; \
                  head -c 1 >/dev/null";
    let controller = rig.open("shared", script);
    controller.wait_for_text("ready").unwrap();
    let session = rig.session("shared");
    let host = session.pids().host;
    let watchers: Vec<Terminal> = (0..7).map(|_| watcher(&rig)).collect();
    session.settled("eight clients", |status| status.clients.len() == 8);
    let [stopped, slow, killed, ..] = &watchers[..] else { unreachable!("seven watchers") };
    slow.throttle(Some(4 << 20));
    stopped.signal(Signal::STOP).unwrap();
    let before = proc::memory(host).unwrap();

    controller.write(b"x").unwrap();
    killed.wait_for(|bytes| bytes.len() > 1 << 20, LIMIT).unwrap();
    kill(killed.pid());
    let got_all = |terminal: &Terminal, who: &str| {
        let end = &stream[STREAM_BYTES - 4096..];
        let whole = |bytes: &[u8]| bytes.len() >= STREAM_BYTES && without_our_titles(bytes).ends_with(end);
        let bytes = without_our_titles(&terminal.wait_for(whole, LIMIT).unwrap());
        assert_same(after(&bytes, BEGIN), &stream, who);
    };
    // The stopped one is still stopped: the program and all others come to the end without him.
    got_all(&controller, "controller");
    let written = rig.instance.work().join("written");
    assert!(eventually(LIMIT, || written.exists().then_some(())).is_some(), "the program waits for nobody");
    for (number, terminal) in watchers.iter().enumerate().skip(3) {
        got_all(terminal, &format!("watcher {number}"));
    }
    got_all(slow, "the slow one");
    let grown = proc::memory(host).unwrap().saturating_sub(before);
    assert!(grown < MEMORY_BYTES, "the host took {grown} bytes more");
    stopped.signal(Signal::CONT).unwrap();
    got_all(stopped, "the stopped one");

    controller.write(b"x").unwrap();
    assert!(controller.wait(LIMIT).unwrap().success());
    for terminal in [stopped, slow, &watchers[3]] {
        assert!(terminal.wait(LIMIT).unwrap().success(), "a watcher ends with the session");
    }
}

/// T28: a controlling terminal that stops reading holds the program up for a second, not for ever,
/// and shows the present when it reads again.
#[test]
fn a_terminal_that_stops_reading_is_cut_loose_and_painted_anew() {
    let rig = Rig::new();
    let script = r"stty raw -echo; printf ready; head -c 1 >/dev/null; seq 1 2000000; printf '\033[2J\033[7;7Hthe present'; cat";
    let terminal = rig.open("frozen", script);
    terminal.wait_for_text("ready").unwrap();
    let session = rig.session("frozen");
    terminal.pause_reading();
    terminal.write(b"x").unwrap();
    rig.wait_for_line("frozen", "the present");
    let cut =
        session.notices().into_iter().filter(|one| matches!(one, Notice::ClientCutLoose { .. })).count();
    assert_eq!(cut, 1);
    let host = session.pids().host;
    assert!(proc::memory(host).unwrap() < 32 << 20, "the host hoards what the terminal does not take");
    let mark = terminal.mark();
    terminal.resume_reading();
    terminal.wait_for_shown_since(mark, "the present", LIMIT).unwrap();
    let mark = terminal.mark();
    terminal.write(b"typed").unwrap();
    terminal.wait_for_shown_since(mark, "typed", LIMIT).unwrap();
}

/// A slow terminal that does read slows the program down, as it would without us, and loses nothing.
/// The program stays until all is read: when a session's leader ends, the kernel throws away what its terminal has not
/// taken (8 KB at most), with us as without us.
#[test]
fn a_slow_terminal_in_control_gets_every_byte() {
    let rig = Rig::new();
    let stream = noise_without_queries(7, 600_000);
    rig.file("stream", &stream);
    rig.file(
        "script",
        b"stty raw -echo; printf ready; head -c 1 >/dev/null; echo BEGIN; cat stream; head -c 1 >/dev/null",
    );
    let terminal = rig.shell("$cf run --name slow -- bash script; printf '[over]'; sleep 600");
    terminal.wait_for_text("ready").unwrap();
    terminal.throttle(Some(120_000));
    terminal.write(b"x").unwrap();
    let all =
        |bytes: &[u8]| bytes.windows(BEGIN.len()).any(|some| some == BEGIN) && bytes.len() > stream.len();
    let whole = |bytes: &[u8]| all(bytes) && after(bytes, BEGIN).len() >= stream.len();
    let shown = terminal.wait_for(whole, LIMIT).unwrap();
    assert_same(after(&shown, BEGIN), &stream, "terminal");
    terminal.write(b"x").unwrap();
    terminal.wait_for_text("[over]").unwrap();
    assert!(rig.session("slow").notices().iter().all(|one| !matches!(one, Notice::ClientCutLoose { .. })));
}

/// Who watches never types, never sets the size, and does not take over from a host
/// that died.
#[test]
fn a_watcher_changes_nothing() {
    let rig = Rig::new();
    let terminal = rig.open("watched", "stty -echo; echo ready; trap 'echo resized' WINCH; while :; do read -t 1 line && echo got $line; done");
    terminal.wait_for_text("ready").unwrap();
    let session = rig.session("watched");
    let first = rig.attach("watched", &["--read-only"]);
    let second = rig.attach("watched", &[]);
    for watcher in [&first, &second] {
        watcher.wait_for_shown("ready").unwrap();
        watcher.write(b"typed\r").unwrap();
        watcher.resize(60, 20).unwrap();
    }
    let host = session.pids().host;
    let controls = session.settled("three clients", |status| status.clients.len() == 3);
    let controller = controls.clients.iter().find(|client| client.control).expect("one controls").pid;
    kill(host);
    let again = session.settled("all are back", |status| {
        status.pids.host != host
            && status.clients.len() == 3
            && status.clients.iter().any(|client| client.control)
    });
    assert_eq!(again.clients.iter().find(|client| client.control).map(|client| client.pid), Some(controller));
    terminal.write(b"words\r").unwrap();
    for watcher in [&first, &second] {
        watcher.wait_for_shown("got words").unwrap();
    }
    assert!(!String::from_utf8_lossy(&session.output()).contains("got typed"));
    assert_eq!((again.size.cols, again.size.rows), (80, 24));
    assert!(!rig.screen("watched").contains("got typed"));
}

/// `--take` takes control; the one before watches on, and gets it back the same way.
#[test]
fn control_is_taken_and_taken_back() {
    let rig = Rig::new();
    let first = rig.open("contested", "stty -echo; echo ready; while read line; do echo got $line; done");
    first.wait_for_text("ready").unwrap();
    let second = rig.attach("contested", &["--take"]);
    second.wait_for_shown("ready").unwrap();
    rig.session("contested").settled("the second controls", |status| {
        status.clients.iter().any(|client| client.control && client.pid == second.pid())
    });
    second.write(b"two\r").unwrap();
    first.wait_for_shown("got two").unwrap();
    first.write(b"one\r").unwrap();
    second.write(b"three\r").unwrap();
    first.wait_for_shown("got three").unwrap();
    assert!(!rig.screen("contested").contains("got one"), "who was relieved types no more");
}

/// Whether a terminal has the session's size, and is given its bytes, or another one and pictures.
#[test]
fn a_watcher_is_told_that_it_does_not_type_and_when_control_is_free() {
    let rig = Rig::new();
    let titles = "stty -echo; echo ready; read key; printf 'z\\303'; read key; printf '\\244\\033]2;mine\\033\\\\set'; cat";
    let controller = rig.open("seen", titles);
    controller.wait_for_text("ready").unwrap();
    let same = rig.attach("seen", &[]);
    let other = Terminal::spawn(rig.instance.command(&["attach", "seen"]), 60, 20).unwrap();
    let held = "\x1b]2;watching seen: keys are not typed, `attach --take seen` takes control; q leaves\x1b\\";
    let free = "\x1b]2;watching seen: control is free, `attach seen` takes it; q leaves\x1b\\";
    let all_told = |what: &str, marks: [usize; 2]| {
        for (watcher, mark) in [&same, &other].into_iter().zip(marks) {
            watcher.wait_for_text_since(mark, what, LIMIT).unwrap();
        }
    };
    let marks = || [same.mark(), other.mark()];
    all_told(held, [0, 0]);
    let before = marks();
    detach(&controller);
    all_told(free, before);
    let before = marks();
    let next = rig.attach("seen", &[]);
    next.wait_for_shown("ready").unwrap();
    all_told(held, before);
    // A character of the program's is not complete: what is to be said waits, and then takes the place of the program's title.
    let before = marks();
    next.write(b"\r").unwrap();
    same.wait_for_text_since(before[0], "z", LIMIT).unwrap();
    detach(&next);
    other.wait_for_text_since(before[1], free, LIMIT).unwrap();
    assert!(rig.run(&["send", "seen", "--text", "\n"]).status.success());
    same.wait_for_text_since(before[0], free, LIMIT).unwrap();
    let seen = String::from_utf8(same.output_since(before[0])).unwrap();
    assert!(seen.starts_with("zä\x1b]2;mine\x1b\\set"), "{seen:?}");
    for watcher in [same, other] {
        watcher.write(b"q").unwrap();
        assert!(watcher.wait(LIMIT).unwrap().success());
        let seen = String::from_utf8(watcher.output()).unwrap();
        assert_eq!(seen.matches("\x1b[22;2t").count(), 1, "the user's title is saved once");
        assert!(seen.rfind("\x1b[23;2t") > seen.rfind("watching"), "and comes back in the end: {seen:?}");
    }
}

/// T28: a watcher that is stopped while the session ends harms nobody; the host does not wait for him.
#[test]
fn a_stopped_watcher_does_not_hold_the_end_up() {
    let rig = Rig::new();
    let session =
        rig.start("ends", "stty raw -echo; printf ready; head -c 1 >/dev/null; seq 1 100000; exit 6");
    let watcher = rig.attach("ends", &["--read-only"]);
    watcher.wait_for_shown("ready").unwrap();
    signal(watcher.pid(), Signal::STOP);
    let pids = session.pids();
    assert!(rig.run(&["send", "ends", "--text", "x"]).status.success());
    assert_eq!(rig.end_of("ends"), serde_json::json!({ "code": 6 }));
    let gone = eventually(LIMIT, || (!proc::is_running(pids.host)).then_some(()));
    assert!(gone.is_some(), "the host waits for a stopped client");
    signal(watcher.pid(), Signal::CONT);
    assert_eq!(watcher.wait(LIMIT).unwrap().code(), Some(6));
    assert!(watcher.output().windows(6).any(|window| window == b"100000"));
}
