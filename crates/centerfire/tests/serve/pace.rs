//! How often a token may change something.

use crate::http::Call;
use crate::rig::Rig;
use serde_json::json;

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
