//! Everybody who must not get in, at every door.

use crate::http::{Answer, Call};
use crate::rig::{LIMIT, Rig, cookie_of};
use crate::socket::Socket;
use crate::sse::Stream;
use gateway::routes::{Endpoint, endpoints};
use gateway::token::Role;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Instant;
use testkit::eventually;

/// How an endpoint is asked for, and what a token with the role `manage` for another session gets there.
struct Row {
    method: &'static str,
    path: &'static str,
    /// The path with its parameters filled in; the session is `own`.
    example: &'static str,
    body: Value,
    elsewhere: u16,
}

/// A row for every endpoint: the test fails where one is missing.
fn table() -> Vec<Row> {
    let row = |method, path, example, body, elsewhere| Row { method, path, example, body, elsewhere };
    let none = Value::Null;
    let text = json!({ "text": "x" });
    let size = json!({ "cols": 90, "rows": 30 });
    let capture = json!({ "working_dir": "/w", "timestamp": "2026-01-01T00:00:00Z" });
    let session = "/api/v1/sessions/{session}";
    let own = "/api/v1/sessions/own";
    vec![
        row("GET", "/api/v1/health", "/api/v1/health", none.clone(), 200),
        row("GET", "/api/v1/health/history", "/api/v1/health/history", none.clone(), 403),
        row("GET", "/api/v1/connections", "/api/v1/connections", none.clone(), 200),
        row("GET", "/api/v1/login", "/api/v1/login", none.clone(), 200),
        row("POST", "/api/v1/login", "/api/v1/login", json!({ "token": "cf_x" }), 401),
        row("POST", "/api/v1/logout", "/api/v1/logout", none.clone(), 204),
        row("GET", "/api/v1/me", "/api/v1/me", none.clone(), 200),
        row("GET", "/api/v1/sessions", "/api/v1/sessions", none.clone(), 200),
        row("POST", "/api/v1/sessions", "/api/v1/sessions", json!({ "command": ["true"] }), 403),
        row("GET", session, own, none.clone(), 404),
        row("PATCH", session, own, json!({ "name": "taken" }), 404),
        row("DELETE", session, own, none.clone(), 404),
        row("GET", "/api/v1/sessions/{session}/explain", "/api/v1/sessions/own/explain", none.clone(), 404),
        row("POST", "/api/v1/sessions/{session}/kill", "/api/v1/sessions/own/kill", none.clone(), 404),
        row("POST", "/api/v1/sessions/{session}/restart", "/api/v1/sessions/own/restart", none.clone(), 404),
        row("POST", "/api/v1/sessions/{session}/share", "/api/v1/sessions/own/share", none.clone(), 404),
        row("POST", "/api/v1/sessions/{session}/input", "/api/v1/sessions/own/input", text.clone(), 404),
        row("POST", "/api/v1/sessions/{session}/submit", "/api/v1/sessions/own/submit", text, 404),
        row(
            "POST",
            "/api/v1/sessions/{session}/keys",
            "/api/v1/sessions/own/keys",
            json!({ "keys": ["a"] }),
            404,
        ),
        row("POST", "/api/v1/sessions/{session}/resize", "/api/v1/sessions/own/resize", size, 404),
        row("GET", "/api/v1/sessions/{session}/screen", "/api/v1/sessions/own/screen", none.clone(), 404),
        row("GET", "/api/v1/sessions/{session}/output", "/api/v1/sessions/own/output", none.clone(), 404),
        row("GET", "/api/v1/sessions/{session}/events", "/api/v1/sessions/own/events", none.clone(), 404),
        row(
            "GET",
            "/api/v1/sessions/{session}/screen/events",
            "/api/v1/sessions/own/screen/events",
            none.clone(),
            404,
        ),
        row(
            "GET",
            "/api/v1/sessions/{session}/export",
            "/api/v1/sessions/own/export?format=raw",
            none.clone(),
            404,
        ),
        row(
            "POST",
            "/api/v1/sessions/{session}/wait",
            "/api/v1/sessions/own/wait",
            json!({ "for": "exit", "timeout": 0.1 }),
            404,
        ),
        row("GET", "/api/v1/sessions/{session}/timeline", "/api/v1/sessions/own/timeline", none.clone(), 404),
        row(
            "GET",
            "/api/v1/sessions/{session}/recording",
            "/api/v1/sessions/own/recording",
            none.clone(),
            404,
        ),
        row(
            "GET",
            "/api/v1/sessions/{session}/search",
            "/api/v1/sessions/own/search?q=ready",
            none.clone(),
            404,
        ),
        row("GET", "/api/v1/approvals", "/api/v1/approvals", none.clone(), 200),
        row(
            "GET",
            "/api/v1/sessions/{session}/approvals",
            "/api/v1/sessions/own/approvals",
            none.clone(),
            404,
        ),
        row(
            "GET",
            "/api/v1/sessions/{session}/approvals/{approval}",
            "/api/v1/sessions/own/approvals/1",
            none.clone(),
            404,
        ),
        row(
            "POST",
            "/api/v1/sessions/{session}/approvals/{approval}",
            "/api/v1/sessions/own/approvals/1",
            json!({ "behaviour": "allow" }),
            404,
        ),
        row("GET", "/api/v1/conversations", "/api/v1/conversations", none.clone(), 200),
        row("GET", "/api/v1/jobs", "/api/v1/jobs", none.clone(), 403),
        row("POST", "/api/v1/jobs/run", "/api/v1/jobs/run", none.clone(), 403),
        row("POST", "/api/v1/jobs/retry", "/api/v1/jobs/retry", none.clone(), 403),
        row("GET", "/api/v1/conversations/events", "/api/v1/conversations/events", none.clone(), 403),
        row(
            "GET",
            "/api/v1/conversations/{cli}/{conversation}",
            "/api/v1/conversations/claude/x",
            none.clone(),
            404,
        ),
        row(
            "GET",
            "/api/v1/conversations/{cli}/{conversation}/export",
            "/api/v1/conversations/claude/x/export",
            none.clone(),
            404,
        ),
        row(
            "GET",
            "/api/v1/sessions/{session}/conversations",
            "/api/v1/sessions/own/conversations",
            none.clone(),
            404,
        ),
        row("GET", "/api/v1/mentions", "/api/v1/mentions", none.clone(), 200),
        row("GET", "/api/v1/relations", "/api/v1/relations", none.clone(), 200),
        row("GET", "/api/v1/search", "/api/v1/search?q=x", none.clone(), 200),
        row("GET", "/metrics", "/metrics", none.clone(), 200),
        row("GET", "/openapi.json", "/openapi.json", none.clone(), 200),
        row("GET", "/api/health", "/api/health", none.clone(), 200),
        row("GET", "/api/metrics", "/api/metrics", none.clone(), 200),
        row("POST", "/api/agent/{agent}/{action}", "/api/agent/naming/allocate", none.clone(), 501),
        row("GET", "/api/agents/status", "/api/agents/status", none.clone(), 501),
        row("GET", "/api/agents/health", "/api/agents/health", none.clone(), 501),
        row("POST", "/api/conversation/capture", "/api/conversation/capture", capture, 403),
        row("GET", "/api/conversation/session/{session}", "/api/conversation/session/own", none.clone(), 404),
        row("GET", "/api/conversation/active", "/api/conversation/active", none.clone(), 200),
        row("POST", "/api/projects/detect", "/api/projects/detect", json!({ "working_dir": "/" }), 403),
        row("GET", "/api/projects/list", "/api/projects/list", none.clone(), 403),
        row("GET", "/api/projects/{project}/summary", "/api/projects/x/summary", none.clone(), 403),
        row("GET", "/api/v1/projects", "/api/v1/projects", none.clone(), 403),
        row("GET", "/api/v1/projects/{project}", "/api/v1/projects/x", none.clone(), 403),
        row("GET", "/agentapi/{session}/status", "/agentapi/own/status", none.clone(), 404),
        row("GET", "/agentapi/{session}/messages", "/agentapi/own/messages", none.clone(), 404),
        row(
            "POST",
            "/agentapi/{session}/message",
            "/agentapi/own/message",
            json!({ "content": "x", "type": "raw" }),
            404,
        ),
        row("POST", "/agentapi/{session}/upload", "/agentapi/own/upload", none.clone(), 404),
        row("GET", "/agentapi/{session}/events", "/agentapi/own/events", none.clone(), 404),
        row("GET", "/agentapi/{session}/internal/screen", "/agentapi/own/internal/screen", none.clone(), 404),
        row("GET", "/agentapi/{session}/openapi.json", "/agentapi/own/openapi.json", none.clone(), 200),
        row("GET", "/ws", "/ws", none.clone(), 101),
        row("GET", "/api/v1/tokens", "/api/v1/tokens", none.clone(), 200),
        row("POST", "/api/v1/tokens", "/api/v1/tokens", json!({ "role": "view" }), 201),
        row("DELETE", "/api/v1/tokens/{token}", "/api/v1/tokens/TOKEN", none.clone(), 404),
        row("GET", "/ws/{session}", "/ws/own", none.clone(), 404),
        row("GET", "/", "/", none.clone(), 200),
        row("GET", "/{*path}", "/some/page", none, 200),
    ]
}

