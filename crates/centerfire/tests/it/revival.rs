//! Keeper and host bring each other back, as often as it takes.

use crate::rig::{Rig, kill};
use protocol::Notice;
use testkit::proc;

/// T20: 100 deaths in turn, and no restart is given up.
#[test]
fn keeper_and_host_revive_each_other_a_hundred_times() {
    let rig = Rig::new();
    let session = rig.start("phoenix", "echo ready; cat");
    rig.wait_for_line("phoenix", "ready");
    let first = session.pids();
    for round in 0..100 {
        let before = session.pids();
        let (victim, what) = if round % 2 == 0 { (before.host, "host") } else { (before.keeper, "keeper") };
        kill(victim);
        let after = session.settled(&format!("round {round}: a new {what}"), |status| {
            status.pids.host != victim && status.pids.keeper != victim
        });
        assert_eq!(after.pids.child, first.child, "round {round}");
    }
    assert!(rig.run(&["send", "phoenix", "--submit", "still here"]).status.success());
    rig.wait_for_line("phoenix", "still here");
    let restarts = session
        .notices()
        .iter()
        .filter(|one| matches!(one, Notice::HostStarted { possible_gap: true, .. }))
        .count();
    assert_eq!(restarts, 50);
    assert!(rig.run(&["verify", "phoenix"]).status.success());
    assert!(rig.run(&["kill", "phoenix"]).status.success());
    let gone = testkit::eventually(crate::rig::LIMIT, || rig.instance.leaked().is_empty().then_some(()));
    assert!(gone.is_some(), "{:?}", rig.instance.leaked());
}

/// Hosts that die one after the other (a bug in what they read, say) are followed by another one,
/// and neither keeper nor program mind.
#[test]
fn a_host_that_dies_ten_times_in_a_row_is_followed_by_another() {
    let rig = Rig::new();
    let session = rig.start("sisyphus", r"printf '\033[3;3Hhere'; stty -echo; cat");
    rig.wait_for_line("sisyphus", "here");
    let first = session.pids();
    for _ in 0..10 {
        let before = session.pids().host;
        kill(before);
        session.settled("a new host", |status| status.pids.host != before);
    }
    let last = session.pids();
    assert_eq!((last.child, last.keeper), (first.child, first.keeper));
    assert!(proc::is_running(last.child));
    assert!(rig.run(&["send", "sisyphus", "--submit", "there"]).status.success());
    rig.wait_for_line("sisyphus", "there");
}

/// T38: who waits for something waits on when the host dies under him.
#[test]
fn a_wait_outlives_the_host() {
    let rig = Rig::new();
    let session = rig.start("awaited", "echo ready; read line; echo \"got $line\"; read line; exit 5");
    rig.wait_for_line("awaited", "ready");
    std::thread::scope(|scope| {
        let text = scope.spawn(|| rig.wait_for_line("awaited", "got words"));
        let exit = scope.spawn(|| rig.end_of("awaited"));
        for _ in 0..3 {
            let waits = |status: &protocol::Status| status.clients.len() >= 2;
            let host = session.settled("both wait", waits).pids.host;
            kill(host);
            session.settled("a new host", |status| status.pids.host != host);
        }
        assert!(rig.run(&["send", "awaited", "--submit", "words"]).status.success());
        text.join().expect("the text is seen");
        assert!(rig.run(&["send", "awaited", "--key", "Enter"]).status.success());
        assert_eq!(exit.join().expect("the end is seen"), serde_json::json!({ "code": 5 }));
    });
}
