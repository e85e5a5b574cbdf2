//! `host.sock` believes nobody: wrong versions, unknown words, garbage and half frames do a session no harm.

use crate::rig::{LIMIT, Rig, Session};
use crate::stream::{Chance, noise};
use protocol::frame::{Frame, MAX_FRAME_BYTES, decode_frame};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use testkit::eventually;

/// A client that may say anything.
struct Stranger {
    socket: UnixStream,
    received: Vec<u8>,
}

impl Stranger {
    fn knock(session: &Session) -> Self {
        let socket = UnixStream::connect(&session.meta.socket).expect("the host listens");
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        Self { socket, received: Vec::new() }
    }

    /// Knocks and says hello.
    fn greeted(session: &Session) -> Self {
        let mut stranger = Self::knock(session);
        let answer =
            stranger.ask(&json!({ "id": 1, "request": "hello", "version": 1, "name": "stranger", "pid": 1 }));
        assert_eq!(answer["answer"], "welcome", "{answer}");
        stranger
    }

    fn say(&mut self, head: &[u8], tail: &[u8]) {
        let mut frame = ((4 + head.len() + tail.len()) as u32).to_le_bytes().to_vec();
        frame.extend_from_slice(&(head.len() as u32).to_le_bytes());
        frame.extend_from_slice(head);
        frame.extend_from_slice(tail);
        self.socket.write_all(&frame).unwrap();
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.say(request.to_string().as_bytes(), b"");
        self.hear().expect("an answer")
    }

    /// The next message; `None` where the host hangs up.
    fn hear(&mut self) -> Option<Value> {
        loop {
            if let Frame::Whole { head, length, .. } = decode_frame(&self.received, MAX_FRAME_BYTES) {
                let value: Value = serde_json::from_slice(head).expect("a host speaks JSON");
                self.received.drain(..length);
                return Some(value["answer"].clone());
            }
            let mut piece = [0; 4096];
            match self.socket.read(&mut piece) {
                Ok(0) => return None,
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the host neither answers nor hangs up: {error}"),
            }
        }
    }
}

fn begin(rig: &Rig) -> Session {
    let session = rig.start("open", "echo ready; cat");
    rig.wait_for_line("open", "ready");
    session
}

/// The session is as it was: same processes, and it does what it is asked.
#[track_caller]
fn assert_unharmed(rig: &Rig, session: &Session, before: &protocol::Pids) {
    assert_eq!(session.pids(), *before);
    assert!(rig.run(&["send", "open", "--submit", "alive"]).status.success());
    rig.wait_for_line("open", "alive");
}

/// Invariant 11: a client of another version is refused with both versions named, and may try again.
#[test]
fn another_version_is_refused_clearly() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let mut stranger = Stranger::knock(&session);
    for version in [0, 2, 99, 65535] {
        let answer =
            stranger.ask(&json!({ "id": 7, "request": "hello", "version": version, "name": "x", "pid": 1 }));
        assert_eq!((&answer["answer"], &answer["code"]), (&json!("refused"), &json!("VERSION")), "{answer}");
        let message = answer["message"].as_str().unwrap();
        assert!(message.contains(&format!("not {version}")) && message.contains("version 1"), "{message}");
    }
    let answer = stranger.ask(&json!({ "id": 8, "request": "status" }));
    assert_eq!(answer["code"], "BAD_REQUEST", "who was not welcomed may ask nothing: {answer}");
    let answer = stranger.ask(&json!({ "id": 9, "request": "hello", "version": 1, "name": "x", "pid": 1 }));
    assert_eq!(answer["answer"], "welcome", "{answer}");
    assert_unharmed(&rig, &session, &before);
}

