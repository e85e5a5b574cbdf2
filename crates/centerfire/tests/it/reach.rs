//! A session is reached, and ended, whatever became of its socket and its host.

use crate::rig::{LIMIT, Rig, Session, kill};
use std::path::Path;
use testkit::eventually;

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
