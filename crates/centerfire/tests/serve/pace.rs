//! How often a token may change something, and the log of what it did.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use serde_json::{Value, json};
use testkit::eventually;

/// Beyond the rate a request is told when to come again; reading and other tokens are not concerned.
#[test]
fn who_writes_too_fast_is_told_when_to_come_again() {
    let rig = Rig::serving(&["--set", "serve.writes_per_second=1"]);
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let quick = rig.token(&["--role", "type"]);
    let write = |secret: &str| {
        Call::post("/api/v1/sessions/own/input", &json!({ "text": "x" })).bearer(secret).send(&rig)
    };
    let refused =
        (0..30).map(|_| write(&quick)).find(|answer| answer.status != 200).expect("one is too many");
    assert_eq!((refused.status, refused.code().as_str()), (429, "RATE_LIMITED"), "{refused:?}");
    let wait: u64 = refused.header("retry-after").expect("when").parse().expect("a number of seconds");
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(Call::get("/api/v1/sessions/own").bearer(&quick).send(&rig).status, 200);
    assert_eq!(write(&rig.manage).status, 200);
}

/// What is typed over a WebSocket comes later then, and all of it.
#[test]
fn no_key_is_lost_for_being_pressed_too_fast() {
    let rig = Rig::serving(&["--set", "serve.writes_per_second=50"]);
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let mut client = rig.join("own", "");
    let begun = std::time::Instant::now();
    for id in 1..=300 {
        client.keys(id, b"x");
    }
    for id in 1..=300 {
        assert_eq!(client.answer(id)["type"], "ack");
    }
    // 250 of them at once.
    assert!(begun.elapsed().as_millis() >= 900, "{:?}", begun.elapsed());
}

/// By default nobody is held up who types, or pastes a lot.
#[test]
fn by_default_hands_are_never_too_fast() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let mut client = rig.join("own", "");
    for id in 1..=1000 {
        client.keys(id, b"x");
    }
    client.say(&json!({ "type": "input", "id": 1001, "form": "paste", "text": "long\n".repeat(100_000) }));
    assert_eq!(client.answer(1001)["type"], "ack");
    assert!(client.said.iter().all(|said| said["type"] != "error"), "{:?}", client.said);
}

/// So is everything else that it changes, and joining is refused like a request.
#[test]
fn whatever_changes_something_keeps_the_pace() {
    let rig = Rig::serving(&["--set", "serve.writes_per_second=10"]);
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let quick = rig.token(&["--role", "type"]);
    let mut client = rig.join_as(&quick, "own", "");
    let begun = std::time::Instant::now();
    let size = json!({ "cols": 80, "rows": 24 });
    for id in 1..=60 {
        client.say(&json!({ "type": "resize", "id": id, "size": size }));
    }
    assert_eq!(client.answer(60)["code"], "NOT_IN_CONTROL");
    // 50 of them at once.
    assert!(begun.elapsed().as_millis() >= 900, "{:?}", begun.elapsed());
    // Slower than any machine joins.
    let rig = Rig::serving(&["--set", "serve.writes_per_second=1"]);
    rig.start("own", "echo ready; exec cat");
    let join = Call::get("/ws/own").upgrade().bearer(&rig.manage);
    let refused = (0..100).map(|_| join.send(&rig)).find(|answer| answer.status != 101);
    assert_eq!(refused.expect("one is too many").code(), "RATE_LIMITED");
}

/// The log tells who joined, typed and changed the size, once for each; and of keys the first.
#[test]
fn the_log_tells_who_did_what() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let (secret, token) = rig.token_and_id(&["--role", "type", "--label", "hands"]);
    let mut client = rig.join_as(&secret, "own", "");
    for id in 1..=3 {
        client.keys(id, b"x");
    }
    let size = json!({ "cols": 90, "rows": 30 });
    for (id, word) in [(4, "control"), (5, "resize"), (6, "release")] {
        let said = match word {
            "release" => json!({ "type": word, "id": id }),
            _ => json!({ "type": word, "id": id, "size": size }),
        };
        client.say(&said);
        assert_eq!(client.answer(id)["type"], "ack");
    }
    let ended = json!({ "content": "x", "type": "raw" });
    assert_eq!(Call::post("/agentapi/own/message", &ended).bearer(&secret).send(&rig).status, 200);
    drop(client);
    let file = rig.instance.home().join("state/gateway/audit.jsonl");
    let actions = || {
        let log = std::fs::read_to_string(&file).expect("a log");
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        let own = lines.filter(|line| line["token"] == token.as_str());
        own.map(|line| line["action"].as_str().expect("an action").to_owned()).collect::<Vec<_>>()
    };
    eventually(LIMIT, || actions().contains(&"leave".to_owned()).then_some(())).expect("it left");
    assert_eq!(actions(), ["join", "type", "control", "resize", "release", "type", "leave"]);
}
