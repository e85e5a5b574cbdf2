//! A server that is killed again and again.

use crate::busy::{Busy, Follower, NAME, STEP_BYTES, Way};
use crate::rig::{LIMIT, Rig};
use crate::stream::Chance;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use testkit::{assert_same, eventually};

const DEATHS: usize = 50;
/// Clients that watch by WebSocket, and by server-sent events.
const WATCHERS: usize = 10;
const LISTENERS: usize = 4;
/// Parts that the program writes between two deaths.
const STEPS: usize = 16;
/// Of these the clients have some, by chance, when the server dies, and never all.
const SEEN_STEPS: u64 = 12;
/// Time for everything: fifty servers are started one after the other.
const ALL_WITHIN: Duration = Duration::from_secs(150);
const SEED: u64 = 21;

/// Invariants 1 and 5: the server dies fifty times under output. The clients come back with the offset of what they had
/// last, and have the very bytes that are stored: nothing twice, nothing missing.
#[test]
fn no_byte_is_lost_or_doubled_by_a_server_that_dies() {
    let mut rig = Rig::new();
    let mut chance = Chance::new(SEED);
    let mut busy = Busy::start(&rig, SEED, (DEATHS + 1) * STEPS);
    let (address, secret) = (rig.address(), rig.manage.clone());
    let seen: [AtomicU64; WATCHERS + LISTENERS] = Default::default();
    let (stories, stream) = thread::scope(|scope| {
        let deadline = Instant::now() + ALL_WITHIN;
        let follow = |(place, seen)| {
            let way = if place < WATCHERS { Way::WebSocket } else { Way::Events };
            let follower = Follower { way, address, secret: &secret, seen, deadline };
            scope.spawn(move || (way, follower.follow()))
        };
        let clients: Vec<_> = seen.iter().enumerate().map(follow).collect();
        for death in 0..DEATHS {
            busy.write(STEPS);
            let due = (death * STEPS * STEP_BYTES) as u64 + 1 + chance.below(SEEN_STEPS * STEP_BYTES as u64);
            let all = || seen.iter().all(|seen| seen.load(Ordering::Relaxed) >= due).then_some(());
            eventually(LIMIT, all).unwrap_or_else(|| panic!("death {death}: of {due} bytes {seen:?}"));
            rig.restart_server();
        }
        busy.write(STEPS);
        let stream = busy.end();
        let stories: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
        (stories, stream)
    });

    let stored = rig.stored(NAME);
    assert!(stored.ends_with(&stream), "the program wrote everything");
    for (way, story) in stories {
        assert!(story.broken >= DEATHS, "{way:?}: {} of {DEATHS} connections broke", story.broken);
        assert_same(&story.output, &stored, &format!("{way:?}"));
    }
}
