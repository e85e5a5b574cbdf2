//! What Claude Code keeps of its running processes: `sessions/PID.json`.

use crate::gist::line;
use protocol::{AgentState, BlockKind, Claim, Source, Time};
use serde::Deserialize;

/// As much of it as tells the state.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    status: String,
    #[serde(default)]
    waiting_for: Option<String>,
}

/// What such a file says; nothing of one that is being written.
pub(super) fn claim(file: &[u8], since: Time) -> Option<Claim> {
    let Registered { status, waiting_for } = serde_json::from_slice(file).ok()?;
    let state = match status.as_str() {
        "idle" => AgentState::Idle,
        "busy" => AgentState::Working,
        "waiting" => AgentState::Blocked,
        _ => return None,
    };
    let permission = || waiting_for.as_ref().is_some_and(|what| what.contains("permission"));
    let on = (state == AgentState::Blocked && permission()).then_some(BlockKind::Permission);
    let reason = waiting_for.as_deref().map(line);
    let evidence = format!("status={status}");
    Some(Claim { state, on, reason, source: Source::Register, since, evidence, agent: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_words_of_it_are_read() {
        let read = |text: &str| claim(text.as_bytes(), Time(1)).map(|claim| (claim.state, claim.on));
        assert_eq!(read(r#"{"pid":1,"status":"busy","cwd":"/w"}"#), Some((AgentState::Working, None)));
        assert_eq!(read(r#"{"status":"idle"}"#), Some((AgentState::Idle, None)));
        let waits = r#"{"status":"waiting","waitingFor":"permission prompt"}"#;
        assert_eq!(read(waits), Some((AgentState::Blocked, Some(BlockKind::Permission))));
        for other in [r#"{"status":"new"}"#, r#"{"sta"#, "{}"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
