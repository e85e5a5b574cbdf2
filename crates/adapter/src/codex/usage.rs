//! How many tokens each request took, and which request is under way.
//!
//! Since 0.160 or so each request has a record of its own. Before, and still beside it, the conversation's total is told
//! again and again; it belongs to a new request only if it has grown. A file that has the first does not need the second.

use protocol::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The requests of a turn, counted.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Count {
    /// How many of this turn are over.
    requests: u64,
    /// Whether the file has a record for each.
    precise: bool,
    /// The total that was last told.
    total: u64,
}

impl Count {
    /// How many requests of this turn are over.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// A turn begins.
    pub fn begin_turn(&mut self) {
        self.requests = 0;
    }

    /// A request is over.
    pub fn next_request(&mut self) {
        self.requests += 1;
    }

    /// What the record of a request says.
    pub fn record(&mut self, usage: &Value) -> Usage {
        self.precise = true;
        read(usage)
    }

    /// What the last request took, if it is told here for the first time.
    pub fn total(&mut self, info: &Value) -> Option<Usage> {
        let total = info["total_token_usage"]["total_tokens"].as_u64()?;
        let grown = std::mem::replace(&mut self.total, total) < total;
        (grown && !self.precise).then(|| read(&info["last_token_usage"]))
    }
}

/// Codex counts what came from the cache, and what went into it, among what was read.
fn read(usage: &Value) -> Usage {
    let count = |name: &str| usage[name].as_u64().unwrap_or_default();
    let (cache_read, cache_write) = (count("cached_input_tokens"), count("cache_write_input_tokens"));
    Usage {
        input: count("input_tokens").saturating_sub(cache_read + cache_write),
        output: count("output_tokens"),
        cache_read,
        cache_write,
        cache_write_hour: 0,
    }
}
