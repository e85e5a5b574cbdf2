//! What clients of the server hand over of conversations: written to a file of each conversation in `captured/`, which is
//! read as the records of CLIs are.

use crate::{Error, Result};
use adapter::captured::Capture;
use serde_json::Value;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What is kept of one conversation.
const FILE_MAX_BYTES: u64 = 64 << 20; // 64 MiB
/// Characters of a conversation's name.
const NAME_MAX: usize = 64;

/// Where they lie in an instance's state.
pub fn folder(state: &Path) -> PathBuf {
    state.join("captured")
}

pub(crate) fn make_folder(state: &Path) -> Result<()> {
    let folder = folder(state);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|source| Error::Io { path: folder, source })
}

/// Names a request and its conversation: the one that its context names as `session_id`, or one of its own. The same request
/// has the same names, however often it comes.
pub fn request(
    working_dir: String,
    timestamp: String,
    conversation_data: Option<String>,
    session_context: Option<Value>,
) -> Result<Capture> {
    let all = serde_json::json!([working_dir, timestamp, conversation_data, session_context]).to_string();
    let id = adapter::digest(all.as_bytes());
    let session_id = match session_context.as_ref().map(|context| &context["session_id"]) {
        None | Some(Value::Null) => format!("http-{id}"),
        Some(Value::String(name)) if is_name(name) => name.clone(),
        Some(other) => {
            let message =
                format!("session_context.session_id: {other} is no id: 64 letters, digits, - and _ at most");
            return Err(Error::Query(message));
        }
    };
    let capture = Capture { session_id, id, working_dir, timestamp, conversation_data, session_context };
    if !Path::new(&capture.working_dir).is_absolute() || capture.working_dir.contains('\0') {
        return Err(Error::Query(format!("working_dir: {:?} is no absolute path", capture.working_dir)));
    }
    if capture.time().is_none() {
        let message = format!("timestamp: {:?} is no time such as 2026-11-21T09:30:00Z", capture.timestamp);
        return Err(Error::Query(message));
    }
    Ok(capture)
}

/// Writes a request down.
pub fn write(state: &Path, capture: &Capture) -> Result<()> {
    make_folder(state)?;
    let path = folder(state).join(format!("{}.jsonl", capture.session_id));
    let line = format!("{}\n", serde_json::to_string(capture).unwrap_or_default());
    let written = || {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
        if file.metadata()?.len() + line.len() as u64 > FILE_MAX_BYTES {
            return Err(std::io::Error::other("the conversation is full: it has 64 MiB; begin another one"));
        }
        // In one write, because requests come beside each other.
        file.write_all(line.as_bytes())
    };
    written().map_err(|source| Error::Io { path: path.clone(), source })
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=NAME_MAX).contains(&text.len()) && text.chars().all(fits)
}
