//! The tap of a session: a proxy of its own between Claude Code and its model, for as long as the session lives.
//!
//! `run` listens, tells the CLI the address and hands the socket on to two processes ([`process`]) that keep each other, so that the
//! address holds whatever dies. What the proxy does is in `gateway::tap`; why it is so, in
//! [decision 14](../../../../docs/decisions/0014-the-tap-keeps-its-own-socket.md).

mod process;
mod raw;

use crate::config::Config;
use anyhow::{Context as _, bail};
use gateway::tap;
use serde::{Deserialize, Serialize};
use session::folder::Folder;
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

pub(crate) use process::role;
pub(crate) use raw::RawBodies;

/// Where Claude Code asks its model.
const BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// Where it asks if nobody says otherwise.
const DEFAULT_UPSTREAM: &str = "https://api.anthropic.com";
/// What the base address was before it became a tap's: sessions that are started from inside must not lean on it.
const BEHIND: &str = "CENTERFIRE_TAP_BEHIND";
/// With one of these Claude Code asks elsewhere, whatever the base address is.
const OTHER_WAYS: &[&str] = &["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"];
/// With one of these it goes through a proxy, which the tap does not.
const PROXIES: &[&str] =
    &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A tap that is to be started.
pub(crate) struct Tap {
    listener: TcpListener,
    base: String,
    /// What the base address was before.
    before: OsString,
    way: Way,
}

/// What is handed from process to process where others cannot read it: a command line is for everyone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Way {
    secret: String,
    upstream: String,
    bodies: bool,
    min_free_bytes: u64,
}

impl Tap {
    /// A tap for a command, if one is wanted. What is asked for on the command line and cannot be is an error; where the
    /// configuration wants it always, the session goes on without.
    pub(crate) fn prepare(
        config: &Config,
        is_asked: bool,
        command: &[OsString],
        cwd: &Path,
        env: &[(String, OsString)],
    ) -> anyhow::Result<Option<Self>> {
        if !(is_asked || config.tap_enabled && is_claude(command)) {
            return Ok(None);
        }
        match Self::new(config, command, cwd, env) {
            Ok(tap) => Ok(Some(tap)),
            Err(error) if is_asked => Err(error.context("--tap")),
            Err(error) => {
                crate::exit::warn(&format!("the tap is left out: {error:#}"));
                Ok(None)
            }
        }
    }

    fn new(
        config: &Config,
        command: &[OsString],
        cwd: &Path,
        env: &[(String, OsString)],
    ) -> anyhow::Result<Self> {
        if !is_claude(command) {
            bail!(
                "only Claude Code can be tapped so: other CLIs take the address of their model from their configuration"
            );
        }
        let variable = |name: &str| variable(env, name);
        if let Some(name) = OTHER_WAYS.iter().find(|name| variable(name).is_some()) {
            bail!(
                "with {name} Claude Code asks another server than its base address; run without one of the two"
            );
        }
        if let Some(name) = PROXIES.iter().find(|name| variable(name).is_some()) {
            bail!("{name} is set, and the tap goes through no proxy; run without one of the two");
        }
        if let Some(file) = settings_with_base(cwd, env) {
            bail!(
                "{BASE_URL} stands in {}, which counts more than what a tap could say; set tap.upstream to it, and take it out there",
                file.display()
            );
        }
        let before = before(env);
        let upstream = match &config.tap_upstream {
            Some(upstream) => upstream.clone(),
            None if before.is_empty() => DEFAULT_UPSTREAM.to_owned(),
            None => before.to_string_lossy().into_owned(),
        };
        tap::check(&upstream)?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen on a port of this machine")?;
        let secret = tap::secret();
        let base = tap::base(listener.local_addr()?, &secret);
        let way =
            Way { secret, upstream, bodies: config.tap_bodies, min_free_bytes: config.min_free_bytes() };
        Ok(Self { listener, base, before, way })
    }

    /// What the CLI is told.
    pub(crate) fn variables(&self) -> Vec<(String, OsString)> {
        vec![(BASE_URL.to_owned(), self.base.clone().into()), (BEHIND.to_owned(), self.before.clone())]
    }

    /// Starts its processes for the session of that folder.
    pub(crate) fn start(self, folder: &Folder) -> session::Result<()> {
        process::start(folder, &self.listener, &self.way)
            .map_err(|source| session::Error::System { doing: "start the tap", source })
    }
}

/// What a session without a tap that is started from within a tapped one is told: the address from before.
pub(crate) fn untapped() -> Vec<(String, OsString)> {
    let of_ours = std::env::var_os(BEHIND);
    of_ours
        .map(|before| vec![(BASE_URL.to_owned(), before), (BEHIND.to_owned(), OsString::new())])
        .unwrap_or_default()
}

fn is_claude(command: &[OsString]) -> bool {
    adapter::of_command(command).is_some_and(|adapter| adapter.name() == "claude")
}

/// A variable as the session will have it; an empty one is none.
fn variable(env: &[(String, OsString)], name: &str) -> Option<OsString> {
    let given = env.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    given.or_else(|| std::env::var_os(name)).filter(|value| !value.is_empty())
}

/// The base address without any tap of ours; empty where there is none.
fn before(env: &[(String, OsString)]) -> OsString {
    let given = env.iter().rev().find(|(name, _)| name == BASE_URL).map(|(_, value)| value.clone());
    given.or_else(|| std::env::var_os(BEHIND)).or_else(|| std::env::var_os(BASE_URL)).unwrap_or_default()
}

/// Bytes of a settings file that are read.
const MAX_SETTINGS_BYTES: u64 = 1 << 20; // 1 MiB

/// The first of Claude Code's settings files that sets the base address: what stands there counts more than the environment.
fn settings_with_base(cwd: &Path, env: &[(String, OsString)]) -> Option<PathBuf> {
    let home = || Some(PathBuf::from(variable(env, "HOME")?).join(".claude"));
    let user = variable(env, "CLAUDE_CONFIG_DIR").map(PathBuf::from).or_else(home);
    let user = user.map(|folder| folder.join("settings.json"));
    let project = ["settings.json", "settings.local.json"].map(|name| cwd.join(".claude").join(name));
    user.into_iter().chain(project).find(|file| sets_base(file))
}

fn sets_base(file: &Path) -> bool {
    let small =
        std::fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.len() <= MAX_SETTINGS_BYTES);
    let text = small.then(|| std::fs::read(file).ok()).flatten().unwrap_or_default();
    let settings: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    settings["env"][BASE_URL].is_string()
}