impl Row {
    fn call(&self, token: &str) -> Call {
        let call = Call::new(self.method, &self.example.replace("TOKEN", token));
        let call = if self.body.is_null() { call } else { call.json(&self.body) };
        if self.path.starts_with("/ws") { call.upgrade() } else { call }
    }

    fn changes(&self) -> bool {
        self.method != "GET" || self.path.starts_with("/ws")
    }
}

/// What every answer tells a browser, and how every error looks.
#[track_caller]
fn check(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}: {answer:?}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{what}: {answer:?}");
    assert!(answer.header("content-security-policy").is_some(), "{what}: {answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}: {answer:?}");
    if status >= 400 {
        answer.code();
    }
}

/// Secrets that must open nothing, by what is wrong with them.
fn wrong_secrets(rig: &Rig) -> Vec<(&'static str, String)> {
    let expired = rig.token(&["--role", "manage", "--expires", "1s"]);
    let (revoked, id) = rig.token_and_id(&["--role", "manage"]);
    assert!(rig.run(&["token", "revoke", &id]).status.success());
    let over = || (Call::get("/api/v1/me").bearer(&expired).send(rig).status == 401).then_some(());
    eventually(LIMIT, over).expect("a second is over");
    vec![
        ("no secret", "cf_wrong".to_owned()),
        ("an empty one", String::new()),
        ("an expired one", expired),
        ("a revoked one", revoked),
        ("a browser's cookie", rig.cookie(&["--role", "manage"])),
        ("a login's", rig.token(&["--role", "manage", "--login"])),
    ]
}

