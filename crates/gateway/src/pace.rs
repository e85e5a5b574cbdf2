//! How often a token may change something: so many times a second on average, and for a while as fast as it likes.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Who was quiet may do so much at once.
const BURST: Duration = Duration::from_secs(5);
/// Tokens that are remembered.
const TOKENS_MAX: usize = 10_000;

/// The pace of all tokens: for each, when it would have been done if it had kept to the rate. One of which that is over
/// need not be remembered.
pub(crate) struct Pace {
    /// Between two writes; none where there is no limit.
    interval: Option<Duration>,
    done: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub(crate) fn new(writes_per_second: Option<NonZeroU32>) -> Self {
        let interval = writes_per_second.map(|rate| Duration::from_secs(1) / rate.get());
        Self { interval, done: Mutex::default() }
    }

    /// Counts a write, or says how long to wait for the next.
    pub(crate) fn take(&self, token: &str) -> Result<(), Duration> {
        self.take_at(token, Instant::now())
    }

    fn take_at(&self, token: &str, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else { return Ok(()) };
        let mut all = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let done = all.get(token).map_or(now, |done| (*done).max(now));
        if let Some(wait) =
            (done + interval).checked_duration_since(now + BURST).filter(|wait| !wait.is_zero())
        {
            return Err(wait);
        }
        if all.len() >= TOKENS_MAX {
            all.retain(|_, done| *done > now);
        }
        if all.len() >= TOKENS_MAX {
            all.clear();
        }
        all.insert(token.to_owned(), done + interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds_for_each_token_alone() {
        let pace = Pace::new(NonZeroU32::new(2));
        let begun = Instant::now();
        for _ in 0..10 {
            assert_eq!(pace.take_at("a", begun), Ok(()));
        }
        assert_eq!(pace.take_at("a", begun), Err(Duration::from_millis(500)));
        assert_eq!(pace.take_at("b", begun), Ok(()));
        let later = begun + Duration::from_millis(500);
        assert_eq!((pace.take_at("a", later), pace.take_at("a", later).is_err()), (Ok(()), true));
        let rested = begun + Duration::from_secs(60);
        assert_eq!((0..12).filter(|_| pace.take_at("a", rested).is_ok()).count(), 10);
        assert!(Pace::new(None).take("a").is_ok());
    }
}
