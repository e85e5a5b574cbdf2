//! The suites of the first plan by their names: what goes through the terminal is captured, whole and in order.
//!
//! - `basic_io_capture`: what a program writes and is sent stands in the recording, byte by byte
//! - `conversation_completeness`: a conversation with the real Claude Code, every prompt and every word of its answers
//! - `session_management`: sessions are started, found, left, ended and removed

mod basic_io_capture;
mod conversation_completeness;
mod session_management;

use serde_json::Value;
use testkit::Instance;

fn instance() -> Instance {
    Instance::new(env!("CARGO_BIN_EXE_centerfire"))
}

/// The conversation log of a session: numbered from 0 without a gap, each entry as long as it says.
fn log(instance: &Instance, session: &str) -> Vec<Value> {
    let text = String::from_utf8(instance.out(&["export", session, "--format", "log"])).unwrap();
    let entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for (number, entry) in entries.iter().enumerate() {
        let metadata = &entry["metadata"];
        assert_eq!(metadata["sequence_number"], number, "{entry}");
        assert_eq!(metadata["content_length"], entry["content"].as_str().unwrap().len(), "{entry}");
    }
    entries
}

/// What entries of one kind hold, together.
fn contents(log: &[Value], kind: &str) -> String {
    let fitting = log.iter().filter(|entry| entry["entry_type"] == kind);
    fitting.map(|entry| entry["content"].as_str().unwrap()).collect()
}
