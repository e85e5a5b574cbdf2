//! What clients type.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use crate::socket::{Came, Socket};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Instant;
use testkit::eventually;
use tungstenite::Message;

/// Writes what it reads into a file, in raw mode.
const TAKES: &str = "stty raw -echo; echo ready; exec cat >got";

/// Waits until the program has read this.
#[track_caller]
fn wait_for_got(rig: &Rig, expected: &[u8]) {
    let read = || std::fs::read(rig.instance.work().join("got")).unwrap_or_default();
    eventually(LIMIT, || (read() == expected).then_some(()))
        .unwrap_or_else(|| panic!("the program read {}", read().escape_ascii()));
}

/// Invariant 6, T9: keys are typed as they are, NUL and invalid UTF-8 included, and acknowledged in their order.
#[test]
fn keys_arrive_and_are_acknowledged_in_their_order() {
    const KEYS: u64 = 500;
    let rig = Rig::new();
    rig.start("takes", TAKES);
    let mut client = rig.join("takes", "");
    let mut expected = Vec::new();
    // Input of the id 0 is not acknowledged.
    for id in 1..=KEYS {
        let bytes = [b'<', id as u8, 0xff, 0, b'>'];
        client.keys(id * 3, &bytes);
        expected.extend_from_slice(&bytes);
    }
    for id in 1..=KEYS {
        let said = client.wait_for("an ack", |said| matches!(said["type"].as_str(), Some("ack" | "error")));
        assert_eq!((said["type"].as_str(), said["id"].as_u64()), (Some("ack"), Some(id * 3)), "{said}");
        assert!(said["offset"].is_u64(), "{said}");
    }
    wait_for_got(&rig, &expected);
}

/// Each form types what the same command would.
#[test]
fn each_form_types_what_it_says() {
    let rig = Rig::new();
    rig.start("takes", TAKES);
    let mut client = rig.join("takes", "");
    let forms = [
        ("raw", "r\r"),
        ("text", "t\n"),
        ("paste", "p"),
        ("submit", "two\nlines"),
        ("keys", "Up\nC-a\nEnter"),
    ];
    for (id, (form, text)) in (1..).zip(&forms) {
        client.say(&json!({ "type": "input", "id": id, "form": form, "text": text }));
        let answer = client.answer(id);
        assert_eq!(answer["type"], "ack", "{answer}");
    }
    wait_for_got(&rig, b"r\rt\rptwo\rlines\r\x1b[A\x01\r");
    let mut plain = rig.join_plain("takes");
    plain.next().expect("the screen");
    plain.write(b"\x00plain\xff");
    plain.say("text");
    wait_for_got(&rig, b"r\rt\rptwo\rlines\r\x1b[A\x01\r\x00plain\xfftext");
}

