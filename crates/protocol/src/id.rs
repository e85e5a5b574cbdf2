//! The name of a session that never changes: a UUIDv7, so that ids sort by the time they were made.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Identifies one session for ever, across restarts, renames and machines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Uuid);

/// A text that is no session id.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no session id (a UUID such as 019a9c3e-5d1f-7c3a-9f0e-2b7c64f0a1d2)")]
pub struct IdError(String);

impl SessionId {
    /// Makes a new id from the clock and the system's random source.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// The id as it stands in a journal's header.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The id of a journal's header.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// Twelve hexadecimal digits from the id's random end: short enough for a socket's path (T24), and unlike
    /// the beginning of a UUIDv7 it differs between sessions that start together.
    pub fn short(self) -> String {
        self.0.simple().to_string()[20..].to_owned()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for SessionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Uuid::try_parse(text).map(Self).map_err(|_| IdError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_and_bytes() {
        let id = SessionId::generate();
        assert_eq!(id.to_string().parse::<SessionId>().unwrap(), id);
        assert_eq!(SessionId::from_bytes(id.to_bytes()), id);
        assert_eq!(id.short().len(), 12);
    }

    #[test]
    fn ids_sort_by_age() {
        let ids: Vec<_> = (0..100).map(|_| SessionId::generate()).collect();
        assert!(ids.is_sorted());
    }
}
