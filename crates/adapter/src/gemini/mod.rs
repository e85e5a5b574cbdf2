//! Gemini CLI.

mod dialog;
mod message;
mod transcript;

use crate::command_line::conversation;
use crate::dialog::Dialogs;
use crate::state::Rules;
use crate::{Adapter, Layout, Transcript, given};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Characters of an id of a conversation.
const ID: usize = 36;

/// Gemini CLI, known up to 0.61.0.
pub struct Gemini;

impl Adapter for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn programs(&self) -> &'static [&'static str] {
        &["gemini"]
    }

    fn history(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let home = given(variables, "GEMINI_CLI_HOME").or_else(|| given(variables, "HOME"));
        home.into_iter().map(|home| home.join(".gemini/tmp")).collect()
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        let name = path.file_stem()?.to_str()?;
        // A sub-agent's file lies in a folder named for its conversation.
        let within = path.parent().and_then(Path::file_name).is_some_and(|folder| folder.len() == ID);
        match path.extension()?.to_str()? {
            "jsonl" if name.starts_with("session-") || (within && name.len() == ID) => Some(Layout::Lines),
            // Of versions before 0.40 or so.
            "json" if name.starts_with("session-") => Some(Layout::Whole),
            _ => None,
        }
    }

    fn rules(&self) -> &'static Rules {
        static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read(include_str!("screen.json")));
        &RULES
    }

    fn dialogs(&self) -> Option<&'static dyn Dialogs> {
        Some(&dialog::GeminiDialogs)
    }

    fn resume(&self, id: Option<&str>) -> Option<String> {
        Some(format!("--resume {}", id.unwrap_or("latest")))
    }

    fn named<'a>(&self, arguments: &'a [String]) -> Option<&'a str> {
        conversation(arguments)
    }

    fn transcript(&self, path: &Path, state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(transcript::Reader::new(path, state))
    }
}
