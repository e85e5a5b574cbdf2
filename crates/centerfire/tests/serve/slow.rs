//! Clients that paint slowly, or not at all, and what they cost.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use crate::socket::Socket;
use serde_json::json;
use std::time::Duration;
use testkit::{eventually, proc};

/// What may be sent and not painted.
const AHEAD_BYTES: usize = 1 << 20; // 1 MiB
/// Who is further behind gets the screen.
const BEHIND_MAX_BYTES: u64 = 8 << 20; // 8 MiB
/// What a server's memory may grow by while it serves slow clients and a flood: its shared frames, a snapshot, buffers.
const GROWTH_MAX_BYTES: u64 = 24 << 20; // 24 MiB

/// Asks something whose answer comes only after everything that may be sent was sent.
fn sync(client: &mut Socket, id: u64) {
    client.say(&json!({ "type": "control", "id": id, "size": { "cols": 0, "rows": 0 } }));
    let answer = client.wait_unpainted("an answer", |said| said["id"] == id);
    assert_eq!(answer["type"], "error", "{answer}");
}

/// Invariants 2 and 10, T28: who paints nothing gets what may be sent ahead and no more; who is too far behind gets the screen and goes
/// on from there; nobody else waits for him, and the server keeps nothing for him.
#[test]
fn who_paints_nothing_stops_only_himself() {
    let rig = Rig::new();
    let line = format!("{}\n", "0123456789abcdef".repeat(4));
    let part = line.repeat((4 << 20) / line.len());
    rig.file("part", part.as_bytes());
    let round = (4 * part.len() + "over\n".len()) as u64;
    rig.start(
        "flood",
        "stty raw -echo; echo ready; while head -c 1 >/dev/null; do cat part part part part; echo over; done",
    );
    let mut stuck: Vec<Socket> = (0..4).map(|_| rig.join("flood", "?from=0")).collect();
    let mut fast = rig.join("flood", "?from=0");
    fast.wait_for("hello", |said| said["type"] == "hello");
    let before = proc::memory(rig.server_pid()).expect("the server's memory");

    rig.press("flood", "x");
    let end = "ready\n".len() as u64 + round;
    fast.read_to(end);
    let grown = proc::memory(rig.server_pid()).expect("the server's memory").saturating_sub(before);
    assert!(grown < GROWTH_MAX_BYTES, "the server grew by {grown} bytes");
    for client in &mut stuck {
        for id in 1..=5 {
            sync(client, id);
        }
        let got = client.output.len();
        assert!(got >= AHEAD_BYTES, "{got} bytes are less than what may be sent");
        assert!(got < AHEAD_BYTES + client.largest, "{got} bytes are more than what may be sent");
        assert!(client.screens.is_empty());
    }

    // Sixteen megabytes are more than what is worth being caught up on.
    assert!(end > BEHIND_MAX_BYTES + 2 * AHEAD_BYTES as u64);
    rig.wait_for_line("flood", "over");
    for client in &mut stuck {
        client.paint();
        client.read_to(end);
        assert_eq!(client.screens.len(), 1, "the screen stands for what was left out");
        let screen = &client.screens[0];
        assert_eq!(screen.size, (80, 24));
        assert!(screen.bytes.windows(4).any(|window| window == b"over"), "{}", screen.bytes.escape_ascii());
    }
    // And goes on.
    rig.press("flood", "x");
    for client in &mut stuck {
        client.read_to(end + round);
    }
}

/// T10: a client that comes while the last bytes might become a question is told the rest when it is known, and the server
/// does not turn in circles until then.
#[test]
fn bytes_that_may_become_a_question_cost_nothing_while_they_wait() {
    let rig = Rig::new();
    rig.start(
        "held",
        r"stty raw -echo; printf 'ready\r\n\033['; head -c 1 >/dev/null; printf '1mbold'; head -c 1 >/dev/null",
    );
    let mut clients = [rig.join("held", ""), rig.join("held", "?from=0"), rig.join("held", "?from=3")];
    for client in &mut clients {
        while client.offset < 7 {
            client.next();
            client.paint();
        }
    }
    let before = proc::processor_time(rig.server_pid()).expect("the server's time");
    let wall = std::time::Instant::now();
    // What takes the server a while by the clock, and next to nothing to do.
    while wall.elapsed() < Duration::from_secs(2) {
        Call::get("/api/v1/health").send(&rig);
        std::thread::sleep(Duration::from_millis(50));
    }
    let used = proc::processor_time(rig.server_pid()).expect("the server's time") - before;
    assert!(used < Duration::from_millis(500), "{used:?} in {:?}", wall.elapsed());
    rig.press("held", "x");
    let end = "ready\r\n\x1b[1mbold".len() as u64;
    for client in &mut clients {
        client.read_to(end);
        assert!(client.output.ends_with(b"\x1b[1mbold"), "{}", client.output.escape_ascii());
    }
}

/// A client that leaves without a word is forgotten, and its session is followed no longer.
#[test]
fn a_client_that_leaves_is_forgotten() {
    let rig = Rig::new();
    rig.start("idle", "echo ready; exec cat");
    let watched = |rig: &Rig| Call::get("/api/v1/health").send(rig).json()["watched_sessions"].clone();
    let client = rig.join("idle", "");
    assert_eq!(watched(&rig), 1);
    drop(client);
    eventually(LIMIT, || (watched(&rig) == 0).then_some(())).expect("nobody watches");
}
