//! What sockets are told, the moment it happens.

use crate::rig::Rig;
use crate::socket::Plain;
use serde_json::{Value, json};
use testkit::assert_same;

/// The next message that was asked for: lists and signs of life are not.
#[track_caller]
fn answer(socket: &mut Plain) -> Value {
    loop {
        let said = socket.next_said().expect("an answer comes");
        if said["type"] != "Sessions" && said["type"] != "alive" {
            return said;
        }
    }
}

/// A21, A51: `/ws` in the plan's words.
#[test]
fn the_planned_messages_are_answered() {
    let rig = Rig::new();
    let mut socket = Plain::open(rig.address(), &rig.manage, "");
    let hello = socket.next_said().expect("it says hello");
    assert_eq!(hello["type"], "Connected", "{hello}");
    assert!(hello["server_time"].as_str().is_some_and(|time| time.ends_with('Z')), "{hello}");
    let request = json!({ "type": "AgentRequest", "agent_id": "naming", "action": "allocate", "params": {} });
    for (text, code) in [
        (request.to_string().as_str(), "AGENT_REQUEST_ERROR"),
        ("no JSON", "INVALID_MESSAGE"),
        ("{}", "INVALID_MESSAGE"),
        (r#"{"type":"AgentRequest"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"Connected"}"#, "UNSUPPORTED_MESSAGE"),
        (r#"{"type":"Nonsense"}"#, "UNSUPPORTED_MESSAGE"),
    ] {
        socket.say(text);
        let error = answer(&mut socket);
        assert_eq!((&error["type"], &error["code"]), (&json!("Error"), &json!(code)), "{text}: {error}");
        assert!(error["message"].is_string(), "{error}");
    }
    socket.say(r#"{"type":"ConversationCapture","content":"x"}"#);
    let captured = answer(&mut socket);
    assert_eq!(captured["type"], "ConversationCaptured");
    assert_eq!(captured["session_id"], hello["session_id"]);
    assert_eq!(captured["processed"], false, "there is nothing yet that would");
}

/// A session that starts and one that ends are told to whoever is connected, unasked.
#[test]
fn sessions_are_pushed() {
    let rig = Rig::new();
    let mut socket = Plain::open(rig.address(), &rig.manage, "");
    let mut wait_for = |phases: &[&str]| loop {
        let said = socket.next_said().expect("the list comes");
        if said["type"] == "Sessions" {
            let sessions = said["sessions"].as_array().expect("a list");
            if sessions.iter().map(|session| &session["phase"]).eq(phases) {
                return;
            }
        }
    };
    wait_for(&[]);
    rig.start("own", "echo ready; exec cat");
    wait_for(&["running"]);
    assert!(rig.run(&["kill", "own"]).status.success());
    wait_for(&["exited"]);
}

/// What one types at `/ws/{session}` all see, whatever they speak, up to the program's end.
#[test]
fn what_is_typed_is_seen_by_all() {
    let rig = Rig::new();
    rig.start("own", "stty -echo; echo ready; while read -r line; do echo \"got $line\"; done");
    let (mut typist, mut viewer) = (rig.join("own", "?from=0"), rig.join("own", "?from=0"));
    let mut plain = rig.join_plain("own");
    let screen = plain.next().expect("the screen comes");
    assert!(String::from_utf8_lossy(&screen).contains("ready"));
    typist.keys(1, b"one\r");
    let ack = typist.answer(1);
    assert_eq!(ack["type"], "ack", "{ack}");
    let expected = b"ready\r\ngot one\r\n";
    for client in [&mut typist, &mut viewer] {
        client.read_to(expected.len() as u64);
        assert_same(&client.output, expected, "what was typed");
    }
    // And the other way round.
    plain.write(b"two\r");
    for client in [&mut typist, &mut viewer] {
        client.read_to(expected.len() as u64 * 2 - 7);
        assert!(client.output.ends_with(b"got two\r\n"), "{}", client.output.escape_ascii());
    }
    typist.keys(2, b"\x04");
    for client in [&mut typist, &mut viewer] {
        assert_eq!(client.read_to_end().1, 1000);
    }
    let mut rest = Vec::new();
    while let Some(bytes) = plain.next() {
        rest.extend(bytes);
    }
    assert_same(&rest, &expected[7..].iter().chain(b"got two\r\n").copied().collect::<Vec<u8>>(), "plain");
}
