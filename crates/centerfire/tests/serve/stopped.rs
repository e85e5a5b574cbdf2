//! A host that is stopped, and a server that is told to end in the middle of something.

use crate::rig::Rig;
use crate::socket::Came;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Longer than the server waits for a host's answer, which is 20 s.
const PATIENCE_IS_OVER: Duration = Duration::from_secs(24);

/// A client is told of the end when it is true: a host that is stopped is no end, and output flows on when it goes on.
#[test]
fn nobody_is_told_of_an_end_while_a_host_is_stopped() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat");
    let ready = rig.offset("own");
    rig.signal_host("own", Signal::STOP);
    // Nobody watched: the server has to find the host for this one.
    let mut client = rig.join("own", "?from=0");
    let over = Instant::now() + PATIENCE_IS_OVER;
    while Instant::now() < over {
        match client.next_until(over) {
            Came::Output | Came::Nothing => {}
            Came::Said(said) if said["type"] != "exited" => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(client.offset, ready, "what is stored comes all the same");
    rig.signal_host("own", Signal::CONT);
    rig.press("own", "more\r");
    client.read_to(ready + "more\r\n".len() as u64);
    assert!(client.output.ends_with(b"more\r\n"), "{}", client.output.escape_ascii());
    rig.run(&["kill", "own"]);
    let (last, code) = client.read_to_end();
    assert_eq!((&last["type"], code), (&"exited".into(), 1000), "{last}");
    assert!(!last["status"].is_null(), "{last}");
}
