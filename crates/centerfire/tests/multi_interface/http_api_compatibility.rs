//! The addresses of the first plan, in its forms.

use crate::http::Call;
use crate::rig::Rig;
use serde_json::{Value, json};

/// Whatever needs agents: what the plan's clients ask.
fn not_yet() -> [Call; 3] {
    let allocate = json!({ "domain": "TEST", "purpose": "socket testing" });
    [
        Call::post("/api/agent/naming/allocate", &allocate),
        Call::get("/api/agents/status"),
        Call::get("/api/agents/health"),
    ]
}

/// What the plan's clients hand over and ask of projects.
fn of_projects() -> [Call; 4] {
    let capture = json!({
        "working_dir": "/tmp", "timestamp": "2025-01-01T00:00:00Z", "conversation_data": "x", "session_context": null,
    });
    [
        Call::post("/api/conversation/capture", &capture),
        Call::post("/api/projects/detect", &json!({ "path": "/tmp" })),
        Call::get("/api/projects/list"),
        Call::get("/api/projects/9e5f4cd6b5a2f4a4/summary"),
    ]
}

/// A20, A51: every address of the plan is there. What is not done yet says so, and is no mistake of the client.
#[test]
fn every_planned_address_answers() {
    let rig = Rig::new();
    let viewer = rig.token(&["--role", "view"]);
    let health = Call::get("/api/health").bearer(&viewer).send(&rig);
    let told = health.json();
    assert_eq!((health.status, &told["status"]), (200, &json!("ok")));
    assert!(told["version"].is_string() && told["uptime_s"].is_u64() && told["agents"].is_object(), "{told}");
    let metrics = Call::get("/api/metrics").bearer(&viewer).send(&rig);
    let text = String::from_utf8(metrics.body).expect("metrics are text");
    assert!(metrics.status == 200 && text.ends_with("# EOF\n"), "{text}");
    for call in not_yet() {
        let answer = call.clone().bearer(&rig.manage).send(&rig);
        let what = call.bytes(rig.address()).escape_ascii().to_string();
        assert_eq!((answer.status, answer.code().as_str()), (501, "NOT_IMPLEMENTED"), "{what}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{what}");
        assert_eq!(call.send(&rig).status, 401, "nobody at {what}");
    }
    let statuses: Vec<u16> =
        of_projects().iter().map(|call| call.clone().bearer(&rig.manage).send(&rig).status).collect();
    assert_eq!(statuses, [200, 200, 200, 404]);
    let listed = Call::get("/api/projects/list").bearer(&viewer).send(&rig).json();
    assert_eq!(listed["projects"][0]["root"], "/tmp", "{listed}");
    assert!(of_projects().into_iter().all(|call| call.send(&rig).status == 401));
}

/// Every error has the plan's form, `error` and `code`, which [`crate::http::Answer::code`] checks.
#[test]
fn every_error_has_the_planned_form() {
    let rig = Rig::new();
    let known = |call: Call| call.bearer(&rig.manage);
    for (call, status, code) in [
        (Call::get("/api/health"), 401, "UNAUTHORIZED"),
        (known(Call::new("DELETE", "/api/health")), 405, "METHOD_NOT_ALLOWED"),
        (known(Call::get("/api/v1/sessions/nobody")), 404, "NO_SUCH_SESSION"),
        (known(Call::post("/api/v1/sessions", &Value::Null)), 422, "BAD_REQUEST"),
        (known(Call::get("/api/agents/status").host("evil.example")), 421, "HOST_NOT_ALLOWED"),
    ] {
        let answer = call.send(&rig);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
    }
}
