//! Conversations for the server's clients: the follower that takes them in, who is told of changes, and reading the store.

use crate::blocking::blocking;
use crate::places::SEARCHES_MAX;
use crate::{ApiError, App};
use axum::http::StatusCode;
use conversation::embed::Choice;
use conversation::follower::{Touched, follow};
use conversation::history::History;
use conversation::jobs::Bell;
use conversation::meaning::Meaning;
use conversation::store::{Readers, Store};
use session::home::Home;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

/// Changes that wait for a client to hear of them. One that is behind is told that it missed some.
const CHANGES_MAX: usize = 256;

/// Different errors of taking in that are logged.
const TOLD_MAX: usize = 100;

/// Requests that read the store at once: searches, which may wait for a model, leave some to others.
const READS_MAX: usize = SEARCHES_MAX + 4;

/// What the server has of them.
pub(crate) struct Conversations {
    /// What finds by meaning; the follower makes vectors with it.
    pub(crate) meaning: Arc<Meaning>,
    pub(crate) changes: Changes,
    /// By which who does background jobs is told what somebody wants now.
    pub(crate) jobs_bell: Bell,
    stores: Readers,
    reads: Arc<Semaphore>,
}

impl Conversations {
    /// Those of an instance, with what makes vectors of them.
    pub(crate) fn new(home: &Home, model: Choice) -> Self {
        Self {
            meaning: Arc::new(Meaning::new(home.models(), model)),
            changes: Changes::default(),
            jobs_bell: Bell::default(),
            stores: Readers::new(home.state.clone()),
            reads: Arc::new(Semaphore::new(READS_MAX)),
        }
    }
}

/// Tells of conversations to which something came.
pub(crate) struct Changes(pub(crate) broadcast::Sender<Touched>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(CHANGES_MAX).0)
    }
}

impl Changes {
    pub(crate) fn listen(&self) -> broadcast::Receiver<Touched> {
        self.0.subscribe()
    }
}

/// Takes in what CLIs write, on a thread of its own, until the server ends.
pub(crate) fn start_following(app: &App) {
    let app = app.clone();
    let started = std::thread::Builder::new().name("conversations".to_owned()).spawn(move || {
        let registry = session::registry::Registry::new(&app.0.home);
        let variables = |name: &str| std::env::var_os(name);
        let history = History { state: &app.0.home.state, registry: &registry, variables: &variables };
        let stopping = app.0.stopping.subscribe();
        // Each is said once: it is tried again all the time.
        let told = Mutex::new(BTreeSet::new());
        follow(
            &history,
            &app.0.conversations.meaning,
            &|| *stopping.borrow(),
            &mut |touched| {
                let _ = app.0.conversations.changes.0.send(touched);
            },
            &|error| {
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                if told.len() < TOLD_MAX && told.insert(error.to_string()) {
                    tracing::error!(cause = %error, "conversations are not taken in, or not made searchable by meaning; it is tried again");
                }
            },
        );
    });
    if let Err(error) = started {
        tracing::error!(cause = %error, "conversations are not taken in: there is no thread for it");
    }
}

/// What is asked of the store without a search may take so long.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// Who waits for a place to read the store is told to come again after this time.
const PLACE_WITHIN: Duration = Duration::from_secs(5);

/// Reads the store beside the loop, in a place of its own and not for long: a request that nobody waits for any more is asked to
/// its end. Where there is no store yet, there are no conversations.
pub(crate) async fn read<T: Default + Send + 'static>(
    app: &App,
    work: impl FnOnce(&Store) -> conversation::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    read_unhurried(app, move |store| {
        let _limit = store.within(READ_WITHIN);
        work(store)
    })
    .await
}

/// The same for a search, which limits what it asks the store itself: it may wait for a model first, and that time is not the
/// store's.
pub(crate) async fn read_unhurried<T: Default + Send + 'static>(
    app: &App,
    work: impl FnOnce(&Store) -> conversation::Result<T> + Send + 'static,
) -> Result<T, ApiError> {
    let place = place_to_read(app).await?;
    let app = app.clone();
    blocking(move || {
        let _place = place;
        Ok(app.0.conversations.stores.read(work)?.unwrap_or_default())
    })
    .await
}

/// A place among those who read the store.
pub(crate) async fn place_to_read(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    let place = Arc::clone(&app.0.conversations.reads).acquire_owned();
    match tokio::time::timeout(PLACE_WITHIN, place).await {
        Ok(Ok(place)) => Ok(place),
        _ => Err(crate::places::busy("the store of conversations is read by many; try again in a moment")),
    }
}

impl From<conversation::Error> for ApiError {
    fn from(error: conversation::Error) -> Self {
        match error {
            conversation::Error::Query(message) => Self::bad_request(message),
            error @ conversation::Error::NoModel => {
                Self::new(StatusCode::CONFLICT, "NO_MODEL", error.to_string())
            }
            error @ conversation::Error::Late => crate::places::busy(error.to_string()),
            error @ conversation::Error::Older => {
                Self::new(StatusCode::CONFLICT, "OLD_STORE", error.to_string())
            }
            error @ conversation::Error::NoPrice { .. } => {
                Self::new(StatusCode::CONFLICT, "NO_PRICE", error.to_string())
            }
            error @ (conversation::Error::Model(_) | conversation::Error::NotReady(_)) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "MODEL", error.to_string())
            }
            conversation::Error::Session(error) => error.into(),
            error => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "STORE", error.to_string()),
        }
    }
}
