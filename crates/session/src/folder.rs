//! A session's folder: one function for each path in it, and the small files that are written whole.
//!
//! Who writes which file is said in ARCHITECTURE.md; nobody else does.

use crate::draft::replace;
use crate::{Error, Result, process};
use protocol::{Exit, Meta, SessionId, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use terminal::profile::Profile;

/// Bytes of a small file at most; a larger one is not ours, and none is written.
const SMALL_FILE_BYTES: u64 = 4 << 20; // 4 MiB
/// Up to here such a file is written for people, with a line for each thing: of numbers in lists that is many times their bytes.
const PRETTY_BYTES: usize = 256 << 10; // 256 KiB

/// The folder of one session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of a session in the folder of all sessions.
    pub fn of(sessions: &Path, id: SessionId) -> Self {
        Self(sessions.join(id.to_string()))
    }

    /// A session's folder by its path.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// What keeper, host and the writer of a conversation log have to say when something is wrong.
    pub fn log(&self) -> PathBuf {
        self.0.join("host.log")
    }

    /// The files that its CLI is started with: whoever starts it.
    pub fn overlay(&self) -> PathBuf {
        self.0.join("overlay")
    }

    /// Makes them.
    pub(crate) fn write_overlay(&self, files: &[(&str, String)]) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let folder = self.overlay();
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| Error::io(&folder, error))?;
        for (name, text) in files {
            let path = folder.join(name);
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|error| Error::io(&path, error))?;
        }
        Ok(())
    }

    /// The files that a client gave the program: the gateway.
    pub fn uploads(&self) -> PathBuf {
        self.0.join("uploads")
    }

    /// What the CLI and its model said to each other, a line for each exchange: the tap.
    pub fn api(&self) -> PathBuf {
        self.0.join("api.jsonl")
    }

    /// The bodies of these exchanges, where they are wanted: the tap.
    pub fn api_bodies(&self) -> PathBuf {
        self.0.join("api-bodies.jsonl")
    }

    /// What Claude Code writes down of its requests by itself, where that is wanted.
    pub fn raw_bodies(&self) -> PathBuf {
        self.0.join("raw-bodies")
    }

    /// The checkpoint of the screen.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.0.join("screen.ckpt")
    }

    /// The status for programs that only read files.
    pub fn status_path(&self) -> PathBuf {
        self.0.join("status.json")
    }

    /// Locked by keeper and host for as long as one of them lives.
    pub(crate) fn alive_path(&self) -> PathBuf {
        self.0.join("alive")
    }

    /// Whether a process of ours holds the session that `meta` describes.
    pub fn is_held(&self, meta: &Meta) -> bool {
        meta.boot == process::boot_id() && process::is_held(&self.alive_path())
    }

    /// Whether its processes are gone.
    pub fn is_left(&self) -> bool {
        !process::is_held(&self.alive_path())
    }

    /// Sleeps until the session's processes are gone.
    pub fn wait_until_left(&self) -> std::io::Result<()> {
        process::wait_until_left(&self.alive_path())
    }

    /// Whether somebody deleted it: nothing can be written there, now or later.
    pub(crate) fn is_gone(&self) -> bool {
        fs::metadata(&self.0).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// The bytes that it takes on disk.
    pub fn disk_bytes(&self) -> u64 {
        disk_bytes(&self.0)
    }

    fn meta_path(&self) -> PathBuf {
        self.0.join("meta.json")
    }

    fn exit_path(&self) -> PathBuf {
        self.0.join("exit.json")
    }

    fn name_path(&self) -> PathBuf {
        self.0.join("name")
    }

    fn profile_path(&self) -> PathBuf {
        self.0.join("terminal.json")
    }

    /// What the terminal that controlled last is, as it said itself.
    pub(crate) fn profile(&self) -> Option<Profile> {
        read_json(&self.profile_path()).ok().flatten()
    }

    /// Remembers what the controlling terminal said of itself: the host.
    pub(crate) fn write_profile(&self, profile: &Profile) -> Result<()> {
        write_json(&self.profile_path(), profile)
    }

    /// How the session was started.
    pub fn meta(&self) -> Result<Meta> {
        read_json(&self.meta_path())?
            .ok_or_else(|| Error::NoSuchSession { wanted: self.0.display().to_string(), hint: String::new() })
    }

    /// Refuses what could not be read again, before anything is made.
    pub(crate) fn check_meta(meta: &Meta) -> Result<()> {
        let bytes = serde_json::to_vec(meta).map_or(0, |bytes| bytes.len() as u64);
        if bytes < SMALL_FILE_BYTES { Ok(()) } else { Err(Error::LongCommand { bytes }) }
    }

    /// Writes how the session was started; once, by whoever starts it.
    pub(crate) fn write_meta(&self, meta: &Meta) -> Result<()> {
        write_json(&self.meta_path(), meta)
    }

    /// Makes what [`Folder::write_meta`] wrote outlive the loss of power; the program runs already then.
    pub(crate) fn sync_meta(&self) {
        self.sync(&self.meta_path());
    }

    /// How the program ended, once its keeper wrote it down.
    pub fn exit(&self) -> Result<Option<Exit>> {
        read_json(&self.exit_path())
    }

    /// Writes how the program ended: the keeper, once.
    pub(crate) fn write_exit(&self, exit: &Exit) -> Result<()> {
        write_json(&self.exit_path(), exit)
    }

    /// Makes what [`Folder::write_exit`] wrote outlive the loss of power.
    pub(crate) fn sync_exit(&self) {
        self.sync(&self.exit_path());
    }

    fn sync(&self, file: &Path) {
        for path in [file, &self.0] {
            let _ = File::open(path).and_then(|file| file.sync_all());
        }
    }

    /// The last status that the host wrote.
    pub fn status(&self) -> Result<Option<Status>> {
        read_json(&self.status_path())
    }

    /// Writes the status: the host.
    pub(crate) fn write_status(&self, status: &Status) -> Result<()> {
        write_json(&self.status_path(), status)
    }

    /// The session's present name.
    pub fn name(&self) -> Result<String> {
        let path = self.name_path();
        match fs::read_to_string(&path) {
            Ok(name) => Ok(name.trim_end().to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Error::io(&path, error)),
        }
    }

    /// Writes the name: the registry, under its lock.
    pub(crate) fn write_name(&self, name: &str) -> Result<()> {
        let path = self.name_path();
        replace(&path, name.as_bytes()).map_err(|error| Error::io(&path, error))
    }
}

/// The bytes that a folder and all in it takes on disk. What vanishes meanwhile counts nothing.
pub fn disk_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => disk_bytes(&entry.path()),
        Ok(facts) => facts.blocks() * 512,
        Err(_) => 0,
    };
    entries.filter_map(|entry| entry.ok().map(of)).sum()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::metadata(path) {
        Ok(facts) if facts.len() > SMALL_FILE_BYTES => {
            return Err(Error::io(path, std::io::Error::other("too large to be ours")));
        }
        Ok(_) => fs::read(path).map_err(|error| Error::io(path, error))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::io(path, error))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let always = "plain structs of strings and numbers always serialise";
    let mut bytes = serde_json::to_vec(value).expect(always);
    if bytes.len() < PRETTY_BYTES {
        let pretty = serde_json::to_vec_pretty(value).expect(always);
        bytes = if pretty.len() < PRETTY_BYTES { pretty } else { bytes };
    }
    bytes.push(b'\n');
    if bytes.len() as u64 > SMALL_FILE_BYTES {
        return Err(Error::io(
            path,
            std::io::Error::other("this has more than 4 MiB, and nobody could read it again"),
        ));
    }
    replace(path, &bytes).map_err(|error| Error::io(path, error))
}
