//! Claude Code's own way to keep bodies, which changes nothing of where it asks: a variable with a folder. It writes into it without
//! telemetry being switched on, and makes it if it is missing.

use super::{cli, variable};
use crate::config::Config;
use anyhow::bail;
use session::folder::Folder;
use session::launch::Launch;
use std::ffi::OsString;

const VARIABLE: &str = "OTEL_LOG_RAW_API_BODIES";

/// That they are wanted, and can be had.
pub(super) struct RawBodies;

impl RawBodies {
    /// Whether they are wanted for a session. What its user set himself stays.
    pub(super) fn prepare(config: &Config, is_asked: bool, wanted: &Launch) -> anyhow::Result<Option<Self>> {
        let is_claude = cli(&wanted.command) == Some("claude");
        let is_set = variable(&wanted.env, VARIABLE).is_some();
        if is_asked && !is_claude {
            bail!("--otel-bodies: only Claude Code keeps its requests so");
        }
        if is_asked && is_set {
            bail!("--otel-bodies: {VARIABLE} is set already; run without one of the two");
        }
        let is_wanted = is_asked || config.claude_otel_bodies && is_claude && !is_set;
        Ok(is_wanted.then_some(Self))
    }

    /// What the CLI is told. Claude Code hands nothing of it on to what it starts.
    pub(super) fn variables(&self, folder: &Folder) -> Vec<(String, OsString)> {
        let mut place = OsString::from("file:");
        place.push(folder.raw_bodies());
        vec![(VARIABLE.to_owned(), place)]
    }
}
