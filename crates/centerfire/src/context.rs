//! What every command needs: where things are, how they are set, how to answer.

use crate::config::merge::{Loaded, Overrides};
use crate::config::{self, Config};
use protocol::frame::{Answer, Request};
use session::client::{HostClient, reach};
use session::home::Home;
use session::registry::{Entry, Registry};
use session::role::Settings;
use session::starter::Starter;
use std::path::PathBuf;

/// Handed to each command.
pub(crate) struct Context {
    pub home: Home,
    pub config: Config,
    /// The same, with the origins of its values.
    pub loaded: Loaded,
    /// Why the defaults hold instead of what the configuration says, for the few commands that go on without it.
    pub config_error: Option<anyhow::Error>,
    /// Whether to answer with JSON.
    pub json: bool,
}

impl Context {
    pub(crate) fn registry(&self) -> Registry {
        Registry::new(&self.home)
    }

    /// What the sessions that are started now are told. Who tells of their states reads the configuration when there is something
    /// to tell: what was said here alone, by a flag, a profile or a file, reaches it by their variables.
    fn settings(&self) -> Settings {
        let file = std::env::var_os("CENTERFIRE_CONFIG").map(PathBuf::from);
        let overrides = Overrides { file, ..Overrides::default() };
        let later = config::load(&self.home.config, &overrides, |name| std::env::var(name).ok());
        let variables = self.config.notify_variables();
        let known = later.map(|later| later.config.notify_variables()).unwrap_or_default();
        let variables = variables.into_iter().filter(|variable| !known.contains(variable)).collect();
        Settings { variables, ..self.config.settings() }
    }

    /// What the sessions that are started now are started with.
    pub(crate) fn starter(&self) -> Starter {
        Starter {
            settings: self.settings(),
            hooks: self.config.hooks(),
            restore: self.config.restores(),
            own: Vec::new(),
            warn: crate::exit::warn,
        }
    }

    /// The session of that name, id or beginning of an id; without one the latest.
    pub(crate) fn find(&self, session: Option<&str>) -> anyhow::Result<Entry> {
        match session {
            Some(session) => Ok(self.registry().find(session)?),
            None => self.registry().latest()?.ok_or_else(|| {
                anyhow::anyhow!("there is no session yet; `centerfire run -- claude` starts one")
            }),
        }
    }

    /// A connection to the session's host, or to its successor if it just died.
    pub(crate) fn connect(&self, entry: &Entry, command: &str) -> session::Result<HostClient> {
        reach(&entry.folder, &entry.meta, command)
    }

    /// Asks the host for one thing.
    pub(crate) fn ask(&self, entry: &Entry, command: &str, request: Request) -> session::Result<Answer> {
        self.connect(entry, command)?.call(request)
    }

    /// Prints a value as JSON, or a line for people.
    pub(crate) fn say(&self, value: &serde_json::Value, line: impl FnOnce() -> String) {
        if self.json {
            crate::term::say(value);
        } else {
            let line = line();
            if !line.is_empty() {
                crate::term::say(line);
            }
        }
    }
}
