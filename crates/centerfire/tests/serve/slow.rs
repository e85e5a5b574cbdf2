//! Clients that paint slowly, or not at all, and what they cost.

use crate::events::{Events, Heard};
use crate::http::{Call, dial};
use crate::rig::{LIMIT, Rig};
use crate::socket::{Came, Socket};
use crate::stream::noise_without_queries;
use rustix::process::Signal;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};
use testkit::{assert_same, eventually, proc};

/// What may be sent and not painted.
const AHEAD_BYTES: usize = 1 << 20; // 1 MiB
/// Who is further behind gets the screen.
const BEHIND_MAX_BYTES: u64 = 8 << 20; // 8 MiB
/// What a server's memory may grow by while it serves slow clients and a flood: its shared frames, a snapshot, buffers.
const GROWTH_MAX_BYTES: u64 = 24 << 20; // 24 MiB

/// More than the system keeps for a connection on both sides.
const FLOOD_BYTES: usize = 24 << 20; // 24 MiB
/// More than the server keeps of a session, and less than what would be left out.
const PAST_BYTES: usize = 6 << 20; // 6 MiB
/// A client that takes nothing is cut off after 60 s, and the server may be busy.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(75);

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

/// Invariant 10: the same limit holds for who reads what the server keeps no longer, from the recording; and as he paints he
/// gets all of it, byte for byte.
#[test]
fn who_reads_the_recording_gets_no_more_ahead_than_others() {
    let rig = Rig::new();
    let mut part = noise_without_queries(41, PAST_BYTES);
    part[PAST_BYTES - 1] = 0x18;
    rig.file("part", &part);
    rig.start("past", "stty raw -echo; echo ready; head -c 1 >/dev/null; cat part; head -c 1 >/dev/null");
    rig.press("past", "x");
    let end = ("ready\n".len() + part.len()) as u64;
    rig.wait_for_stored("past", end);
    let mut client = rig.join("past", "?from=0");
    for id in 1..=5 {
        sync(&mut client, id);
    }
    let mut before = 0;
    loop {
        let ahead = client.output.len() - before;
        assert!(ahead < AHEAD_BYTES + client.largest, "{ahead} bytes are more than what may be sent");
        if client.offset == end {
            break;
        }
        assert!(ahead >= AHEAD_BYTES, "{ahead} bytes are less than what may be sent");
        before = client.output.len();
        client.paint();
        while client.offset < end && client.output.len() < before + AHEAD_BYTES {
            assert!(matches!(client.next(), Came::Output), "output goes on");
        }
        sync(&mut client, 6);
    }
    assert!(client.screens.is_empty());
    assert_same(&client.output, &rig.stored("past"), "who read the recording");
}

/// Output that flows without a pause holds up nothing else that a client is told: answers, the screen that it asks for, and
/// that the server ends.
#[test]
fn who_is_sent_much_is_told_other_things_meanwhile() {
    let rig = Rig::new();
    rig.file("part", &vec![b'x'; PAST_BYTES]);
    rig.start("past", "stty raw -echo; echo ready; head -c 1 >/dev/null; cat part; head -c 1 >/dev/null");
    rig.press("past", "x");
    let end = ("ready\n".len() + PAST_BYTES) as u64;
    rig.wait_for_stored("past", end);
    let flooded = || {
        let mut client = rig.join("past", "?from=0");
        // From now on nothing stops the server but the connection.
        client.say(&json!({ "type": "painted", "offset": 1_u64 << 40 }));
        client
    };
    let mut client = flooded();
    client.say(&json!({ "type": "nonsense" }));
    client.wait_unpainted("an answer", |said| said["type"] == "error");
    assert!(client.offset < end, "what he said is answered behind all output");

    let mut client = flooded();
    client.say(&json!({ "type": "resync" }));
    let mut behind = 0;
    while client.screens.is_empty() {
        behind = client.offset;
        assert!(matches!(client.next(), Came::Output | Came::Screen | Came::Said(_)), "at {behind}");
    }
    assert!(behind < end, "the screen comes behind all output");

    let before = sent(&rig);
    let mut client = flooded();
    let flows = || (sent(&rig) > before + 2 * AHEAD_BYTES as u64).then_some(());
    eventually(LIMIT, flows).expect("more than what may be sent ahead is sent");
    rig.signal_server(Signal::TERM);
    assert_eq!(client.read_to_end().1, 1012);
    assert!(client.offset < end, "the server says that it ends behind all output");
}

/// Bytes that the server sent to viewers.
fn sent(rig: &Rig) -> u64 {
    let metrics = Call::get("/metrics").bearer(&rig.manage).send(rig).body;
    let metrics = String::from_utf8(metrics).expect("a text");
    let sent = metrics.lines().find_map(|line| line.strip_prefix("centerfire_viewers_sent_bytes_total "));
    sent.and_then(|sent| sent.parse().ok()).unwrap_or_else(|| panic!("{metrics}"))
}

