//! The list of sessions, looked at once for all who watch it, while somebody does.

use protocol::SessionId;
use serde_json::Value;
use session::home::Home;
use session::registry::Registry;
use session::summary::describe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Between two looks: a folder is read for each session.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// All sessions, each described.
pub(crate) type Sessions = Arc<Vec<(SessionId, Value)>>;

/// Who looks at the list.
pub(crate) struct Roster {
    home: Home,
    /// The last look; none while nobody watches.
    looking: Mutex<Option<watch::Sender<Option<Sessions>>>>,
}

impl Roster {
    pub(crate) fn new(home: Home) -> Arc<Self> {
        Arc::new(Self { home, looking: Mutex::default() })
    }

    /// Tells of the list, once it was looked at, and whenever it changes.
    pub(crate) fn watch(self: &Arc<Self>) -> watch::Receiver<Option<Sessions>> {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
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
        tokio::spawn(Arc::clone(self).look());
        receiver
    }

    async fn look(self: Arc<Self>) {
        loop {
            let home = self.home.clone();
            let sessions = tokio::task::spawn_blocking(move || list(&home)).await.unwrap_or_default();
            {
                let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
                match &*looking {
                    Some(sender) if sender.receiver_count() > 0 => sender.send_if_modified(|known| {
                        // The first look is told also where there is no session.
                        let changed = known.as_deref() != Some(&sessions);
                        if changed {
                            *known = Some(Arc::new(sessions));
                        }
                        changed
                    }),
                    _ => {
                        *looking = None;
                        return;
                    }
                };
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn list(home: &Home) -> Vec<(SessionId, Value)> {
    let entries = Registry::new(home).list().unwrap_or_default().into_iter().filter_map(Result::ok);
    entries.map(|entry| (entry.meta.id, describe(&entry, entry.status.as_ref()))).collect()
}
