//! Codex, started with hooks of its session.

use super::*;
use testkit::{Codex, ModelServer};

/// With the hooks, which the other proofs do without.
fn hooked(mut environment: Vec<(&'static str, OsString)>) -> Vec<(&'static str, OsString)> {
    environment.push(("CENTERFIRE_CODEX_HOOKS", "true".into()));
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
    send(&session, &format!("[[tool:exec_command|{asks}]] [[say:made]]"));
    all_say(&session, PERMISSION, &[(Report, PERMISSION), (Hook, PERMISSION), (Screen, PERMISSION)]);
    session.press_in_dialog("Press enter to confirm", "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, IDLE), (Screen, IDLE)]);
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, IDLE), (Screen, IDLE)]);
    send(&session, "[[error:400|invalid_request_error]]");
    // No hook tells of a failure.
    all_say(&session, ERROR, &[(Report, ERROR), (Screen, ERROR), (Hook, WORKING)]);
}

/// A question, a plan, a sub-agent and what that asks, by all sources together.
#[test]
fn codex_asks_plans_and_delegates() {
    use Source::{Hook, Report, Screen, Transcript};
    let folder = tempfile::Builder::new().prefix("cx").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let codex = Codex::prepare(folder.path(), &server).unwrap();
    let session = session_of(codex.program(), hooked(codex.environment()), &codex.project());
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    let _server = Server::follow(&session, codex.environment(), &[Transcript]);
    let each = |state: State| [(Report, state), (Transcript, state), (Hook, state), (Screen, state)];
    let over = [(Report, DONE), (Transcript, DONE), (Hook, DONE), (Screen, IDLE)];
    send(&session, "/plan");
    session.wait_for_line("Plan mode");
    let question = r#"{"questions":[{"id":"a","header":"Q","question":"Which?","options":[{"label":"A","description":"first"},{"label":"B","description":"second"}]}]}"#;
    let asks = format!("[[tool:request_user_input|{question}]] [[sleep:1500]] [[say:asked]]");
    send(&session, &asks);
    all_say(&session, QUESTION, &each(QUESTION));
    press(&session, "Enter");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &over);
    // A plan ends the turn, and only its screen tells that it waits for a yes.
    let plans = "[[say:<proposed_plan>\n# Count\n\n- one\n- two\n</proposed_plan>]]";
    let planned = [(Screen, PLAN), (Report, DONE), (Transcript, DONE), (Hook, DONE)];
    send(&session, plans);
    all_say(&session, PLAN, &planned);
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    send(&session, plans);
    all_say(&session, PLAN, &planned);
    keep_recording(&session, "codex", "0.169.0-plan");
    press(&session, "Enter");
    session.wait_for_line("FAKE: Implement the plan");
    all_say(&session, DONE, &over);
    let below = r#"{"message":"[[sleep:1500]] [[say:from below]]"}"#;
    let spawns = format!("[[tool:multi_agent_v1.spawn_agent|{below}]] [[sleep:4000]] [[say:from above]]");
    send(&session, &spawns);
    let works = || agent(&session).claims.iter().any(|claim| claim.agent.is_some()).then_some(());
    eventually(PATIENCE, works).expect("its sub-agent is told");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, DONE, &over);
    // What a sub-agent asks blocks the whole, and is answered as its own.
    let cmd =
        r#"{\"cmd\":\"touch f\",\"sandbox_permissions\":\"require_escalated\",\"justification\":\"may I\"}"#;
    let below = format!(r#"{{"message":"[[tool:exec_command|{cmd}]] [[sleep:500]] [[say:made]]"}}"#);
    send(&session, &format!("[[tool:multi_agent_v1.spawn_agent|{below}]] [[sleep:6000]] [[say:over]]"));
    let asked = [(Report, PERMISSION), (Screen, PERMISSION), (Hook, WORKING), (Transcript, WORKING)];
    a_sub_agent_asks(&session, &asked);
    session.get(&["approve"]);
    comes_to(&session, WORKING);
    session.wait_for_line("• over");
    all_say(&session, DONE, &over);
    let told = entries(&session, &codex.environment());
    let has = |kind: &str, text: &str| told.iter().any(|entry| entry.0 == kind && entry.1.contains(text));
    for (kind, text) in [
        ("tool_call", "request_user_input"),
        ("tool_result", "\"answers\""),
        ("message", "# Count"),
        ("tool_call", "spawn_agent"),
        ("message", "from below"),
        ("message", "from above"),
        ("message", "made"),
    ] {
        assert!(has(kind, text), "{kind} {text}: {told:#?}");
    }
    killed(&session);
}
