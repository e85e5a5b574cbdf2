//! All that there is to take in: the history of every CLI that we know, and what of it is new.

use crate::Result;
use crate::archive::{self, Archive};
use crate::capture;
use crate::ingest::{self, Found, Report};
use crate::intake::Intake;
use crate::place::Places;
use crate::project::{self, Look};
use crate::recorded;
use crate::store::Store;
use adapter::captured::Captured;
use adapter::generic::Generic;
use adapter::{ADAPTERS, Adapter};
use session::import::Taken;
use session::registry::{Entry, Registry};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::DirEntry;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Folders of sessions whose CLIs keep theirs elsewhere, at most: those of the latest. Each is watched.
const OTHERS_MAX: usize = 64;
/// Files that are looked at where there is little time.
const BESIDE_MAX: usize = 25;

/// How far it is, for who waits.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Files that were looked at, of so many.
    pub done: usize,
    /// All files.
    pub of: usize,
    /// The one that is looked at now.
    pub path: &'a Path,
    /// What was read so far.
    pub report: Report,
}

/// What became of it.
#[must_use]
#[derive(Default, Debug)]
pub struct Outcome {
    /// What was read.
    pub report: Report,
    /// Places in recordings that were found now.
    pub placed: u64,
    /// Files and folders that could not be read, and why not. They harm no others, and are tried again.
    pub failed: Vec<(PathBuf, String)>,
    /// Recordings of others that are sessions now, and the files that they were.
    pub recordings: Vec<(PathBuf, Taken)>,
}

impl Outcome {
    pub(crate) fn fail(&mut self, path: &Path, error: &crate::Error) {
        self.failed.push((path.to_owned(), error.to_string()));
    }
}

/// The history of a user, and where it goes.
pub struct History<'a> {
    /// The instance's state.
    pub state: &'a Path,
    /// Its sessions.
    pub registry: &'a Registry,
    /// The user's variables, which say where CLIs keep theirs.
    pub variables: &'a dyn Fn(&str) -> Option<OsString>,
}

