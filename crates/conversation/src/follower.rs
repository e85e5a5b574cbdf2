//! Takes in what CLIs write, as they write it.
//!
//! The system tells which files changed; once a minute all are looked at, for what it did not tell: a folder that is new, a
//! network's disk, a queue that ran over.

use crate::archive::Archive;
use crate::history::History;
use crate::ingest::{self, Found};
use crate::place::Places;
use crate::store::Store;
use crate::{Error, Result};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// Between two looks at everything.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// While another process writes the store, or the disk refuses.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Changes that wait to be read. What comes beyond is found at the next look at everything.
const CHANGES_MAX: usize = 4_096;
/// How often it asks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(500);

/// Conversations to which something came: the CLI and its own id of each.
pub type Touched = BTreeSet<(String, String)>;

/// Follows until `stopped`, and tells what came. Errors are told, too, and end nothing.
pub fn follow(
    history: &History,
    stopped: &dyn Fn() -> bool,
    touched: &mut dyn FnMut(Touched),
    failed: &mut dyn FnMut(&Error),
) {
    while !stopped() {
        if let Err(error) = follow_once(history, stopped, touched) {
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
    stopped: &dyn Fn() -> bool,
    touched: &mut dyn FnMut(Touched),
) -> Result<()> {
    let Some(mut store) = Store::open_to_write(history.state)? else { return Ok(()) };
    let archive = Archive::new(history.state);
    let mut places = Places::default();
    while !stopped() {
        // Watched first, so that nothing falls between looking and watching.
        let (changes, _watcher) = watch(history)?;
        history.catch_up(&mut store, None, &mut |_| ())?;
        tell(&mut store, touched);
        let next_look = Instant::now() + LOOK_EVERY;
        while !stopped() && Instant::now() < next_look {
            let paths = match changes.recv_timeout(STOP_EVERY) {
                Ok(path) => std::iter::once(path).chain(changes.try_iter()).collect::<BTreeSet<_>>(),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for (adapter, root) in history.roots() {
                for path in paths.iter().filter(|path| path.starts_with(&root)) {
                    match ingest::take_in(&mut store, &archive, &Found { adapter, root: &root, path }) {
                        // Gone again, or not readable: the next look at everything tells.
                        Ok(_) | Err(Error::Io { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            places.link(&mut store, history.registry)?;
            tell(&mut store, touched);
        }
    }
    Ok(())
}

fn tell(store: &mut Store, touched: &mut dyn FnMut(Touched)) {
    let conversations = store.take_touched();
    if !conversations.is_empty() {
        touched(conversations);
    }
}

/// Has the system tell which files change. It goes on as long as the second is kept.
fn watch(history: &History) -> Result<(Receiver<PathBuf>, Option<RecommendedWatcher>)> {
    let (send, changes) = sync_channel(CHANGES_MAX);
    let heard = move |event: notify::Result<Event>| {
        let paths = event.map(|event| event.paths).unwrap_or_default();
        for path in paths {
            let _ = send.try_send(path);
        }
    };
    // Without it the look at everything is all there is.
    let Ok(mut watcher) = notify::recommended_watcher(heard) else { return Ok((changes, None)) };
    for (_, root) in history.roots() {
        // One that is not there yet is found at the next look.
        let _ = watcher.watch(&root, RecursiveMode::Recursive);
    }
    Ok((changes, Some(watcher)))
}