/// Invariant 11: a request that this version does not know is refused under its own number, and the connection goes
/// on; unknown fields are passed over.
#[test]
fn an_unknown_request_is_refused_and_the_next_is_answered() {
    let rig = Rig::new();
    let session = begin(&rig);
    let mut stranger = Stranger::greeted(&session);
    for (id, request) in [
        (2, json!({ "id": 2, "request": "dance" })),
        (3, json!({ "id": 3 })),
        (4, json!({ "id": 4, "request": "signal" })),
    ] {
        let answer = stranger.ask(&request);
        assert_eq!((&answer["code"], &answer["id"]), (&json!("BAD_REQUEST"), &json!(id)), "{answer}");
    }
    for nonsense in [&b"no json"[..], b"", b"[]", b"\xff\xfe", b"{\"id\":-1}"] {
        stranger.say(nonsense, b"tail");
        let answer = stranger.hear().expect("an answer");
        assert_eq!((&answer["code"], &answer["id"]), (&json!("BAD_REQUEST"), &json!(0)), "{answer}");
    }
    let answer = stranger.ask(&json!({ "id": 5, "request": "status", "new": [1, 2] }));
    assert_eq!((&answer["answer"], &answer["id"]), (&json!("status"), &json!(5)), "{answer}");
    assert_eq!(answer["phase"], "running");
}

/// Invariant 10: requests that make sense to no session are refused, not obeyed.
#[test]
fn impossible_wishes_are_refused() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let mut stranger = Stranger::greeted(&session);
    for request in [
        json!({ "id": 2, "request": "resize", "size": { "cols": 0, "rows": 24 } }),
        json!({ "id": 2, "request": "resize", "size": { "cols": 65535, "rows": 65535 } }),
        json!({ "id": 2, "request": "signal", "signal": 0 }),
        json!({ "id": 2, "request": "signal", "signal": 4711 }),
        json!({ "id": 2, "request": "signal", "signal": -9 }),
        json!({ "id": 2, "request": "upgrade", "binary": "" }),
    ] {
        let answer = stranger.ask(&request);
        assert_eq!(answer["answer"], "refused", "{request}: {answer}");
    }
    for size in [0, 65535] {
        let size = json!({ "cols": size, "rows": size });
        let answer = stranger.ask(&json!({ "id": 3, "request": "attach", "control": true, "size": size }));
        assert_eq!(answer["code"], "BAD_REQUEST", "{answer}");
    }
    let size = json!({ "cols": 80, "rows": 24 });
    let attach =
        json!({ "id": 4, "request": "attach", "control": true, "size": size, "detach_key": "nonsense" });
    let answer = stranger.ask(&attach);
    assert_eq!(answer["code"], "BAD_REQUEST", "{answer}");
    let status = session.status();
    assert_eq!((status.size.cols, status.size.rows), (80, 24));
    assert_unharmed(&rig, &session, &before);
}

/// Invariant 10: garbage, huge lengths and half frames end a connection at most.
#[test]
fn garbage_ends_its_connection_and_nothing_else() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let memory = testkit::proc::memory(before.host).unwrap();
    let mut honest = Stranger::greeted(&session);
    let huge: [&[u8]; 4] =
        [&[0xff; 8], &[4, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &[0; 8], &[0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0]];
    for bytes in huge {
        let mut stranger = Stranger::greeted(&session);
        stranger.socket.write_all(bytes).unwrap();
        assert_eq!(stranger.hear(), None, "{bytes:?}");
    }
    let mut chance = Chance::new(9);
    let mut half_open = Vec::new();
    for seed in 0..60 {
        let mut stranger = Stranger::knock(&session);
        let bytes = noise(seed, chance.below(5000) as usize);
        // The host may hang up in the middle of it.
        let _ = stranger.socket.write_all(&bytes);
        let hello = json!({ "id": 1, "request": "hello", "version": 1, "name": "x", "pid": 1 }).to_string();
        let mut half = Stranger::knock(&session);
        let frame = [
            &(4 + hello.len() as u32).to_le_bytes()[..],
            &(hello.len() as u32).to_le_bytes(),
            hello.as_bytes(),
        ];
        let frame = frame.concat();
        half.socket.write_all(&frame[..1 + chance.below(frame.len() as u64 - 1) as usize]).unwrap();
        if seed % 2 == 0 {
            half_open.push(half);
        }
    }
    assert_eq!(honest.ask(&json!({ "id": 2, "request": "status" }))["answer"], "status");
    let grown = testkit::proc::memory(before.host).unwrap().saturating_sub(memory);
    assert!(grown < 8 << 20, "{grown} bytes more");
    assert_unharmed(&rig, &session, &before);
}

