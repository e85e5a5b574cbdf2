//! A host that is stopped, and a server that is told to end in the middle of something.

use crate::http::{Call, dial};
use crate::rig::{LIMIT, Rig};
use crate::socket::Came;
use rustix::process::{Signal, kill_process};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use testkit::{eventually, proc};

/// Longer than the server waits for a host's answer, which is 20 s.
const PATIENCE_IS_OVER: Duration = Duration::from_secs(24);
/// Less than the 5 s that a new binary has for its version, beyond what an end takes without one.
const SOON: Duration = Duration::from_secs(4);

/// A client is told of the end when it is true: a host that is stopped is no end, and output flows on when it goes on.
#[test]
fn nobody_is_told_of_an_end_while_a_host_is_stopped() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat");
    let ready = rig.offset("own");
    let host = rig.host("own");
    kill_process(host, Signal::STOP).expect("stop the host");
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
    kill_process(host, Signal::CONT).expect("let the host go on");
    rig.press("own", "more\r");
    client.read_to(ready + "more\r\n".len() as u64);
    assert!(client.output.ends_with(b"more\r\n"), "{}", client.output.escape_ascii());
    rig.run(&["kill", "own"]);
    let (last, code) = client.read_to_end();
    assert_eq!((&last["type"], code), (&"exited".into(), 1000), "{last}");
    assert!(!last["status"].is_null(), "{last}");
}

/// Who is told to end does not first wait for a binary that hangs while it is tried, nor leave it behind.
#[test]
fn a_server_that_tries_a_binary_ends_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("make a folder");
    let [binary, next, tried] = ["centerfire", "next", "tried"].map(|name| folder.path().join(name));
    std::fs::copy(env!("CARGO_BIN_EXE_centerfire"), &binary).expect("copy the binary");
    let mut rig = Rig::of_binary(&binary);
    let script = format!("#!/bin/sh\necho $$ >{0}.new; mv {0}.new {0}\nexec sleep 60\n", tried.display());
    std::fs::write(&next, script).expect("write a binary that hangs");
    std::fs::set_permissions(&next, PermissionsExt::from_mode(0o700)).expect("make it a program");
    std::fs::rename(&next, &binary).expect("replace the binary");
    rig.signal_server(Signal::HUP);
    let hanging = || std::fs::read_to_string(&tried).ok()?.trim().parse().ok();
    let hanging = eventually(LIMIT, hanging).expect("the binary is tried");
    let stop = |rig: &mut Rig| {
        let begun = Instant::now();
        assert!(rig.stop_server(Signal::TERM).success());
        begun.elapsed()
    };
    let (took, other) = (stop(&mut rig), stop(&mut Rig::new()));
    assert!(took < SOON + other, "{took:?} instead of {other:?}");
    eventually(LIMIT, || (!proc::is_running(hanging)).then_some(())).expect("what was tried is ended");
}

/// Nor does it become another once it was told to end, however far it is on the way.
#[test]
fn a_server_that_is_about_to_be_replaced_ends_when_it_is_told_to() {
    let mut rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("hung", "echo ready; exec cat");
    kill_process(rig.host("hung"), Signal::STOP).expect("stop the host");
    let mut client = rig.join("own", "");
    // Is waited for, 2 s, before the server becomes another.
    let mut asking = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
    let call = Call::get("/api/v1/sessions/hung/screen").bearer(&rig.manage);
    asking.write_all(&call.bytes(rig.address())).expect("ask");
    assert_eq!(Call::get("/api/v1/sessions").bearer(&rig.manage).send(&rig).status, 200);
    rig.signal_server(Signal::HUP);
    assert_eq!(client.read_to_end().1, 1012);
    assert!(rig.stop_server(Signal::TERM).success());
}
