//! Projects over HTTP, and conversations that clients hand over.

use crate::http::{Answer, Call};
use crate::rig::Rig;
use serde_json::{Value, json};
use std::fs;

fn get(rig: &Rig, path: &str) -> Answer {
    Call::get(path).bearer(&rig.manage).send(rig)
}

fn post(rig: &Rig, path: &str, body: &Value) -> Answer {
    Call::post(path, body).bearer(&rig.manage).send(rig)
}

fn capture(rig: &Rig, body: &Value) -> Answer {
    post(rig, "/api/conversation/capture", body)
}

/// A20: what is handed over is a conversation that is kept, told, found and in its project; the same again changes nothing.
#[test]
fn what_is_captured_is_stored_once_and_belongs_to_its_project() {
    let rig = Rig::new();
    let root = rig.instance.work().join("made");
    fs::create_dir_all(root.join("deep")).unwrap();
    fs::write(root.join("go.mod"), "").unwrap();
    let secret = format!("ghp_{}", "a1B2c3D4e5".repeat(4).split_at(36).0);
    let data = json!([
        { "role": "user", "content": "where is the marmalade?" },
        { "role": "assistant", "content": format!("behind {secret}") },
    ]);
    let body = json!({
        "working_dir": root.join("deep"), "timestamp": "2026-01-01T00:00:00Z", "conversation_data": data.to_string(),
        "session_context": { "session_id": "talk-1", "title": "Breakfast" },
    });
    let first = capture(&rig, &body);
    let expected = json!({ "session_id": "talk-1", "processed": true, "services_active": ["capture", "conversations", "search"] });
    assert_eq!((first.status, first.json()), (200, expected.clone()));
    let told = || get(&rig, "/api/v1/conversations/captured/talk-1").json();
    let before = told();
    assert_eq!(capture(&rig, &body).json(), expected);
    assert_eq!(told(), before);
    assert_eq!((&before["title"], &before["entry_count"]), (&json!("Breakfast"), &json!(2)));
    let text = before.to_string();
    assert!(text.contains("[redacted:") && !text.contains(&secret), "{text}");
    let hits = get(&rig, "/api/v1/search?q=marmalade").json();
    assert_eq!(hits["hits"][0]["conversation"], "talk-1");
    // Without a name it has one of its own, the same for the same request.
    let plain =
        json!({ "working_dir": "/w", "timestamp": "2026-01-01T00:00:00Z", "conversation_data": "plums" });
    let name = capture(&rig, &plain).json()["session_id"].clone();
    assert_eq!(capture(&rig, &plain).json()["session_id"], name);
    assert!(name.as_str().unwrap().starts_with("http-"));

    let detected = post(&rig, "/api/projects/detect", &json!({ "working_dir": root.join("deep") })).json();
    assert_eq!((&detected["name"], &detected["kind"]), (&json!("made"), &json!("manifest")));
    assert_eq!((&detected["known"], &detected["exists"]), (&json!(true), &json!(true)));
    let id = detected["project_id"].as_str().unwrap();
    let summary = get(&rig, &format!("/api/projects/{id}/summary")).json();
    assert_eq!((&summary["project_id"], &summary["conversations"]), (&json!(id), &json!(1)));
    assert_eq!(summary["recent"][0]["name"], "talk-1");
    let ours = get(&rig, &format!("/api/v1/projects/{id}")).json();
    assert_eq!((&ours["id"], ours.get("project_id")), (&json!(id), None));
    let listed = get(&rig, "/api/projects/list").json();
    let ids: Vec<&Value> =
        listed["projects"].as_array().unwrap().iter().map(|one| &one["project_id"]).collect();
    assert!(ids.contains(&&json!(id)), "{listed}");
    let of_it = get(&rig, &format!("/api/v1/conversations?project={id}")).json();
    assert_eq!(of_it["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(get(&rig, &format!("/api/v1/search?q=plums&project={id}")).json()["hits"], json!([]));
}

#[test]
fn what_cannot_be_captured_is_refused_with_the_old_code() {
    let rig = Rig::new();
    let time = "2026-01-01T00:00:00Z";
    let cases = [
        (json!({ "working_dir": "/w" }), 422),
        (json!({ "working_dir": "w", "timestamp": time }), 422),
        (json!({ "working_dir": "/w", "timestamp": "yesterday" }), 422),
        (json!({ "working_dir": "/w", "timestamp": "1969-01-01T00:00:00Z" }), 422),
        (json!({ "working_dir": "/w", "timestamp": time, "session_context": { "session_id": "../x" } }), 422),
        (json!({ "working_dir": "/w", "timestamp": time, "session_context": 3 }), 422),
    ];
    for (body, status) in cases {
        let answer = capture(&rig, &body);
        let got = (answer.status, answer.code());
        assert_eq!(got, (status, "CONVERSATION_CAPTURE_ERROR".to_owned()), "{body}");
    }
    let relative = post(&rig, "/api/projects/detect", &json!({ "working_dir": "w" }));
    assert_eq!((relative.status, relative.code().as_str()), (400, "BAD_REQUEST"));
    let unknown = get(&rig, "/api/v1/projects/nobody");
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "NO_SUCH_PROJECT"));
}

/// Where nothing follows, what was captured is kept and not said to be processed; it is taken in when somebody does.
#[test]
fn what_nobody_takes_in_is_kept_and_not_called_processed() {
    let rig = Rig::with_setting("conversations.follow=false");
    let body =
        json!({ "working_dir": "/w", "timestamp": "2026-01-01T00:00:00Z", "conversation_data": "kept" });
    let answer = capture(&rig, &body).json();
    assert_eq!((&answer["processed"], &answer["services_active"]), (&json!(false), &json!(["capture"])));
    let name = answer["session_id"].as_str().unwrap();
    assert_eq!(rig.instance.json(&["conversation", name, "--json"])[0]["entries"][0]["text"], "kept");
    assert_eq!(capture(&rig, &body).json()["processed"], true);
}