/// Every endpoint refuses everybody who has no right to it, with the status that says why.
#[test]
fn every_door_is_shut_to_whoever_has_no_right() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    rig.start("other", "echo ready; exec cat");
    let (_, own_id) = rig.token_and_id(&["--role", "view", "--session", "own"]);
    let wrong = wrong_secrets(&rig);
    let low = [rig.token(&["--role", "view"]), rig.token(&["--role", "type"])];
    let cookie = rig.cookie(&["--role", "manage"]);
    let table = table();
    let all = endpoints();
    assert_eq!(table.len(), all.len(), "each endpoint has one row");
    for (place, Endpoint { method, path, role, .. }) in all.iter().enumerate() {
        let row = table.iter().find(|row| (row.method, row.path) == (*method, *path));
        let row = row.unwrap_or_else(|| panic!("{method} {path} has no row"));
        // Each from an address of its own, of which no wrong token is known.
        let call = row.call(&own_id).from(Ipv4Addr::new(127, 0, 1, place as u8 + 1));
        let what = |who: &str| format!("{who} at {method} {path}");

        let foreign = call.clone().bearer(&rig.manage).origin("http://evil.example");
        check(&foreign.send(&rig), 403, &what("another site's page"));
        let foreign = call.clone().bearer(&rig.manage).origin("null");
        check(&foreign.send(&rig), 403, &what("a page without an origin"));
        let rebound = call.clone().bearer(&rig.manage).host("evil.example");
        check(&rebound.send(&rig), 421, &what("another name"));
        let elsewhere = rig.token(&["--role", "manage", "--session", "other"]);
        check(&call.clone().bearer(&elsewhere).send(&rig), row.elsewhere, &what("another session's token"));

        let Some(role) = role else { continue };
        check(&call.send(&rig), 401, &what("nobody"));
        for (who, secret) in &wrong {
            check(&call.clone().bearer(secret).send(&rig), 401, &what(who));
        }
        check(&call.clone().cookie(&rig.manage).send(&rig), 401, &what("a token as a cookie"));
        check(&call.clone().header("authorization", "Basic Og==").send(&rig), 401, &what("a password"));
        match role {
            Role::View => {}
            Role::Type => check(&call.clone().bearer(&low[0]).send(&rig), 403, &what("a viewer")),
            Role::Manage => {
                check(&call.clone().bearer(&low[0]).send(&rig), 403, &what("a viewer"));
                check(&call.clone().bearer(&low[1]).send(&rig), 403, &what("a typist"));
            }
        }
        if row.changes() {
            let answer = call.clone().cookie(&cookie).send(&rig);
            check(&answer, 403, &what("a browser that does not tell the page"));
            assert_eq!(answer.code(), "ORIGIN_NOT_ALLOWED");
        }
    }
    // Nothing of all this was done.
    let tokens = Call::get("/api/v1/tokens").bearer(&rig.manage).send(&rig).json();
    assert!(tokens["tokens"].as_array().unwrap().iter().any(|grant| grant["id"] == own_id.as_str()));
    let sessions = Call::get("/api/v1/sessions?all=true").bearer(&rig.manage).send(&rig).json();
    let mut names: Vec<&str> = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| session["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["other", "own"]);
    let screen = Call::get("/api/v1/sessions/own/screen").bearer(&rig.manage).send(&rig).json();
    assert_eq!(screen["offset"], "ready\r\n".len(), "nobody typed");
}

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

