//! Sessions that somebody watches. Each is followed once, however many watch: one task reads its journal on and keeps the
//! last few megabytes as frames that are ready to be sent, which all viewers share. Who is further behind reads the journal
//! alone until it has caught up.

mod feed;
mod frames;
mod tail;

pub(crate) use feed::{Feed, Step};
pub(crate) use frames::{Item, SNAPSHOT_HEAD_BYTES, output_of, snapshot};

use frames::Frames;
use tail::{After, Cursor};

use crate::ApiError;
use crate::blocking::blocking;
use crate::host::Host;
use protocol::frame::{Event, Request};
use protocol::{Offset, Phase, SessionId};
use session::Error;
use session::registry::Entry;
use session::source::{Kind, Source};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tail::Tail;
use tokio::sync::{Mutex as Turn, mpsc, watch};

/// How long to wait for a word of the host before it is looked whether anybody watches still, and the session lives.
const LISTEN: Duration = Duration::from_secs(5);
/// Before a host that could not be followed is asked again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The name by which a host knows us.
const NAME: &str = "serve";

/// All sessions that are watched.
#[derive(Default)]
pub(crate) struct Hub {
    watched: Mutex<HashMap<SessionId, Weak<Live>>>,
    /// Held while a journal is opened: who comes meanwhile finds what the first one made.
    opening: Turn<()>,
}

/// One session that is watched.
pub(crate) struct Live {
    pub(crate) entry: Entry,
    tail: Mutex<Tail>,
    /// Counts the changes of the tail.
    changes: watch::Sender<u64>,
    host: Mutex<Option<Arc<Host>>>,
}

impl Hub {
    /// The session, followed from now on if it was not yet.
    pub(crate) async fn watch(&self, entry: Entry) -> Result<Arc<Live>, ApiError> {
        if let Some(live) = self.watched(entry.meta.id) {
            return Ok(live);
        }
        let _opening = self.opening.lock().await;
        if let Some(live) = self.watched(entry.meta.id) {
            return Ok(live);
        }
        let (folder, meta) = (entry.folder.clone(), entry.meta.clone());
        let open = move || {
            let end = journal::Reader::end(&folder.journal()).map_err(Error::from)?;
            Ok((end, Source::of(&folder, &meta, end, Kind::Shown)?))
        };
        let (end, source) = blocking(open).await?;
        let live = Arc::new(Live {
            tail: Mutex::new(Tail::new(end)),
            changes: watch::Sender::new(0),
            host: Mutex::default(),
            entry,
        });
        let mut watched = lock(&self.watched);
        watched.retain(|_, live| live.strong_count() > 0);
        watched.insert(live.entry.meta.id, Arc::downgrade(&live));
        tokio::spawn(follow(Arc::downgrade(&live), live.entry.clone(), Frames::new(source)));
        Ok(live)
    }

    fn watched(&self, session: SessionId) -> Option<Arc<Live>> {
        lock(&self.watched).get(&session).and_then(Weak::upgrade).filter(|live| !live.is_over())
    }

    /// How many sessions are watched.
    pub(crate) fn count(&self) -> usize {
        lock(&self.watched).values().filter(|live| live.strong_count() > 0).count()
    }
}

impl Live {
    /// What comes after a cursor, for a client that wants no output that begins at `limit` or behind it.
    fn after(&self, cursor: &mut Cursor, limit: Offset) -> After {
        lock(&self.tail).after(cursor, limit)
    }

