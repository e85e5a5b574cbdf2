//! The clock of journals: wall time in microseconds, made to never run backwards by those who write it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub u64);

impl Time {
    /// Reads the system's wall clock; a clock before 1970 reads as 0.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    /// On the calendar, in UTC. It prints as RFC 3339, to the millisecond with `{:.3}`; a time beyond the calendar's end is its
    /// last.
    pub fn utc(self) -> Timestamp {
        let micros = i64::try_from(self.0).unwrap_or(i64::MAX);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// Reads a time of RFC 3339, such as `2026-11-21T22:03:49.191Z`; nothing, if it is none or before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let time: Timestamp = text.parse().ok()?;
        u64::try_from(time.as_microsecond()).ok().map(Self)
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_it_is_read() {
        let time = Time(1_795_298_629_191_002);
        for text in ["2026-11-21T22:03:49.191002Z", "2026-11-21T23:03:49.191002+01:00"] {
            assert_eq!(Time::parse(text), Some(time));
        }
        assert_eq!(time.utc().to_string(), "2026-11-21T22:03:49.191002Z");
        assert_eq!(format!("{:.3}", time.utc()), "2026-11-21T22:03:49.191Z");
        assert!(Time(u64::MAX).utc().to_string().starts_with("9999-12-30"));
        assert_eq!(["yesterday", "1969-12-31T23:59:59Z"].map(Time::parse), [None, None]);
    }
}
