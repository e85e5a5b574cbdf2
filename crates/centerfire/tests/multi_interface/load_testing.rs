//! Hundreds of requests a second beside a busy session.

use crate::busy::{Busy, Follower, NAME, STEP_BYTES, Way};
use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use serde_json::json;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Instant;
use testkit::assert_same;

/// Clients, and what each asks for.
const CLIENTS: usize = 6;
const REQUESTS: usize = 300;
/// Fewer requests a second than this are no load; what a machine does is printed.
const LEAST_PER_SECOND: f64 = 100.0;
/// Parts that the session writes meanwhile, two for each request of one client: 9.4 MiB.
const STEPS: usize = 2 * REQUESTS;

/// A51: no request fails, and the session that is watched meanwhile has every byte.
#[test]
fn no_request_fails_under_load() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let mut busy = Busy::start(&rig, 51, STEPS);
    let calls = [
        Call::get("/api/v1/health"),
        Call::get("/api/v1/sessions"),
        Call::get(&format!("/api/v1/sessions/{NAME}/screen")),
        Call::get(&format!("/api/v1/sessions/{NAME}/output?from=0")),
        Call::post("/api/v1/sessions/own/input", &json!({ "text": "x" })),
        Call::get("/api/health"),
    ];
    let seen: [AtomicU64; 4] = Default::default();
    let (stories, stream) = thread::scope(|scope| {
        let deadline = Instant::now() + 4 * LIMIT;
        let follow = |(place, seen)| {
            let way = if place % 2 == 0 { Way::WebSocket } else { Way::Events };
            let follower = Follower { way, address: rig.address(), secret: &rig.manage, seen, deadline };
            scope.spawn(move || (way, follower.follow()))
        };
        let followers: Vec<_> = seen.iter().enumerate().map(follow).collect();
        let begun = Instant::now();
        let ask = |client: usize, request: usize| {
            let call = calls[(client + request) % calls.len()].clone().bearer(&rig.manage);
            let answer = call.send(&rig);
            assert_eq!(answer.status, 200, "{answer:?}");
        };
        let others =
            (1..CLIENTS).map(|client| scope.spawn(move || (0..REQUESTS).for_each(|n| ask(client, n))));
        let others: Vec<_> = others.collect();
        for request in 0..REQUESTS {
            busy.write(STEPS / REQUESTS);
            ask(0, request);
        }
        others.into_iter().for_each(|client| client.join().expect("no request fails"));
        let per_second = (CLIENTS * REQUESTS) as f64 / begun.elapsed().as_secs_f64();
        println!("{per_second:.0} requests a second");
        assert!(per_second > LEAST_PER_SECOND, "{per_second:.0} requests a second");
        let stream = busy.end();
        let stories: Vec<_> = followers.into_iter().map(|one| one.join().expect("a follower")).collect();
        (stories, stream)
    });
    let stored = rig.stored(NAME);
    assert_eq!(stream.len(), STEPS * STEP_BYTES);
    assert!(stored.ends_with(&stream), "the program wrote everything");
    for (way, story) in stories {
        assert_eq!((story.connections, story.broken, story.refused), (1, 0, vec![]), "{way:?}");
        assert_same(&story.output, &stored, &format!("{way:?}"));
    }
}
