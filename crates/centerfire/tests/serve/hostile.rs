//! Requests that mean harm, or nothing: each is refused in the one form of errors, and leaves no trace.

use crate::attack::check;
use crate::http::Call;
use crate::rig::Rig;
use serde_json::json;

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
