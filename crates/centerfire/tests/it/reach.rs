//! A session is reached, and ended, whatever became of its socket and its host.

use crate::rig::{LIMIT, Rig, Session, kill, signal};
use rustix::process::{Pid, Signal};
use serde_json::json;
use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use testkit::{eventually, proc};

/// Seconds in which a program ends by itself on any machine.
const AMPLE: &str = "20";

fn begin(rig: &Rig, script: &str) -> Session {
    let session = rig.start("far", script);
    rig.wait_for_line("far", "ready");
    session
}

#[track_caller]
fn assert_reached(rig: &Rig, text: &str) {
    let list = rig.instance.json(&["list", "--json"]);
    assert_eq!(list[0]["name"], "far", "{list}");
    let sent = rig.run(&["send", "far", "--submit", text]);
    assert!(sent.status.success(), "{sent:?}");
    rig.wait_for_line("far", text);
    assert!(rig.screen("far").contains(text));
}

/// T24: somebody tidies up the folder of sockets, and the host opens its socket again, also under the next host.
#[test]
fn a_session_is_reached_though_its_socket_was_deleted() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    let before = session.pids();
    let socket = Path::new(&session.meta.socket);
    std::fs::remove_file(socket).unwrap();
    assert_reached(&rig, "first");
    std::fs::remove_dir_all(socket.parent().unwrap()).unwrap();
    assert_reached(&rig, "second");
    assert_eq!(session.pids(), before, "nobody was started anew");
    // The keeper gives its next host the socket that was deleted.
    kill(before.host);
    assert_reached(&rig, "third");
    let host = session.pids().host;
    std::fs::remove_file(socket).unwrap();
    kill(host);
    assert_reached(&rig, "fourth");
    assert!(rig.run(&["kill", "far"]).status.success());
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some() && !socket.exists(), "{:?}", rig.instance.leaked());
}

/// Nobody is left behind, and the end was written down as it was.
#[track_caller]
fn assert_killed(rig: &Rig, session: &Session, grace: &str, expected: &serde_json::Value) {
    let told = rig.instance.json(&["kill", "far", "--grace", grace, "--json"]);
    assert_eq!(told["exit"], *expected, "{told}");
    assert_eq!(json!(session.exit().expect("the keeper writes the end down").status), *expected);
    let gone = eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    assert!(rig.run(&["verify", "far"]).status.success());
    assert_eq!(rig.instance.json(&["show", "far", "--json"])["exit"], *expected);
}

/// T5: a host that is stopped is done without, and the status is the program's own.
#[test]
fn kill_ends_a_session_whose_host_is_stopped() {
    let rig = Rig::new();
    let session = begin(&rig, "trap 'exit 7' HUP; echo ready; while :; do read line; done");
    signal(session.pids().host, Signal::STOP);
    assert_killed(&rig, &session, AMPLE, &json!({ "code": 7 }));
}

/// T5: with the keeper stopped too, and a program that only SIGKILL ends.
#[test]
fn kill_ends_a_session_all_of_whose_processes_are_stopped() {
    let rig = Rig::new();
    let session = begin(&rig, "trap '' HUP TERM; echo ready; while :; do read line; done");
    let pids = session.pids();
    for pid in [pids.host, pids.keeper, pids.child] {
        signal(pid, Signal::STOP);
    }
    assert_killed(&rig, &session, "1", &json!({ "signal": 9 }));
}

/// T5: a keeper that is stopped cannot collect the program; its host is well.
#[test]
fn kill_ends_a_session_whose_keeper_is_stopped() {
    let rig = Rig::new();
    let session = begin(&rig, "trap 'exit 3' HUP; echo ready; while :; do read line; done");
    signal(session.pids().keeper, Signal::STOP);
    // Three times this is waited for the keeper's word.
    assert_killed(&rig, &session, "5", &json!({ "code": 3 }));
}

/// T24: without a socket, and with a host that is stopped and cannot make one.
#[test]
fn kill_ends_a_session_without_socket_and_host() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    signal(session.pids().host, Signal::STOP);
    std::fs::remove_file(&session.meta.socket).unwrap();
    assert_killed(&rig, &session, AMPLE, &json!({ "signal": 1 }));
}

/// Kills every process of a session: the keeper may start a host before it dies.
fn kill_all(rig: &Rig, session: &Session) {
    let pids = session.pids();
    for pid in [pids.keeper, pids.host, pids.child] {
        kill(pid);
    }
    let gone = eventually(LIMIT, || {
        rig.instance.leaked().iter().for_each(|one| kill(one.pid));
        rig.instance.leaked().is_empty().then_some(())
    });
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
}

/// Writes another number into a session's status.
fn write_pid(session: &Session, role: &str, pid: u32) {
    let path = session.folder.status_path();
    let mut status: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    status["pids"][role] = json!(pid);
    std::fs::write(&path, status.to_string()).unwrap();
}

