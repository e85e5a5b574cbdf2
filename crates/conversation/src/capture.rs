//! What clients of the server hand over of conversations: written to a file of each conversation in `captured/`, which is
//! read as the records of CLIs are.

use crate::line_file::{self, LineFile, is_name};
use crate::{Error, Result};
use adapter::captured::Capture;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where they lie in an instance's state.
pub fn folder(state: &Path) -> PathBuf {
    state.join("captured")
}

pub(crate) fn make_folder(state: &Path) -> Result<()> {
    line_file::make_folder(&folder(state))
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
    let folder = folder(state);
    let file = LineFile::of(&folder, &capture.session_id).expect("a request was given its name by `request`");
    file.append(&serde_json::to_vec(capture).unwrap_or_default())
}