/// Invariant 10: a client that asks and never reads is let go before it fills the memory.
#[test]
fn a_client_that_never_reads_is_let_go() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let mut stranger = Stranger::greeted(&session);
    stranger.socket.set_write_timeout(Some(LIMIT)).unwrap();
    let ask = json!({ "id": 2, "request": "snapshot", "history": 1000 }).to_string();
    let frame =
        [&(4 + ask.len() as u32).to_le_bytes()[..], &(ask.len() as u32).to_le_bytes(), ask.as_bytes()]
            .concat();
    let many = frame.repeat(1000);
    let dropped = (0..1000).any(|_| stranger.socket.write_all(&many).is_err());
    assert!(dropped, "the host answers into the void for ever");
    assert!(testkit::proc::memory(before.host).unwrap() < 64 << 20);
    assert_unharmed(&rig, &session, &before);
}

/// Invariant 10: more connections than there may be are turned away, and the next is served once some have left.
#[test]
fn three_hundred_connections_do_no_harm() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let crowd: Vec<UnixStream> =
        (0..300).map(|_| UnixStream::connect(&session.meta.socket).expect("the host listens")).collect();
    drop(crowd);
    assert_unharmed(&rig, &session, &before);
}

/// Invariant 10: whoever says nothing makes room for those who do, and is hung up on before long; a timer runs only
/// for them.
#[test]
fn silent_clients_lock_nobody_out() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let mut honest = Stranger::greeted(&session);
    let crowd: Vec<Stranger> = (0..600)
        .map(|number| {
            let mut stranger = Stranger::knock(&session);
            if number % 2 == 0 {
                // Half a frame is no word; one that was sent away already cannot even say that.
                let _ = stranger.socket.write_all(&[40, 0, 0]);
            }
            stranger
        })
        .collect();
    assert_unharmed(&rig, &session, &before);
    assert_eq!(honest.ask(&json!({ "id": 2, "request": "status" }))["answer"], "status");
    for mut silent in crowd {
        assert_eq!(silent.hear(), None, "nobody is kept for ever");
    }
    assert_eq!(honest.ask(&json!({ "id": 3, "request": "status" }))["answer"], "status", "who spoke is");
}

/// Invariant 10: without a descriptor for one more client the host waits; it neither spins nor forgets him.
#[test]
fn a_host_without_descriptors_waits_for_one() {
    let rig = Rig::new();
    let session = begin(&rig);
    let before = session.pids();
    let mut guests = vec![Stranger::greeted(&session)];
    // The lowest free number is the first that is refused: clients take all below the highest.
    let used = || -> BTreeSet<u64> {
        let files = std::fs::read_dir(format!("/proc/{}/fd", before.host)).unwrap();
        files.map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect()
    };
    let full = eventually(LIMIT, || {
        let used = used();
        let full = used.iter().copied().eq(0..used.len() as u64);
        if !full {
            guests.push(Stranger::greeted(&session));
        }
        full.then_some(used.len() as u64)
    });
    let (host, usual) = (Pid::from_raw(before.host as i32), getrlimit(Resource::Nofile));
    let limit = Rlimit { current: full, maximum: usual.maximum };
    prlimit(host, Resource::Nofile, limit).unwrap();
    let mut late = Stranger::knock(&session);
    let hello = json!({ "id": 1, "request": "hello", "version": 1, "name": "late", "pid": 1 }).to_string();
    late.say(hello.as_bytes(), b"");
    let used = testkit::proc::processor_time(before.host).unwrap();
    late.socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let waits = late.socket.read(&mut [0; 1]).unwrap_err();
    assert_eq!(waits.kind(), std::io::ErrorKind::WouldBlock, "he is neither heard nor sent away");
    let used = testkit::proc::processor_time(before.host).unwrap() - used;
    assert!(used < Duration::from_millis(200), "{used:?} of one second");
    assert_eq!(guests[0].ask(&json!({ "id": 2, "request": "status" }))["answer"], "status");
    let doctor = rig.instance.json(&["doctor", "--json"]);
    let mut findings = doctor["findings"].as_array().unwrap().iter();
    let told = findings.find(|finding| finding["check"] == "logs").expect("its log is looked at");
    let told = told["what"].as_str().unwrap();
    assert!(told.contains("`open`") && told.contains("host: cannot let clients in"), "{told}");
    prlimit(host, Resource::Nofile, usual).unwrap();
    late.socket.set_read_timeout(Some(LIMIT)).unwrap();
    assert_eq!(late.hear().expect("an answer")["answer"], "welcome");
    assert_unharmed(&rig, &session, &before);
}
