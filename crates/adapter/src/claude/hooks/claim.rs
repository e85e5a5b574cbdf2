//! What an event says of the agent's state.

use super::{PERMISSION, PLAN, QUESTION, text};
use crate::claude::failed;
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde_json::Value;

/// Characters of a reason: it is one line for people.
const REASON_CHARS: usize = 200;

/// What the event with this JSON says of the state; `None` where it says nothing.
pub fn claim(payload: &[u8], since: Time) -> Option<Claim> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let event = value["hook_event_name"].as_str()?;
    let agent = text(&value, "agent_id");
    let (state, on, reason) = match event {
        // A conversation that was compacted goes on or rests: the event after it tells which.
        "SessionStart" if value["source"] == "compact" => return None,
        "SessionStart" => (AgentState::Idle, None, None),
        "UserPromptSubmit" | "SubagentStart" => (AgentState::Working, None, None),
        "PreCompact" => (AgentState::Working, None, Some("compacts the conversation".to_owned())),
        // The user asked for it, and it waits for a task; or the window was full in the middle of one.
        "PostCompact" if value["trigger"] == "manual" => (AgentState::Idle, None, None),
        "PostCompact" => (AgentState::Working, None, None),
        "PreToolUse" | "PostToolUse" | "PostToolUseFailure" | "PermissionDenied" => {
            (AgentState::Working, None, text(&value, "tool_name"))
        }
        PERMISSION => {
            let tool = text(&value, "tool_name")?;
            let on = match tool.as_str() {
                QUESTION => BlockKind::Question,
                PLAN => BlockKind::Plan,
                _ => BlockKind::Permission,
            };
            (AgentState::Blocked, Some(on), Some(tool))
        }
        "Notification" => match value["notification_type"].as_str()? {
            // A reminder, some seconds after the question, of whatever kind that is.
            "permission_prompt" => (AgentState::Blocked, None, text(&value, "message")),
            "elicitation_dialog" => (AgentState::Blocked, Some(BlockKind::Question), text(&value, "message")),
            "idle_prompt" => (AgentState::Idle, None, text(&value, "message")),
            _ => return None,
        },
        "Stop" => (AgentState::Done, None, None),
        "SubagentStop" => (AgentState::Exited, None, None),
        "StopFailure" => {
            let error = text(&value, "error");
            (failed(error.as_deref()), None, text(&value, "last_assistant_message").or(error))
        }
        "SessionEnd" => (AgentState::Exited, None, text(&value, "reason")),
        _ => return None,
    };
    // Only what happens inside a sub-agent names it, except the events about the sub-agent itself.
    let reason = reason.map(|reason| reason.chars().take(REASON_CHARS).collect());
    Some(Claim { state, on, reason, source: Source::Hook, since, evidence: event.to_owned(), agent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_say_what_the_agent_does() {
        let cases: &[(&str, AgentState, Option<BlockKind>)] = &[
            (r#"{"hook_event_name":"SessionStart","source":"startup"}"#, AgentState::Idle, None),
            (r#"{"hook_event_name":"UserPromptSubmit","prompt":"x"}"#, AgentState::Working, None),
            (
                r#"{"hook_event_name":"PermissionRequest","tool_name":"ExitPlanMode"}"#,
                AgentState::Blocked,
                Some(BlockKind::Plan),
            ),
            (
                r#"{"hook_event_name":"Notification","notification_type":"permission_prompt","message":"m"}"#,
                AgentState::Blocked,
                None,
            ),
            (r#"{"hook_event_name":"Stop"}"#, AgentState::Done, None),
            (r#"{"hook_event_name":"StopFailure","error":"unknown"}"#, AgentState::Error, None),
            (r#"{"hook_event_name":"StopFailure","error":"rate_limit"}"#, AgentState::Limit, None),
            (r#"{"hook_event_name":"PostCompact","trigger":"manual"}"#, AgentState::Idle, None),
            (r#"{"hook_event_name":"PostCompact","trigger":"auto"}"#, AgentState::Working, None),
            (r#"{"hook_event_name":"SessionEnd","reason":"other"}"#, AgentState::Exited, None),
        ];
        for (payload, state, on) in cases {
            let claim = claim(payload.as_bytes(), Time(5)).unwrap_or_else(|| panic!("{payload}"));
            assert_eq!((claim.state, claim.on, claim.source), (*state, *on, Source::Hook), "{payload}");
        }
        for silent in [
            r#"{"hook_event_name":"ConfigChange"}"#,
            r#"{"hook_event_name":"SessionStart","source":"compact"}"#,
        ] {
            assert_eq!(claim(silent.as_bytes(), Time(5)), None, "{silent}");
        }
        let of_agent = claim(br#"{"hook_event_name":"SubagentStart","agent_id":"a1"}"#, Time(5)).unwrap();
        assert_eq!(of_agent.agent.as_deref(), Some("a1"));
    }
}
