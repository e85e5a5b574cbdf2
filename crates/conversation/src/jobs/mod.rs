//! Background jobs: a model reads conversations that are over and gives them titles and summaries, and says what was decided
//! and is left to do. Off unless the configuration names a server or a key; what it may spend in a day has a limit.
//!
//! One request makes all that is wanted of a conversation. [`Worker`] does one job at a time: beside a server ([`work`]), or for
//! `centerfire jobs run`. What is sent is made in `prompt`, what comes back is looked at in `answer`, and [`Ledger`] keeps it.

mod answer;
mod beside;
mod budget;
mod client;
mod due;
mod latest;
mod overview;
mod prompt;
pub(crate) mod purge;
mod results;
pub(crate) mod vectors;
mod work;

pub use crate::ledger::Ledger;
pub use beside::{Bell, work};
pub use budget::next_day;
pub use latest::Latest;
pub use overview::{Given, Overview, Running};
pub use work::{PATIENCE, Report, Step, Worker};

/// Where requests go if only a key is configured.
pub const UPSTREAM: &str = "https://api.anthropic.com";

/// What the configuration says.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Choice {
    /// Neither a server nor a key.
    #[default]
    Off,
    /// Work.
    On(Settings),
    /// Something is wrong, and what to do about it.
    Wrong(String),
}

/// How a model is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Up to the path, such as `https://api.anthropic.com`; with or without `/v1`.
    pub endpoint: String,
    /// Shown to the server, never to anybody else.
    pub key: Option<Key>,
    /// The model.
    pub model: String,
    /// In millionths of a dollar.
    pub daily_budget: u64,
    /// What is made.
    pub kinds: Kinds,
}

/// A key, which nothing prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub String);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// What is made of a conversation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Kinds {
    /// A title.
    pub titles: bool,
    /// A summary.
    pub summaries: bool,
    /// Decisions, and what is left to do.
    pub extraction: bool,
}

impl Kinds {
    /// All of them.
    pub const ALL: Self = Self { titles: true, summaries: true, extraction: true };

    fn bits(self) -> i64 {
        i64::from(self.titles) | i64::from(self.summaries) << 1 | i64::from(self.extraction) << 2
    }

    fn of_bits(bits: i64) -> Self {
        Self { titles: bits & 1 != 0, summaries: bits & 2 != 0, extraction: bits & 4 != 0 }
    }

    /// Whether these are among them.
    fn have(self, wanted: Self) -> bool {
        wanted.bits() & !self.bits() == 0
    }
}

/// Millionths of a dollar, for people.
pub fn dollars(cost: u64) -> String {
    match cost {
        0 => "$0".to_owned(),
        _ if cost.is_multiple_of(10_000) => format!("${:.2}", cost as f64 / 1e6),
        _ => format!("${:.4}", cost as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests;
