//! A position in a session: how many bytes its program has written since the start.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Output bytes since the session's start. The one number that every reader keeps: "since N" means byte N and
/// all that came after it, the N bytes before it being known.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset(pub u64);

impl Offset {
    /// The session's start.
    pub const ZERO: Self = Self(0);

    /// Bytes from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Stays at the last offset there is: what comes near it is no count of bytes but damage, and must stop no reader.
impl Add<u64> for Offset {
    type Output = Self;
    fn add(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }
}

impl AddAssign<u64> for Offset {
    fn add_assign(&mut self, bytes: u64) {
        *self = *self + bytes;
    }
}

impl Sub<u64> for Offset {
    type Output = Self;
    fn sub(self, bytes: u64) -> Self {
        Self(self.0 - bytes)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.0)
    }
}
