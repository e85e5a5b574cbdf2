//! Several sessions on one WebSocket.

use crate::rig::Rig;
use crate::socket::{Many, OnChannel};
use serde_json::json;
use std::collections::BTreeMap;
use testkit::assert_same;

/// Three sessions on one socket, one of them loud: each channel has its own session's bytes, to the last.
#[test]
fn sessions_share_a_socket_and_not_a_byte() {
    let rig = Rig::new();
    let script = |word: &str, times: u32| {
        format!("echo ready; read -r line; for i in $(seq {times}); do echo {word} $i; done")
    };
    for (name, times) in [("loud", 60_000), ("quiet", 3), ("small", 1)] {
        rig.start(name, &script(name, times));
    }
    let mut many = Many::open(rig.address(), &rig.manage);
    let names = BTreeMap::from([(7, "loud"), (0, "quiet"), (u32::MAX, "small")]);
    for (channel, name) in &names {
        many.say(&json!({ "type": "open", "channel": channel, "session": name, "from": 0 }));
    }
    let mut output: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut closed = BTreeMap::new();
    let mut acknowledged = 0;
    while closed.len() < names.len() {
        match many.next() {
            OnChannel::Frame(channel, frame) => {
                assert_eq!(frame[0], 1, "output, and no screen");
                output.entry(channel).or_default().extend_from_slice(&frame[9..]);
                let offset = u64::from_le_bytes(frame[1..9].try_into().unwrap());
                many.say(&json!({ "type": "painted", "channel": channel, "offset": offset }));
            }
            OnChannel::Said(said) if said["type"] == "ack" && said["id"] == 5 => acknowledged += 1,
            OnChannel::Said(said) if said["type"] == "closed" => {
                closed.insert(said["channel"].as_u64().unwrap() as u32, said["code"].as_u64().unwrap());
            }
            OnChannel::Said(said) if said["type"] == "hello" => {
                let channel = said["channel"].as_u64().unwrap() as u32;
                assert_eq!(said["name"], names[&channel]);
                many.press(channel, 5, "\r");
            }
            OnChannel::Said(_) => {}
            OnChannel::Closed(code) => panic!("closed with {code}"),
        }
    }
    assert_eq!(acknowledged, 3);
    for (channel, name) in &names {
        assert_eq!(closed[channel], 1000);
        assert_same(&output[channel], &rig.stored(name), name);
    }
}

#[test]
fn a_channel_is_opened_once_closed_and_opened_again_and_slips_are_told() {
    let rig = Rig::new();
    rig.start("one", "echo ready; exec cat");
    rig.start("two", "echo ready; exec cat");
    let id = rig.instance.json(&["show", "one", "--json"])["id"].as_str().unwrap().to_owned();
    let viewer = rig.token(&["--role", "view", "--session", &id]);
    let mut many = Many::open(rig.address(), &viewer);
    let mut ask = |text: serde_json::Value, word: &str| {
        many.say(&text);
        many.wait_for(|said| said["type"] == word)
    };
    let open =
        |channel: u32, session: &str| json!({ "type": "open", "channel": channel, "session": session });
    assert_eq!(ask(open(1, "two"), "refused")["code"], "NO_SUCH_SESSION", "the token opens one alone");
    assert_eq!(ask(open(1, "one"), "hello")["role"], "view");
    assert_eq!(ask(open(1, "one"), "refused")["channel"], 1, "it is open");
    let typed = json!({ "type": "input", "channel": 1, "id": 9, "form": "raw", "text": "x" });
    let refused = ask(typed, "error");
    assert_eq!((&refused["code"], &refused["id"]), (&json!("FORBIDDEN"), &json!(9)));
    assert_eq!(ask(json!({ "type": "painted", "channel": 2, "offset": 0 }), "error")["channel"], 2);
    assert!(
        ask(json!({ "type": "painted", "offset": 0 }), "error")["error"]
            .as_str()
            .unwrap()
            .contains("channel")
    );
    assert_eq!(ask(json!(["type"]), "error")["code"], "INVALID_MESSAGE");
    many.say(&json!({ "type": "close", "channel": 1 }));
    let again = rig.instance.run(&["kill", "one"]);
    assert!(again.status.success());
    many.say(&open(1, "one"));
    let closed = many.wait_for(|said| said["type"] == "closed");
    assert_eq!((&closed["channel"], &closed["code"]), (&json!(1), &json!(1000)));
}

#[test]
fn a_server_that_is_replaced_says_so_on_every_channel() {
    let mut rig = Rig::new();
    rig.start("one", "echo ready; exec cat");
    let mut many = Many::open(rig.address(), &rig.manage);
    many.say(&json!({ "type": "open", "channel": 1, "session": "one" }));
    many.wait_for(|said| said["type"] == "hello");
    assert!(rig.stop_server(rustix::process::Signal::TERM).success());
    assert_eq!(many.wait_for(|said| said["type"] == "closed")["code"], 1012);
    assert!(matches!(many.next(), OnChannel::Closed(1012)));
}
