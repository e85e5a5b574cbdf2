//! What a token or a login opens, how far that reaches, and when it ends.

use crate::attack::check;
use crate::http::Call;
use crate::rig::{LIMIT, Rig, cookie_of};
use crate::socket::Socket;
use crate::sse::Stream;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Instant;

/// A token for one session sees, makes and ends nothing beyond it.
#[test]
fn a_token_for_one_session_reaches_no_further() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    let token = rig.token(&["--role", "manage", "--session", "own"]);
    let call = |call: Call| call.bearer(&token).send(&rig);
    let sessions = call(Call::get("/api/v1/sessions")).json();
    let names: Vec<&Value> =
        sessions["sessions"].as_array().unwrap().iter().map(|session| &session["name"]).collect();
    assert_eq!(names, ["own"]);
    // Nor does it learn whether there is another.
    let unknown = call(Call::get("/api/v1/sessions/nonsense")).json();
    let hidden = call(Call::get("/api/v1/sessions/other")).json();
    assert_eq!(unknown["error"].as_str().unwrap().replace("nonsense", "other"), hidden["error"]);
    // A session that is started again is another one.
    let again = call(Call::new("POST", "/api/v1/sessions/own/restart"));
    assert_eq!((again.status, again.code().as_str()), (403, "FORBIDDEN"), "{again:?}");
    let made = call(Call::post("/api/v1/tokens", &json!({ "role": "manage" }))).json();
    let own = call(Call::get("/api/v1/sessions/own")).json();
    assert_eq!(made["grant"]["session"], own["id"], "{made} {own}");
    let other = Call::post("/api/v1/tokens", &json!({ "role": "view", "session": "other" }));
    assert_eq!(call(other).status, 404);
    let tokens = call(Call::get("/api/v1/tokens")).json();
    let tokens = tokens["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 2, "its own, and the one it made: {tokens:?}");
    let id = made["grant"]["id"].as_str().unwrap();
    assert_eq!(call(Call::new("DELETE", &format!("/api/v1/tokens/{id}"))).status, 204);
}

/// A revoked token is worth nothing from the next request on, and what it has open is closed.
#[test]
fn a_revoked_token_is_void_at_once() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("busy", "echo ready; while sleep 0.01; do echo tick; done");
    let (secret, id) = rig.token_and_id(&["--role", "type"]);
    let mut client = rig.join_as(&secret, "own", "");
    // On some something happens all the time, on others nothing.
    let paths = [
        "/api/v1/sessions/busy/events",
        "/api/v1/sessions/own/events",
        "/api/v1/sessions/busy/screen/events",
        "/api/v1/sessions/own/screen/events",
        "/agentapi/own/events",
        "/agentapi/busy/internal/screen",
    ];
    let mut streams = paths.map(|path| Stream::open(rig.address(), path, Some(&secret)));
    let listed = Call::get("/api/v1/connections").bearer(&rig.manage).send(&rig).json();
    let listed = listed["connections"].as_array().expect("a list");
    assert_eq!(listed.iter().filter(|open| open["by"] == "events").count(), streams.len(), "{listed:?}");
    let mut stays = rig.join("own", "");
    assert_eq!(Call::get("/api/v1/me").bearer(&secret).send(&rig).status, 200);
    assert!(rig.run(&["token", "revoke", &id]).status.success());
    assert_eq!(Call::get("/api/v1/me").bearer(&secret).send(&rig).status, 401);
    assert_eq!(client.read_to_end().1, 1008);
    for stream in &mut streams {
        let end = Instant::now() + LIMIT;
        while stream.next().is_some() {
            assert!(Instant::now() < end, "the stream goes on");
        }
    }
    stays.keys(1, b"x");
    assert_eq!(stays.answer(1)["type"], "ack");
}

/// A token that ends takes with it what it has open.
#[test]
fn a_token_that_ends_closes_what_it_opened() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    // On a machine that is busy a token may have ended before its client is in: the next one lasts longer.
    let client = [2, 4, 8, 16].into_iter().find_map(|seconds| {
        let brief = rig.token(&["--role", "type", "--expires", &format!("{seconds}s")]);
        Socket::open(rig.address(), &brief, "own", "").ok()
    });
    assert_eq!(client.expect("a client gets in").read_to_end().1, 1008);
}

/// The link logs one browser in, once; its cookie works from our own page only.
#[test]
fn a_login_link_works_once() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let answer = rig.log_in(rig.login());
    check(&answer, 200, "the link");
    assert_eq!(answer.json()["role"], "manage");
    let set = answer.header("set-cookie").unwrap();
    // Another server of this machine has another.
    assert!(set.starts_with(&format!("centerfire-{}=", rig.address().port())), "{set}");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    check(&rig.log_in(rig.login()), 401, "the link again");
    let cookie = cookie_of(&answer);
    let page = format!("http://{}", rig.address());
    check(&Call::get("/api/v1/me").cookie(&cookie).send(&rig), 200, "a browser");
    let input = Call::post("/api/v1/sessions/own/input", &json!({ "text": "x" })).cookie(&cookie);
    check(&input.clone().origin(&page).send(&rig), 200, "our page");
    check(&input.send(&rig), 403, "a page that is not told");
    let socket = Call::get("/ws/own").upgrade().cookie(&cookie);
    check(&socket.clone().origin(&page).send(&rig), 101, "our page");
    check(&socket.send(&rig), 403, "a page that is not told");
    let logout = Call::new("POST", "/api/v1/logout").cookie(&cookie).origin(&page);
    check(&logout.send(&rig), 204, "our page");
    check(&Call::get("/api/v1/me").cookie(&cookie).send(&rig), 401, "a browser that left");
}

/// Who tries many tokens has to wait; the right one opens all the same, and other addresses know nothing of it.
#[test]
fn who_guesses_has_to_wait() {
    let rig = Rig::new();
    let [guesser, other] = [Ipv4Addr::new(127, 0, 0, 77), Ipv4Addr::new(127, 0, 0, 78)];
    let guess = |number: usize| match number % 2 {
        0 => Call::get("/api/v1/me").bearer(&format!("cf_{number}")),
        _ => Call::post("/api/v1/login", &json!({ "token": format!("cf_{number}") })),
    };
    for number in 0..20 {
        check(&guess(number).from(guesser).send(&rig), 401, &format!("guess {number}"));
    }
    for number in 20..24 {
        let answer = guess(number).from(guesser).send(&rig);
        check(&answer, 429, &format!("guess {number}"));
        assert_eq!(answer.code(), "TOO_MANY_FAILURES");
    }
    check(&guess(24).from(other).send(&rig), 401, "another address");
    check(&Call::get("/api/v1/me").bearer(&rig.manage).from(guesser).send(&rig), 200, "the right one");
    check(&Call::get("/api/v1/health").from(guesser).send(&rig), 200, "what needs none");
}
