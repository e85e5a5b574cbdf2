//! Conversation logs: lines of JSON that Centerfire, or what came before it, wrote of a terminal.
//!
//! They lie in no folder of their own: whoever has one names it (`centerfire import --log`).

mod transcript;

use crate::{Adapter, Layout, Transcript};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Conversation logs, whatever program they are of.
pub struct Log;

impl Log {
    /// Whether a line is an entry of such a log.
    pub fn is_entry(line: &[u8]) -> bool {
        serde_json::from_slice::<Value>(line).is_ok_and(|entry| entry["entry_type"].is_string())
    }
}

impl Adapter for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn programs(&self) -> &'static [&'static str] {
        &[]
    }

    fn history(&self, _variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        Vec::new()
    }

    fn layout(&self, _path: &Path) -> Option<Layout> {
        Some(Layout::Lines)
    }

    fn transcript(&self, path: &Path, state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(transcript::Reader::new(path, state))
    }
}
