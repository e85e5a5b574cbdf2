//! The tap of a session: a proxy of its own between a CLI and its model, for as long as the session lives.
//!
//! `run` listens, tells the CLI the address and hands the socket on to two processes ([`process`]) that keep each other, so that the
//! address holds whatever dies. Where a CLI asks, and how it is told, is in [`claude`] and [`codex`]. What the proxy does is in
//! `gateway::tap`; why it is so, in [decision 14](../../../../docs/decisions/0014-the-tap-keeps-its-own-socket.md).

mod claude;
mod codex;
mod process;
mod raw;

use crate::config::Config;
use adapter::claude::base;
use adapter::codex::provider::Provider;
use anyhow::{Context as _, bail};
use gateway::tap::{self, Callers};
use serde::{Deserialize, Serialize};
use session::folder::Folder;
use session::launch::{self, Extra, Launch};
use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

pub(crate) use process::role;
use raw::RawBodies;

/// With one of these a CLI goes through a proxy, which the tap does not.
const PROXIES: &[&str] =
    &["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// What is read along in a session that is to be started, and how.
pub(crate) struct ReadAlong {
    tap: Option<Tap>,
    raw: Option<RawBodies>,
    words: Vec<OsString>,
}

impl ReadAlong {
    /// What is asked for on a command line (`--tap`, `--otel-bodies`), and what the configuration wants.
    pub(crate) fn prepare(config: &Config, tap: bool, bodies: bool, plan: &Launch) -> anyhow::Result<Self> {
        let raw = RawBodies::prepare(config, bodies, plan)?;
        let tap = Tap::prepare(config, tap, plan)?;
        let words = plan.overlay.as_ref().map_or(&plan.command, |overlay| &overlay.words);
        Ok(Self { tap, raw, words: words.clone() })
    }

    /// Starts it for the session of that folder; what the CLI is told.
    pub(crate) fn start(self, folder: &Folder) -> session::Result<Extra> {
        let mut extra = self.tap.as_ref().map(|tap| tap.extra(&self.words)).unwrap_or_default();
        extra.variables.extend(self.raw.map(|raw| raw.variables(folder)).unwrap_or_default());
        self.tap.map_or(Ok(()), |tap| tap.start(folder)).map(|()| extra)
    }
}

/// A tap that is to be started.
struct Tap {
    listener: TcpListener,
    base: String,
    place: Place,
    way: Way,
}

/// Where a CLI asks its model.
enum Place {
    /// Claude Code, and what its base address was before.
    Claude { before: OsString },
    /// Codex, by a provider of its configuration.
    Codex(Provider),
}

/// What is handed from process to process where others cannot read it: a command line is for everyone.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Way {
    secret: String,
    upstream: String,
    /// Whether the CLI has the secret on its command line.
    is_shown: bool,
    bodies: bool,
    min_free_bytes: u64,
}

impl Tap {
    /// A tap for a session, if one is wanted. What is asked for on the command line and cannot be is an error; where the
    /// configuration wants it always, the session goes on without.
    fn prepare(config: &Config, is_asked: bool, wanted: &Launch) -> anyhow::Result<Option<Self>> {
        if !(is_asked || config.tap_enabled && matches!(cli(&wanted.command), Some("claude" | "codex"))) {
            return Ok(None);
        }
        match Self::new(config, wanted) {
            Ok(tap) => Ok(Some(tap)),
            Err(error) if is_asked => Err(error.context("--tap")),
            Err(error) => {
                crate::exit::warn(&format!("the tap is left out: {error:#}"));
                Ok(None)
            }
        }
    }

    fn new(config: &Config, wanted: &Launch) -> anyhow::Result<Self> {
        if let Some(name) = PROXIES.iter().find(|name| variable(&wanted.env, name).is_some()) {
            bail!("{name} is set, and the tap goes through no proxy; run without one of the two");
        }
        let (upstream, place) = match cli(&wanted.command) {
            Some("claude") => claude::place(config.tap_upstream.as_deref(), wanted)?,
            Some("codex") => codex::place(wanted)?,
            _ => bail!(
                "only Claude Code and Codex can be tapped: it is not known how others are told an address"
            ),
        };
        let is_shown = matches!(place, Place::Codex(_));
        tap::check(&upstream, callers(is_shown))?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("listen on a port of this machine")?;
        let mut secret = tap::secret();
        if is_shown {
            // Codex sees by the address whether its model's server is Azure's.
            secret = format!("{secret}.{}", codex::host(&upstream));
        }
        let base = tap::base(listener.local_addr()?, &secret);
        let (bodies, min_free_bytes) = (config.tap_bodies, config.min_free_bytes());
        let way = Way { secret, upstream, is_shown, bodies, min_free_bytes };
        Ok(Self { listener, base, place, way })
    }

    /// What the CLI is told, which would be started with these words.
    fn extra(&self, words: &[OsString]) -> Extra {
        match &self.place {
            Place::Claude { before } => {
                Extra { variables: base::tapped(&self.base, before), ..Extra::default() }
            }
            Place::Codex(provider) => {
                let arguments = words.get(1..).unwrap_or_default();
                Extra { words: provider.elsewhere(&self.base, arguments), ..Extra::default() }
            }
        }
    }

    /// Starts its processes for the session of that folder.
    fn start(self, folder: &Folder) -> session::Result<()> {
        process::start(folder, &self.listener, &self.way)
            .map_err(|source| session::Error::System { doing: "start the tap", source })
    }
}

/// Who may connect, where the secret is shown to everybody or is not.
fn callers(is_shown: bool) -> Callers {
    if is_shown { Callers::OfOurUser } else { Callers::Knowing }
}

/// Which CLI a command starts.
fn cli(command: &[OsString]) -> Option<&'static str> {
    adapter::of_command(command).map(adapter::Adapter::name)
}

/// A variable as the session will have it; an empty one is none.
fn variable(env: &[(String, OsString)], name: &str) -> Option<OsString> {
    launch::variable(env, name).filter(|value| !value.is_empty())
}

/// Bytes of a settings file that are read.
const MAX_SETTINGS_BYTES: u64 = 1 << 20; // 1 MiB

/// The bytes of a settings file; none of one that is not there, or no file, or too long.
fn settings(file: &Path) -> Vec<u8> {
    let small =
        std::fs::metadata(file).is_ok_and(|facts| facts.is_file() && facts.len() <= MAX_SETTINGS_BYTES);
    small.then(|| std::fs::read(file).ok()).flatten().unwrap_or_default()
}
