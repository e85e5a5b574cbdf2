//! Another binary takes over a running session: same program, same process, not one byte lost.

use crate::rig::{LIMIT, Rig, after, assert_same};
use crate::stream::noise_without_queries;
use protocol::Notice;
use protocol::frame::{Answer, Refusal, Request};
use session::Error;

/// T20, settled point 6: five upgrades under full output; the journal has every byte, the program has noticed nothing.
#[test]
fn no_byte_is_lost_over_upgrades_under_output() {
    let rig = Rig::new();
    let stream = noise_without_queries(8, 16 << 20);
    rig.file("stream", &stream);
    let terminal =
        rig.open("moves", "stty raw -echo; echo BEGIN; head -c 1 >/dev/null; cat stream; printf END; cat");
    terminal.wait_for_text("BEGIN\n").unwrap();
    let session = rig.session("moves");
    let before = session.pids();
    // A copy, as a new version is another file.
    let copy = rig.instance.work().join("another-centerfire");
    std::fs::copy(rig.instance.binary(), &copy).unwrap();
    terminal.write(b"x").unwrap();
    for round in 1..=5 {
        let binary = copy.display().to_string();
        let answer = session.client().call(Request::Upgrade { binary }).unwrap();
        assert!(matches!(answer, Answer::Done { .. }), "{answer:?}");
        session.settled("the client is back", |status| {
            let starts =
                session.notices().iter().filter(|one| matches!(one, Notice::HostStarted { .. })).count();
            starts == round && status.clients.iter().any(|client| client.control)
        });
    }
    terminal.wait_for(|bytes| bytes.ends_with(b"END"), LIMIT).unwrap();
    assert_same(after(&session.output(), b"BEGIN\n"), &[&stream[..], b"END"].concat(), "journal");
    assert_eq!(session.pids(), before, "a host that is upgraded keeps its number");
    assert!(
        session.notices().iter().all(|one| !matches!(one, Notice::HostStarted { possible_gap: true, .. })),
        "nothing can be missing"
    );
    let host = std::fs::read_link(format!("/proc/{}/exe", before.host)).unwrap();
    assert_eq!(host, copy);
    terminal.write(b"typed on").unwrap();
    terminal.wait_for_shown("typed on").unwrap();
}

/// T20: what is no program is refused before anything happens; what cannot run leaves the old host in charge.
#[test]
fn an_upgrade_to_nothing_changes_nothing() {
    let rig = Rig::new();
    let session = rig.start("stays", "echo ready; cat");
    rig.wait_for_line("stays", "ready");
    let before = session.pids();
    let refused = session.client().call(Request::Upgrade { binary: "/no/such/binary".to_owned() });
    assert!(matches!(refused, Err(Error::Refused { code: Refusal::BadRequest, .. })), "{refused:?}");
    // A file that is being written cannot be started: only exec finds out.
    let busy = rig.instance.work().join("busy");
    std::fs::copy(rig.instance.binary(), &busy).unwrap();
    let written = std::fs::OpenOptions::new().append(true).open(&busy).unwrap();
    let _ = session.client().call(Request::Upgrade { binary: busy.display().to_string() });
    assert!(rig.run(&["send", "stays", "--submit", "as before"]).status.success());
    rig.wait_for_line("stays", "as before");
    assert_eq!(session.pids(), before);
    drop(written);
}

/// T20: an upgraded host is revived like any other, and an upgraded session ends like any other.
#[test]
fn an_upgraded_session_lives_and_dies_as_any_other() {
    let rig = Rig::new();
    let session = rig.start("moved", "echo ready; read line; exit 7");
    rig.wait_for_line("moved", "ready");
    let binary = rig.instance.binary().display().to_string();
    session.client().call(Request::Upgrade { binary }).unwrap();
    let upgraded = || session.notices().iter().any(|one| matches!(one, Notice::HostStarted { .. }));
    let before = session.settled("upgraded", |_| upgraded()).pids;
    crate::rig::kill(before.host);
    let after = session.settled("a new host", |status| status.pids.host != before.host).pids;
    crate::rig::kill(after.keeper);
    session.settled("a new keeper", |status| status.pids.keeper != after.keeper);
    assert!(rig.run(&["send", "moved", "--key", "Enter"]).status.success());
    let end = rig.end_of("moved");
    assert_ne!(end, serde_json::json!({ "code": 0 }));
    let gone = testkit::eventually(LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
}
