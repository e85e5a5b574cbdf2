//! Times as the CLIs write them.

use protocol::Time;

/// Reads `2026-11-21T22:03:49.191Z`; nothing, if it is none.
pub(crate) fn parse(text: &str) -> Option<Time> {
    Time::parse(text)
}
