//! Times as CLIs write them.

use protocol::Time;

/// Reads an RFC 3339 time; nothing before 1970.
pub(crate) fn parse_time(text: &str) -> Option<Time> {
    let time: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(time.as_microsecond()).ok().map(Time)
}
