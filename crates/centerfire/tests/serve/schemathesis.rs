//! Schemathesis reads the description of the interface, and asks for all that it allows and much that it does not.

use crate::http::Call;
use crate::rig::Rig;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;
use testkit::{instance::finish, tools};

/// How long it may ask.
const SECONDS: &str = "25";
/// And how long it may take until its report is written.
const WITHIN: Duration = Duration::from_secs(90);

/// What is looked at in each answer. Others are left out where ours is right, and tested elsewhere: `ignored_auth` wants
/// 401 of the twentieth wrong token, `positive_data_acceptance` a session of any name, `ensure_resource_availability`
/// takes a token's secret for its id.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
    response_headers_conformance,negative_data_rejection,unsupported_method,allow_header_conformance,\
    missing_required_header,use_after_free";

/// Half of the requests are for sessions that there are; what ends or renames one gets one of its own. A socket is no
/// answer, a stream has no end, and to log out would end the token that asks.
const SETTINGS: &str = r#"
seed = 1
continue-on-failure = true
request-timeout = 20
parameters = { "path.session" = { dictionary = "sessions", probability = 0.5 } }
dictionaries.sessions.values = ["own", "done"]

[[operations]]
include-path-regex = "^/ws|/events$|/logout$"
enabled = false

[[operations]]
include-path-regex = "/kill$"
parameters = { "path.session" = "killed" }

[[operations]]
include-path = "/api/v1/sessions/{session}"
include-method = ["PATCH", "DELETE"]
parameters = { "path.session" = "renamed" }

[[operations]]
include-path-regex = "/wait$"
parameters = { "path.session" = "done" }
"#;

/// Invariant 10: whatever is asked for, there is an answer of the form that the description tells, and none says that the
/// server failed. That something cannot be done yet, 501, is allowed where the description says just that.
#[test]
fn nothing_that_can_be_asked_for_makes_the_server_fail() {
    let rig = Rig::with_programs(&["sh", "true"]);
    for name in ["own", "killed", "renamed"] {
        rig.start(name, "echo ready; exec cat");
    }
    rig.start("done", "echo ready");
    rig.wait_for_end("done");
    let mut settings = SETTINGS.to_owned();
    for operation in not_yet(&Call::get("/openapi.json").send(&rig).json()) {
        write!(
            settings,
            "[[operations]]\ninclude-operation-id = \"{operation}\"\n\
             checks.not_a_server_error.expected-statuses = [\"2xx\", \"4xx\", 501]\n\n"
        )
        .expect("write to a text");
    }
    rig.file("schemathesis.toml", settings.as_bytes());

    let mut command = Command::new(tools::schemathesis().expect("find Schemathesis"));
    rig.instance.settle(&mut command);
    let description = format!("http://{}/openapi.json", rig.address());
    command.args(["--config-file", "schemathesis.toml", "run", &description, "--max-time", SECONDS]);
    command.args(["--header", &format!("Authorization: Bearer {}", rig.manage)]);
    command.args(["--checks", CHECKS]);
    let output = finish(command, WITHIN);
    let report = String::from_utf8_lossy(&output.stdout);
    println!("{report}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(Call::get("/api/v1/sessions/own").bearer(&rig.manage).send(&rig).status, 200, "all is well");
}

/// The operations of which the description says that there is nothing yet that could do them.
fn not_yet(description: &Value) -> Vec<&str> {
    let paths = description["paths"].as_object().expect("there are paths");
    let operations =
        paths.values().flat_map(|path| path.as_object().expect("a path has operations").values());
    let not_yet = operations.filter(|operation| operation["responses"]["501"].is_object());
    not_yet.map(|operation| operation["operationId"].as_str().expect("each has a name")).collect()
}
