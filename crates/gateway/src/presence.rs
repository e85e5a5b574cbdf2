//! Which server runs for an instance: one at most, found by its file.

use protocol::Time;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use session::draft::replace;
use session::home::Home;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A server that becomes another binary lets go for a moment.
const OTHER_LEAVES_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server as others find it: the content of `gateway/server.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether it speaks TLS there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls: bool,
    /// Its release.
    pub version: String,
    /// When it began, or became the binary that it is.
    pub started: Time,
}

/// How long a server may take to become another binary.
const BECOMES_WITHIN: Duration = Duration::from_secs(2);

/// Held by the server that runs.
pub(crate) struct Presence {
    path: PathBuf,
    _lock: File,
}

/// Why a server cannot be the one of its instance.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    /// There is one.
    #[error(
        "this instance has a server at {url}, process {pid}; `centerfire token create --login` makes a link to it, \
         `centerfire upgrade` has it become this binary; for other options end it first (`kill {pid}`)",
        url = .0.url(), pid = .0.pid
    )]
    Running(Running),
    /// There is one, and it does not say where.
    #[error("this instance has a server already, which holds {}", .0.display())]
    Unnamed(PathBuf),
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Running {
    /// Where it listens, as a browser on this machine names it.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        match self.address.ip().is_unspecified() {
            true => format!("{scheme}://localhost:{}", self.address.port()),
            false => format!("{scheme}://{}", self.address),
        }
    }

    /// The server that runs now, if there is one. One that is about to become another binary is waited for.
    pub fn find(home: &Home) -> Option<Self> {
        let folder = folder(home);
        let end = Instant::now() + BECOMES_WITHIN;
        loop {
            let lock = File::open(folder.join("server.lock")).ok()?;
            let is_held = flock(&lock, FlockOperation::NonBlockingLockShared).is_err();
            let running = read(&folder)?;
            if is_held {
                return Some(running);
            }
            // It lets go of the lock with its old binary, and takes it with the new one.
            if !is_server(running.pid) || Instant::now() >= end {
                return None;
            }
            drop(lock);
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// Whether a process that was a server is there, and a program of ours.
fn is_server(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let is_dead = stat.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('Z'));
    let binary = |process: &str| std::fs::read_link(format!("/proc/{process}/exe"));
    let name = |process: &str| {
        Some(binary(process).ok()?.file_name()?.to_str()?.trim_end_matches(" (deleted)").to_owned())
    };
    !is_dead && name("self").is_some_and(|own| name(&process.to_string()) == Some(own))
}

impl Presence {
    /// Takes the place of an instance's server.
    pub(crate) fn take(home: &Home) -> Result<Self, PresenceError> {
        let folder = folder(home);
        let path = folder.join("server.lock");
        let failed = |source| PresenceError::Io { path: path.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock =
            options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        let end = Instant::now() + OTHER_LEAVES_WITHIN;
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            if Instant::now() >= end {
                return Err(read(&folder).map_or(PresenceError::Unnamed(path), PresenceError::Running));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(Self { path: folder.join("server.json"), _lock: lock })
    }

    /// Tells where the server listens.
    pub(crate) fn tell(&self, address: SocketAddr, tls: bool) -> io::Result<()> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let running = Running { pid: std::process::id(), address, tls, version, started: Time::now() };
        replace(&self.path, &serde_json::to_vec_pretty(&running)?)
    }
}

/// The files of an instance's state that are this crate's and have no text of anybody, by path.
pub const OWN_FILES: &[&str] =
    &["gateway/tokens.json", "gateway/server.json", "gateway/server.lock", "gateway/tls"];

fn folder(home: &Home) -> PathBuf {
    home.state.join("gateway")
}

fn read(folder: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(folder.join("server.json")).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_server_and_it_is_found_while_it_runs() {
        let place = tempfile::tempdir().unwrap();
        let home = Home::at(place.path());
        assert_eq!(Running::find(&home), None);
        let presence = Presence::take(&home).unwrap();
        let address = "127.0.0.1:7333".parse().unwrap();
        presence.tell(address, false).unwrap();
        let found = Running::find(&home).unwrap();
        assert_eq!((found.address, found.pid), (address, std::process::id()));
        assert!(matches!(Presence::take(&home), Err(PresenceError::Running(running)) if running == found));
        drop(presence);
        assert_eq!(Running::find(&home), None);
        Presence::take(&home).unwrap();
    }
}
