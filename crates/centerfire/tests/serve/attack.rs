//! Everybody who must not get in, at every door.

use crate::http::{Answer, Call};
use crate::rig::{LIMIT, Rig};
use gateway::routes::{Endpoint, endpoints};
use gateway::token::Role;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
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
pub(crate) fn check(answer: &Answer, status: u16, what: &str) {
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
