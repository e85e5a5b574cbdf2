//! Who sets the size.

use crate::http::Call;
use crate::rig::Rig;
use crate::socket::Socket;
use serde_json::{Value, json};

/// Tells its size whenever it has changed. It looks, since bash may miss a signal that comes while it handles the last.
const TELLS: &str = "echo ready; while :; do now=$(stty size); [ \"$now\" = \"$last\" ] || echo \"$now\"; last=$now; \
     sleep 0.02; done";

fn control(client: &mut Socket, id: u64, size: (u16, u16), take: bool) -> bool {
    let size = json!({ "cols": size.0, "rows": size.1 });
    client.say(&json!({ "type": "control", "id": id, "size": size, "take": take }));
    let said = client.wait_for("word of control", |said| said["type"] == "control");
    assert_eq!(client.answer(id)["type"], "ack");
    said["control"].as_bool().expect("true or false")
}

fn resize(client: &mut Socket, id: u64, size: (u16, u16)) -> Value {
    client.say(&json!({ "type": "resize", "id": id, "size": { "cols": size.0, "rows": size.1 } }));
    client.answer(id)
}

/// T17: one client at a time sets the size. Who takes it over says so, the one before is told, and who does not
/// control is refused.
#[test]
fn one_client_controls_and_another_takes_over() {
    let rig = Rig::new();
    rig.start("tells", TELLS);
    let (mut one, mut other) = (rig.join("tells", ""), rig.join("tells", ""));
    // Who gets the first screen after a change of size is told of the change by the screen alone.
    while other.screens.is_empty() {
        other.next();
    }
    assert_eq!(resize(&mut one, 1, (90, 30))["code"], "NOT_IN_CONTROL", "nobody controls yet");

    assert!(control(&mut one, 2, (100, 30), false));
    rig.wait_for_line("tells", "^30 100");
    let resized = other.wait_for("the new size", |said| said["type"] == "resized" && said["cols"] == 100);
    assert_eq!(resized["rows"], 30);
    assert_eq!(resize(&mut one, 3, (101, 31))["type"], "ack");
    rig.wait_for_line("tells", "^31 101");
    assert_eq!(resize(&mut one, 4, (0, 31))["code"], "BAD_REQUEST");

    assert_eq!(resize(&mut other, 5, (50, 20))["code"], "NOT_IN_CONTROL");
    assert!(!control(&mut other, 6, (50, 20), false), "it is not there for the asking");
    assert!(control(&mut other, 7, (60, 22), true));
    rig.wait_for_line("tells", "^22 60");
    let told = one.wait_for("word of it", |said| said["type"] == "control");
    assert_eq!((told["control"].as_bool(), told["reason"].as_str()), (Some(false), Some("taken")), "{told}");
    assert_eq!(resize(&mut one, 8, (50, 20))["code"], "NOT_IN_CONTROL");

    other.say(&json!({ "type": "release", "id": 9 }));
    assert_eq!(other.answer(9)["type"], "ack");
    assert_eq!(resize(&mut other, 10, (50, 20))["code"], "NOT_IN_CONTROL", "it was given back");
    assert!(control(&mut one, 11, (70, 25), false));
    // A client that leaves gives it back as well.
    drop(one);
    rig.wait_for_line("tells", "^25 70");
    let free = || control(&mut other, 12, (71, 26), false).then_some(());
    testkit::eventually(crate::rig::LIMIT, free).expect("control is free");
}

/// T17: a request sets the size where nobody controls the session, and nowhere else.
#[test]
fn a_request_sets_the_size_where_nobody_controls() {
    let rig = Rig::new();
    rig.start("tells", TELLS);
    let resize = |cols: u16, rows: u16| {
        let size = json!({ "cols": cols, "rows": rows });
        Call::post("/api/v1/sessions/tells/resize", &size).bearer(&rig.manage).send(&rig)
    };
    assert_eq!(resize(100, 30).status, 200);
    rig.wait_for_line("tells", "^30 100");
    assert_eq!(resize(0, 30).status, 422);
    let mut client = rig.join("tells", "");
    assert!(control(&mut client, 1, (90, 25), false));
    let refused = resize(50, 20);
    assert_eq!((refused.status, refused.code().as_str()), (409, "NOT_IN_CONTROL"), "{refused:?}");
    client.say(&json!({ "type": "release", "id": 2 }));
    assert_eq!(client.answer(2)["type"], "ack");
    assert_eq!(resize(60, 20).status, 200);
    rig.wait_for_line("tells", "^20 60");
}

/// T17: a viewer never changes the size, by no word.
#[test]
fn a_viewer_never_changes_the_size() {
    let rig = Rig::new();
    rig.start("tells", TELLS);
    let token = rig.token(&["--role", "view"]);
    let mut viewer = rig.join_as(&token, "tells", "");
    let size = json!({ "cols": 50, "rows": 20 });
    for (id, take) in [(1, false), (2, true)] {
        viewer.say(&json!({ "type": "control", "id": id, "size": size, "take": take }));
        assert_eq!(viewer.answer(id)["code"], "FORBIDDEN");
    }
    assert_eq!(resize(&mut viewer, 3, (50, 20))["code"], "FORBIDDEN");
    let path = "/api/v1/sessions/tells/resize";
    assert_eq!(Call::post(path, &size).bearer(&token).send(&rig).status, 403);
    // Whoever comes now sees the size of the beginning.
    let mut late = rig.join("tells", "");
    while late.screens.is_empty() {
        late.next();
    }
    assert_eq!(late.screens[0].size, (80, 24));
}
