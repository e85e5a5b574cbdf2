//! What happens in a session, as events for other programs: one JSON object each, tagged by its name from outside.
//!
//! The form is that of the first plan's `ProxyMessage`: data as an array of numbers, the time as RFC 3339 in UTC (which
//! is how chrono writes its times; always with six digits here), the duration as seconds and nanoseconds. It has no room for a version, and so it never changes: what else
//! there is to say is said by the conversation log, or will be by an event of a new name.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProxyEvent {
    /// The program wrote.
    ClaudeOutput {
        /// What terminals were shown of it.
        data: Vec<u8>,
        /// When, as `2026-01-02T03:04:05.678901Z`.
        timestamp: String,
    },
    /// Somebody typed.
    UserInput {
        /// The bytes.
        data: Vec<u8>,
        /// When, in the same form.
        timestamp: String,
    },
    /// The session began.
    SessionStart {
        /// Its id.
        session_id: String,
        /// Where it was started.
        working_directory: String,
    },
    /// The program ended, and all it wrote was told before.
    SessionEnd {
        /// The session's id.
        session_id: String,
        /// From its start to its end.
        duration: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form that others read, frozen.
    #[test]
    fn every_event_has_its_form() {
        let timestamp = "2026-01-02T03:04:05.678901Z".to_owned();
        let session_id = "00000000-0000-0000-0000-000000000000".to_owned();
        for (event, json) in [
            (
                ProxyEvent::SessionStart {
                    session_id: session_id.clone(),
                    working_directory: "/home/me".to_owned(),
                },
                r#"{"SessionStart":{"session_id":"00000000-0000-0000-0000-000000000000","working_directory":"/home/me"}}"#,
            ),
            (
                ProxyEvent::UserInput { data: b"ls\r".to_vec(), timestamp: timestamp.clone() },
                r#"{"UserInput":{"data":[108,115,13],"timestamp":"2026-01-02T03:04:05.678901Z"}}"#,
            ),
            (
                ProxyEvent::ClaudeOutput { data: vec![27, 0, 255], timestamp },
                r#"{"ClaudeOutput":{"data":[27,0,255],"timestamp":"2026-01-02T03:04:05.678901Z"}}"#,
            ),
            (
                ProxyEvent::SessionEnd { session_id, duration: Duration::new(3, 250_000_000) },
                r#"{"SessionEnd":{"session_id":"00000000-0000-0000-0000-000000000000","duration":{"secs":3,"nanos":250000000}}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&event).unwrap(), json);
            assert_eq!(serde_json::from_str::<ProxyEvent>(json).unwrap(), event);
        }
    }
}
