//! All sessions of an instance: found, named, listed, removed. The folders are the truth; there is no index.

mod memory;

use crate::folder::Folder;
use crate::home::{Home, make_private};
use crate::host::tally::TALLY_BYTES;
use crate::name::shell_word;
use crate::nearest::did_you_mean;
use crate::{Error, Result, name, process};
use memory::Memory;
use protocol::{ExitStatus, Meta, Phase, SessionId, Status};
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Names are chosen within milliseconds; who takes longer hangs, on a disk that does not answer or stopped.
const OTHERS_CHOOSE_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// A host whose session is over leaves in this time, but for the packing of its recording.
const HOST_LEAVES_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

/// The sessions of one instance.
#[derive(Clone, Debug)]
pub struct Registry {
    sessions: PathBuf,
    memory: Option<Arc<Mutex<Memory>>>,
}

/// What is known of a session without asking its host.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Its folder.
    pub folder: Folder,
    /// How it was started.
    pub meta: Meta,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// How its program ended.
    pub exit: Option<ExitStatus>,
    /// What its host wrote last; of a dead session the last words.
    pub status: Option<Status>,
}

impl Registry {
    /// The sessions of `home`.
    pub fn new(home: &Home) -> Self {
        Self { sessions: home.sessions(), memory: None }
    }

    /// The same for who asks again and again: a folder that did not change is not read again. A session whose processes
    /// were all killed may be told as running for 100 ms more.
    pub fn remembering(home: &Home) -> Self {
        Self { memory: Some(Arc::default()), ..Self::new(home) }
    }

    /// A number that stays the same while all sessions do; of one that remembers.
    pub fn generation(&self) -> Result<u64> {
        for id in self.ids()? {
            // One that cannot be read is told by the list.
            let _ = self.with_entry(id, |_| ());
        }
        Ok(self.memory().map_or(0, |memory| memory.generation()))
    }

    /// The folder in which each session has one.
    pub fn folder(&self) -> &Path {
        &self.sessions
    }

    /// All sessions, the oldest first. One that cannot be read does not hide the others: it is given as its error.
    pub fn list(&self) -> Result<Vec<Result<Entry>>> {
        let mut ids = self.ids()?;
        ids.sort();
        Ok(ids.into_iter().map(|id| self.entry(id)).collect())
    }

    /// The session of a name, an id, or a beginning of one. Of several with one name the one that runs is meant, or
    /// the newest.
    pub fn find(&self, text: &str) -> Result<Entry> {
        let ids = self.ids()?;
        if let Ok(id) = text.parse::<SessionId>()
            && ids.contains(&id)
        {
            return self.entry(id);
        }
        let named = |id: &&SessionId| self.name_of(**id).is_ok_and(|name| name == text);
        let mut entries = Vec::new();
        let mut unread = Vec::new();
        for id in ids.iter().filter(named) {
            match self.entry(*id) {
                Ok(entry) => entries.push(entry),
                Err(error) => unread.push((*id, error)),
            }
        }
        entries.sort_by_key(|entry| (entry.phase == Phase::Running, entry.meta.id));
        let found = entries.pop();
        // One that cannot be read may run, and then it is meant: an older one of the name is not taken for it.
        let is_meant = |id: SessionId| {
            found.as_ref().is_none_or(|found| found.phase != Phase::Running && found.meta.id < id)
        };
        if let Some((_, error)) = unread.into_iter().find(|(id, _)| is_meant(*id)) {
            return Err(error);
        }
        if let Some(entry) = found {
            return Ok(entry);
        }
        let fits = |id: &SessionId| {
            !text.is_empty() && (id.to_string().starts_with(text) || id.short().starts_with(text))
        };
        let mut found: Vec<SessionId> = ids.iter().copied().filter(fits).collect();
        found.sort();
        match found.as_slice() {
            [] => {
                let names: Vec<String> = ids.iter().filter_map(|id| self.name_of(*id).ok()).collect();
                let hint = did_you_mean(text, names.iter().map(String::as_str));
                Err(Error::NoSuchSession { wanted: text.to_owned(), hint })
            }
            [one] => self.entry(*one),
            many => {
                let named = |id: &SessionId| match self.name_of(*id) {
                    Ok(name) => format!("{name} {}", id.short()),
                    Err(_) => id.to_string(),
                };
                let examples: Vec<String> = many.iter().take(3).map(named).collect();
                let (text, count) = (text.to_owned(), many.len());
                Err(Error::Ambiguous { text, count, examples: examples.join(", ") })
            }
        }
    }