    /// Whether who read the journal up to here can go on with what is shared.
    fn can_join(&self, at: Offset) -> bool {
        lock(&self.tail).can_join(at)
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How far the journal was read.
    pub(crate) fn end(&self) -> Offset {
        lock(&self.tail).end()
    }

    /// Whether all that there will ever be was read.
    pub(crate) fn is_over(&self) -> bool {
        lock(&self.tail).is_over()
    }

    /// The host, for those who only look: while there is one.
    pub(crate) fn host(&self) -> Option<Arc<Host>> {
        lock(&self.host).clone()
    }

    fn push(&self, items: Vec<Item>) {
        if !items.is_empty() {
            lock(&self.tail).push(items);
            self.changes.send_modify(|changes| *changes += 1);
        }
    }
}

/// Follows a session until it is over or nobody watches it.
async fn follow(live: Weak<Live>, entry: Entry, mut frames: Frames) {
    loop {
        // Frames and the screens they are joined to need what was stored before the host said hello as well.
        match connect(&live, &entry).await {
            Some(events) => match listen(&live, &entry, &mut frames, events).await {
                Some(true) => break,
                Some(false) => return,
                None => {}
            },
            None if is_over(&entry) => break,
            // Somebody stopped it, or it has no time for us: that is no end.
            None => {
                if !read_on(&live, &mut frames, None) {
                    return;
                }
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
    }
    read_on(&live, &mut frames, None);
    if !frames.ended() {
        end(&live, &entry, frames.position());
    }
}

/// Whether the program's end is written down, or nobody is left to do it. What cannot be looked at now is not over.
fn is_over(entry: &Entry) -> bool {
    entry.folder.exit().is_ok_and(|exit| exit.is_some()) || !entry.folder.is_held(&entry.meta)
}

/// Nothing more will come, and the journal does not say why.
fn end(live: &Weak<Live>, entry: &Entry, at: Offset) {
    if let Some(live) = live.upgrade() {
        let status = entry.folder.exit().ok().flatten().map(|exit| exit.status);
        live.push(vec![Item::exited(status, at)]);
    }
}

/// Finds the host and asks it for events; nothing where that fails.
async fn connect(live: &Weak<Live>, entry: &Entry) -> Option<mpsc::Receiver<Event>> {
    if entry.phase != Phase::Running && is_over(entry) {
        return None;
    }
    let (host, events) = Host::reach(entry, NAME).await.ok()?;
    host.call(Request::Follow, &[]).await.ok()?;
    *lock(&live.upgrade()?.host) = Some(Arc::new(host));
    Some(events)
}

/// Reads on at each word of the host. True when the session is over, false when nobody watches it any more; nothing when
/// the host is gone.
async fn listen(
    live: &Weak<Live>,
    entry: &Entry,
    frames: &mut Frames,
    mut events: mpsc::Receiver<Event>,
) -> Option<bool> {
    // Where the journal ends, if all that is new is output.
    let mut stored = None;
    loop {
        if !read_on(live, frames, stored.take()) {
            return Some(false);
        }
        match tokio::time::timeout(LISTEN, events.recv()).await {
            Ok(Some(Event::Exited { .. })) => return Some(true),
            Ok(Some(first)) => {
                stored = head_of(&first);
                while let Ok(event) = events.try_recv() {
                    if matches!(event, Event::Exited { .. }) {
                        return Some(true);
                    }
                    stored = stored.and(head_of(&event));
                }
            }
            Ok(None) => {
                if let Some(live) = live.upgrade() {
                    *lock(&live.host) = None;
                }
                return None;
            }
            Err(_) if !entry.folder.is_held(&entry.meta) => return Some(true),
            Err(_) => {}
        }
    }
}

/// The end of the output, where an event tells no more than that.
fn head_of(event: &Event) -> Option<Offset> {
    match event {
        Event::Head { offset } => Some(*offset),
        _ => None,
    }
}

/// Takes in what is stored by now, up to `end` where that is known; false if nobody watches.
fn read_on(live: &Weak<Live>, frames: &mut Frames, end: Option<Offset>) -> bool {
    loop {
        let Some(live) = live.upgrade() else { return false };
        // A journal that cannot be read is told by its end.
        let items = frames.read(end).unwrap_or_default();
        if items.is_empty() {
            return true;
        }
        live.push(items);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
