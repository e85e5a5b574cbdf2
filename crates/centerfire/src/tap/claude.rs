//! Claude Code: it reads the address of its model from a variable, unless a settings file says another.

use super::{Place, settings, variable};
use adapter::claude::base::{BASE_URL, before};
use anyhow::bail;
use session::launch::Launch;
use std::path::{Path, PathBuf};

/// Where it asks if nobody says otherwise.
const DEFAULT_UPSTREAM: &str = "https://api.anthropic.com";
/// With one of these Claude Code asks elsewhere, whatever the base address is.
const OTHER_WAYS: &[&str] = &["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];

/// Where it asks; `upstream` is the setting for it.
pub(super) fn place(upstream: Option<&str>, wanted: &Launch) -> anyhow::Result<(String, Place)> {
    if let Some(name) = OTHER_WAYS.iter().find(|name| variable(&wanted.env, name).is_some()) {
        bail!(
            "with {name} Claude Code asks another server than its base address; run without one of the two"
        );
    }
    if let Some(file) = settings_with_base(wanted) {
        bail!(
            "{BASE_URL} stands in {}, which counts more than what a tap could say; set tap.upstream to it, and take it out there",
            file.display()
        );
    }
    let before = before(&wanted.env, |name| std::env::var_os(name));
    let upstream = match upstream {
        Some(upstream) => upstream.to_owned(),
        None if before.is_empty() => DEFAULT_UPSTREAM.to_owned(),
        None => before.to_string_lossy().into_owned(),
    };
    Ok((upstream, Place::Claude { before }))
}

/// The first of Claude Code's settings files that sets the base address: what stands there counts more than the environment.
fn settings_with_base(wanted: &Launch) -> Option<PathBuf> {
    let user = adapter::claude::folder(&|name| variable(&wanted.env, name));
    let user = user.map(|folder| folder.join("settings.json"));
    let project = ["settings.json", "settings.local.json"].map(|name| wanted.cwd.join(".claude").join(name));
    user.into_iter().chain(project).find(|file| sets_base(file))
}

fn sets_base(file: &Path) -> bool {
    let settings: serde_json::Value = serde_json::from_slice(&settings(file)).unwrap_or_default();
    settings["env"][BASE_URL].is_string()
}
