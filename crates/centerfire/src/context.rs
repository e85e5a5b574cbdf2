//! What every command needs: where things are, how they are set, how to answer.

use crate::config::Config;
use crate::config::merge::Loaded;
use protocol::frame::{Answer, Request};
use session::Error;
use session::client::HostClient;
use session::home::Home;
use session::registry::{Entry, Registry};
use std::time::{Duration, Instant};

/// How long a host may be away before a command gives up. A keeper brings a new one within milliseconds.
const HOST_RETURNS: Duration = Duration::from_secs(10);
/// Between two knocks at the door of a host that is away.
const KNOCK_EVERY: Duration = Duration::from_millis(20);

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

    /// The session of that name, id or beginning of an id; without one the latest.
    pub(crate) fn find(&self, session: Option<&str>) -> anyhow::Result<Entry> {
        match session {
            Some(session) => Ok(self.registry().find(session)?),
            None => self.registry().latest()?.ok_or_else(|| {
                anyhow::anyhow!("there is no session yet; `centerfire run -- claude` starts one")
            }),
        }
    }

    /// A connection to the session's host. One that dies under our hands has a successor in a moment, unless the
    /// session is over.
    pub(crate) fn connect(&self, entry: &Entry, command: &str) -> session::Result<HostClient> {
        let end = Instant::now() + HOST_RETURNS;
        loop {
            match HostClient::connect(&entry.meta, command) {
                Err(Error::Io { .. }) if entry.folder.exit()?.is_some() => {
                    return Err(Error::NoHost(entry.name.clone()));
                }
                Err(Error::Io { .. }) if Instant::now() < end => std::thread::sleep(KNOCK_EVERY),
                connected => return connected,
            }
        }
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
