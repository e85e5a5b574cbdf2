//! What was read of sessions, for a process that asks again and again, as the server does: a folder is read again once it
//! has changed. Every file in it is replaced as a whole when it is written, which changes the folder's time.

use super::Entry;
use crate::Result;
use protocol::{Phase, SessionId};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Two changes within one tick of the system's clock bear the same time: what was read so soon after a change is read
/// again.
const SETTLED: Duration = Duration::from_millis(50);
/// A session whose processes were all killed changes no file: it is found out within this time.
const LIVES_FOR: Duration = Duration::from_millis(100);

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Memory {
    ids: Option<Read<Vec<SessionId>>>,
    entries: HashMap<SessionId, Seen>,
    generation: u64,
}

/// What was read, and the time of its folder before.
#[derive(Debug)]
struct Read<T> {
    changed: SystemTime,
    settled: bool,
    value: T,
}

impl<T> Read<T> {
    /// Reads it, and remembers the time from before.
    fn of(folder: &Path, read: impl FnOnce() -> Result<T>) -> Result<Self> {
        let changed = time_of(folder).unwrap_or(SystemTime::UNIX_EPOCH);
        let settled = SystemTime::now().duration_since(changed).is_ok_and(|age| age > SETTLED);
        Ok(Self { changed, settled, value: read()? })
    }

    fn holds(&self, folder: &Path) -> bool {
        self.settled && time_of(folder).is_ok_and(|changed| changed == self.changed)
    }
}

/// A session, and when its processes were seen last.
#[derive(Debug)]
struct Seen {
    read: Read<Entry>,
    alive: Instant,
}

impl Seen {
    /// Whether it is as it was. In a folder that did not change only the processes can have gone: they are looked for,
    /// and nothing is read.
    fn holds(&mut self, folder: &Path) -> bool {
        let entry = &self.read.value;
        if !self.read.holds(folder) {
            return false;
        }
        if entry.phase == Phase::Running && self.alive.elapsed() >= LIVES_FOR {
            if !entry.folder.is_held(&entry.meta) {
                return false;
            }
            self.alive = Instant::now();
        }
        true
    }
}

fn time_of(folder: &Path) -> io::Result<SystemTime> {
    fs::metadata(folder)?.modified()
}

impl Memory {
    /// Counts what was found to have changed.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The ids in `folder`, as they are now.
    pub(super) fn ids(
        &mut self,
        folder: &Path,
        read: impl FnOnce() -> Result<Vec<SessionId>>,
    ) -> Result<&[SessionId]> {
        if !self.ids.as_ref().is_some_and(|ids| ids.holds(folder)) {
            let read = Read::of(folder, read)?;
            if self.ids.as_ref().is_none_or(|ids| ids.value != read.value) {
                self.generation += 1;
                self.entries.retain(|id, _| read.value.contains(id));
            }
            self.ids = Some(read);
        }
        Ok(self.ids.as_ref().map_or(&[], |ids| &ids.value))
    }

    /// A session, as it is now.
    pub(super) fn entry(
        &mut self,
        id: SessionId,
        folder: &Path,
        read: impl FnOnce() -> Result<Entry>,
    ) -> Result<&Entry> {
        if !self.entries.get_mut(&id).is_some_and(|seen| seen.holds(folder)) {
            let read = Read::of(folder, read).inspect_err(|_| self.forget(id))?;
            if self.entries.get(&id).is_none_or(|seen| seen.read.value != read.value) {
                self.generation += 1;
            }
            self.entries.insert(id, Seen { read, alive: Instant::now() });
        }
        Ok(&self.entries[&id].read.value)
    }

    fn forget(&mut self, id: SessionId) {
        if self.entries.remove(&id).is_some() {
            self.generation += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;
    use crate::home::Home;
    use crate::registry::Registry;
    use protocol::{Meta, Size, Time};
    use std::os::fd::OwnedFd;

    /// Two names for the same home: one that remembers, and one that changes it as another process would.
    fn instance() -> (tempfile::TempDir, Registry, Registry) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        (folder, Registry::remembering(&home), Registry::new(&home))
    }

    fn start(registry: &Registry, name: &str) -> (Folder, OwnedFd) {
        let meta = Meta {
            version: 1,
            id: SessionId::generate(),
            command: vec!["sleep".to_owned()],
            cwd: "/".to_owned(),
            bytes: None,
            size: Size::DEFAULT,
            created: Time::now(),
            boot: crate::process::boot_id().to_owned(),
            machine: String::new(),
            parent: None,
            env: Vec::new(),
            socket: String::new(),
            variables: Default::default(),
            cli_version: None,
            imported: None,
        };
        let (folder, _, alive) = registry.create(&meta, Some(name)).unwrap();
        (folder, alive)
    }

    fn names(registry: &Registry) -> Vec<(String, Phase)> {
        registry
            .list()
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .map(|entry| (entry.name, entry.phase))
            .collect()
    }

    /// Waits until what was read is old enough to be remembered.
    fn settle(registry: &Registry) -> u64 {
        std::thread::sleep(SETTLED * 2);
        registry.generation().unwrap()
    }

    #[test]
    fn a_change_is_seen_at_once_and_none_is_no_generation() {
        let (_folder, registry, other) = instance();
        let (_, one) = start(&other, "one");
        assert_eq!(names(&registry), [("one".to_owned(), Phase::Running)]);
        let generation = settle(&registry);
        assert_eq!(registry.generation().unwrap(), generation);
        let (_, _two) = start(&other, "two");
        assert_eq!(names(&registry).len(), 2);
        assert_ne!(settle(&registry), generation);
        for round in 0..50 {
            let name = format!("name{round}");
            other.rename(&other.list().unwrap().remove(0).unwrap(), &name).unwrap();
            assert_eq!(registry.find(&name).unwrap().name, name, "a change within one tick of the clock");
        }
        drop(one);
        std::thread::sleep(LIVES_FOR);
        assert_eq!(names(&registry)[0].1, Phase::Lost, "nobody wrote that it was killed");
        other.remove(&other.list().unwrap().remove(0).unwrap()).unwrap();
        assert_eq!(names(&registry), [("two".to_owned(), Phase::Running)]);
    }
}
