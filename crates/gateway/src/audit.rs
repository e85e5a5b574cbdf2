//! Who joined a terminal, typed and changed what: one line of JSON for each, in `gateway/audit.jsonl`, written before it is
//! done. Of what one WebSocket types, the first key alone stands here. What was typed is in the session's recording; here
//! stands who and when. `pace.rs` is the limit of how fast a token fills it.

use crate::token::Grant;
use protocol::{SessionId, Time};
use serde_json::json;
use session::home::Home;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The file at most; then it begins anew, and the one before is kept as `audit.jsonl.1`.
const MAX_BYTES: u64 = 16 << 20; // 16 MiB

/// The log.
pub struct Log {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Log {
    /// Of an instance; the file comes with its first line.
    pub fn new(home: &Home) -> Self {
        Self { path: home.state.join("gateway").join("audit.jsonl"), file: Mutex::default() }
    }

    /// Writes a line. A disk that refuses it stops nobody.
    pub(crate) fn note(&self, who: &Grant, action: &str, session: Option<SessionId>) {
        let entry = json!({
            "time": Time::now(), "action": action, "session": session,
            "token": who.id, "label": who.label, "role": who.role,
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.as_ref().and_then(|file| file.metadata().ok()).is_some_and(|facts| facts.len() > MAX_BYTES) {
            *file = None;
            let _ = std::fs::rename(&self.path, self.path.with_extension("jsonl.1"));
        }
        if file.is_none() {
            *file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path).ok();
        }
        if let Some(file) = file.as_mut() {
            let _ = file.write_all(format!("{entry}\n").as_bytes());
        }
    }
}
