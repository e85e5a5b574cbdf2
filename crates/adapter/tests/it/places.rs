//! Where each CLI keeps its conversations, and which files there hold one.

use std::ffi::OsString;
use std::path::Path;

use adapter::{Layout, by_name};

/// The folders of a CLI, for a user with these variables.
fn folders(name: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let value = |wanted: &str| {
        let found = variables.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| OsString::from(value))
    };
    let folders = by_name(name).unwrap().history(&value);
    folders.into_iter().map(|folder| folder.display().to_string()).collect()
}

#[test]
fn a_folder_of_the_users_own_choice_comes_before_home() {
    let home = ("HOME", "/h");
    assert_eq!(folders("codex", &[home]), ["/h/.codex/sessions", "/h/.codex/archived_sessions"]);
    assert_eq!(folders("codex", &[home, ("CODEX_HOME", "/c")]), ["/c/sessions", "/c/archived_sessions"]);
    assert_eq!(folders("gemini", &[home]), ["/h/.gemini/tmp"]);
    assert_eq!(folders("gemini", &[home, ("GEMINI_CLI_HOME", "/g")]), ["/g/.gemini/tmp"]);
    assert_eq!(folders("opencode", &[home]), ["/h/.local/share/opencode"]);
    assert_eq!(folders("opencode", &[home, ("XDG_DATA_HOME", "/d")]), ["/d/opencode"]);
    assert!(folders("codex", &[]).is_empty());
}

#[test]
fn only_files_with_conversations_have_a_layout() {
    let layout = |name: &str, path: &str| by_name(name).unwrap().layout(Path::new(path));
    let id = "0c91c131-452f-4e81-8fa0-b5ff33bbc59b";
    assert_eq!(layout("codex", "2026/11/21/rollout-2026-11-21T22-03-48-x.jsonl"), Some(Layout::Lines));
    assert_eq!(layout("codex", "session_index.jsonl"), None);
    assert_eq!(layout("gemini", "p/chats/session-2026-11-21T22-30-0c91c131.jsonl"), Some(Layout::Lines));
    assert_eq!(layout("gemini", &format!("p/chats/{id}/{id}.jsonl")), Some(Layout::Lines));
    assert_eq!(layout("gemini", "p/chats/session-2025-11-21T22-30-0c91c131.json"), Some(Layout::Whole));
    assert_eq!(layout("gemini", "p/logs.json"), None);
    assert!(matches!(layout("opencode", "opencode.db"), Some(Layout::Database { .. })));
    assert_eq!(layout("opencode", "opencode.db-wal"), None);
    assert_eq!(layout("opencode", "log/opencode.log"), None);
}
