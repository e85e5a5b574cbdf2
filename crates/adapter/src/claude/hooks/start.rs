//! The start of a conversation, at which the program may be told something: a new one, one that is taken up again, and one that
//! was shortened.

use super::text;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The event that starts.
pub(super) const START: &str = "SessionStart";
/// The word of a hook that is to give a history; behind it stands how many tokens.
pub const RESTORE: &str = "restore";

/// A conversation that starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// Its id.
    pub conversation: String,
    /// Where the program works.
    pub cwd: PathBuf,
    /// Where it writes it down.
    pub transcript: PathBuf,
    /// Whether the model has what was said in it before.
    pub is_known: bool,
}

/// Reads what the hook of a start was given; `None` for any other.
pub fn start(payload: &[u8]) -> Option<Start> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    if value["hook_event_name"] != START {
        return None;
    }
    Some(Start {
        conversation: text(&value, "session_id")?,
        cwd: text(&value, "cwd")?.into(),
        transcript: text(&value, "transcript_path")?.into(),
        is_known: matches!(value["source"].as_str(), Some("resume" | "fork")),
    })
}

/// What the hook prints so that the model knows this.
pub fn started(context: &str) -> String {
    json!({ "hookSpecificOutput": { "hookEventName": START, "additionalContext": context } }).to_string()
}

#[test]
fn a_start_is_read_and_answered() {
    let read = |source: &str, event: &str| {
        let value = json!({ "hook_event_name": event, "session_id": "s", "cwd": "/w", "transcript_path": "/t", "source": source });
        start(value.to_string().as_bytes())
    };
    assert_eq!(read("startup", START).unwrap().cwd, PathBuf::from("/w"));
    for (source, is_known) in [("startup", false), ("clear", false), ("compact", false), ("resume", true)] {
        assert_eq!(read(source, START).unwrap().is_known, is_known, "{source}");
    }
    assert_eq!((read("startup", "Stop"), start(b"{")), (None, None));
    let printed: Value = serde_json::from_str(&started("known")).unwrap();
    assert_eq!(printed["hookSpecificOutput"]["additionalContext"], "known");
}
