//! Takes in what CLIs write, as they write it.
//!
//! The system tells which files changed; once a minute all are looked at, for what it did not tell: a folder that is new, a
//! network's disk, a queue that ran over.

use crate::archive::{Archive, walk};
use crate::capture;
use crate::history::{Folders, History};
use crate::ingest::{self, Found};
use crate::meaning::Meaning;
use crate::place::Places;
use crate::project::{self, Look};
use crate::store::Store;
use crate::{Error, Result, backlog, recorded, relations, witness};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use session::folder::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Between two looks at everything.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// While another process writes the store, or the disk refuses.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Changes that wait to be read. What comes beyond is found at the next look at everything.
const CHANGES_MAX: usize = 4_096;
/// A new folder is looked at again after this time: it takes the system a moment to watch it.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// A database that changes all the time is asked after this time.
const ASK_WITHIN: Duration = Duration::from_secs(1);
/// How long nothing comes into a recording before it is read. While something comes, its session says so each second.
const RECORDING_QUIET: Duration = Duration::from_millis(2_500);
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);

/// What came.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Touched {
    /// The highest cursor of all entries.
    pub cursor: i64,
    /// Conversations to which something came: the CLI and its own id of each.
    pub conversations: BTreeSet<(String, String)>,
}

/// Follows until `stopped`, and tells what came; beside it entries get their vectors. Errors are told, too, and end nothing.
pub fn follow(
    history: &History,
    meaning: &Meaning,
    stopped: &(dyn Fn() -> bool + Sync),
    touched: &mut dyn FnMut(Touched),
    failed: &(dyn Fn(&Error) + Sync),
) {
    while !stopped() {
        if let Err(error) = follow_once(history, meaning, stopped, touched, failed) {
            failed(&error);
        }
        let again = Instant::now() + TRY_AGAIN;
        while !stopped() && Instant::now() < again {
            std::thread::sleep(STOP_EVERY.min(TRY_AGAIN));
        }
    }
}

/// Follows until something fails, or another process has the store.
fn follow_once(
    history: &History,
    meaning: &Meaning,
    stopped: &(dyn Fn() -> bool + Sync),
    touched: &mut dyn FnMut(Touched),
    failed: &(dyn Fn(&Error) + Sync),
) -> Result<()> {
    let Some(mut store) = Store::open_to_write(history.state)? else { return Ok(()) };
    let over = AtomicBool::new(false);
    let (wake, woken) = sync_channel(1);
    let (relate, to_relate) = sync_channel(1);
    let state = history.state;
    std::thread::scope(|scope| {
        let is_over = || over.load(Ordering::Relaxed) || stopped();
        let worker = std::thread::Builder::new().name("vectors".to_owned());
        // Without the thread there are no new vectors, and all else goes on.
        let _ = worker.spawn_scoped(scope, move || {
            backlog::work(state, meaning, &woken, &is_over, &|error| failed(error));
        });
        let worker = std::thread::Builder::new().name("relations".to_owned());
        let _ = worker.spawn_scoped(scope, move || {
            relations::work(state, &to_relate, &is_over, &|error| failed(error));
        });
        let told = &mut |came| {
            touched(came);
            // Where it is full, it is awake.
            let _ = wake.try_send(());
            let _ = relate.try_send(());
        };
        let followed = take_in(history, &mut store, stopped, told, failed);
        over.store(true, Ordering::Relaxed);
        followed
    })
}

