//! CLIs whose configuration lies elsewhere than the server's: what they write down is heard and taken in all the same.

use super::*;
use crate::session::NAME;
use Source::{Register, Report, Transcript};
use testkit::{Claude, Codex, ModelServer};

/// One that runs when the server starts, and one that begins later; the server and who asks know nothing of their variables.
#[test]
fn a_cli_with_another_configuration_than_the_servers_is_followed() {
    let folder = tempfile::Builder::new().prefix("el").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(&made(folder.path(), "codex"), &server).unwrap();
    let session = session_of(codex.program(), codex.environment(), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE)]);
    let _server = Server::follow(&session, Vec::new(), &[Transcript]);
    let said = |name: &str| {
        let told = session.instance.json(&["conversation", name, "--json"]);
        let all = told[0]["entries"].as_array().cloned().unwrap_or_default();
        all.iter()
            .any(|entry| entry["kind"] == "message" && entry["text"] == "hello" && entry["place"].is_object())
    };
    assert!(eventually(PATIENCE, || said(NAME).then_some(())).is_some(), "what Codex said is told");

    let claude = Claude::prepare(&made(folder.path(), "claude"), &server).unwrap();
    let mut start = session.instance.command(&[
        "run",
        "--detached",
        "--name",
        "later",
        "--",
        claude.program().to_str().unwrap(),
    ]);
    start.env_clear().envs(claude.environment()).env("CENTERFIRE_HOME", session.instance.home());
    start.current_dir(claude.project());
    let started = testkit::instance::finish(start, PATIENCE);
    assert!(started.status.success(), "{started:?}");
    session.instance.out(&["wait", "later", "--for", "idle", "--timeout", "30"]);
    let sources = || {
        session.instance.out(&["send", "later", "--submit", "[[sleep:500]] [[say:hello]]"]);
        session.instance.out(&["wait", "later", "--for", "done", "--timeout", "20"]);
        let shown = session.instance.json(&["show", "later", "--json"]);
        let agent: AgentStatus = serde_json::from_value(shown["agent"].clone()).unwrap();
        [Transcript, Register].iter().all(|source| super::said(&agent, *source).is_some()).then_some(())
    };
    assert!(eventually(PATIENCE, sources).is_some(), "transcript and register of Claude Code are heard");
    assert!(eventually(PATIENCE, || said("later").then_some(())).is_some(), "what Claude Code said is told");
}

fn made(folder: &Path, name: &str) -> std::path::PathBuf {
    let folder = folder.join(name);
    std::fs::create_dir(&folder).unwrap();
    folder
}
