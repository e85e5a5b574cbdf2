//! What an event says of the agent's state.

use super::{PERMISSION, QUESTION, is_plan, text};
use crate::transcript::failed;
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde_json::Value;

/// The error of a turn that a person ended.
const ABORTED: &str = "MessageAbortedError";

pub(super) fn claim(payload: &[u8], since: Time) -> Option<Claim> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let event = value["hook_event_name"].as_str()?;
    let (state, on, reason) = match event {
        "session.status" => match value["status"]["type"].as_str()? {
            // The plugin says so of a turn that a person ended, by a no or while it waited for another try.
            "idle" if value["ended"].is_string() => (AgentState::Idle, None, text(&value, "ended")),
            "idle" => (AgentState::Done, None, None),
            "retry" => (AgentState::Working, None, text(&value["status"], "message")),
            _ => (AgentState::Working, None, None),
        },
        "session.error" if value["error"]["name"] == ABORTED => {
            (AgentState::Idle, None, Some("interrupted".to_owned()))
        }
        "session.error" => {
            let data = &value["error"]["data"];
            let told = text(data, "message").or_else(|| text(&value["error"], "name"));
            let status = data["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
            (failed(status), None, told)
        }
        PERMISSION => (AgentState::Blocked, Some(BlockKind::Permission), text(&value, "permission")),
        QUESTION if is_plan(&value) => (AgentState::Blocked, Some(BlockKind::Plan), None),
        QUESTION => (AgentState::Blocked, Some(BlockKind::Question), None),
        "permission.replied" | "question.replied" | "question.rejected" => (AgentState::Working, None, None),
        _ => return None,
    };
    let agent = text(&value, "agent_id");
    // A sub-agent that is done, or was refused, is gone.
    let is_over = agent.is_some() && matches!(state, AgentState::Done | AgentState::Idle);
    let state = if is_over { AgentState::Exited } else { state };
    Some(Claim { state, on, reason, source: Source::Hook, since, evidence: event.to_owned(), agent })
}

#[test]
fn events_say_what_the_agent_does() {
    let said = |event: &str, rest: &str| {
        let payload = format!(r#"{{"hook_event_name":"{event}"{rest}}}"#);
        claim(payload.as_bytes(), Time(5)).map(|claim| (claim.state, claim.on))
    };
    let status =
        |kind: &str, more: &str| said("session.status", &format!(r#","status":{{"type":"{kind}"}}{more}"#));
    assert_eq!(status("busy", ""), Some((AgentState::Working, None)));
    assert_eq!(status("idle", ""), Some((AgentState::Done, None)));
    assert_eq!(status("idle", r#","ended":"refused""#), Some((AgentState::Idle, None)));
    let below = r#","ended":"refused","agent_id":"ses_2""#;
    assert_eq!(status("idle", below), Some((AgentState::Exited, None)));
    let error = |name: &str, data: &str| {
        said("session.error", &format!(r#","error":{{"name":"{name}","data":{{{data}}}}}"#))
    };
    assert_eq!(error("APIError", r#""statusCode":400"#), Some((AgentState::Error, None)));
    assert_eq!(error("APIError", r#""statusCode":429"#), Some((AgentState::Limit, None)));
    assert_eq!(error(ABORTED, ""), Some((AgentState::Idle, None)));
    assert_eq!(said(PERMISSION, ""), Some((AgentState::Blocked, Some(BlockKind::Permission))));
    assert_eq!(said(QUESTION, ""), Some((AgentState::Blocked, Some(BlockKind::Question))));
    assert_eq!((said("session.created", ""), claim(b"{", Time(5))), (None, None));
}
