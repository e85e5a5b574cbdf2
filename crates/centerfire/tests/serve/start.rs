//! How the server begins and ends.

use crate::http::Call;
use crate::rig::Rig;
use crate::socket::Came;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// What is in the way of a start is told, with a next step, and no token is made.
#[test]
fn what_is_in_the_way_is_told() {
    let rig = Rig::new();
    let listen = |address: &str| rig.run(&["serve", "--listen", address]);
    let refused = |output: std::process::Output| {
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let why = refused(listen("127.0.0.1:0"));
    assert!(why.contains("has a server") && why.contains(&rig.address().to_string()), "{why}");
    let mut other = Rig::new();
    other.stop_server(Signal::TERM);
    let why = refused(other.run(&["serve", "--listen", &rig.address().to_string()]));
    assert!(why.contains("taken by another program") && why.contains("--listen"), "{why}");
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let open = listen(address);
        assert!(!open.status.success() && open.stdout.is_empty(), "{open:?}");
        let why = String::from_utf8_lossy(&open.stderr);
        assert!(why.contains("no loopback address") && why.contains("ssh -L"), "{why}");
    }
    assert!(!listen("nonsense").status.success());
    // That of the rig, and the link of its server.
    assert_eq!(rig.instance.json(&["token", "list", "--json"]).as_array().map(Vec::len), Some(2));
}

/// A server that is told to end does so soon and well, whoever watches; sessions do not notice.
#[test]
fn a_server_that_is_told_to_end_does() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut rig = Rig::new();
        rig.start("own", "echo ready; exec cat");
        let mut client = rig.join("own", "");
        client.wait_for("hello", |said| said["type"] == "hello");
        let begun = Instant::now();
        let status = rig.stop_server(signal);
        assert!(status.success(), "{status}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let deadline = Instant::now() + crate::rig::LIMIT;
        while !matches!(client.next_until(deadline), Came::Broken | Came::Closed(_)) {
            assert!(Instant::now() < deadline, "the connection holds");
        }
        assert!(rig.run(&["send", "own", "--submit", "still here"]).status.success());
        rig.wait_for_line("own", "still here");
        assert!(Call::get("/api/v1/health").try_send(&rig).is_err(), "nobody listens");
    }
}