/// Folders, and the CLIs that write them.
pub(crate) type Folders = Vec<(&'static dyn Adapter, PathBuf)>;
/// The variables of a user.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl History<'_> {
    /// The folders in which CLIs keep their conversations, whether they are there or not: those of the user, and of sessions that were
    /// started with other variables.
    pub fn roots(&self) -> Vec<(&'static dyn Adapter, PathBuf)> {
        let mut all = self.own_roots();
        self.add_others(&mut all, &|adapter, variables| adapter.history(variables));
        all
    }

    fn own_roots(&self) -> Folders {
        let of = |adapter: &'static dyn Adapter| {
            adapter.history(self.variables).into_iter().map(move |root| (adapter, root))
        };
        let captured: &'static dyn Adapter = &Captured;
        let ours = (captured, capture::folder(self.state));
        ADAPTERS.iter().copied().flat_map(of).chain([ours]).collect()
    }

    /// The folders in which CLIs keep what their processes do.
    pub(crate) fn registers(&self) -> Folders {
        let of = |adapter: &'static dyn Adapter| Some((adapter, adapter.register(self.variables)?));
        let mut all: Folders = ADAPTERS.iter().copied().filter_map(of).collect();
        self.add_others(&mut all, &|adapter, variables| adapter.register(variables).into_iter().collect());
        all
    }

    /// Adds the folders of sessions' CLIs that are not among them. What counts is what the session was started with, not what a hook
    /// says of it; and a folder is that of our user.
    fn add_others(&self, all: &mut Folders, of: &dyn Fn(&dyn Adapter, Variables) -> Vec<PathBuf>) {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut known: BTreeSet<PathBuf> = all.iter().map(|(_, folder)| whole(folder)).collect();
        let end = all.len() + OTHERS_MAX;
        for entry in self.registry.list().unwrap_or_default().into_iter().rev().flatten() {
            let variable = |name: &str| entry.meta.variables.get(name).map(OsString::from);
            let Some(adapter) = adapter::of_command(&entry.meta.words()) else { continue };
            for folder in of(adapter, &variable) {
                let folder = entry.meta.folder().join(folder);
                if all.len() < end && is_ours(&folder) && known.insert(whole(&folder)) {
                    all.push((adapter, folder));
                }
            }
        }
    }

    /// Takes in what is new in the folders of all CLIs, or of one, for as long as `progress` says to go on.
    pub fn catch_up(
        &self,
        store: &mut Store,
        cli: Option<&str>,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Outcome> {
        let (mut files, mut outcome) = (Vec::new(), Outcome::default());
        let wanted = |adapter: &dyn Adapter| cli.is_none_or(|cli| cli == adapter.name());
        for (adapter, root) in self.roots().into_iter().filter(|(adapter, _)| wanted(*adapter)) {
            archive::walk(&root, &mut |path| match path {
                Ok(path) if adapter.layout(path).is_some() => {
                    files.push((adapter, root.clone(), path.to_owned()));
                }
                Ok(_) => {}
                Err(error) => {
                    let path = if let crate::Error::Io { path, .. } = &error { path } else { &root };
                    outcome.fail(path, &error);
                }
            });
        }
        // In one order, whatever that of the disk is: what was said last of a conversation holds.
        files.sort_by(|one, other| one.2.cmp(&other.2));
        let archive = Archive::new(self.state);
        if store.is_new()? {
            Intake::begin(store.file());
        }
        for (done, (adapter, root, path)) in files.iter().enumerate() {
            if !progress(Progress { done, of: files.len(), path, report: outcome.report }) {
                return Ok(outcome);
            }
            match ingest::take_in(store, &archive, &Found { adapter: *adapter, root, path }) {
                Ok(report) => outcome.report.add(report),
                Err(error @ crate::Error::Io { .. }) => outcome.fail(path, &error),
                Err(error) => return Err(error),
            }
        }
        if wanted(&Generic) && !self.take_in_recordings(store, &mut outcome, progress)? {
            return Ok(outcome);
        }
        if cli.is_none() {
            Intake::end_all(self.state);
        }
        outcome.placed = Places::default().link(store, self.state, self.registry)?;
        project::find(store, self.state, self.registry, Look::All)?;
        Ok(outcome)
    }

    /// Takes in files that somebody names: conversation logs and asciicasts.
    pub fn take_in(
        &self,
        store: &mut Store,
        paths: &[PathBuf],
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<Outcome> {
        crate::files::take_in(store, self.state, self.registry, paths, progress)
    }

    /// Takes in what is new in the folder of a file, the latest files first, as long as there is time.
    pub fn catch_up_beside(&self, store: &mut Store, file: &Path, until: Instant) -> Result<()> {
        let roots = self.own_roots();
        let Some((adapter, root)) = roots.iter().find(|(_, root)| file.starts_with(root)) else {
            return Ok(());
        };
        let entries = file.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        // As in a walk, no link is followed and no pipe is opened.
        let is_file = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
        let entries = entries.into_iter().flatten().flatten().filter(is_file);
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        files.retain(|path| adapter.layout(path).is_some());
        files.sort_by_cached_key(|path| Reverse(path.metadata().and_then(|data| data.modified()).ok()));
        let archive = Archive::new(self.state);
        for path in files.iter().take(BESIDE_MAX).take_while(|_| Instant::now() < until) {
            match ingest::take_in(store, &archive, &Found { adapter: *adapter, root, path }) {
                // One that cannot be read hides no others.
                Ok(_) | Err(crate::Error::Io { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        project::find(store, self.state, self.registry, Look::New)
    }

    /// Makes the store anew of the archive and the journals.
    pub fn rebuild(&self, store: &mut Store, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Outcome> {
        Intake::begin(store.file());
        let archive = Archive::new(self.state);
        let mut files = Vec::new();
        for adapter in ADAPTERS.iter().copied() {
            files.extend(archive.names(adapter.name())?.into_iter().map(|name| (adapter, name)));
        }
        let mut outcome = Outcome::default();
        for (done, (adapter, name)) in files.iter().enumerate() {
            let path = archive.path(name);
            if !progress(Progress { done, of: files.len(), path: &path, report: outcome.report }) {
                return Ok(outcome);
            }
            match ingest::read_copy(store, &archive, *adapter, name) {
                Ok(report) => outcome.report.add(report),
                Err(error @ crate::Error::Io { .. }) => outcome.fail(&path, &error),
                Err(error) => return Err(error),
            }
        }
        if !self.take_in_recordings(store, &mut outcome, progress)? {
            return Ok(outcome);
        }
        Intake::end_all(self.state);
        outcome.placed = Places::default().link(store, self.state, self.registry)?;
        project::find(store, self.state, self.registry, Look::All)?;
        Ok(outcome)
    }

    /// Takes in what is new in recordings of programs that nothing else tells of; whether `progress` let it read all.
    fn take_in_recordings(
        &self,
        store: &mut Store,
        outcome: &mut Outcome,
        progress: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<bool> {
        let mut entries: Vec<Entry> = self.registry.list()?.into_iter().flatten().collect();
        entries.retain(recorded::is_conversation);
        for (done, entry) in entries.iter().enumerate() {
            let path = entry.folder.path();
            if !progress(Progress { done, of: entries.len(), path, report: outcome.report }) {
                return Ok(false);
            }
            match recorded::take_in(store, self.state, entry) {
                Ok(report) => outcome.report.add(report),
                Err(error @ crate::Error::Session(_)) => outcome.fail(path, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Whether a folder is our user's; one that is not there yet may become so.
fn is_ours(folder: &Path) -> bool {
    folder.metadata().map_or(true, |facts| facts.uid() == rustix::process::getuid().as_raw())
}
