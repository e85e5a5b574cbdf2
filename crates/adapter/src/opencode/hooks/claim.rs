//! What an event says of the agent's state.

use super::{PERMISSION, QUESTION, is_plan, text};
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde_json::Value;

/// The error of a turn that a person ended.
const ABORTED: &str = "MessageAbortedError";

pub(super) fn claim(payload: &[u8], since: Time) -> Option<Claim> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let event = value["hook_event_name"].as_str()?;
    let (state, on, reason) = match event {
        "session.status" => match value["status"]["type"].as_str()? {
            "idle" => (AgentState::Done, None, None),
            "retry" => (AgentState::Working, None, text(&value["status"], "message")),
            _ => (AgentState::Working, None, None),
        },
        "session.error" if value["error"]["name"] == ABORTED => {
            (AgentState::Idle, None, Some("interrupted".to_owned()))
        }
        "session.error" => {
            let told = text(&value["error"]["data"], "message").or_else(|| text(&value["error"], "name"));
            (AgentState::Error, None, told)
        }
        PERMISSION => (AgentState::Blocked, Some(BlockKind::Permission), text(&value, "permission")),
        QUESTION if is_plan(&value) => (AgentState::Blocked, Some(BlockKind::Plan), None),
        QUESTION => (AgentState::Blocked, Some(BlockKind::Question), None),
        "permission.replied" | "question.replied" | "question.rejected" => (AgentState::Working, None, None),
        _ => return None,
    };
    let agent = text(&value, "agent_id");
    // A sub-agent that is done is gone.
    let state = if agent.is_some() && state == AgentState::Done { AgentState::Exited } else { state };
    Some(Claim { state, on, reason, source: Source::Hook, since, evidence: event.to_owned(), agent })
}

#[test]
fn events_say_what_the_agent_does() {
    let said = |event: &str, rest: &str| {
        let payload = format!(r#"{{"hook_event_name":"{event}"{rest}}}"#);
        claim(payload.as_bytes(), Time(5)).map(|claim| (claim.state, claim.on))
    };
    let status = |kind: &str| said("session.status", &format!(r#","status":{{"type":"{kind}"}}"#));
    assert_eq!(status("busy"), Some((AgentState::Working, None)));
    assert_eq!(status("idle"), Some((AgentState::Done, None)));
    let error = |name: &str| said("session.error", &format!(r#","error":{{"name":"{name}","data":{{}}}}"#));
    assert_eq!(error("APIError"), Some((AgentState::Error, None)));
    assert_eq!(error(ABORTED), Some((AgentState::Idle, None)));
    assert_eq!(said(PERMISSION, ""), Some((AgentState::Blocked, Some(BlockKind::Permission))));
    assert_eq!(said(QUESTION, ""), Some((AgentState::Blocked, Some(BlockKind::Question))));
    assert_eq!((said("session.created", ""), claim(b"{", Time(5))), (None, None));
}
