//! opencode.

mod hooks;
mod part;
mod transcript;

use crate::hooks::Hooks;
use crate::state::Rules;
use crate::{Adapter, Layout, Transcript, given};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// opencode, known up to 1.18.33. Versions before 1.2 kept files of JSON instead of a database, which are not read here.
pub struct Opencode;

impl Adapter for Opencode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn programs(&self) -> &'static [&'static str] {
        &["opencode"]
    }

    fn history(&self, variables: &dyn Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
        let own = given(variables, "XDG_DATA_HOME");
        let folder = own.or_else(|| Some(given(variables, "HOME")?.join(".local/share")));
        folder.into_iter().map(|folder| folder.join("opencode")).collect()
    }

    fn layout(&self, path: &Path) -> Option<Layout> {
        let name = path.file_name()?.to_str()?;
        let is_it = name.starts_with("opencode") && name.ends_with(".db");
        is_it.then_some(Layout::Database { changes: include_str!("changes.sql") })
    }

    fn rules(&self) -> &'static Rules {
        static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::read(include_str!("screen.json")));
        &RULES
    }

    fn hooks(&self) -> Option<&'static dyn Hooks> {
        Some(&hooks::OpencodeHooks)
    }

    fn resume(&self, id: Option<&str>) -> Option<String> {
        Some(id.map_or_else(|| "--continue".to_owned(), |id| format!("--session {id}")))
    }

    fn marks(&self) -> &'static [&'static str] {
        // Of our own hooks: the opencode below which its plugin speaks.
        &["CENTERFIRE_OPENCODE"]
    }

    fn transcript(&self, _path: &Path, _state: Option<&Value>) -> Box<dyn Transcript> {
        Box::new(transcript::Reader)
    }
}
