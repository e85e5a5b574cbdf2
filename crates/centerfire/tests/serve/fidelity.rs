//! Every byte arrives as it is stored, from wherever a client begins.

use crate::http::Call;
use crate::rig::Rig;
use crate::stream::noise_without_queries;
use protocol::hex;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::assert_same;

/// In raw mode it says so, waits for a key, writes the first part, waits for another, writes the second.
const SCRIPT: &str =
    "stty raw -echo; echo ready; head -c 1 >/dev/null; cat first; head -c 1 >/dev/null; cat second";
/// Each part: together less than what a client may be behind.
const PART_BYTES: usize = 3 << 20; // 3 MiB

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Invariants 5 and 6, T11, T33: a client that has been there from the first byte on, one that joins in the middle, one that
/// has half of it, and plain ones get the very bytes that are stored, to the last.
#[test]
fn what_clients_get_is_what_is_stored() {
    let rig = Rig::new();
    // CAN ends whatever the noise began: bytes that might become a query are shown when it is known.
    let mut parts = [noise_without_queries(11, PART_BYTES), noise_without_queries(12, PART_BYTES)];
    parts[0][PART_BYTES - 1] = 0x18;
    rig.file("first", &parts[0]);
    rig.file("second", &parts[1]);
    rig.start("flood", SCRIPT);
    let mut first = rig.join("flood", "?from=0");
    let mut plain = rig.join_plain("flood");
    let screen = plain.next().expect("the screen");
    assert!(screen.windows(5).any(|window| window == b"ready"), "{}", screen.escape_ascii());

    let begun = rig.offset("flood");
    rig.press("flood", "x");
    let middle = begun + PART_BYTES as u64;
    rig.wait_for_stored("flood", middle);
    let mut late = rig.join("flood", "");
    late.wait_for("hello", |said| said["type"] == "hello");
    let half = begun + PART_BYTES as u64 / 2 + 77;
    let mut returning = rig.join("flood", &format!("?from={half}"));
    let mut late_plain = rig.join_plain("flood");
    let late_screen = late_plain.next().expect("the screen");
    assert!(!late_screen.is_empty());
    while late.screens.is_empty() {
        late.next();
    }
    late.paint();
    rig.press("flood", "x");

    let ends = [first.read_to_end(), late.read_to_end(), returning.read_to_end()];
    let stored = rig.stored("flood");
    for (said, code) in ends {
        assert_eq!((said["type"].as_str(), code), (Some("exited"), 1000), "{said}");
        assert_eq!(said["offset"], stored.len());
    }
    assert_eq!(sha256(&first.output), sha256(&stored));
    assert!(first.screens.is_empty() && returning.screens.is_empty(), "who has the rest needs no screen");
    assert_eq!((late.screens.len(), late.screens[0].offset), (1, middle));
    assert_same(&late.output, &stored[middle as usize..], "who joined in the middle");
    assert_same(&returning.output, &stored[half as usize..], "who had half of it");
    let mut rest = Vec::new();
    while let Some(bytes) = plain.next() {
        rest.extend(bytes);
    }
    assert_same(&rest, &stored[begun as usize..], "a plain client");
    let mut rest = Vec::new();
    while let Some(bytes) = late_plain.next() {
        rest.extend(bytes);
    }
    assert_same(&rest, &stored[middle as usize..], "a plain client that joined in the middle");
}

/// A client that comes when all is over gets what it lacks, and the end.
#[test]
fn a_session_that_is_over_is_told_to_its_end() {
    let rig = Rig::new();
    rig.start("done", "stty raw -echo; echo ready; head -c 1 >/dev/null; seq 100000; exit 7");
    rig.press("done", "x");
    rig.wait_for_end("done");
    let stored = rig.stored("done");
    for from in [0, 5, stored.len() / 2, stored.len()] {
        let mut client = rig.join("done", &format!("?from={from}"));
        let (said, code) = client.read_to_end();
        assert_eq!((said["type"].as_str(), code), (Some("exited"), 1000), "{said}");
        assert_eq!(said["status"]["code"], 7, "{said}");
        assert_same(&client.output, &stored[from..], "the rest");
    }
    // An offset that there is not yet: the screen is the only sensible answer.
    let mut client = rig.join("done", "?from=99999999");
    assert_eq!(client.read_to_end().1, 1000);
    assert_eq!(client.screens.len(), 1);
}

/// A screen is told in every moment, also in that in which the session ends: nobody who asks is told that somebody hung up.
#[test]
fn a_screen_that_is_asked_for_while_its_session_ends_is_told() {
    const SESSIONS: usize = 12;
    let rig = Rig::new();
    for number in 0..SESSIONS {
        let name = format!("brief{number}");
        rig.start(&name, "stty raw -echo; echo ready; head -c 1 >/dev/null; echo last words");
        let over = AtomicBool::new(false);
        let screen = Call::get(&format!("/api/v1/sessions/{name}/screen")).bearer(&rig.manage);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let answer = screen.send(&rig);
                        let told = (answer.status, answer.error());
                        over.fetch_or(told != (200, None), Ordering::Relaxed);
                        assert_eq!(told, (200, None));
                    }
                });
            }
            rig.press(&name, "x");
            rig.wait_for_end(&name);
            over.store(true, Ordering::Relaxed);
        });
        let lines = screen.send(&rig).json()["lines"].to_string();
        assert!(lines.contains("last words"), "{lines}");
    }
}