/// As long as this is held the session counts as one that runs.
fn hold(session: &Session) -> File {
    let alive = File::open(session.folder.path().join("alive")).unwrap();
    rustix::fs::flock(&alive, rustix::fs::FlockOperation::LockExclusive).unwrap();
    alive
}

/// A process that nobody of the session knows, and that leads a session as a program does.
fn stranger() -> Child {
    let mut command = Command::new("sleep");
    session::role::outlive_terminal(command.arg("600"));
    command.spawn().unwrap()
}

/// A process that says to be a session's host by its command line, and holds a pidfd of `watched`.
fn impostor(session: &Session, watched: &Child, user: u32) -> Child {
    let watched = Pid::from_child(watched);
    let watch = rustix::process::pidfd_open(watched, rustix::process::PidfdFlags::empty()).unwrap();
    let told = json!({ "folder": session.folder.path() }).to_string();
    // Nobody reads what it writes, so it stays for ever.
    let mut command = Command::new("yes");
    command.args(["__host", &told]).stdin(watch).stdout(Stdio::piped()).uid(user).spawn().unwrap()
}

/// Asks for the end of a session whose processes are all gone, while `impostor` says to be its host.
#[track_caller]
fn assert_left_alone(rig: &Rig, mut stranger: Child, mut impostor: Child) {
    let output = rig.run(&["kill", "far", "--grace", "0.1"]);
    let running = proc::is_running(stranger.id());
    for one in [&mut stranger, &mut impostor] {
        one.kill().unwrap();
        one.wait().unwrap();
    }
    assert!(running, "{output:?}");
    assert!(!output.status.success(), "{output:?}");
}

/// T5: anybody can give a process a host's command line; what another user's process holds is not believed, not even
/// where the numbers written down agree. Only root can start such a process here, and root is whom it would fool.
#[test]
fn kill_believes_no_process_of_another_user() {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    kill_all(&rig, &session);
    let stranger = stranger();
    write_pid(&session, "child", stranger.id());
    let _alive = hold(&session);
    let impostor = impostor(&session, &stranger, NOBODY);
    assert_left_alone(&rig, stranger, impostor);
}

/// T5: nor is a process the program because somebody watches it: it must be the one that was written down.
#[test]
fn kill_signals_nobody_who_is_watched_and_not_the_program() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    kill_all(&rig, &session);
    let _alive = hold(&session);
    let stranger = stranger();
    let impostor = impostor(&session, &stranger, rustix::process::geteuid().as_raw());
    assert_left_alone(&rig, stranger, impostor);
}

/// T21: that nobody wrote an end down does not mean that there was one.
#[test]
fn kill_tells_no_end_of_a_program_that_may_still_run() {
    let rig = Rig::new();
    let session = begin(&rig, "trap '' HUP; echo ready; cat");
    let child = session.pids().child;
    let mut stranger = stranger();
    signal(session.pids().host, Signal::STOP);
    // Now nothing that is found is the program.
    write_pid(&session, "child", stranger.id());
    let output = rig.run(&["kill", "far", "--grace", "0.1"]);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert!(proc::is_running(child));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("may still run") && told.contains("centerfire kill far"), "{told}");
}

/// T5: numbers in a file are not believed: those of other processes are left alone.
#[test]
fn kill_signals_nobody_who_only_has_the_number_of_the_program() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    kill_all(&rig, &session);
    for role in ["keeper", "host", "child"] {
        write_pid(&session, role, stranger.id());
    }
    let _alive = hold(&session);
    assert!(!rig.run(&["kill", "far"]).status.success());
    assert!(proc::is_running(stranger.id()));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

/// A host that answers, though not what was hoped for, is no reason to end what it holds.
#[test]
fn kill_forces_nothing_where_something_else_answers() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    let before = session.pids();
    let socket = Path::new(&session.meta.socket);
    std::fs::remove_file(socket).unwrap();
    let stranger = UnixListener::bind(socket).unwrap();
    std::thread::spawn(move || {
        for client in stranger.incoming() {
            let mut client = client.unwrap();
            client.write_all(&[255; 8]).unwrap();
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        }
    });
    for options in [&[][..], &["--signal", "KILL"]] {
        let output = rig.run(&[&["kill", "far", "--grace", "1"], options].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && told.contains("speaks another language"), "{told}");
    }
    std::fs::remove_file(socket).unwrap();
    assert_reached(&rig, "alive");
    assert_eq!(session.pids(), before);
}

/// The status can be read as soon as the command that starts a session is back.
#[test]
fn a_session_that_was_started_has_a_status() {
    let rig = Rig::new();
    for round in 0..10 {
        let session = rig.start(&format!("s{round}"), "cat");
        let status = session.folder.status().unwrap().expect("a status lies on disk");
        assert_eq!(status.session, session.meta.id);
        assert!(status.pids.host != 0 && status.pids.child != 0);
    }
}