/// No path leads out of the page's files.
#[test]
fn no_path_leads_out() {
    let rig = Rig::new();
    let page = Call::get("/").send(&rig);
    for path in [
        "/../../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/..%5c..%5cCargo.toml",
        "/assets/../../../Cargo.toml",
        "/assets/..%2f..%2f..%2fCargo.toml",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/etc/passwd%00.html",
        "/%ff%fe",
    ] {
        let answer = Call::get(path).send(&rig);
        match answer.status {
            // An address within the page, as the page itself sees it.
            200 => assert_eq!(answer.body, page.body, "{path}"),
            400 | 404 => drop(answer.code()),
            _ => panic!("{path}: {answer:?}"),
        }
    }
    for session in ["..", "%2e%2e%2f%2e%2e", "..%2ftokens", "%00", "own%0a", "*"] {
        let answer = Call::get(&format!("/api/v1/sessions/{session}")).bearer(&rig.manage).send(&rig);
        check(&answer, 404, session);
    }
}

/// A name that means something to a file system or a terminal is none; neither starting nor renaming takes one, and
/// nothing comes of it.
#[test]
fn no_hostile_name_is_taken() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let sessions = || Call::get("/api/v1/sessions?all=true").bearer(&rig.manage).send(&rig).json();
    let before = sessions();
    let long = "x".repeat(10_000);
    let names = ["", ".", "..", "../../etc", "/etc/passwd", "a/b", "a\0b", "a\nb", "\x1b]2;x\x07", &long];
    for name in names {
        let start = Call::post("/api/v1/sessions", &json!({ "command": ["true"], "name": name }));
        let rename = Call::new("PATCH", "/api/v1/sessions/own").json(&json!({ "name": name }));
        for call in [start, rename] {
            let answer = call.bearer(&rig.manage).send(&rig);
            check(&answer, 422, &format!("{name:.40?}"));
            assert_eq!(answer.code(), "BAD_NAME", "{name:.40?}");
            assert!(!answer.body.contains(&0x1b), "{answer:?}");
        }
    }
    assert_eq!(sessions()["sessions"][0]["name"], before["sessions"][0]["name"]);
    assert_eq!(sessions()["sessions"].as_array().map(Vec::len), Some(1));
}