/// Invariant 10, T28: who takes nothing of what is sent to him, in whatever way he asked for it, is cut off after a minute;
/// one who only has nothing to say is not.
#[test]
fn who_never_reads_is_cut_off() {
    let rig = Rig::new();
    rig.file("part", &vec![b'x'; FLOOD_BYTES]);
    rig.start("flood", "stty raw -echo; echo ready; head -c 1 >/dev/null; cat part; head -c 1 >/dev/null");
    rig.start("idle", "echo ready; exec cat");
    let mut watcher = rig.join("idle", "");
    watcher.wait_for("hello", |said| said["type"] == "hello");
    let mut listener = Events::open(rig.address(), &rig.manage, "idle", None).expect("listen");
    let before = sockets(&rig);

    let ask = |call: Call| {
        let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
        let call = call.header("connection", "upgrade, keep-alive").bearer(&rig.manage);
        stream.write_all(&call.bytes(rig.address())).expect("ask");
        stream
    };
    let socket = |query| Call::get(&format!("/ws/flood{query}")).upgrade();
    let flood = "/api/v1/sessions/flood";
    let waiting = [
        ask(socket("")),
        ask(socket("?from=0").header("sec-websocket-protocol", "centerfire.v1")),
        ask(Call::get(&format!("{flood}/events?from=0"))),
    ];
    rig.press("flood", "x");
    rig.wait_for_stored("flood", FLOOD_BYTES as u64);
    let asking =
        [ask(Call::get(&format!("{flood}/output"))), ask(Call::get(&format!("{flood}/export?format=raw")))];
    let held = waiting.len() + asking.len();
    let begun = Instant::now();
    let all = eventually(LIMIT, || (sockets(&rig) >= before + held).then_some(()));
    all.unwrap_or_else(|| panic!("{} sockets instead of {} and {held}", sockets(&rig), before));
    // What the idle ones are asked, and answer.
    let cut_off = eventually(CUT_OFF_WITHIN, || {
        let came = watcher.next_until(Instant::now());
        assert!(!matches!(came, Came::Closed(_) | Came::Broken), "who answers stays");
        let heard = listener.next_until(Instant::now());
        assert!(!matches!(heard, Heard::Ended | Heard::Broken), "who listens stays");
        (sockets(&rig) <= before).then_some(())
    });
    cut_off.unwrap_or_else(|| panic!("{} sockets instead of {before} after a minute", sockets(&rig)));
    assert!(begun.elapsed() > Duration::from_secs(30), "nobody is cut off for a pause");
    assert_eq!(Call::get("/api/v1/health").send(&rig).json()["watched_sessions"], 1);
    drop((waiting, asking));
}

/// Invariant 10: exports that nobody takes hold up nothing else, and one too many is told when to come again.
#[test]
fn exports_that_nobody_takes_hold_up_nobody() {
    let rig = Rig::new();
    rig.file("part", &vec![b'x'; FLOOD_BYTES]);
    rig.start("flood", "stty raw -echo; echo ready; head -c 1 >/dev/null; cat part; head -c 1 >/dev/null");
    rig.press("flood", "x");
    rig.wait_for_stored("flood", FLOOD_BYTES as u64);
    let viewers = [(); 5].map(|()| rig.token(&["--role", "view"]));
    let export = |viewer: &str| Call::get("/api/v1/sessions/flood/export?format=raw").bearer(viewer);
    let held = [0, 0, 1, 1, 2, 2, 3, 3].map(|viewer: usize| {
        let export = export(&viewers[viewer]);
        let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
        stream.write_all(&export.bytes(rig.address())).expect("ask");
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).expect("an answer begins");
        assert_eq!(&begun, b"HTTP/1.1 200");
        stream
    });
    let export = export(&viewers[4]);
    let refused = export.send(&rig);
    assert_eq!((refused.status, refused.code().as_str()), (503, "BUSY"), "{refused:?}");
    assert!(refused.header("retry-after").is_some_and(|wait| wait.parse::<u64>().is_ok()), "{refused:?}");
    assert!(rig.offset("flood") > FLOOD_BYTES as u64, "other work is done");
    drop(held);
    let again = || (export.send(&rig).status == 200).then_some(());
    eventually(LIMIT, again).expect("there is room again");
}

/// How many sockets the server has.
fn sockets(rig: &Rig) -> usize {
    let files = proc::open_files(rig.server_pid()).expect("the server's files");
    files.iter().filter(|file| file.to_string_lossy().starts_with("socket:")).count()
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
