//! The start of a conversation, at which the program may be told something: a new one, one that is taken up again, and one that
//! was shortened. Claude Code and Codex tell it, and are told, in one form.

use crate::hooks::Start;
use serde_json::{Value, json};

/// The event that starts.
pub(crate) const START: &str = "SessionStart";

/// Reads what the hook of a start was given; `None` for any other.
pub(crate) fn start(payload: &[u8]) -> Option<Start> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value["hook_event_name"] != START {
        return None;
    }
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Some(Start {
        conversation: text("session_id")?,
        cwd: text("cwd")?.into(),
        transcript: text("transcript_path").map(Into::into),
        is_known: matches!(value["source"].as_str(), Some("resume" | "fork")),
    })
}

/// What the hook prints so that the model knows this.
pub(crate) fn started(context: &str) -> String {
    json!({ "hookSpecificOutput": { "hookEventName": START, "additionalContext": context } }).to_string()
}

#[test]
fn a_start_is_read_and_answered() {
    let read = |source: &str, event: &str| {
        let value = json!({ "hook_event_name": event, "session_id": "s", "cwd": "/w", "transcript_path": "/t", "source": source });
        start(value.to_string().as_bytes())
    };
    assert_eq!(read("startup", START).unwrap().cwd, std::path::PathBuf::from("/w"));
    for (source, is_known) in [("startup", false), ("clear", false), ("compact", false), ("resume", true)] {
        assert_eq!(read(source, START).unwrap().is_known, is_known, "{source}");
    }
    assert_eq!((read("startup", "Stop"), start(b"{")), (None, None));
    let printed: Value = serde_json::from_str(&started("known")).unwrap();
    assert_eq!(printed["hookSpecificOutput"]["additionalContext"], "known");
}
