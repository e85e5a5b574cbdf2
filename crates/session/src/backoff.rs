//! How long to wait before starting something again that keeps dying: never for ever, never in a tight loop.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_secs(1);
/// A life this long counts as a success.
const LONG_LIFE: Duration = Duration::from_secs(5);

/// The state of one thing that is restarted.
#[derive(Debug)]
pub struct Backoff {
    /// When it was last started, until it died.
    started: Option<Instant>,
    deaths: u32,
}

impl Backoff {
    /// Of a thing that was started just now.
    #[expect(clippy::new_without_default, reason = "the time of a start is no default")]
    pub fn new() -> Self {
        Self { started: Some(Instant::now()), deaths: 0 }
    }

    /// Notes a death and says when to start again. The first restart is at once.
    pub fn died(&mut self) -> Instant {
        let now = Instant::now();
        // A start that failed is no life, however long ago the last one was.
        if self.started.take().is_some_and(|started| now.duration_since(started) > LONG_LIFE) {
            self.deaths = 0;
        }
        self.deaths = self.deaths.saturating_add(1);
        let wait = match self.deaths {
            1 => Duration::ZERO,
            deaths => FIRST.saturating_mul(1 << (deaths - 2).min(16)).min(LONGEST),
        };
        now + wait
    }

    /// Notes a start.
    pub fn started(&mut self) {
        self.started = Some(Instant::now());
    }

    /// Deaths in a row, each soon after the start.
    pub fn deaths(&self) -> u32 {
        self.deaths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long the restart after the next death waits.
    fn wait(backoff: &mut Backoff) -> Duration {
        let before = Instant::now();
        backoff.died().saturating_duration_since(before)
    }

    #[test]
    fn the_first_restart_is_at_once_and_each_later_one_waits_longer_up_to_a_second() {
        let mut backoff = Backoff::new();
        assert!(wait(&mut backoff) < FIRST);
        let mut last = Duration::ZERO;
        for _ in 0..100 {
            backoff.started();
            let next = wait(&mut backoff);
            assert!(next >= last.min(LONGEST), "{next:?} after {last:?}");
            last = next;
        }
        assert!(last >= LONGEST && last < 2 * LONGEST, "{last:?}");
        assert_eq!(backoff.deaths(), 101);
    }

    #[test]
    fn a_long_life_is_a_success() {
        let mut backoff = Backoff { started: Some(Instant::now() - 2 * LONG_LIFE), deaths: 9 };
        assert!(wait(&mut backoff) < FIRST);
        assert_eq!(backoff.deaths(), 1);
    }

    #[test]
    fn a_start_that_failed_is_no_life_however_long_ago_the_last_one_was() {
        let mut backoff = Backoff { started: None, deaths: 9 };
        backoff.died();
        assert_eq!(backoff.deaths(), 10);
    }
}
