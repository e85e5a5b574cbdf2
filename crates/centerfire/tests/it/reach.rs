//! A session is reached, and ended, whatever became of its socket and its host.

use crate::rig::{LIMIT, Rig, Session, kill, signal};
use rustix::process::Signal;
use serde_json::json;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;
use testkit::{eventually, proc};

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
fn assert_killed(rig: &Rig, session: &Session, expected: &serde_json::Value) {
    let told = rig.instance.json(&["kill", "far", "--grace", "1", "--json"]);
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
    assert_killed(&rig, &session, &json!({ "code": 7 }));
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
    assert_killed(&rig, &session, &json!({ "signal": 9 }));
}

/// T5: a keeper that is stopped cannot collect the program; its host is well.
#[test]
fn kill_ends_a_session_whose_keeper_is_stopped() {
    let rig = Rig::new();
    let session = begin(&rig, "trap 'exit 3' HUP; echo ready; while :; do read line; done");
    signal(session.pids().keeper, Signal::STOP);
    assert_killed(&rig, &session, &json!({ "code": 3 }));
}

/// T24: without a socket, and with a host that is stopped and cannot make one.
#[test]
fn kill_ends_a_session_without_socket_and_host() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    signal(session.pids().host, Signal::STOP);
    std::fs::remove_file(&session.meta.socket).unwrap();
    assert_killed(&rig, &session, &json!({ "signal": 1 }));
}

/// T5: numbers in a file are not believed: those of other processes are left alone.
#[test]
fn kill_signals_nobody_who_only_has_the_number_of_the_program() {
    let rig = Rig::new();
    let session = begin(&rig, "echo ready; cat");
    let pids = session.pids();
    let mut stranger = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    for pid in [pids.keeper, pids.host, pids.child] {
        kill(pid);
    }
    // The keeper may have started a host before it died.
    let gone = eventually(LIMIT, || {
        rig.instance.leaked().iter().for_each(|one| kill(one.pid));
        rig.instance.leaked().is_empty().then_some(())
    });
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
    let path = session.folder.status_path();
    let mut status: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for role in ["keeper", "host", "child"] {
        status["pids"][role] = json!(stranger.id());
    }
    std::fs::write(&path, status.to_string()).unwrap();
    // As long as this is held the session counts as one that runs.
    let alive = std::fs::File::open(session.folder.path().join("alive")).unwrap();
    rustix::fs::flock(&alive, rustix::fs::FlockOperation::LockExclusive).unwrap();
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
