//! Background jobs over HTTP: what is told of them, doing them now, trying again.

use crate::http::{Answer, Call};
use crate::rig::{LIMIT, Rig};
use serde_json::{Value, json};
use std::fs;
use testkit::eventually;
use testkit::model::ModelServer;

/// A server whose jobs go to a model server, and a conversation just now for each of these words of its user.
fn rig(model: &ModelServer, said: &[String]) -> Rig {
    let rig = Rig::with_setting(&format!("jobs.endpoint={}", model.base_url()));
    let folder = rig.instance.user_home().join(".claude/projects/-w");
    fs::create_dir_all(&folder).unwrap();
    for (number, said) in said.iter().enumerate() {
        let name = format!("talk-{number}");
        let line = json!({
            "type": "user", "uuid": format!("{name}-0"), "sessionId": name, "cwd": "/w", "version": "2.1.329", "isSidechain": false,
            "timestamp": jiff::Timestamp::now().to_string(), "message": { "role": "user", "content": said },
        });
        fs::write(folder.join(format!("{name}.jsonl")), format!("{line}\n")).unwrap();
    }
    let is_read = || (overview(&rig)["waiting"] == said.len()).then_some(());
    eventually(LIMIT, is_read).expect("the conversations are read");
    rig
}

fn report(title: &str) -> String {
    let report =
        json!({ "title": title, "summary": format!("{title} was done."), "decisions": [], "todos": [] });
    format!("[[tool:report|{report}]]")
}

fn get(rig: &Rig, path: &str) -> Value {
    Call::get(path).bearer(&rig.manage).send(rig).json()
}

fn overview(rig: &Rig) -> Value {
    get(rig, "/api/v1/jobs")
}

fn post(rig: &Rig, what: &str, body: &Value) -> Answer {
    Call::post(&format!("/api/v1/jobs/{what}"), body).bearer(&rig.manage).send(rig)
}

/// A35: conversations of just now are read at once, no more than were asked for; who asked is written down; and what came of it is
/// searched.
#[test]
fn jobs_are_done_when_somebody_asks_for_them() {
    let model = ModelServer::start().unwrap();
    let rig = rig(&model, &[report("Quincejelly"), report("Roofing")]);
    let told = overview(&rig);
    assert_eq!((&told["state"], &told["asked"], &told["latest"]), (&json!("on"), &json!(0), &json!([])));
    let asked = post(&rig, "run", &json!({ "limit": 1 }));
    assert_eq!(
        (asked.status, asked.json()["asked"].as_u64(), asked.json()["waiting"].as_u64()),
        (202, Some(1), Some(2))
    );
    let one = || Some(overview(&rig)).filter(|told| told["done"] == 1 && told["asked"] == 0);
    let told = eventually(LIMIT, one).expect("one is done");
    assert_eq!((&told["waiting"], model.requests().len()), (&json!(1), 1));
    let latest = &told["latest"][0];
    assert_eq!((&latest["state"], &latest["title"]), (&json!("done"), &json!("Roofing")));
    assert!(latest["cost"].as_u64().unwrap() > 0 && latest["cost"] == told["spent"], "{told}");
    // Without a word all that is left.
    assert_eq!(Call::new("POST", "/api/v1/jobs/run").bearer(&rig.manage).send(&rig).status, 202);
    eventually(LIMIT, || (overview(&rig)["done"] == 2).then_some(())).expect("both are done");
    let hits = get(&rig, "/api/v1/search?q=quincejelly&kind=summary");
    assert_eq!(
        (&hits["hits"][0]["said_by"], &hits["hits"][0]["title"]),
        (&json!("model"), &json!("Quincejelly")),
        "{hits}"
    );
    let log = fs::read_to_string(rig.instance.home().join("state/gateway/audit.jsonl")).unwrap();
    assert_eq!(log.matches("\"jobs run\"").count(), 2, "{log}");
}

/// A35: what was given up is told with its cause, and tried again when somebody asks for it.
#[test]
fn what_failed_is_tried_again_when_somebody_asks() {
    let model = ModelServer::start().unwrap();
    let rig = rig(&model, &["[[error:400|invalid_request_error]]".to_owned()]);
    assert_eq!(post(&rig, "run", &json!({})).status, 202);
    let failed = || Some(overview(&rig)).filter(|told| told["failed"] == 1);
    let told = eventually(LIMIT, failed).expect("it is given up");
    let latest = &told["latest"][0];
    assert_eq!((&latest["state"], &latest["conversation"]), (&json!("failed"), &json!("talk-0")));
    assert!(latest["why"].as_str().unwrap().contains("scripted 400"), "{told}");
    let unknown = post(&rig, "retry", &json!({ "conversation": "talk-9" }));
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "JOB_NOT_FOUND"));
    let again = post(&rig, "retry", &json!({ "conversation": "talk-0" }));
    assert_eq!((again.status, &again.json()), (200, &json!({ "retried": 1 })));
    assert_eq!(overview(&rig)["failed"], 0);
    // It is of just now: only who asks has it done.
    assert_eq!(post(&rig, "run", &json!({})).json()["asked"], 1);
    eventually(LIMIT, failed).expect("it is given up again");
    assert_eq!(model.requests().len(), 2);
    assert_eq!(post(&rig, "retry", &json!({})).json()["retried"], 1);
    let log = fs::read_to_string(rig.instance.home().join("state/gateway/audit.jsonl")).unwrap();
    assert_eq!(log.matches("\"jobs retry\"").count(), 3, "{log}");
}

/// A35: where it is off nothing can be asked for, and what makes no sense is refused.
#[test]
fn jobs_that_are_off_are_not_done_and_nonsense_is_refused() {
    let rig = Rig::new();
    let off = post(&rig, "run", &json!({}));
    assert_eq!((off.status, off.code().as_str()), (409, "JOBS_OFF"));
    assert!(off.json()["error"].as_str().unwrap().contains("set `jobs.endpoint`"), "{off:?}");
    assert_eq!(post(&rig, "retry", &json!({})).json(), json!({ "retried": 0 }));
    for (what, body, status) in [
        ("run", json!({ "limit": 0 }), 400),
        ("run", json!({ "limit": -1 }), 422),
        ("run", json!({ "all": true }), 422),
        ("retry", json!({ "conversation": "" }), 400),
        ("retry", json!({ "conversation": "x".repeat(501) }), 400),
        ("retry", json!({ "conversation": 7 }), 422),
        ("retry", json!({ "conversation": "x".repeat(5 << 20) }), 413),
    ] {
        let answer = post(&rig, what, &body);
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    // What does not say that it is JSON is not taken for no word at all.
    for (what, body) in [("run", "{\"limit\":1}"), ("retry", "{\"conversation\":\"x\"}")] {
        let call = Call::new("POST", &format!("/api/v1/jobs/{what}")).bearer(&rig.manage);
        let answer = call.body(body.as_bytes()).send(&rig);
        assert_eq!((answer.status, answer.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{answer:?}");
    }
    assert_eq!(Call::new("POST", "/api/v1/jobs/retry").bearer(&rig.manage).send(&rig).status, 200);
    assert!(!rig.instance.home().join("state/jobs.db").exists());
}
