//! The list of sessions: made once for all who ask, until something changes, and pushed to who watches it.

use crate::App;
use axum::body::Bytes;
use protocol::{Phase, SessionId};
use serde_json::value::RawValue;
use session::Result;
use session::registry::Registry;
use session::summary::describe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Between two looks for who watches.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All sessions at one moment.
pub(crate) struct Listing {
    generation: u64,
    sessions: Vec<Listed>,
    /// What who may see all of them is answered: with those that ended, and without.
    all: Bytes,
    running: Bytes,
}

/// One session, described.
struct Listed {
    id: SessionId,
    running: bool,
    described: Box<RawValue>,
}

/// Who keeps the list.
#[derive(Default)]
pub(crate) struct Roster {
    last: Mutex<Option<Arc<Listing>>>,
    /// What who watches was told last; none while nobody watches.
    looking: Mutex<Option<watch::Sender<Option<Arc<Listing>>>>>,
}

impl Listing {
    /// Those that may be seen, as the body of an answer.
    pub(crate) fn body(&self, with_ended: bool, only: Option<SessionId>) -> Bytes {
        match only {
            None if with_ended => self.all.clone(),
            None => self.running.clone(),
            Some(_) => body(&self.described(with_ended, only)),
        }
    }

    /// Those that may be seen.
    pub(crate) fn described(&self, with_ended: bool, only: Option<SessionId>) -> Vec<&RawValue> {
        let seen =
            |listed: &&Listed| (with_ended || listed.running) && only.is_none_or(|only| only == listed.id);
        self.sessions.iter().filter(seen).map(|listed| &*listed.described).collect()
    }
}

fn body(sessions: &[&RawValue]) -> Bytes {
    #[derive(serde::Serialize)]
    struct Sessions<'a> {
        sessions: &'a [&'a RawValue],
    }
    serde_json::to_vec(&Sessions { sessions }).expect("what is JSON already can be written").into()
}

impl Roster {
    /// The list as it is now. Reads folders.
    pub(crate) fn list(&self, registry: &Registry) -> Result<Arc<Listing>> {
        let generation = registry.generation()?;
        if let Some(last) = &*lock(&self.last)
            && last.generation == generation
        {
            return Ok(Arc::clone(last));
        }
        let entries = registry.list()?.into_iter().filter_map(std::result::Result::ok);
        let listed = entries.map(|entry| Listed {
            id: entry.meta.id,
            running: entry.phase == Phase::Running,
            described: serde_json::value::to_raw_value(&describe(&entry, entry.status.as_ref()))
                .expect("plain JSON can be written"),
        });
        let mut listing =
            Listing { generation, sessions: listed.collect(), all: Bytes::new(), running: Bytes::new() };
        (listing.all, listing.running) =
            (body(&listing.described(true, None)), body(&listing.described(false, None)));
        let listing = Arc::new(listing);
        *lock(&self.last) = Some(Arc::clone(&listing));
        Ok(listing)
    }

    /// Tells of the list, once it was looked at, and whenever it changes.
    pub(crate) fn watch(&self, app: &App) -> watch::Receiver<Option<Arc<Listing>>> {
        let mut looking = lock(&self.looking);
        if let Some(sender) = &*looking {
            let mut receiver = sender.subscribe();
            // Whoever comes during the first look waits for its end.
            if sender.borrow().is_some() {
                receiver.mark_changed();
            }
            return receiver;
        }
        let (sender, receiver) = watch::channel(None);
        *looking = Some(sender);
        tokio::spawn(look(app.clone()));
        receiver
    }

    /// Tells who watches; false if nobody does any more.
    fn tell(&self, listing: Arc<Listing>) -> bool {
        let mut looking = lock(&self.looking);
        match &*looking {
            Some(sender) if sender.receiver_count() > 0 => {
                sender.send_if_modified(|known| {
                    let news = known.as_ref().is_none_or(|known| known.generation != listing.generation);
                    if news {
                        *known = Some(listing);
                    }
                    news
                });
                true
            }
            _ => {
                *looking = None;
                false
            }
        }
    }
}

/// Looks at the list while somebody watches it.
async fn look(app: App) {
    loop {
        let asked = app.clone();
        let looked = tokio::task::spawn_blocking(move || asked.0.roster.list(&asked.0.registry)).await;
        // A folder that cannot be read is looked at again.
        if let Ok(Ok(listing)) = looked
            && !app.0.roster.tell(listing)
        {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