/// What cannot be understood is an error that says so, in the form of every error.
#[test]
fn every_error_has_one_form() {
    let rig = Rig::new();
    rig.start("own", "echo ready; exec cat");
    let post = |path: &str| Call::new("POST", path).bearer(&rig.manage);
    let as_json = |call: Call| call.header("content-type", "application/json");
    let get = |path: &str| Call::get(path).bearer(&rig.manage);
    let (sessions, input) = ("/api/v1/sessions", "/api/v1/sessions/own/input");
    let long = vec![b' '; (4 << 20) + 1];
    // More than a program can be given as one word.
    let too_much = json!({ "command": ["true", "x".repeat(1 << 20)] }).to_string();
    let cases = [
        (as_json(post(input)).body(b"{\"text\":"), 400, "BAD_REQUEST"),
        (as_json(post(input)).body(b"\xff\xfe"), 400, "BAD_REQUEST"),
        (as_json(post(input)), 400, "BAD_REQUEST"),
        (as_json(post(input)).body(b"{\"text\":5}"), 422, "BAD_REQUEST"),
        (as_json(post(input)).body(b"{\"text\":\"x\",\"more\":1}"), 422, "BAD_REQUEST"),
        (as_json(post(sessions)).body(b"{\"command\":[]}"), 400, "BAD_REQUEST"),
        (as_json(post(sessions)).body(br#"{"command":["true"],"cwd":"/no/such"}"#), 422, "FOLDER"),
        (as_json(post(sessions)).body(br#"{"command":["true"],"cwd":"a\u0000b"}"#), 422, "FOLDER"),
        (as_json(post(sessions)).body(br#"{"command":["true","a\u0000b"]}"#), 422, "EXEC"),
        (as_json(post(sessions)).body(br#"{"command":["true"],"env":{"A":"a\u0000b"}}"#), 422, "EXEC"),
        (as_json(post(sessions)).body(br#"{"command":["no such program"]}"#), 422, "EXEC"),
        (as_json(post(sessions)).body(too_much.as_bytes()), 422, "EXEC"),
        (as_json(post("/api/v1/tokens")).body(b"{\"role\":\"king\"}"), 422, "BAD_REQUEST"),
        (as_json(post("/api/v1/sessions/own/kill")).body(b"{\"signal\":\"x\"}"), 422, "BAD_REQUEST"),
        (as_json(post("/api/v1/sessions/own/kill")).body(b"{\"signal\":0}"), 422, "NO_SUCH_SIGNAL"),
        (as_json(post("/api/v1/sessions/own/kill")).body(b"{\"signal\":4711}"), 422, "NO_SUCH_SIGNAL"),
        (post("/api/v1/sessions/own/kill").body(b"{\"signal\":9}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (post(input).body(b"{\"text\":\"x\"}"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (as_json(post(input)).body(&long), 413, "BODY_TOO_LONG"),
        (as_json(Call::new("POST", "/api/v1/login")).body(&long), 413, "BODY_TOO_LONG"),
        (get("/api/v1/sessions/own/output?from=x"), 400, "BAD_REQUEST"),
        (get("/api/v1/sessions/own/screen?format=gif"), 400, "BAD_REQUEST"),
        (get("/api/v1/sessions/%ff"), 400, "BAD_REQUEST"),
        (get("/api/v1/sessions/nobody"), 404, "NO_SUCH_SESSION"),
        (get("/api/v1/nothing"), 404, "NOT_FOUND"),
        (get("/nothing.js"), 404, "NOT_FOUND"),
        (Call::new("PUT", sessions).bearer(&rig.manage), 405, "METHOD_NOT_ALLOWED"),
        (post("/api/v1/nothing"), 405, "METHOD_NOT_ALLOWED"),
        (get("/ws/own"), 400, "BAD_REQUEST"),
        (get("/ws/own?from=-1").upgrade(), 400, "BAD_REQUEST"),
        (get("/ws/nobody").upgrade(), 404, "NO_SUCH_SESSION"),
        (get("/ws/own").header("connection", "upgrade").header("upgrade", "h2c"), 400, "BAD_REQUEST"),
    ];
    for (call, status, code) in cases {
        let answer = call.send(&rig);
        let what = format!("{:.200}", call.bytes(rig.address()).escape_ascii().to_string());
        check(&answer, status, &what);
        assert_eq!(answer.code(), code, "{what}");
    }
}
