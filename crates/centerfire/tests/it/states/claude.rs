//! Claude Code: a plain turn, tools, permission, question, plan, sub-agent, interrupt, an error that no second try mends, the end.

use super::*;
use crate::claude_code::Desk;

const ASKS: &str = r#"{"questions":[{"question":"Which db?","header":"DB","multiSelect":false,"options":[{"label":"A","description":"a"},{"label":"B","description":"b"}]}]}"#;

#[test]
fn claude_code_is_known_by_each_source() {
    let desk = Desk::new();
    let session = desk.session();
    use Source::{Hook, Report, Screen};
    all_say(&session, IDLE, &[(Report, IDLE), (Screen, IDLE)]);
    send(&session, "[[sleep:2500]] [[say:the answer]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:made]]");
    all_say(&session, PERMISSION, &[(Report, PERMISSION), (Hook, PERMISSION), (Screen, PERMISSION)]);
    session.wait_for_line("Esc to cancel");
    press(&session, "1");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    send(&session, &format!("[[tool:AskUserQuestion|{ASKS}]] [[sleep:1500]] [[say:chosen]]"));
    all_say(&session, QUESTION, &[(Report, QUESTION), (Hook, QUESTION), (Screen, QUESTION)]);
    press(&session, "Enter");
    all_say(&session, DONE, &[(Report, DONE), (Hook, DONE), (Screen, IDLE)]);
    // No hook tells of an interrupt.
    send(&session, "[[rate:20]] [[lorem:500]]");
    all_say(&session, WORKING, &[(Report, WORKING), (Hook, WORKING), (Screen, WORKING)]);
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &[(Report, IDLE), (Hook, WORKING), (Screen, IDLE)]);
    send(&session, "[[error:400|invalid_request_error]]");
    all_say(&session, ERROR, &[(Report, ERROR), (Hook, ERROR), (Screen, ERROR)]);
    keep_recording(&session, "claude", "2.1.329");
    let told = session.json(&["explain", "--last", "1000"]);
    assert_eq!(told["agent"]["state"], "error");
    let history = told["history"].as_array().unwrap();
    for what in ["said", "decided", "asked", "settled"] {
        assert!(history.iter().any(|moment| moment["what"] == what), "{what}: {history:#?}");
    }
    let page = session.get(&["explain"]);
    assert!(page.starts_with("s: error, since") && page.contains("\nreport      error"), "{page}");
    session.get(&["kill"]);
    let over = eventually(PATIENCE, || {
        recorded(&session).last().copied().filter(|last| last.0 == AgentState::Exited)
    });
    assert!(over.is_some(), "{:?}", recorded(&session));
    assert!(!recorded(&session).contains(&(AgentState::Unknown, None)));
}

/// A plan has no word in OSC 7501 nor in the register: hook and screen know that it is one.
#[test]
fn a_plan_is_known_as_one() {
    use Source::{Hook, Register, Report, Screen, Transcript};
    let desk = Desk::new();
    let session = desk.session_with(&["--permission-mode", "plan"]);
    let _server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    let plans = desk.claude.config().join("plans").to_str().unwrap().to_owned();
    let requests = desk.server.requests();
    let told: String = requests.iter().map(|request| request.body.to_string()).collect();
    let start = told.find(&plans).expect("the model is told the plan's file");
    let file = told[start..].split(".md").next().unwrap().to_owned() + ".md";
    send(&session, &format!("[[write:{file}|# Count to three]] [[tool:ExitPlanMode|{{}}]] [[say:on it]]"));
    let sources = [
        (Hook, PLAN),
        (Screen, PLAN),
        (Report, PERMISSION),
        (Register, PERMISSION),
        // It tells what was called, not that somebody is asked.
        (Transcript, WORKING),
    ];
    all_say(&session, PLAN, &sources);
    keep_recording(&session, "claude", "2.1.329-plan");
    press(&session, "Escape");
    // A hook is told of the answer by the host alone, as that it works on, a moment after the transcript says no.
    all_say(&session, IDLE, &[(Report, IDLE), (Register, IDLE), (Transcript, IDLE), (Screen, IDLE)]);
}

