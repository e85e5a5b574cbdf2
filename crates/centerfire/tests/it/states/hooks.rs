//! Codex and opencode, started with hooks of their session.

use super::*;
use testkit::{Codex, ModelServer, Opencode};

/// With the hooks, which the other proofs do without.
fn hooked(mut environment: Vec<(&'static str, OsString)>) -> Vec<(&'static str, OsString)> {
    environment
        .extend(["CENTERFIRE_CODEX_HOOKS", "CENTERFIRE_OPENCODE_HOOKS"].map(|name| (name, "true".into())));
    environment
}

#[test]
fn codex_is_known_by_its_hooks() {
    use Source::{Hook, Report, Screen};
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let session = session_of(codex.program(), hooked(codex.environment()), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    let asks = r#"{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"may I"}"#;
    send(&session, &format!("[[tool:exec_command|{asks}]] [[sleep:1500]] [[say:made]]"));
    all_say(&session, PERMISSION, &[(Report, PERMISSION), (Hook, PERMISSION), (Screen, PERMISSION)]);
    press(&session, "y");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, IDLE), (Screen, IDLE)]);
    send(&session, "[[error:400|invalid_request_error]]");
    all_say(&session, ERROR, &[(Report, ERROR), (Screen, IDLE)]);
}

#[test]
fn opencode_is_known_by_its_plugin() {
    use Source::{Hook, Screen};
    let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let opencode = Opencode::prepare(folder.path(), &server).unwrap();
    let session = session_of(opencode.program(), hooked(opencode.environment()), &opencode.project());
    // It takes seconds to start, and many on a busy machine.
    session.get(&["wait", "--for", "idle", "--timeout", "60"]);
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:was made]]");
    all_say(&session, PERMISSION, &[(Hook, PERMISSION), (Screen, PERMISSION)]);
    press(&session, "Enter");
    all_say(&session, WORKING, &[(Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
    let asks = r#"{"questions":[{"question":"Which?","header":"Q","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;
    send(&session, &format!("[[tool:question|{asks}]] [[sleep:1500]] [[say:chosen]]"));
    all_say(&session, QUESTION, &[(Hook, QUESTION), (Screen, QUESTION)]);
    press(&session, "Enter");
    all_say(&session, DONE, &[(Hook, DONE), (Screen, IDLE)]);
}
