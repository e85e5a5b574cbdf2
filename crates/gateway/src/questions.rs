//! Questions to hosts that hold a thread until they are answered: so many of a session at once that a host that is stopped
//! leaves threads to the others.

use crate::ApiError;
use crate::places::busy;
use protocol::{Phase, SessionId};
use session::registry::Entry;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Of one session at once. A host answers within milliseconds.
const QUESTIONS_MAX: usize = 4;
/// How long a request waits until it may ask.
pub(crate) const TURN_WITHIN: Duration = Duration::from_secs(1);
/// Sessions that are remembered, but for those that are asked now.
const SESSIONS_MAX: usize = 256;

/// Those of all sessions.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<SessionId, Arc<Semaphore>>>);

/// Leave to ask, for as long as it is kept.
pub(crate) type Turn = Option<OwnedSemaphorePermit>;

impl Questions {
    /// Waits so long for leave to ask a session's host. One that runs no more has none.
    pub(crate) async fn turn(&self, entry: &Entry, patience: Duration) -> Result<Turn, ApiError> {
        if entry.phase != Phase::Running {
            return Ok(None);
        }
        match timeout(patience, self.of(entry.meta.id).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            _ => Err(busy(format!(
                "`{}` does not answer, and {QUESTIONS_MAX} questions wait for it already",
                entry.name
            ))),
        }
    }

    fn of(&self, id: SessionId) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= SESSIONS_MAX {
            all.retain(|_, turns| Arc::strong_count(turns) > 1 || turns.available_permits() < QUESTIONS_MAX);
        }
        Arc::clone(all.entry(id).or_insert_with(|| Arc::new(Semaphore::new(QUESTIONS_MAX))))
    }
}
