//! The configuration: defaults, then the file and its profile, then the environment, then flags. Merged here and
//! nowhere else; the parts below get values.

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use session::home::Home;
use session::role::Settings;
use std::path::{Path, PathBuf};

/// All settings. Every field has a default; an unknown key is an error that names its line.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The key that detaches when pressed twice within a second; `none` for none.
    pub detach_key: String,
    /// Lines kept when they scroll off a session's screen.
    pub history_lines: usize,
    /// Recording stops where the disk has less than this free, in megabytes; the sessions go on.
    pub min_free_mb: u64,
}

impl Default for Config {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            detach_key: "C-]".to_owned(),
            history_lines: settings.history_lines,
            min_free_mb: settings.min_free_bytes >> 20,
        }
    }
}

impl Config {
    pub(crate) fn settings(&self) -> Settings {
        Settings { history_lines: self.history_lines, min_free_bytes: self.min_free_mb << 20 }
    }
}

/// Finds the instance's folders: `CENTERFIRE_HOME`, or the places of the XDG base directories.
pub(crate) fn home() -> anyhow::Result<Home> {
    if let Some(root) = path("CENTERFIRE_HOME") {
        return Ok(Home::at(&std::path::absolute(root)?));
    }
    let Some(user) = path("HOME") else { bail!("neither CENTERFIRE_HOME nor HOME is set") };
    let state = path("XDG_STATE_HOME").unwrap_or_else(|| user.join(".local/state")).join("centerfire");
    let runtime = path("XDG_RUNTIME_DIR").map_or_else(|| state.join("run"), |run| run.join("centerfire"));
    let config = path("XDG_CONFIG_HOME").unwrap_or_else(|| user.join(".config")).join("centerfire");
    Ok(Home { state, runtime, config: config.join("centerfire.yaml") })
}

/// Reads the configuration of an instance, or another file if one is named.
pub(crate) fn load(home: &Home, file: Option<&Path>) -> anyhow::Result<Config> {
    let path = file.unwrap_or(&home.config);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => {
            return Ok(Config::default());
        }
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    serde_saphyr::from_str(&text).with_context(|| format!("read {}", path.display()))
}

fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}