/// A sub-agent's prompt blocks the whole, and only a hook knows of it: for as long as that waits there is no dialog.
#[test]
fn a_sub_agents_prompt_and_a_killed_claude_code() {
    use Source::{Hook, Register, Report, Screen, Transcript};
    let desk = Desk::new();
    let session = desk.session();
    let _server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    let job = json!({ "description": "job", "prompt": "[[bash:touch sub]] [[sleep:1500]] [[say:sub]]", "subagent_type": "general-purpose" });
    send(&session, &format!("[[tool:Agent|{job}]] [[say:all done]]"));
    session.wait_for_line("Waiting for 1 background agent");
    // The turn of the agent itself is over, which is all that its transcript and its hook know.
    let sources =
        [(Report, WORKING), (Register, WORKING), (Screen, WORKING), (Hook, DONE), (Transcript, DONE)];
    let sees = |agent: &AgentStatus| {
        sources.iter().all(|(source, state)| said(agent, *source) == Some(*state))
            && agent.claims.iter().any(|claim| claim.evidence.starts_with("background agents"))
    };
    let blocked = eventually(PATIENCE, || Some(comes_to(&session, PERMISSION)).filter(sees)).unwrap();
    assert!(blocked.claim.agent.is_some(), "it says whose prompt it is: {blocked:#?}");
    assert_eq!(blocked.claim.reason.as_deref(), Some("Bash: touch sub"));
    for chosen in subsets(&sources.map(|(source, _)| source)) {
        let open = chosen.contains(&Hook).then_some(&blocked.claim);
        let expected = match chosen[..] {
            _ if open.is_some() => &[PERMISSION][..],
            [Transcript] => &[DONE],
            // Without the report, who speaks last is believed, and these do at about the same time.
            _ if chosen.contains(&Transcript) && !chosen.contains(&Report) => &[WORKING, DONE],
            _ => &[WORKING],
        };
        let is = fused(&blocked, &chosen, open);
        assert!(expected.contains(&is), "{is:?} by {chosen:?} of {:#?}", blocked.claims);
    }
    keep_recording(&session, "claude", "2.1.329-agent");
    session.get(&["approve"]);
    comes_to(&session, WORKING);
    comes_to(&session, DONE);
    killed(&session);
}

/// What the CLI writes down itself is heard while a server follows it.
#[test]
fn a_transcript_and_a_register_say_what_claude_code_does() {
    use Source::{Hook, Register, Report, Screen, Transcript};
    let desk = Desk::new();
    let session = desk.session();
    let _server = Server::follow(&session, desk.claude.environment(), &[Transcript, Register]);
    let all = |others: State, register: State, transcript: State, screen: State| {
        [(Report, others), (Hook, others), (Register, register), (Transcript, transcript), (Screen, screen)]
    };
    send(&session, "[[sleep:3000]] [[bash:echo hi]] [[sleep:3000]] [[say:the answer]]");
    all_say(&session, WORKING, &all(WORKING, WORKING, WORKING, WORKING));
    all_say(&session, DONE, &all(DONE, IDLE, DONE, IDLE));
    // A transcript does not tell that somebody is asked.
    let asked = all(PERMISSION, PERMISSION, WORKING, PERMISSION);
    send(&session, "[[bash:touch f]] [[sleep:1500]] [[say:made]]");
    all_say(&session, PERMISSION, &asked);
    session.wait_for_line("Esc to cancel");
    press(&session, "1");
    all_say(&session, WORKING, &all(WORKING, WORKING, WORKING, WORKING));
    all_say(&session, DONE, &all(DONE, IDLE, DONE, IDLE));
    send(&session, "[[bash:touch g]] [[say:made]]");
    all_say(&session, PERMISSION, &asked);
    session.get(&["deny"]);
    all_say(&session, DONE, &all(DONE, IDLE, DONE, IDLE));
    // No hook tells of an interrupt, nor that somebody says no in the terminal.
    let stopped = [(Report, IDLE), (Hook, WORKING), (Register, IDLE), (Transcript, IDLE), (Screen, IDLE)];
    send(&session, "[[bash:touch h]] [[say:made]]");
    all_say(&session, PERMISSION, &asked);
    session.press_in_dialog("Esc to cancel", "Escape");
    // The host alone tells of that for the hook, as that it works on, a moment after the transcript says no.
    all_say(&session, IDLE, &[(Report, IDLE), (Register, IDLE), (Transcript, IDLE), (Screen, IDLE)]);
    // A register does not tell of which kind a question is.
    send(&session, &format!("[[tool:AskUserQuestion|{ASKS}]] [[sleep:1500]] [[say:chosen]]"));
    let question = [
        (Report, QUESTION),
        (Hook, QUESTION),
        (Screen, QUESTION),
        (Register, (AgentState::Blocked, None)),
        (Transcript, WORKING),
    ];
    all_say(&session, QUESTION, &question);
    press(&session, "Enter");
    all_say(&session, DONE, &all(DONE, IDLE, DONE, IDLE));
    send(&session, "[[rate:20]] [[lorem:500]]");
    session.wait_for_line("lorem ipsum");
    press(&session, "Escape");
    all_say(&session, IDLE, &stopped);
    send(&session, "[[sleep:1000]] [[error:400|invalid_request_error]]");
    all_say(&session, WORKING, &all(WORKING, WORKING, WORKING, WORKING));
    all_say(&session, ERROR, &all(ERROR, IDLE, ERROR, ERROR));
    // What it said last counts no more once it is killed in the middle of a turn.
    send(&session, "[[rate:20]] [[lorem:500]]");
    all_say(&session, WORKING, &all(WORKING, WORKING, WORKING, WORKING));
    killed(&session);
}
