//! Claude Code: it reads the address of its model from a variable, unless a settings file says another.

use super::{Place, Wanted, settings};
use anyhow::bail;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where Claude Code asks its model.
const BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// Where it asks if nobody says otherwise.
const DEFAULT_UPSTREAM: &str = "https://api.anthropic.com";
/// What the base address was before it became a tap's: sessions that are started from inside must not lean on it.
const BEHIND: &str = "CENTERFIRE_TAP_BEHIND";
/// With one of these Claude Code asks elsewhere, whatever the base address is.
const OTHER_WAYS: &[&str] = &["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];

/// Where it asks; `upstream` is the setting for it.
pub(super) fn place(upstream: Option<&str>, wanted: &Wanted<'_>) -> anyhow::Result<(String, Place)> {
    if let Some(name) = OTHER_WAYS.iter().find(|name| wanted.variable(name).is_some()) {
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
    let before = before(wanted.env);
    let upstream = match upstream {
        Some(upstream) => upstream.to_owned(),
        None if before.is_empty() => DEFAULT_UPSTREAM.to_owned(),
        None => before.to_string_lossy().into_owned(),
    };
    Ok((upstream, Place::Claude { before }))
}

/// What it is told.
pub(super) fn variables(base: &str, before: &OsString) -> Vec<(String, OsString)> {
    vec![(BASE_URL.to_owned(), base.into()), (BEHIND.to_owned(), before.clone())]
}

/// What a session without such a tap that is started from within a tapped one is told: the address from before, unless its
/// own variables say another.
pub(crate) fn untapped(env: &[(String, OsString)]) -> Vec<(String, OsString)> {
    let Some(before) = std::env::var_os(BEHIND) else { return Vec::new() };
    let told = [(BASE_URL.to_owned(), before), (BEHIND.to_owned(), OsString::new())];
    told.into_iter().filter(|(name, _)| !env.iter().any(|(given, _)| given == name)).collect()
}

/// The base address without any tap of ours; empty where there is none.
fn before(env: &[(String, OsString)]) -> OsString {
    let given = env.iter().rev().find(|(name, _)| name == BASE_URL).map(|(_, value)| value.clone());
    given.or_else(|| std::env::var_os(BEHIND)).or_else(|| std::env::var_os(BASE_URL)).unwrap_or_default()
}

/// The first of Claude Code's settings files that sets the base address: what stands there counts more than the environment.
fn settings_with_base(wanted: &Wanted<'_>) -> Option<PathBuf> {
    let user = adapter::claude::folder(&|name| wanted.variable(name));
    let user = user.map(|folder| folder.join("settings.json"));
    let project = ["settings.json", "settings.local.json"].map(|name| wanted.cwd.join(".claude").join(name));
    user.into_iter().chain(project).find(|file| sets_base(file))
}

fn sets_base(file: &Path) -> bool {
    let settings: serde_json::Value = serde_json::from_slice(&settings(file)).unwrap_or_default();
    settings["env"][BASE_URL].is_string()
}
