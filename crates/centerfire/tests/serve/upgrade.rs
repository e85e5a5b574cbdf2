//! A server that becomes another binary, and its description.

use crate::busy::{Busy, Follower, NAME, STEP_BYTES, Story, Way};
use crate::http::{Call, dial};
use crate::rig::{LIMIT, Rig};
use crate::stream::Chance;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};
use testkit::{assert_same, eventually};

const UPGRADES: usize = 8;
/// Clients that watch by WebSocket, and by server-sent events.
const WATCHERS: usize = 6;
const LISTENERS: usize = 3;
/// Parts that the program writes between two upgrades, and how many of them clients have, by chance, at the next one.
const STEPS: usize = 48;
const SEEN_STEPS: u64 = 40;
const ALL_WITHIN: Duration = Duration::from_secs(120);
const SEED: u64 = 22;
/// A server that is told to end or to be replaced waits 2 s for requests, and 1 s for what they began. This is less than the
/// 20 s for which a host is asked.
const SOON: Duration = Duration::from_secs(17);

/// A43, A51: the server is replaced under load, by command and by signal. Nobody's request fails, who watches is told to come
/// again, and has the very bytes that are stored.
#[test]
fn no_request_fails_and_no_byte_is_lost_while_the_server_is_replaced() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let mut chance = Chance::new(SEED);
    let mut busy = Busy::start(&rig, SEED, (UPGRADES + 1) * STEPS);
    let (done, answered) = (AtomicBool::new(false), [const { AtomicUsize::new(0) }; 4]);
    let seen: [AtomicU64; WATCHERS + LISTENERS] = Default::default();
    let (stories, stream) = thread::scope(|scope| {
        // However it ends, they stop.
        let _done = Done(&done);
        let deadline = Instant::now() + ALL_WITHIN;
        for (calls, answered) in calls(&rig).into_iter().zip(&answered) {
            let (rig, done) = (&rig, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let answer = calls.try_send(rig);
                    let answer = answer.map(|answer| (answer.status, answer.error()));
                    assert_eq!(answer, Ok((200, None)), "{}", calls.bytes(rig.address()).escape_ascii());
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let follow = |(place, seen)| {
            let way = if place < WATCHERS { Way::WebSocket } else { Way::Events };
            let follower = Follower { way, address: rig.address(), secret: &rig.manage, seen, deadline };
            scope.spawn(move || (way, follower.follow()))
        };
        let clients: Vec<ScopedJoinHandle<(Way, Story)>> = seen.iter().enumerate().map(follow).collect();
        for upgrade in 0..UPGRADES {
            busy.write(STEPS);
            let due =
                (upgrade * STEPS * STEP_BYTES) as u64 + 1 + chance.below(SEEN_STEPS * STEP_BYTES as u64);
            let all = || seen.iter().all(|seen| seen.load(Ordering::Relaxed) >= due).then_some(());
            eventually(LIMIT, all).unwrap_or_else(|| panic!("upgrade {upgrade}: of {due} bytes {seen:?}"));
            replace(&rig, upgrade);
        }
        busy.write(STEPS);
        let stream = busy.end();
        let stories: Vec<_> = clients.into_iter().map(|client| client.join().expect("a client")).collect();
        (stories, stream)
    });

    let stored = rig.stored(NAME);
    assert!(stored.ends_with(&stream), "the program wrote everything");
    for (way, story) in stories {
        assert_eq!(
            (story.broken, story.refused),
            (0, vec![]),
            "{way:?}: connections that broke, or that nobody took"
        );
        assert!(story.connections > UPGRADES, "{way:?}: {} connections", story.connections);
        assert_same(&story.output, &stored, &format!("{way:?}"));
    }
    for answered in answered {
        assert!(answered.load(Ordering::Relaxed) > UPGRADES);
    }
    assert!(rig.run(&["send", "own", "--submit", "still here"]).status.success());
}

/// What is asked for again and again meanwhile: things of every kind.
fn calls(rig: &Rig) -> [Call; 4] {
    let calls = [
        Call::get("/api/v1/sessions"),
        Call::get(&format!("/api/v1/sessions/{NAME}/screen")),
        Call::get(&format!("/api/v1/sessions/{NAME}/output?limit=200000")),
        Call::post("/api/v1/sessions/own/submit", &json!({ "text": "typed meanwhile" })),
    ];
    calls.map(|call| call.bearer(&rig.manage))
}

/// Has the server become its binary again: by command, or by signal, which says no more.
fn replace(rig: &Rig, upgrade: usize) {
    if upgrade.is_multiple_of(2) {
        let upgraded = rig.run(&["upgrade"]);
        assert!(upgraded.status.success(), "{upgraded:?}");
        return;
    }
    let file = rig.instance.home().join("state/gateway/server.json");
    let started = || {
        let told: Value = serde_json::from_slice(&std::fs::read(&file).ok()?).ok()?;
        told["started"].as_u64()
    };
    let before = started().expect("the server tells when it began");
    kill_process(Pid::from_raw(rig.server_pid() as i32).expect("a process"), Signal::HUP).expect("signal it");
    eventually(LIMIT, || (started()? > before).then_some(())).expect("the server becomes another");
}

/// T28: a session whose host does not answer, and who asks for its screen, hold up neither an upgrade nor the end.
#[test]
fn a_host_that_does_not_answer_holds_up_no_upgrade_and_no_end() {
    let mut rig = Rig::new();
    rig.start("hung", "echo ready; exec cat");
    kill_process(rig.host("hung"), Signal::STOP).expect("stop the host");
    let asking = || {
        let mut stream = dial(Ipv4Addr::LOCALHOST, rig.address()).expect("connect to the server");
        let call = Call::get("/api/v1/sessions/hung/screen").bearer(&rig.manage);
        stream.write_all(&call.bytes(rig.address())).expect("ask");
        // Answered behind it on a thread of its own: then the question is under way as well.
        assert_eq!(Call::get("/api/v1/sessions").bearer(&rig.manage).send(&rig).status, 200);
        stream
    };
    let (_first, begun) = (asking(), Instant::now());
    let upgraded = rig.run(&["upgrade"]);
    assert!(upgraded.status.success(), "{upgraded:?}");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let (_second, begun) = (asking(), Instant::now());
    assert!(rig.stop_server(Signal::TERM).success());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// Set when it is dropped.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `docs/openapi.json` is what the server says of itself: `curl -s localhost:7333/openapi.json | python3 -m json.tool
/// --indent 1 > docs/openapi.json` writes it anew.
#[test]
fn the_description_in_the_repository_is_the_servers() {
    let file = testkit::tools::repository().join("docs/openapi.json");
    let file = std::fs::read(file).expect("the description is in the repository");
    let file: serde_json::Value = serde_json::from_slice(&file).expect("it is JSON");
    let answer = Call::get("/openapi.json").send(&Rig::new());
    assert_eq!(answer.json(), file);
}
