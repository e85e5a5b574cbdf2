//! Gemini CLI: plans, sub-agents, models that fail for good or for once, and what becomes of the conversation.

use super::*;
use Source::{Screen, Transcript};
use std::time::Duration;
use testkit::{Gemini, ModelServer};

fn each(state: State) -> [(Source, State); 2] {
    [(Screen, state), (Transcript, state)]
}

/// A transcript does not tell that somebody is asked.
fn asks(state: State) -> [(Source, State); 2] {
    [(Screen, state), (Transcript, WORKING)]
}

/// Types a prompt into Gemini CLI, which takes an Enter within 30 ms of other keys for a part of a paste.
/// What is typed before it listens is lost.
fn submit(session: &Session, prompt: &str) {
    let went = || {
        if session.text().contains("Type your message") {
            session.get(&["send", "--text", prompt]);
        }
        press(session, "Enter");
        let went = |state: &State| matches!(state.0, AgentState::Working | AgentState::Blocked);
        eventually(Duration::from_secs(6), || Some(state(&agent(session).claim)).filter(went))
    };
    eventually(PATIENCE, went).unwrap_or_else(|| panic!("not taken: {}", session.text()));
}

/// What Gemini CLI answered may still be followed by a call of a tool: its transcript tells of no turn that ended well.
const GEMINI_OVER: [(Source, State); 2] = [(Screen, IDLE), (Transcript, WORKING)];

fn gemini_session(gemini: &Gemini, words: &[&str]) -> Session {
    let session = session_with(gemini.program(), words, gemini.environment(), &gemini.project());
    // It takes seconds to start, and many on a busy machine.
    session.get(&["wait", "--for", "idle", "--timeout", "60"]);
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    session
}

#[test]
fn gemini_plans_and_asks_and_has_work_done() {
    let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let gemini = Gemini::prepare(folder.path(), &server).unwrap();
    let session = gemini_session(&gemini, &[]);
    let _follower = Server::follow_by(&session, gemini.environment(), &[Transcript], &|prompt| {
        submit(&session, prompt);
    });
    let job = r#"[[tool:invoke_agent|{"agent_name":"generalist","prompt":"[[bash:touch sub]] [[sleep:1500]] [[tool:complete_task|{\"result\":{\"response\":\"fine\"}}]]"}]] [[say:from above]]"#;
    submit(&session, job);
    all_say(&session, PERMISSION, &asks(PERMISSION));
    press(&session, "1");
    all_say(&session, WORKING, &each(WORKING));
    all_say(&session, IDLE, &GEMINI_OVER);
    submit(&session, "[[tool:enter_plan_mode|{}]] [[say:planning]]");
    all_say(&session, PERMISSION, &asks(PERMISSION));
    press(&session, "1");
    session.wait_for_line("✦ planning");
    all_say(&session, IDLE, &GEMINI_OVER);
    let plans = eventually(PATIENCE, || gemini.plans()).expect("plans have a folder");
    let plans = plans.display();
    let prompt = format!(
        "[[write:{plans}/p.md|# Count to three]] [[tool:exit_plan_mode|{{\"plan_filename\":\"p.md\"}}]] [[say:on it]]"
    );
    submit(&session, &prompt);
    all_say(&session, PLAN, &asks(PLAN));
    press(&session, "2");
    session.wait_for_line("✦ on it");
    all_say(&session, IDLE, &GEMINI_OVER);
    let question = r#"{"questions":[{"question":"Which db","header":"DB","type":"choice","options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;
    submit(&session, &format!("[[tool:ask_user|{question}]] [[say:chosen]]"));
    all_say(&session, QUESTION, &asks(QUESTION));
    press(&session, "1");
    session.wait_for_line("✦ chosen");
    all_say(&session, IDLE, &GEMINI_OVER);
    keep_recording(&session, "gemini", "0.61.0-plan");
    let told = entries(&session, &gemini.environment());
    let called: Vec<&str> =
        told.iter().filter(|(kind, _)| kind == "tool_call").map(|(_, name)| name.as_str()).collect();
    assert_eq!(
        called,
        [
            "invoke_agent",
            "run_shell_command",
            "complete_task",
            "enter_plan_mode",
            "write_file",
            "exit_plan_mode",
            "ask_user"
        ],
        "{told:#?}"
    );
    for said in ["from above", "planning", "on it", "chosen"] {
        assert!(told.iter().any(|(kind, text)| kind == "message" && text == said), "{said}: {told:#?}");
    }
    killed(&session);
}

#[test]
fn gemini_on_a_model_that_fails_and_what_becomes_of_the_conversation() {
    let folder = tempfile::Builder::new().prefix("gm").tempdir_in("/tmp").unwrap();
    let server = ModelServer::start().unwrap();
    let gemini = Gemini::prepare(folder.path(), &server).unwrap();
    let session = gemini_session(&gemini, &[]);
    let follower = Server::follow_by(&session, gemini.environment(), &[Transcript], &|prompt| {
        submit(&session, prompt);
    });
    submit(&session, "[[error:529|UNAVAILABLE|once]] [[sleep:1500]] [[say:came through]]");
    all_say(&session, WORKING, &each(WORKING));
    session.wait_for_line("✦ came through");
    all_say(&session, IDLE, &GEMINI_OVER);
    session.get(&["send", "--text", "/compress"]);
    session.wait_for_line("Compresses the context");
    press(&session, "Enter");
    let compacted = || {
        let told = entries(&session, &gemini.environment());
        told.iter().any(|(kind, text)| kind == "compaction" && text.contains("FAKE summary")).then_some(())
    };
    eventually(PATIENCE, compacted).unwrap_or_else(|| panic!("{}", session.text()));
    all_say(&session, IDLE, &[(Screen, IDLE)]);
    drop(follower);
    killed(&session);
    let session = gemini_session(&gemini, &["--resume", "latest"]);
    let _follower = Server::follow_by(&session, gemini.environment(), &[Transcript], &|prompt| {
        submit(&session, prompt);
    });
    submit(&session, "[[sleep:1500]] [[say:went on]]");
    all_say(&session, WORKING, &each(WORKING));
    session.wait_for_line("✦ went on");
    all_say(&session, IDLE, &GEMINI_OVER);
    let told = entries(&session, &gemini.environment());
    for said in ["came through", "went on"] {
        assert!(told.iter().any(|(kind, text)| kind == "message" && text == said), "{said}: {told:#?}");
    }
    // It tries again for minutes, until it is interrupted.
    submit(&session, "[[error:529|UNAVAILABLE]]");
    all_say(&session, WORKING, &each(WORKING));
    press(&session, "Escape");
    all_say(&session, IDLE, &each(IDLE));
    keep_recording(&session, "gemini", "0.61.0-failures");
    killed(&session);
}
