//! What outlives the program, or the terminal that it was started from, is neither lost nor in the way.

use crate::rig::{LIMIT, Rig, Session, kill};
use serde_json::json;
use std::time::{Duration, Instant};
use testkit::{eventually, proc};

/// What something may take that is delayed by a second, measured by how long it took without a delay just before: others use
/// this machine too.
fn later_by_a_second(alone: Duration) -> Duration {
    Duration::from_secs(4) + 3 * alone
}

/// T4: a background process that holds the terminal delays the word of the end by no more than a second, and what it
/// prints later is stored as well.
#[test]
fn a_background_process_does_not_hold_the_end_up_and_is_still_recorded() {
    let rig = Rig::new();
    let script =
        "trap '' HUP; (while [ ! -e go ]; do sleep 0.02; done; echo from beyond) & echo ready; exit 6";
    let ends = |name: &str, script: &str| {
        let start = Instant::now();
        assert_eq!(rig.open(name, script).wait(LIMIT).unwrap().code(), Some(6));
        start.elapsed()
    };
    let (alone, took) = (ends("alone", "echo ready; exit 6"), ends("orphan", script));
    assert!(took < later_by_a_second(alone), "{took:?} instead of {alone:?}");
    let session = rig.session("orphan");
    rig.file("go", b"");
    let stored = eventually(LIMIT, || session.output().ends_with(b"from beyond\r\n").then_some(()));
    assert!(stored.is_some(), "{}", session.output().escape_ascii());
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    assert!(rig.run(&["verify", "orphan"]).status.success());
}

/// T4: one that never stops printing delays it by no more than a second, too.
#[test]
fn a_noisy_background_process_does_not_hold_the_end_up() {
    let rig = Rig::new();
    let ends = |name: &str, script: &str| {
        let start = Instant::now();
        rig.start(name, script);
        assert_eq!(rig.end_of(name), json!({ "code": 6 }));
        start.elapsed()
    };
    let alone = ends("alone", "echo ready; exit 6");
    let took = ends("noisy", "trap '' HUP; (while :; do echo noise; sleep 0.01; done) & echo ready; exit 6");
    assert!(took < later_by_a_second(alone), "{took:?} instead of {alone:?}");
}

/// T4: a client that comes between the program's end and that of its output is told of the end.
#[test]
fn who_waits_for_an_end_that_was_is_told_at_once() {
    let rig = Rig::new();
    rig.start("late", "trap '' HUP; sleep 600 & exit 2");
    assert_eq!(rig.end_of("late"), json!({ "code": 2 }));
    assert_eq!(rig.end_of("late"), json!({ "code": 2 }));
    assert_eq!(rig.run(&["attach", "late"]).status.code(), Some(4));
}

/// T5: a grandchild that was forked twice is the keeper's, is reaped by it, and its terminal is that of the session.
#[test]
fn grandchildren_are_reaped_by_the_keeper() {
    let rig = Rig::new();
    let session =
        rig.start("family", "mkfifo wake; (setsid bash -c 'echo $$ >orphan; read <wake' &); echo ready; cat");
    rig.wait_for_line("family", "ready");
    let file = rig.instance.work().join("orphan");
    let orphan: u32 = eventually(LIMIT, || std::fs::read_to_string(&file).ok()?.trim().parse().ok())
        .expect("the grandchild tells its number");
    let keeper = session.pids().keeper;
    let adopted = eventually(LIMIT, || proc::children(keeper).ok()?.contains(&orphan).then_some(()));
    assert!(adopted.is_some(), "the keeper has not adopted {orphan}");
    kill(orphan);
    let path = format!("/proc/{orphan}");
    let reaped = eventually(LIMIT, || (!std::path::Path::new(&path).exists()).then_some(()));
    assert!(reaped.is_some(), "the grandchild is a zombie");
    assert!(proc::is_running(session.pids().child));
}

/// T18: the terminal that a session was started from closes, and the session goes on without it.
#[test]
fn a_session_outlives_the_terminal_it_was_started_from() {
    let rig = Rig::new();
    let terminal = rig.shell("$cf run --name stays -- bash -c 'echo ready; cat'; sleep 600");
    terminal.wait_for_text("ready").unwrap();
    let session = rig.session("stays");
    let pids = session.pids();
    // The death of its leader hangs a terminal up, as the close of a window does.
    kill(terminal.pid());
    session.settled("nobody is attached", |status| status.clients.is_empty());
    drop(terminal);
    assert_eq!(session.pids(), pids);
    assert!(rig.run(&["send", "stays", "--submit", "still here"]).status.success());
    rig.wait_for_line("stays", "still here");
    let again = rig.attach("stays", &[]);
    again.wait_for_shown("still here").unwrap();
    again.write(b"and typed\r").unwrap();
    rig.wait_for_line("stays", "and typed");
}

/// T18: no process of a session is in the launching terminal's session or group, so that no signal for those hits it.
#[test]
fn keeper_host_and_program_are_in_sessions_of_their_own() {
    let rig = Rig::new();
    let terminal = rig.open("apart", "echo ready; cat");
    terminal.wait_for_text("ready").unwrap();
    let pids = rig.session("apart").pids();
    for pid in [pids.keeper, pids.host, pids.child] {
        assert_eq!(proc::session_members(pid).unwrap().first(), Some(&pid), "{}", proc::command_line(pid));
    }
    assert_eq!(proc::session_members(terminal.pid()).unwrap(), [terminal.pid()]);
}

/// Deletes a session's folder under it.
fn delete_folder(session: &Session) {
    // What is written meanwhile may stand in the way.
    let gone = eventually(LIMIT, || {
        let _ = std::fs::remove_dir_all(session.folder.path());
        (!session.folder.path().exists()).then_some(())
    });
    assert!(gone.is_some());
}

/// A session whose folder was deleted has nothing to write its end down in, and nobody waits for that.
#[test]
fn a_session_without_a_folder_ends_with_its_program() {
    let rig = Rig::new();
    let session = rig.start("homeless", "echo ready; read line");
    rig.wait_for_line("homeless", "ready");
    let pids = session.pids();
    delete_folder(&session);
    assert!(proc::is_running(pids.host) && proc::is_running(pids.keeper));
    kill(pids.child);
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
}

/// The same where the host, or the keeper, is dead as well: without a folder none can be started.
#[test]
fn what_is_left_of_a_session_without_a_folder_ends_with_its_program() {
    for (name, whom) in [("hostless", "host"), ("keeperless", "keeper")] {
        let rig = Rig::new();
        let session = rig.start(name, "trap '' HUP; echo ready; read line");
        rig.wait_for_line(name, "ready");
        let pids = session.pids();
        delete_folder(&session);
        kill(if whom == "host" { pids.host } else { pids.keeper });
        assert!(proc::is_running(pids.child));
        kill(pids.child);
        let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
        assert!(gone.is_some(), "{name}: {:?}", rig.instance.leaked());
    }
}