    /// The newest session that runs, or the newest of all.
    pub fn latest(&self) -> Result<Option<Entry>> {
        let entries = self.list()?.into_iter().filter_map(Result::ok);
        Ok(entries.max_by_key(|entry| (entry.phase == Phase::Running, entry.meta.id)))
    }

    /// Makes the folder of a new session and gives it its name: `name`, or one made from the program's. The session
    /// lives, and has its name for itself, while the descriptor is open.
    pub fn create(&self, meta: &Meta, name: Option<&str>) -> Result<(Folder, String, OwnedFd)> {
        Folder::check_meta(meta)?;
        let _lock = self.lock()?;
        let taken = self.running_names()?;
        let name = match name {
            Some(name) => self.check_name(name, meta.id, &taken)?,
            None => name::free(&meta.command, &taken),
        };
        let folder = Folder::of(&self.sessions, meta.id);
        make_private(folder.path())?;
        // First of all: a session that nobody holds yet would look like one that ended, and its name would be free.
        let alive = folder.alive_path();
        let alive = process::hold(&alive)
            .and_then(|held| {
                rustix::io::pwrite(&held, &[0; TALLY_BYTES], 0).map(|_| held).map_err(Into::into)
            })
            .map_err(|error| Error::io(&alive, error))?;
        folder.write_meta(meta)?;
        folder.write_name(&name)?;
        Ok((folder, name, alive))
    }

    /// Where the folder of a session is made that is not to be seen before it is whole.
    pub(crate) fn draft(&self, id: SessionId) -> Folder {
        Folder::at(&self.sessions.join(format!("{id}.importing")))
    }

    /// Makes a session of a folder that was made elsewhere, under the first of these names that can be one.
    pub(crate) fn adopt(
        &self,
        draft: &Folder,
        meta: &Meta,
        mut wanted: impl Iterator<Item = String>,
    ) -> Result<String> {
        let _lock = self.lock()?;
        let taken = self.running_names()?;
        let name = wanted.find(|name| self.check_name(name, meta.id, &taken).is_ok());
        let name = name.unwrap_or_else(|| name::free(&meta.command, &taken));
        draft.write_name(&name)?;
        let to = Folder::of(&self.sessions, meta.id);
        fs::rename(draft.path(), to.path()).map_err(|error| Error::io(to.path(), error))?;
        Ok(name)
    }

    /// Gives a session another name.
    pub fn rename(&self, entry: &Entry, name: &str) -> Result<()> {
        let _lock = self.lock()?;
        let mut taken = self.running_names()?;
        taken.retain(|taken| *taken != entry.name);
        let name = self.check_name(name, entry.meta.id, &taken)?;
        entry.folder.write_name(&name)
    }

    /// Removes a session and its recording for ever. One that runs is refused.
    pub fn remove(&self, entry: &Entry) -> Result<()> {
        if entry.phase == Phase::Running && entry.exit.is_none() {
            return Err(Error::Running(entry.name.clone()));
        }
        // A host stores the last output and packs the recording after the end; a program's children may hold on to
        // their terminal for ever.
        if !process::is_left_within(&entry.folder.alive_path(), HOST_LEAVES_WITHIN) {
            return Err(Error::Occupied(entry.name.clone()));
        }
        // A folder that is half removed must not be taken for a session: it loses its name first.
        let path = entry.folder.path();
        let grave = path.with_extension("removed");
        fs::rename(path, &grave).map_err(|error| Error::io(path, error))?;
        fs::remove_dir_all(&grave).map_err(|error| Error::io(&grave, error))
    }

