//! Codex.

mod done;
mod hooks;
mod items;
pub mod provider;
mod transcript;
mod usage;
mod words;

use crate::dialog::Dialogs;
use crate::hooks::Hooks;
use crate::state::Rules;
use crate::{Adapter, Layout, Transcript, given};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Codex, known up to 0.169.0.
pub struct Codex;

impl Adapter for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn programs(&self) -> &'static [&'static str] {
        &["codex"]
    }

    fn history(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let folders = |folder: PathBuf| [folder.join("sessions"), folder.join("archived_sessions")];
        folder(variables).map(folders).into_iter().flatten().collect()
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        let name = path.file_name()?.to_str()?;
        (name.starts_with("rollout-") && name.ends_with(".jsonl")).then_some(Layout::Lines)
    }

    fn reports(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static Rules {
        static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read(include_str!("screen.json")));
        &RULES
    }

    fn hooks(&self) -> Option<&'static dyn Hooks> {
        Some(&hooks::CodexHooks)
    }

    fn dialogs(&self) -> Option<&'static dyn Dialogs> {
        Some(&hooks::CodexHooks)
    }

    fn resume(&self, id: Option<&str>) -> Option<String> {
        Some(format!("resume {}", id.unwrap_or("--last")))
    }

    fn transcript(&self, _path: &Path, state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(transcript::Reader::new(state))
    }
}

/// The folder of its configuration.
pub fn folder(variables: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    given(variables, "CODEX_HOME").or_else(|| Some(given(variables, "HOME")?.join(".codex")))
}
