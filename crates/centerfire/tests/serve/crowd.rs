//! Connections that say little, or too many of them.

use crate::http::{Answer, Call, dial};
use crate::rig::{LIMIT, Rig};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};
use testkit::proc;

/// Connections that begin a request and never end it, where the test may have so many: more than the server takes.
const HALF_OPEN: usize = 10_000;
/// Connections that the server takes, and what each may cost it.
const SEATS_MAX: u64 = 4096;
const EACH_MAX_BYTES: u64 = 32 << 10; // 32 KiB
/// Files that the test needs beside them.
const OTHER_FILES: u64 = 200;
/// A server that waits for a head longer than this is held up by anybody.
const HEAD_WITHIN: Duration = Duration::from_secs(20);

fn connect(rig: &Rig) -> TcpStream {
    dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server")
}

/// Whether the server has closed this connection by now.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).expect("do not wait");
    match stream.read(&mut [0; 512]) {
        // An answer, such as one that says that it took too long, stands before the end.
        Ok(1..) => is_closed(stream),
        Ok(0) => true,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// How many connections this test can have, after it asked for as many files as it may.
fn half_open() -> usize {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("ask for files");
    let can = maximum.map_or(HALF_OPEN, |most| most.saturating_sub(OTHER_FILES) as usize);
    if can < HALF_OPEN {
        println!(
            "{can} connections instead of {HALF_OPEN}: this process may have {maximum:?} files (ulimit -Hn)"
        );
    }
    can.min(HALF_OPEN)
}

/// Invariant 10: ten thousand connections that send half a line, or nothing, keep nobody out who says a whole one, cost
/// little, and are closed after a while.
#[test]
fn half_open_connections_hold_nobody_up_and_are_closed() {
    let count = half_open();
    let rig = Rig::new();
    let before = proc::memory(rig.server_pid()).expect("the server's memory");
    let ask = || {
        let asked = Instant::now();
        for _ in 0..20 {
            assert_eq!(Call::get("/api/v1/health").send(&rig).status, 200);
        }
        asked.elapsed()
    };
    let alone = ask();
    let mut half: Vec<TcpStream> = (0..count)
        .map(|number| {
            let mut stream = connect(&rig);
            let parts: [&[u8]; 3] = [b"GET /api/v1/hea", b"", b"GET / HTTP/1.1\r\nhost: x\r\nx-slow"];
            // Where there are too many, one may be closed already.
            let _ = stream.write_all(parts[number % 3]);
            stream
        })
        .collect();
    let begun = Instant::now();
    let among = ask();
    assert!(among < Duration::from_secs(5) + 10 * alone, "{among:?} instead of {alone:?}");
    let grown = proc::memory(rig.server_pid()).expect("the server's memory").saturating_sub(before);
    assert!(grown < SEATS_MAX * EACH_MAX_BYTES, "{grown} bytes for {count} connections");

    let closed = testkit::eventually(LIMIT, || {
        half.retain_mut(|stream| !is_closed(stream));
        // One that trickles is no better.
        for stream in half.iter_mut().take(5) {
            let _ = stream.write_all(b"a");
        }
        half.is_empty().then_some(())
    });
    assert!(closed.is_some(), "{} connections are open after {:?}", half.len(), begun.elapsed());
    assert!(begun.elapsed() < HEAD_WITHIN, "{:?}", begun.elapsed());
}

/// Several requests on one connection, one behind the other, are answered as they came.
#[test]
fn a_connection_serves_many_requests() {
    let rig = Rig::new();
    let mut stream = connect(&rig);
    let call = Call::get("/api/v1/health").header("connection", "keep-alive").bytes(rig.address());
    for _ in 0..3 {
        stream.write_all(&call).expect("ask");
        assert_eq!(Answer::read(&mut stream).expect("an answer").status, 200);
    }
}

/// Invariant 10: beyond the limit a connection is refused at once, unless a stranger's can be closed for it; and when others
/// leave there is room again.
#[test]
fn connections_have_a_limit() {
    let rig = Rig::with_files(400);
    let me = Call::get("/api/v1/me").header("connection", "keep-alive").bearer(&rig.manage);
    let knock = |call: &Call| {
        let mut stream = connect(&rig);
        stream.write_all(&call.bytes(rig.address())).map_err(|error| error.to_string())?;
        Answer::read(&mut stream).map(|answer| (answer.status, stream))
    };
    // They ask for what needs no token, and hold the connection.
    let page = Call::get("/api/v1/health").header("connection", "keep-alive");
    let strangers: Vec<_> = (0..300).map(|_| knock(&page)).collect();
    let mut held = Vec::new();
    let mut refused = 0;
    for _ in 0..300 {
        match knock(&me) {
            Ok((status, stream)) => {
                assert_eq!(status, 200);
                assert_eq!(refused, 0, "who has a token is let in as long as there are strangers");
                held.push(stream);
            }
            Err(_) => refused += 1,
        }
    }
    assert!(held.len() >= 100, "{} were let in", held.len());
    assert!(refused >= 50, "{refused} were refused");
    // Who was let in stays, whoever comes.
    assert!(knock(&page).is_err(), "there is no room for strangers");
    for stream in &mut held {
        stream.write_all(&me.bytes(rig.address())).expect("ask again");
        assert_eq!(Answer::read(stream).expect("an answer").status, 200);
    }
    drop(strangers);
    // Sessions and their clients need files as well, and find some.
    drop(held.split_off(held.len() - 2));
    let started = rig.run(&["run", "--detached", "--name", "s", "--", "sh", "-c", "echo ready; exec cat"]);
    assert!(started.status.success(), "{started:?}");
    let room = || Call::get("/api/v1/sessions/s/screen").bearer(&rig.manage).try_send(&rig);
    let answer = testkit::eventually(LIMIT, || room().ok()).expect("there is room again");
    assert_eq!(answer.status, 200, "{answer:?}");
}