    /// What interrupted removals left: no sessions any more, only space.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let entries =
            fs::read_dir(&self.sessions).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        entries.filter(|path| path.extension().is_some_and(|end| end == "removed")).collect()
    }

    fn ids(&self) -> Result<Vec<SessionId>> {
        match self.memory() {
            Some(mut memory) => memory.ids(&self.sessions, || self.read_ids()).map(<[SessionId]>::to_vec),
            None => self.read_ids(),
        }
    }

    fn entry(&self, id: SessionId) -> Result<Entry> {
        self.with_entry(id, Entry::clone)
    }

    fn name_of(&self, id: SessionId) -> Result<String> {
        match self.memory {
            Some(_) => self.with_entry(id, |entry| entry.name.clone()),
            None => Folder::of(&self.sessions, id).name(),
        }
    }

    fn with_entry<T>(&self, id: SessionId, take: impl FnOnce(&Entry) -> T) -> Result<T> {
        let folder = Folder::of(&self.sessions, id);
        match self.memory() {
            Some(mut memory) => memory.entry(id, folder.path(), || read_entry(&folder)).map(take),
            None => read_entry(&folder).map(|entry| take(&entry)),
        }
    }

    fn memory(&self) -> Option<MutexGuard<'_, Memory>> {
        Some(self.memory.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_ids(&self) -> Result<Vec<SessionId>> {
        let entries = match fs::read_dir(&self.sessions) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io(&self.sessions, error)),
        };
        Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect())
    }

    fn running_names(&self) -> Result<Vec<String>> {
        let entries = self.list()?.into_iter().filter_map(Result::ok);
        Ok(entries.filter(|entry| entry.phase == Phase::Running).map(|entry| entry.name).collect())
    }

    /// Refuses a name for the session `of` that could not be told from another's, or that leads elsewhere.
    fn check_name(&self, name: &str, of: SessionId, taken: &[String]) -> Result<String> {
        let leads_to = |id: &SessionId| {
            *id != of && (name == id.short() || name.parse().is_ok_and(|named: SessionId| named == *id))
        };
        let why = match name::fault(name) {
            Some(fault) => fault,
            None if self.ids()?.iter().any(leads_to) => "it is another session's id",
            None if taken.iter().any(|taken| taken == name) => {
                &format!("a running session has it; `centerfire attach {}` joins that one", shell_word(name))
            }
            None => return Ok(name.to_owned()),
        };
        Err(Error::BadName { name: name.to_owned(), why: why.to_owned() })
    }

    /// Names are chosen by one process at a time.
    fn lock(&self) -> Result<File> {
        make_private(&self.sessions)?;
        let file = File::open(&self.sessions).map_err(|error| Error::io(&self.sessions, error))?;
        let locked = process::lock_within(&file, OTHERS_CHOOSE_WITHIN);
        match locked.map_err(|error| Error::io(&self.sessions, error))? {
            true => Ok(file),
            false => Err(Error::Busy { path: self.sessions.clone(), waited: OTHERS_CHOOSE_WITHIN }),
        }
    }
}

fn read_entry(folder: &Folder) -> Result<Entry> {
    let meta = folder.meta()?;
    let name = folder.name()?;
    let exit = folder.exit()?.map(|exit| exit.status);
    let status = folder.status()?;
    let phase = phase(folder, &meta, exit, status.as_ref());
    Ok(Entry { folder: folder.clone(), meta, name, phase, exit, status })
}

/// A session runs until its host told the end: the keeper writes down the exit at once, while output may still be on
/// its way into the journal.
fn phase(folder: &Folder, meta: &Meta, exit: Option<ExitStatus>, status: Option<&Status>) -> Phase {
    let untold = status.is_none_or(|status| status.phase == Phase::Running);
    match exit {
        Some(ExitStatus::Lost) => Phase::Lost,
        Some(_) if untold && folder.is_held(meta) => Phase::Running,
        Some(_) => Phase::Exited,
        None if folder.is_held(meta) => Phase::Running,
        None => Phase::Lost,
    }
}