/// Takes in what comes, until something fails.
fn take_in(
    history: &History,
    store: &mut Store,
    stopped: &dyn Fn() -> bool,
    touched: &mut dyn FnMut(Touched),
    failed: &dyn Fn(&Error),
) -> Result<()> {
    // Watched by itself: the folder above changes whenever the store does.
    capture::make_folder(history.state)?;
    let archive = Archive::new(history.state);
    let mut places = Places::default();
    while !stopped() {
        // Watched first, so that nothing falls between looking and watching.
        let (roots, registers) = (history.roots(), history.registers());
        let Watch { changes, awaited, mut watcher } = watch(history, &roots, &registers);
        let mut beginning = beginning(history.registry.folder());
        // A session that began before it was watched where they begin is told by nobody.
        if !is_same(&history.roots(), &roots) {
            continue;
        }
        // Whoever waits for the store is let in between two files.
        let go_on = || !stopped() && !Store::is_wanted(history.state);
        for (path, why) in history.catch_up(store, None, &mut |_| go_on())?.failed {
            failed(&Error::LeftOut { path, why });
        }
        tell(store, touched)?;
        witness::tell(store, history)?;
        let next_look = Instant::now() + LOOK_EVERY;
        let mut new_folders: BTreeSet<PathBuf> = BTreeSet::new();
        // Recordings that changed and are conversations: at first, and last. Databases: since when.
        let mut recordings: BTreeMap<PathBuf, (Instant, Instant)> = BTreeMap::new();
        let mut databases: BTreeMap<PathBuf, Instant> = BTreeMap::new();
        while !stopped() && Instant::now() < next_look {
            if Store::is_wanted(history.state) {
                return Ok(());
            }
            let is_quiet = [&new_folders, &beginning].iter().all(|folders| folders.is_empty())
                && recordings.is_empty()
                && databases.is_empty();
            let wait = if is_quiet { STOP_EVERY } else { AGAIN_AFTER };
            let mut due = BTreeSet::new();
            let mut paths = match changes.recv_timeout(wait) {
                Ok(path) => std::iter::once(path).chain(changes.try_iter()).collect::<BTreeSet<_>>(),
                Err(RecvTimeoutError::Timeout) => {
                    let mut paths = BTreeSet::new();
                    for folder in std::mem::take(&mut new_folders) {
                        walk(&folder, &mut |path| paths.extend(path.ok().map(Path::to_owned)));
                    }
                    due = std::mem::take(&mut databases).into_keys().collect();
                    paths
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if paths.iter().any(|path| awaited.iter().any(|root| root.starts_with(path))) {
                // A folder that was not there is on its way.
                break;
            }
            // What we write ourselves is nothing that came; before the first session the folder is watched in which it lies.
            paths.retain(|path| path.parent() != Some(history.state));
            // A session that began may keep its conversation where nobody looks yet. Its folder is there a moment before what it is.
            let sessions = history.registry.folder();
            beginning.extend(paths.iter().filter(|path| path.parent() == Some(sessions)).cloned());
            let begun = beginning.extract_if(.., |folder| !is_beginning(folder)).collect::<Vec<_>>();
            if !begun.is_empty() && !is_same(&history.roots(), &roots) {
                break;
            }
            for folder in begun.into_iter().filter(|folder| recorded::is_of(history.registry, folder)) {
                let _ = watcher.as_mut().map(|watcher| watcher.watch(&folder, RecursiveMode::NonRecursive));
                // What came before it was watched is told by nobody.
                recordings.insert(folder, (Instant::now(), Instant::now()));
            }
            for folder in paths.iter().filter_map(|path| recorded::grown(path, sessions)) {
                let now = Instant::now();
                recordings.entry(folder).and_modify(|(_, last)| *last = now).or_insert((now, now));
            }
            // One that flows on is read seldom: each time the whole of what is open is told anew.
            let is_due = |(first, last): &(Instant, Instant)| {
                last.elapsed() >= RECORDING_QUIET || first.elapsed() >= LOOK_EVERY
            };
            let grown: BTreeSet<PathBuf> =
                recordings.extract_if(.., |_, times| is_due(times)).map(|(folder, _)| folder).collect();
            paths.retain(|path| !path.starts_with(sessions) || path.parent() == Some(sessions));
            // A database is asked when it has been quiet for a moment, or changed for a while.
            let changed = paths.iter().filter_map(|path| database(path)).collect::<BTreeSet<_>>();
            paths.retain(|path| database(path).is_none());
            for database in changed {
                let since = databases.entry(database.clone()).or_insert_with(Instant::now);
                if since.elapsed() >= ASK_WITHIN {
                    databases.remove(&database);
                    paths.insert(database);
                }
            }
            // What was written into a new folder before it was watched is told by nobody.
            for folder in paths.iter().filter(|path| path.is_dir()).cloned().collect::<Vec<_>>() {
                walk(&folder, &mut |path| paths.extend(path.ok().map(Path::to_owned)));
                new_folders.insert(folder);
            }
            paths.append(&mut due);
            for (adapter, root) in &roots {
                for path in paths.iter().filter(|path| path.starts_with(root)) {
                    if stopped() {
                        return Ok(());
                    }
                    match ingest::take_in(store, &archive, &Found { adapter: *adapter, root, path }) {
                        // Gone again, or not readable: the next look at everything tells.
                        Ok(_) | Err(Error::Io { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            if !grown.is_empty() {
                take_in_recordings(history, store, &grown)?;
                tell(store, touched)?;
            }
            if !paths.is_empty() {
                places.link(store, history.state, history.registry)?;
                project::find(store, history.state, history.registry, Look::New)?;
                tell(store, touched)?;
                witness::tell(store, history)?;
                paths.iter().for_each(|path| witness::tell_registered(history, &registers, path));
            }
        }
    }
    Ok(())
}

/// Sessions that do not say yet what they are.
fn beginning(sessions: &Path) -> BTreeSet<PathBuf> {
    let folders = std::fs::read_dir(sessions).into_iter().flatten().flatten().map(|entry| entry.path());
    folders.filter(|folder| is_beginning(folder)).collect()
}

/// One that is older will never say it.
fn is_beginning(session: &Path) -> bool {
    let age = || session.metadata().ok()?.modified().ok()?.elapsed().ok();
    Folder::at(session).meta().is_err() && age().is_some_and(|age| age < LOOK_EVERY)
}

/// Takes in what is new in the recordings of these sessions.
fn take_in_recordings(history: &History, store: &mut Store, folders: &BTreeSet<PathBuf>) -> Result<()> {
    for id in folders.iter().filter_map(|folder| folder.file_name()) {
        // Gone again: the next look at everything tells.
        let Ok(entry) = history.registry.find(&id.to_string_lossy()) else { continue };
        match recorded::take_in(store, history.state, &entry) {
            Ok(_) | Err(Error::Session(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether two lists name the same folders.
fn is_same(one: &Folders, other: &Folders) -> bool {
    one.iter().map(|(_, folder)| folder).eq(other.iter().map(|(_, folder)| folder))
}

/// The nearest folder above that is there.
fn nearest(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|above| above.is_dir())
}

/// The database that a file is, or is a part of.
fn database(path: &Path) -> Option<PathBuf> {
    let name = path.to_str()?;
    let name = name.strip_suffix("-wal").unwrap_or(name);
    name.ends_with(".db").then(|| PathBuf::from(name))
}

fn tell(store: &mut Store, touched: &mut dyn FnMut(Touched)) -> Result<()> {
    let conversations = store.take_touched();
    if !conversations.is_empty() {
        touched(Touched { cursor: store.cursor_of_all()?, conversations });
    }
    Ok(())
}

/// What the system tells.
struct Watch {
    /// Files and folders that changed.
    changes: Receiver<PathBuf>,
    /// Folders that are not there yet, of which one above is watched.
    awaited: Vec<PathBuf>,
    /// It goes on as long as this is kept. Without it the look at everything is all there is.
    watcher: Option<RecommendedWatcher>,
}

/// Has the system tell which files change.
fn watch(history: &History, roots: &Folders, registers: &Folders) -> Watch {
    let (send, changes) = sync_channel(CHANGES_MAX);
    let heard = move |event: notify::Result<Event>| {
        let Ok(event) = event else { return };
        // To look at a folder is an event as well: whoever followed it would look for ever.
        if !matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_)) {
            return;
        }
        for path in event.paths {
            let _ = send.try_send(path);
        }
    };
    let mut watcher = notify::recommended_watcher(heard).ok();
    let mut awaited = Vec::new();
    // Before the first session there is no folder of them.
    let sessions = (history.registry.folder(), RecursiveMode::NonRecursive);
    let roots = roots.iter().map(|(_, root)| (root.as_path(), RecursiveMode::Recursive));
    for (root, mode) in roots.chain([sessions]) {
        let Some(watcher) = &mut watcher else { break };
        // Once for each folder that could come meanwhile; where the system watches no more, the look at everything is left.
        for _ in 0..root.components().count() {
            if watcher.watch(root, mode).is_ok() {
                break;
            }
            let above = nearest(root);
            let _ = above.map(|above| watcher.watch(above, RecursiveMode::NonRecursive));
            // What came between looking and watching is told by nobody.
            if nearest(root) == above && !root.is_dir() {
                awaited.push(root.to_owned());
                break;
            }
        }
    }
    // What comes of it is news only, and no look at everything makes up for it.
    let recordings = recorded::running(history.registry);
    for folder in registers.iter().map(|(_, register)| register).chain(&recordings) {
        let _ = watcher.as_mut().map(|watcher| watcher.watch(folder, RecursiveMode::NonRecursive));
    }
    Watch { changes, awaited, watcher }
}
