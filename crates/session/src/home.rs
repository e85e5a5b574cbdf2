//! Where an instance of Centerfire keeps its things. `CENTERFIRE_HOME` moves all of them together.

use crate::{Error, Result};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Bytes that a socket's path may have, its end mark included (T24): 104 on macOS, 108 on Linux.
const SOCKET_PATH_BYTES: usize = if cfg!(target_os = "linux") { 108 } else { 104 };
/// Bytes of `/<short id>.sock` and the end mark.
const SOCKET_NAME_BYTES: usize = 1 + 12 + 5 + 1;

/// The folders of one instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    /// Sessions and all that must last.
    pub state: PathBuf,
    /// Sockets.
    pub runtime: PathBuf,
    /// The configuration file.
    pub config: PathBuf,
}

impl Home {
    /// All in one folder.
    pub fn at(root: &Path) -> Self {
        Self { state: root.join("state"), runtime: root.join("run"), config: root.join("centerfire.yaml") }
    }

    /// Where sessions lie.
    pub fn sessions(&self) -> PathBuf {
        self.state.join("sessions")
    }

    /// Where models for search by meaning lie.
    pub fn models(&self) -> PathBuf {
        self.state.join("models")
    }

    /// The folder for sockets, made if need be, private and ours.
    pub(crate) fn socket_folder(&self) -> Result<PathBuf> {
        let folder = self.socket_path();
        make_private(&folder)?;
        Ok(folder)
    }

    /// Where sockets lie: a folder in `/tmp` where the path of the usual one is too long for a socket.
    pub fn socket_path(&self) -> PathBuf {
        let fits = self.runtime.as_os_str().len() + SOCKET_NAME_BYTES <= SOCKET_PATH_BYTES;
        if fits { self.runtime.clone() } else { self.short_folder() }
    }

    fn short_folder(&self) -> PathBuf {
        let uid = rustix::process::getuid().as_raw();
        let mark = fingerprint(self.runtime.as_os_str().as_encoded_bytes());
        PathBuf::from(format!("/tmp/centerfire-{uid}-{mark:08x}"))
    }
}

/// FNV-1a: tells instances apart, nothing more.
fn fingerprint(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// Makes a folder that only we may enter, or makes sure that it is one (T24).
pub(crate) fn make_private(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| Error::io(folder, error))?;
    let facts = fs::symlink_metadata(folder).map_err(|error| Error::io(folder, error))?;
    if !facts.is_dir() || facts.uid() != rustix::process::getuid().as_raw() {
        return Err(Error::io(
            folder,
            std::io::Error::other("not a folder of yours; remove it or set CENTERFIRE_HOME"),
        ));
    }
    if facts.mode() & 0o077 != 0 {
        fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .map_err(|error| Error::io(folder, error))?;
    }
    Ok(())
}
