//! Places of which there are so many, and of which one token may take so many: whoever holds one leaves some to others.

use crate::ApiError;
use axum::http::StatusCode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When who finds none may try again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// All of one kind.
pub(crate) struct Places {
    /// What they are for, in the plural.
    what: &'static str,
    most: usize,
    /// Of one token.
    each_most: usize,
    taken: Mutex<HashMap<String, usize>>,
}

/// Searches at once, and of one token: each takes a thread, and a second of a core at most.
pub(crate) const SEARCHES_MAX: usize = 8;
const SEARCHES_EACH: usize = 2;
/// Exports: each holds a thread for as long as its client takes, and everything else that is done beside the server's loop
/// needs threads, too. One more is told to come again.
pub(crate) const EXPORTS_MAX: usize = 8;
pub(crate) const EXPORTS_EACH: usize = 2;
/// What reads a whole journal, or asks the store about all projects: each holds a thread.
const READINGS_MAX: usize = 8;
const READINGS_EACH: usize = 4;
/// Waits: each is a client of a host, which takes 256 of them.
pub(crate) const WAITS_MAX: usize = 128;
pub(crate) const WAITS_EACH: usize = 32;
/// Event streams of one token; how many there are in all, the configuration says.
const STREAMS_EACH: usize = 32;
/// Of the connections that there may be, the share of one token's WebSockets.
const SOCKETS_SHARE: usize = 4;

/// Each kind of which the server has so many.
pub(crate) struct Limits {
    pub(crate) streams: Arc<Places>,
    pub(crate) sockets: Arc<Places>,
    pub(crate) exports: Arc<Places>,
    pub(crate) searches: Arc<Places>,
    pub(crate) readings: Arc<Places>,
    pub(crate) waits: Arc<Places>,
}

impl Limits {
    /// For so many event streams and connections.
    pub(crate) fn new(streams_max: usize, connections_max: usize) -> Self {
        let sockets_each = connections_max.div_ceil(SOCKETS_SHARE);
        Self {
            streams: Places::new("event streams", streams_max, STREAMS_EACH),
            sockets: Places::new("WebSockets", connections_max, sockets_each),
            exports: Places::new("exports", EXPORTS_MAX, EXPORTS_EACH),
            searches: Places::new("searches", SEARCHES_MAX, SEARCHES_EACH),
            readings: Places::new("long readings", READINGS_MAX, READINGS_EACH),
            waits: Places::new("waits", WAITS_MAX, WAITS_EACH),
        }
    }
}

/// One of them, until it is dropped.
pub(crate) struct Place {
    of: Arc<Places>,
    token: String,
}

impl Places {
    fn new(what: &'static str, most: usize, each_most: usize) -> Arc<Self> {
        Arc::new(Self { what, most, each_most, taken: Mutex::default() })
    }

    /// Takes one for a token, or says why there is none.
    pub(crate) fn take(self: &Arc<Self>, token: &str) -> Result<Place, String> {
        let mut taken = self.taken();
        let own = taken.get(token).copied().unwrap_or(0);
        if own >= self.each_most {
            return Err(format!("this token has {own} {} already; end one first", self.what));
        }
        if taken.values().sum::<usize>() >= self.most {
            return Err(format!("there are {} {} already; try again when one is over", self.most, self.what));
        }
        taken.insert(token.to_owned(), own + 1);
        Ok(Place { of: Arc::clone(self), token: token.to_owned() })
    }

    /// The same, for what is over by itself after a while.
    pub(crate) fn take_soon(self: &Arc<Self>, token: &str) -> Result<Place, ApiError> {
        self.take(token).map_err(busy)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.taken();
        match taken.get_mut(&self.token) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.token)),
        }
    }
}

/// What it cannot do now it can in a moment.
pub(crate) fn busy(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message).retry_after(AGAIN_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_leaves_places_to_others_and_all_are_given_back() {
        let places = Places::new("walks", 3, 2);
        let held = [places.take("a").unwrap(), places.take("a").unwrap()];
        assert!(places.take("a").err().unwrap().contains("this token has 2 walks"));
        let other = places.take("b").unwrap();
        assert!(places.take("c").err().unwrap().contains("there are 3 walks"));
        drop((held, other));
        assert!(places.taken().is_empty());
        places.take("c").unwrap();
    }
}
