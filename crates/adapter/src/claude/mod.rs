//! Claude Code.

pub mod base;
pub mod hooks;
mod pasted;
mod register;
mod transcript;

use crate::command_line::conversation;
use crate::hooks::Hooks;
use crate::state::Rules;
use crate::{Adapter, Layout, Transcript, given};
use protocol::{AgentState, Claim, Time};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Claude Code, known up to 2.1.329.
pub struct Claude;

impl Adapter for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn programs(&self) -> &'static [&'static str] {
        &["claude", "claude-code"]
    }

    fn history(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        folder(variables).into_iter().map(|folder| folder.join("projects")).collect()
    }

    fn register(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        Some(folder(variables)?.join("sessions"))
    }

    fn registered(&self, file: &[u8], since: Time) -> Option<Claim> {
        register::claim(file, since)
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        (path.extension()? == "jsonl").then_some(Layout::Lines)
    }

    fn reports(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static Rules {
        static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read(include_str!("screen.json")));
        &RULES
    }

    fn hooks(&self) -> Option<&'static dyn Hooks> {
        Some(&hooks::ClaudeHooks)
    }

    fn resume(&self, id: Option<&str>) -> Option<String> {
        Some(id.map_or_else(|| "--continue".to_owned(), |id| format!("--resume {id}")))
    }

    fn named<'a>(&self, arguments: &'a [String]) -> Option<&'a str> {
        conversation(arguments)
    }

    fn marks(&self) -> &'static [&'static str] {
        &[
            "AI_AGENT",
            "CLAUDECODE",
            "CLAUDE_CODE_CHILD_SESSION",
            "CLAUDE_CODE_MESSAGING_SOCKET",
            "CLAUDE_CODE_MESSAGING_TOKEN",
            "CLAUDE_CODE_SESSION_ID",
            "CLAUDE_PID",
            "CLAUDE_PROJECT_DIR",
        ]
    }

    fn transcript(&self, path: &Path, _state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(transcript::Reader::new(path))
    }
}

/// The folder of its configuration.
pub fn folder(variables: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    given(variables, "CLAUDE_CONFIG_DIR").or_else(|| Some(given(variables, "HOME")?.join(".claude")))
}

/// The state of a turn that failed, by the CLI's name for the error: hooks and transcripts have the same ones.
fn failed(error: Option<&str>) -> AgentState {
    match error {
        Some("rate_limit" | "usage_limit" | "billing_error") => AgentState::Limit,
        _ => AgentState::Error,
    }
}
