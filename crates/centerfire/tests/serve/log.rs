//! What the server logs.

use crate::http::Call;
use crate::rig::Rig;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A server whose standard error is a file.
fn logging(words: &[&str]) -> (Rig, PathBuf) {
    let folder = tempfile::Builder::new().prefix("cflog").tempdir_in("/tmp").expect("a folder").keep();
    let file = folder.join("log");
    (Rig::logging(words, &file), file)
}

/// Ends the server, so that all of its log is there.
fn read(mut rig: Rig, file: PathBuf) -> String {
    assert!(rig.stop_server(Signal::TERM).success());
    let log = std::fs::read_to_string(&file).expect("a log");
    std::fs::remove_dir_all(file.parent().expect("a folder")).expect("remove the folder");
    for secret in [rig.manage.as_str(), rig.login()] {
        assert!(!log.contains(secret), "a secret is in the log: {log}");
    }
    log
}

/// Each request is an object: which, by whom, how it ended and why; and never a secret or what was typed.
#[test]
fn requests_are_told_as_json() {
    let (rig, file) = logging(&["--log-format", "json", "--set", "serve.log_level=info"]);
    rig.start("own", "stty -echo; echo ready; exec cat >/dev/null");
    let (secret, id) = rig.token_and_id(&["--role", "view"]);
    let good = Call::get("/api/v1/sessions/own").bearer(&secret).send(&rig);
    let typed = Call::post("/api/v1/sessions/own/input", &json!({ "text": "typed text" }));
    assert_eq!(typed.bearer(&secret).send(&rig).status, 403);
    assert_eq!(Call::get("/api/v1/sessions/nobody-there").bearer(&secret).send(&rig).status, 404);
    assert_eq!(Call::get("/api/v1/me").bearer("cf_wrong").send(&rig).status, 401);
    let log = read(rig, file);
    assert!(!log.contains(&secret) && !log.contains("cf_wrong") && !log.contains("typed text"), "{log}");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let find =
        |status: u16| lines.iter().find(|line| line["status"] == status).unwrap_or_else(|| panic!("{log}"));
    let line = find(200);
    assert_eq!((&line["level"], &line["message"]), (&json!("INFO"), &json!("answered")));
    let span = &line["span"];
    assert_eq!((&span["method"], &span["route"]), (&json!("GET"), &json!("/api/v1/sessions/{session}")));
    assert_eq!((&span["who"], &span["peer"]), (&json!(id), &json!("127.0.0.1")), "{line}");
    assert_eq!(good.header("x-request-id").map(|id| json!(id)).as_ref(), Some(&span["id"]));
    assert!(line["took_ms"].as_f64().is_some_and(|took| took > 0.0), "{line}");
    for (status, code, cause, who) in [
        (403, "FORBIDDEN", "needs the role type", Some(&id)),
        (404, "NO_SUCH_SESSION", "nobody-there", Some(&id)),
        (401, "UNAUTHORIZED", "unknown", None),
    ] {
        let line = find(status);
        assert_eq!((&line["level"], &line["code"]), (&json!("WARN"), &json!(code)), "{line}");
        assert!(line["cause"].as_str().is_some_and(|told| told.contains(cause)), "{line}");
        assert_eq!(line["span"]["who"].as_str(), who.map(String::as_str), "{line}");
    }
}

/// By default, and as text, what was refused is told with its cause, and nothing else.
#[test]
fn what_was_refused_is_told_by_default() {
    let (rig, file) = logging(&[]);
    assert_eq!(Call::get("/api/v1/health").send(&rig).status, 200);
    assert_eq!(Call::get("/api/v1/me").host("evil.example").send(&rig).status, 421);
    assert_eq!(Call::get("/nothing.js").send(&rig).status, 404);
    let log = read(rig, file);
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    for part in ["WARN", "request{", "route=\"/api/v1/me\"", "refused", "HOST_NOT_ALLOWED", "evil.example"] {
        assert!(lines[0].contains(part), "{part}: {log}");
    }
    assert!(lines[1].contains("NOT_FOUND"), "{log}");
}
