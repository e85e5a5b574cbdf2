//! Recordings that somebody looks through. A tape knows places to go on from, so the last few are kept: the first jump into
//! a long recording paints all before it, the next ones almost nothing.

use crate::ApiError;
use crate::blocking::blocking;
use axum::http::StatusCode;
use protocol::SessionId;
use session::registry::Entry;
use session::tape::{Point, Tape};
use std::collections::VecDeque;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

/// Tapes that are kept, those that were used last: some 10 MB each at most.
const TAPES_MAX: usize = 8;
/// Requests that read or paint at once: such work takes whole processors, and the others want some too.
const AT_ONCE_MAX: usize = 2;
/// Requests that wait for those.
const WAITING_MAX: usize = 32;
/// How long one may take, from the moment at which it came: what it waits for and all that it reads and paints.
const BUDGET: Duration = Duration::from_secs(10);

/// The tapes, and whose turn it is.
pub(crate) struct Recordings {
    /// The one that was used last in front.
    tapes: Mutex<VecDeque<(Recording, SharedTape)>>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

type SharedTape = Arc<Mutex<Tape>>;

/// A session, and the number of its journal's folder: a purge puts another one in its place.
type Recording = (SessionId, u64);

impl Default for Recordings {
    fn default() -> Self {
        Self {
            tapes: Mutex::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE_MAX)),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX + WAITING_MAX)),
        }
    }
}

impl Recordings {
    /// Does work that reads or paints much, when its turn comes, and tells it by when it has to be done.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(Instant) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let deadline = Instant::now() + BUDGET;
        let busy = || {
            let message = "too many recordings are being read at this moment; ask again";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message)
        };
        let place = self.places.clone().try_acquire_owned().map_err(|_| busy())?;
        let turn = timeout_at(deadline.into(), self.turns.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        blocking(move || {
            // The work goes on where the client leaves, and is counted for as long.
            let _held = (place, turn);
            work(deadline)
        })
        .await
    }

    /// The tape of a session, wherever it was left.
    pub(crate) fn tape(&self, entry: &Entry) -> session::Result<SharedTape> {
        let journal = std::fs::metadata(entry.folder.journal()).map_or(0, |facts| facts.ino());
        let id = (entry.meta.id, journal);
        if let Some(tape) = self.take(id) {
            self.tapes().push_front((id, tape.clone()));
            return Ok(tape);
        }
        let tape = Arc::new(Mutex::new(Tape::open(entry, None)?));
        let mut tapes = self.tapes();
        tapes.push_front((id, tape.clone()));
        tapes.truncate(TAPES_MAX);
        Ok(tape)
    }

    /// Takes a tape out of the list, unless whoever used it last panicked.
    fn take(&self, id: Recording) -> Option<SharedTape> {
        let mut tapes = self.tapes();
        let at = tapes.iter().position(|(other, _)| *other == id)?;
        tapes.remove(at).map(|(_, tape)| tape).filter(|tape| !tape.is_poisoned())
    }

    fn tapes(&self) -> MutexGuard<'_, VecDeque<(Recording, SharedTape)>> {
        self.tapes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tape at a place. Where that takes too long, the next try goes on from where this one stopped.
pub(crate) fn wind(
    tape: &Mutex<Tape>,
    place: Point,
    deadline: Instant,
) -> Result<MutexGuard<'_, Tape>, ApiError> {
    let mut tape = tape.lock().unwrap_or_else(PoisonError::into_inner);
    if tape.seek_until(place, Some(deadline))? {
        return Ok(tape);
    }
    let message = format!("the recording is long and was painted up to offset {}; ask again", tape.offset());
    Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "NOT_THERE_YET", message))
}
