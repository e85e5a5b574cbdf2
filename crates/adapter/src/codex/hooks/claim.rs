//! What an event says of the agent's state.

use super::{CALL, PERMISSION, question, text};
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde_json::Value;

pub(super) fn claim(payload: &[u8], since: Time) -> Option<Claim> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let event = value["hook_event_name"].as_str()?;
    let (state, on, reason) = match event {
        "UserPromptSubmit" | "SubagentStart" => (AgentState::Working, None, None),
        "PreCompact" => (AgentState::Working, None, Some("compacts the conversation".to_owned())),
        PERMISSION => (AgentState::Blocked, Some(BlockKind::Permission), text(&value, "tool_name")),
        CALL if value["tool_name"] == question::TOOL => {
            (AgentState::Blocked, Some(BlockKind::Question), None)
        }
        "Stop" => (AgentState::Done, None, None),
        "Interrupt" => (AgentState::Idle, None, Some("interrupted".to_owned())),
        "SubagentStop" => (AgentState::Exited, None, None),
        "SessionEnd" => (AgentState::Exited, None, text(&value, "reason")),
        // The start comes with the first prompt, in no order.
        _ => return None,
    };
    let agent = text(&value, "agent_id");
    Some(Claim { state, on, reason, source: Source::Hook, since, evidence: event.to_owned(), agent })
}

#[test]
fn events_say_what_the_agent_does() {
    let said = |event: &str| {
        let tool = if event == CALL { question::TOOL } else { "Bash" };
        let payload = format!(r#"{{"hook_event_name":"{event}","tool_name":"{tool}"}}"#);
        claim(payload.as_bytes(), Time(5)).map(|claim| (claim.state, claim.on))
    };
    let cases = [
        ("UserPromptSubmit", AgentState::Working, None),
        (PERMISSION, AgentState::Blocked, Some(BlockKind::Permission)),
        (CALL, AgentState::Blocked, Some(BlockKind::Question)),
        ("Stop", AgentState::Done, None),
        ("Interrupt", AgentState::Idle, None),
        ("SessionEnd", AgentState::Exited, None),
    ];
    for (event, state, on) in cases {
        assert_eq!(said(event), Some((state, on)), "{event}");
    }
    assert_eq!((said("SessionStart"), claim(b"{", Time(5))), (None, None));
}
