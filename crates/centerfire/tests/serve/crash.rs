//! A server that is killed again and again.

use crate::rig::{LIMIT, Rig, assert_same};
use crate::socket::{Came, Socket};
use crate::stream::noise_without_queries;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::eventually;

const DEATHS: usize = 20;
const CLIENTS: usize = 5;
/// What the program writes for each word of the test.
const STEP_BYTES: usize = 16 << 10; // 16 KiB
/// Words between two deaths.
const STEPS: usize = 20;
/// The server dies when every client has this much of the output between two deaths, and the program writes on.
const BEFORE_DEATH_BYTES: usize = 100 << 10; // 100 KiB
/// Time for everything: twenty servers are started one after the other.
const ALL_WITHIN: Duration = Duration::from_secs(150);

/// Writes a part of the file for each byte of the pipe.
const SCRIPT: &str = "stty raw -echo; exec 3<stream 4<steps; echo ready; \
     while read -r -n 1 -u 4; do head -c 16384 <&3; done";

/// Invariants 1 and 5: the server dies twenty times under output. Five clients come back with the offset of their
/// last frame, and have the very bytes that are stored: nothing twice, nothing missing.
#[test]
fn no_byte_is_lost_or_doubled_by_a_server_that_dies() {
    let mut rig = Rig::new();
    let stream = noise_without_queries(21, (DEATHS + 1) * STEPS * STEP_BYTES);
    rig.file("stream", &stream);
    let pipe = rig.instance.work().join("steps");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("run mkfifo").success());
    // Both ends: neither the program nor the test waits for the other to open it.
    let mut steps = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("open a pipe");
    rig.start("busy", SCRIPT);

    let (address, secret) = (rig.address(), rig.manage.clone());
    let seen: [AtomicU64; CLIENTS] = Default::default();
    let got: Vec<(Vec<u8>, usize)> = thread::scope(|scope| {
        let clients: Vec<_> = seen
            .iter()
            .map(|seen| scope.spawn(|| follow(address, &secret, seen, Instant::now() + ALL_WITHIN)))
            .collect();
        for death in 0..DEATHS {
            let begin = (death * STEPS * STEP_BYTES) as u64;
            steps.write_all(&b"x".repeat(STEPS)).expect("let the program write");
            let due = begin + BEFORE_DEATH_BYTES as u64;
            let all = || seen.iter().all(|seen| seen.load(Ordering::Relaxed) >= due).then_some(());
            eventually(LIMIT, all).unwrap_or_else(|| panic!("death {death}: the clients have {seen:?}"));
            rig.restart_server();
        }
        steps.write_all(&b"x".repeat(STEPS)).expect("let the program write");
        // The program reads the pipe to its end, which comes when nobody can write any more.
        drop(steps);
        clients.into_iter().map(|client| client.join().expect("a client")).collect()
    });

    let stored = rig.stored("busy");
    assert!(stored.ends_with(&stream[stream.len() - STEP_BYTES..]), "the program wrote everything");
    for (output, connections) in got {
        assert!(connections > DEATHS, "{connections} connections");
        assert_same(&output, &stored, "a client");
    }
}

/// Follows the session from its first byte to its end through all deaths; everything that came, and on how many
/// connections.
fn follow(address: SocketAddr, secret: &str, seen: &AtomicU64, deadline: Instant) -> (Vec<u8>, usize) {
    let (mut output, mut connections) = (Vec::new(), 0);
    while Instant::now() < deadline {
        let query = format!("?from={}", output.len());
        let Ok(mut client) = Socket::open(address, secret, "busy", &query) else {
            thread::yield_now();
            continue;
        };
        connections += 1;
        loop {
            match client.next_until(deadline) {
                Came::Output => {
                    client.paint();
                    seen.store(client.offset, Ordering::Relaxed);
                }
                Came::Said(_) => {}
                Came::Closed(1000) => {
                    output.extend(client.output);
                    return (output, connections);
                }
                Came::Broken => break,
                other => panic!("{other:?} at offset {}", client.offset),
            }
        }
        output.extend(client.output);
    }
    panic!("the session did not end; the client has {} bytes", output.len());
}
