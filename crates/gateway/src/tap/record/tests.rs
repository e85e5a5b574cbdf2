//! Lines of every kind, and a disk that refuses them.

use super::*;
use crate::tap::Api;
use axum::http::Method;
use llm::{Answer, Failure};

fn exchange() -> Exchange {
    Exchange {
        session: "s".to_owned(),
        began: Time(1_700_000_000_000_000),
        method: Method::POST,
        path: "/v1/messages".to_owned(),
        api: Api::Anthropic,
        headers: vec![("request-id", "req_1".to_owned()), ("x-client-request-id", "c".to_owned())],
        asked: Some(json!({ "model": "m", "messages": ["a body"] })),
        status: Some(200),
        answer: None,
        first_byte: Some(Duration::from_millis(12)),
        took: Duration::from_millis(345),
        outcome: Outcome::Whole,
        is_partial: false,
    }
}

#[test]
fn a_line_of_version_1_stays_as_it_is() {
    let line = r#"{"v":1,"time":1700000000000000,"method":"POST","path":"/v1/messages","model":"m","status":200,"outcome":"whole","request_id":"req_1","first_byte_ms":12,"took_ms":345}"#;
    let record = Record::of(&exchange());
    assert_eq!(serde_json::to_value(&record).unwrap(), serde_json::from_str::<Value>(line).unwrap());
    let read: Record = serde_json::from_str(line).unwrap();
    assert_eq!(read, record);
}

#[test]
fn of_what_went_wrong_no_secret_is_kept() {
    // As long as a real one, and as random.
    let key = "U8JZpDE0iGXlD6gNCFbaEPFjbD0kH8Oool8DklZDOCj2ISaJiHkTj0rLGlkoMXGjtEkDnNfribxUdl7dXTPyLsxPFkThf";
    let message = format!("no such key sk-ant-api03-{key}AA");
    let failure = Failure { kind: "authentication_error".to_owned(), message };
    let answer = Answer { failure: Some(failure), ..Answer::default() };
    let fault = Record::of(&Exchange { answer: Some(answer), ..exchange() }).error.unwrap();
    assert_eq!(fault.kind, "authentication_error");
    assert!(
        fault.message.starts_with("no such key") && !fault.message.contains(&key[..8]),
        "{}",
        fault.message
    );
}

#[test]
fn a_line_that_the_disk_refuses_is_counted_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.jsonl");
    let mut keeper = Keeper::new(&path, None, 0);
    keeper.hear(exchange());
    keeper.lines.max_bytes = 1;
    keeper.hear(exchange());
    keeper.hear(exchange());
    keeper.lines.max_bytes = LINES_MAX_BYTES;
    keeper.hear(exchange());
    let missed: Vec<u64> = read(&path).unwrap().iter().map(|record| record.missed).collect();
    assert_eq!(missed, [0, 2]);
    assert!(!folder.path().join("api-bodies.jsonl").exists());
}

#[test]
fn what_is_no_line_is_passed_over_and_bodies_lie_beside() {
    let folder = tempfile::tempdir().unwrap();
    let (path, bodies) = (folder.path().join("api.jsonl"), folder.path().join("api-bodies.jsonl"));
    std::fs::write(&path, "{\"v\":1,\"ti\n").unwrap();
    // Who wrote it was killed in the middle of a line.
    std::fs::write(&bodies, "{\"half").unwrap();
    let mut keeper = Keeper::new(&path, Some(&bodies), 0);
    keeper.hear(exchange());
    assert_eq!(read(&path).unwrap().len(), 1);
    let text = std::fs::read_to_string(&bodies).unwrap();
    assert!(text.starts_with("{\"half\n{") && text.contains("a body") && text.ends_with('\n'));
    std::fs::remove_file(&bodies).unwrap();
    Keeper::new(&path, Some(&bodies), 0).hear(exchange());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&bodies).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(read(&folder.path().join("none")).unwrap(), []);
}
