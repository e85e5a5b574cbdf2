//! Who is there, what there is, and how the server is.

use crate::http::Call;
use crate::rig::{LIMIT, Rig};
use crate::socket::{Came, Plain};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::eventually;

/// It is said every 30 s, and the machine may be busy.
const ALIVE_WITHIN: Duration = Duration::from_secs(45);
/// What comes later was not asked for.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// The connections that a token is told of: role, session and kind of each.
fn connections(rig: &Rig, token: &str) -> Vec<Value> {
    let answer = Call::get("/api/v1/connections").bearer(token).send(rig).json();
    answer["connections"].as_array().expect("a list").clone()
}

/// Whoever is connected is listed for as long as he is, to those whose business it is.
#[test]
fn who_is_connected_is_listed_while_he_is() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    assert_eq!(connections(&rig, &rig.manage), Vec::<Value>::new());
    let (viewer, id) = rig.token_and_id(&["--role", "view", "--label", "the wall"]);
    let client = rig.join_as(&viewer, "own", "");
    let list = Plain::open(rig.address(), &rig.manage, "");
    let there = connections(&rig, &rig.manage);
    assert_eq!(there.len(), 2, "{there:?}");
    let own = Call::get("/api/v1/sessions/own").bearer(&rig.manage).send(&rig).json();
    for (field, value) in [
        ("session", &own["id"]),
        ("by", &json!("terminal")),
        ("token", &json!(id)),
        ("label", &json!("the wall")),
        ("role", &json!("view")),
        ("from", &json!("127.0.0.1")),
    ] {
        assert_eq!(&there[0][field], value, "{field}");
    }
    assert_eq!((&there[1]["by"], &there[1]["session"]), (&json!("list"), &Value::Null));
    let elsewhere = rig.token(&["--role", "manage", "--session", "other"]);
    assert_eq!(connections(&rig, &elsewhere), Vec::<Value>::new());
    drop((client, list));
    let gone = || connections(&rig, &rig.manage).is_empty().then_some(());
    eventually(LIMIT, gone).expect("nobody is there any more");
}

/// `/ws` tells of a session that starts, to those whose token opens it, and of nothing once the token is revoked.
#[test]
fn the_list_is_told_as_it_changes() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let (token, id) = rig.token_and_id(&["--role", "view"]);
    let only = rig.token(&["--role", "view", "--session", "own"]);
    let open = |secret: &str| Plain::open(rig.address(), secret, "");
    let (mut all, mut one) = (open(&token), open(&only));
    let names = |client: &mut Plain| loop {
        let said = client.next_said().expect("the list comes");
        if said["type"] == "Sessions" {
            let sessions = said["sessions"].as_array().expect("a list").clone();
            return sessions.iter().map(|session| session["name"].clone()).collect::<Vec<_>>();
        }
    };
    assert_eq!(names(&mut all), ["own"]);
    rig.start("new", "echo ready; exec cat");
    while names(&mut all) != ["own", "new"] {}
    assert_eq!(names(&mut one), ["own"]);
    assert!(rig.run(&["token", "revoke", &id]).status.success());
    while all.next_said().is_some() {}
}

/// Who asks is told that the server is there, and who only listens hears it from time to time: scripts see no pings.
#[test]
fn a_quiet_server_says_that_it_is_there() {
    let rig = Rig::new();
    rig.start("quiet", "echo ready; exec cat");
    let (mut client, mut list) = (rig.join("quiet", ""), Plain::open(rig.address(), &rig.manage, ""));
    let alive = json!({ "type": "alive" });
    for _ in 0..3 {
        client.say(&alive);
        client.wait_for("an answer", |said| *said == alive);
    }
    let begun = Instant::now();
    let unasked = loop {
        match client.next_until(begun + ALIVE_WITHIN) {
            // One is said at the beginning, too.
            Came::Said(said) if said == alive && begun.elapsed() > ANSWERED_WITHIN => break true,
            Came::Nothing => break false,
            _ => {}
        }
    };
    assert!(unasked, "nothing was said within {ALIVE_WITHIN:?}");
    while list.next_said().expect("the list's server says it, too") != alive {}
}

/// The history has its first sample at once, and what is asked for is only what came since.
#[test]
fn the_server_tells_how_it_was() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let ask = |after: u64| {
        let path = format!("/api/v1/health/history?after={after}");
        Call::get(&path).bearer(&rig.manage).send(&rig).json()
    };
    let first = || ask(0)["samples"].as_array().and_then(|samples| samples.first().cloned());
    let sample = eventually(LIMIT, first).expect("a sample");
    assert!(sample["memory"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{sample}");
    let time = sample["time"].as_u64().expect("a time");
    assert!(
        ask(time)["samples"]
            .as_array()
            .expect("a list")
            .iter()
            .all(|later| later["time"].as_u64() > Some(time))
    );
    assert_eq!(ask(0)["kept"], 360);
}

/// A browser that asks who it is gets no error, whoever it is.
#[test]
fn who_a_browser_is_can_be_asked_by_anybody() {
    let rig = Rig::new();
    let ask = |call: Call| call.send(&rig);
    let nobody = ask(Call::get("/api/v1/login"));
    assert_eq!((nobody.status, nobody.json()), (200, json!({ "me": null })));
    let wrong = ask(Call::get("/api/v1/login").cookie("cf_wrong"));
    assert_eq!((wrong.status, &wrong.json()["me"]), (200, &Value::Null));
    assert!(wrong.json()["why"].as_str().is_some_and(|why| why.contains("unknown")), "{wrong:?}");
    let known = ask(Call::get("/api/v1/login").cookie(&rig.cookie(&["--role", "type"])));
    assert_eq!(known.json()["me"]["role"], "type");
}

/// Files of the page are sent compressed to whoever takes that, plain to whoever does not, and not again to whoever has them.
#[test]
fn the_page_is_sent_in_the_form_that_is_taken() {
    let rig = Rig::new();
    let page = Call::get("/").send(&rig);
    let text = String::from_utf8(page.body.clone()).expect("the page is text");
    let script = text.split("src=\"").nth(1).and_then(|rest| rest.split('"').next());
    let script = script.expect("the page has a script; `make page` builds it");
    let plain = Call::get(script).send(&rig);
    let packed = Call::get(script).header("accept-encoding", "gzip, br").send(&rig);
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), (None, Some("gzip")));
    assert!(packed.body.starts_with(&[0x1f, 0x8b]) && packed.body.len() * 2 < plain.body.len());
    for answer in [&plain, &packed] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert!(answer.header("cache-control").is_some_and(|cache| cache.contains("immutable")));
    }
    let tag = packed.header("etag").expect("a tag");
    assert_ne!(Some(tag), plain.header("etag"), "two forms have two tags");
    let again = Call::get(script).header("accept-encoding", "gzip").header("if-none-match", tag).send(&rig);
    assert_eq!((again.status, again.body.len()), (304, 0));
}