/// What cannot be done is an error under its id, or without one where there is none, and ends nothing.
#[test]
fn what_cannot_be_done_is_told_and_ends_nothing() {
    let rig = Rig::new();
    rig.start("takes", TAKES);
    let viewer = rig.token(&["--role", "view"]);
    let mut client = rig.join_as(&viewer, "takes", "");
    client.keys(1, b"x");
    assert_eq!(client.answer(1)["code"], "FORBIDDEN");
    client.say(&json!({ "type": "input", "id": 2, "form": "text", "text": "x" }));
    assert_eq!(client.answer(2)["code"], "FORBIDDEN");

    let mut client = rig.join("takes", "");
    client.say(&json!({ "type": "input", "id": 3, "form": "keys", "text": "Nonsense" }));
    assert_eq!(client.answer(3)["code"], "BAD_REQUEST");
    let wrong = [
        Message::text("no JSON"),
        Message::text(r#"{"type":"unheard of"}"#),
        Message::text(r#"{"type":"painted"}"#),
        Message::text(r#"{"type":"input","id":-1,"form":"raw","text":""}"#),
        Message::binary(Vec::new()),
        Message::binary(vec![1, 2, 3]),
        Message::binary(vec![9; 20]),
    ];
    for message in wrong {
        client.send(message.clone());
        let said = client.wait_for("an error", |said| said["type"] == "error");
        assert_eq!(
            (said["code"].as_str(), &said["id"]),
            (Some("INVALID_MESSAGE"), &Value::Null),
            "{message}"
        );
    }
    client.keys(u64::MAX, b"still here");
    assert_eq!(client.answer(u64::MAX)["type"], "ack");
    wait_for_got(&rig, b"still here");
}

/// One message of 1 MiB is taken; a longer one closes the connection.
#[test]
fn a_message_has_a_limit() {
    let rig = Rig::new();
    rig.start("takes", TAKES);
    let mut client = rig.join("takes", "");
    client.keys(1, &vec![b'x'; 1 << 20]);
    assert_eq!(client.answer(1)["type"], "ack");
    client.keys(2, &vec![b'x'; (1 << 20) + 2048]);
    let deadline = Instant::now() + LIMIT;
    loop {
        match client.next_until(deadline) {
            Came::Broken | Came::Closed(_) => break,
            Came::Nothing => panic!("the connection holds"),
            Came::Said(said) => assert_ne!(said["id"], 2, "{said}"),
            _ => {}
        }
    }
}

/// Input for a session that has ended is an error with a code, by WebSocket and by HTTP.
#[test]
fn who_types_into_an_ended_session_is_told() {
    let rig = Rig::new();
    rig.start("done", "stty raw -echo; echo ready; head -c 1 >/dev/null; yes 0123456789 | head -c 3000000");
    // It paints nothing, and so is kept from the end.
    let mut client = rig.join("done", "?from=0");
    rig.press("done", "x");
    rig.wait_for_end("done");
    client.keys(1, b"x");
    let answer = client.wait_unpainted("an answer", |said| said["id"] == 1);
    assert_eq!(
        (answer["type"].as_str(), answer["code"].as_str()),
        (Some("error"), Some("ENDED")),
        "{answer}"
    );
    let (said, code) = {
        client.paint();
        client.read_to_end()
    };
    assert_eq!((said["type"].as_str(), code), (Some("exited"), 1000));
    let call = Call::post("/api/v1/sessions/done/input", &json!({ "text": "x" })).bearer(&rig.manage);
    let answer = call.send(&rig);
    assert_eq!((answer.status, answer.code().as_str()), (409, "ENDED"));
}

/// T6, T28: a program that does not read holds up whoever pastes, and nobody's view: not even his.
#[test]
fn a_paste_that_nobody_reads_holds_up_no_output() {
    let rig = Rig::new();
    rig.start("deaf", "stty raw -echo; echo ready; while :; do echo tick; sleep 0.02; done");
    let mut viewer = rig.join("deaf", "");
    let mut client = rig.join("deaf", "");
    let paste = "p".repeat(300_000);
    let refused = |client: &Socket| client.said.iter().find(|said| said["type"] == "error").cloned();
    let mut id = 0;
    let said = loop {
        id += 1;
        client.say(&json!({ "type": "input", "id": id, "form": "paste", "text": paste }));
        client.read_to(client.offset + 10);
        if let Some(said) = refused(&client) {
            break said;
        }
        assert!(id < 100, "thirty megabytes wait to be read");
    };
    assert_eq!(said["code"], "WRITE_REJECTED", "{said}");
    for client in [&mut viewer, &mut client] {
        client.read_to(client.offset + 100);
    }
    // More keys than may wait, and the view goes on.
    for id in 100..2200 {
        client.keys(id, b"");
        client.keys(id, b"k");
    }
    client.read_to(client.offset + 200);
    viewer.read_to(client.offset);
}

/// A signal of one's choice over HTTP, and the end of a session without one; a body may be left out.
#[test]
fn a_signal_is_sent_over_http() {
    let rig = Rig::new();
    rig.start("traps", "trap 'echo heard' USR1; echo ready; while :; do sleep 0.05; done");
    let kill = || {
        Call::post("/api/v1/sessions/traps/kill", &json!({ "signal": Signal::USR1.as_raw() }))
            .bearer(&rig.manage)
    };
    assert_eq!(kill().send(&rig).json()["signal"], Signal::USR1.as_raw());
    rig.wait_for_line("traps", "heard");
    let end = Call::new("POST", "/api/v1/sessions/traps/kill").bearer(&rig.manage).send(&rig);
    assert_eq!(end.json()["exit"]["signal"], Signal::HUP.as_raw(), "{end:?}");
}
