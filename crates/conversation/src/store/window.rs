//! How full the window of a conversation's model is, by what its last request took.

use super::Store;
use super::rows::usage;
use crate::Result;
use protocol::Time;
use rusqlite::OptionalExtension as _;
use serde::Serialize;

/// How long a cache keeps what was put into it the short way; each time that it is read counts anew.
const CACHE_US: u64 = 300_000_000; // 5 min
const LONG_CACHE_US: u64 = 3_600_000_000; // 1 h

/// The window of a conversation's model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Window {
    /// The model that answered last.
    pub model: String,
    /// When it answered.
    pub time: Time,
    /// Tokens in its window then: what it had before it, and what it wrote.
    pub used: u64,
    /// How many there can be; nothing where that is not known, or where the list is proved wrong.
    pub size: Option<u64>,
    /// How many are left.
    pub left: Option<u64>,
    /// Tokens that came from the cache.
    pub cache_read: u64,
    /// Tokens that were put into it.
    pub cache_write: u64,
    /// Until when they are kept at least; nothing where there are none.
    pub cached_until: Option<Time>,
    /// Whether the conversation was shortened since, so that less is in the window now.
    pub compacted: bool,
}

impl Store {
    /// The window of the agent itself: a sub-agent has one of its own.
    pub(super) fn window_of(&self, conversation: i64) -> Result<Option<Window>> {
        let select = "SELECT model, time, input, output, cache_read, cache_write, cache_write_hour,
             EXISTS (SELECT 1 FROM part JOIN entry e ON e.id = part.entry WHERE part.conversation = ?1 AND e.kind = 'compaction'
                 AND e.time > usage.time)
             FROM usage WHERE conversation = ?1 AND NOT EXISTS
                 (SELECT 1 FROM entry e WHERE e.request = usage.request AND e.agent IS NOT NULL)
             ORDER BY time DESC, request DESC LIMIT 1";
        let mut select = self.connection.prepare_cached(select)?;
        let found = select.query_row([conversation], |row| {
            let time = Time(row.get::<_, i64>(1)? as u64);
            Ok((row.get::<_, String>(0)?, time, usage(row, 2)?, row.get(7)?))
        });
        let Some((model, time, taken, compacted)) = found.optional()? else { return Ok(None) };
        let used = taken.context() + taken.output;
        let size = self.prices()?.window(&model).filter(|size| used <= *size);
        let cache_write = taken.cache_write + taken.cache_write_hour;
        let kept_us = if taken.cache_write_hour > 0 { LONG_CACHE_US } else { CACHE_US };
        let is_cached = taken.cache_read + cache_write > 0;
        Ok(Some(Window {
            model,
            time,
            used,
            size,
            left: size.map(|size| size - used),
            cache_read: taken.cache_read,
            cache_write,
            cached_until: is_cached.then(|| Time(time.0 + kept_us)),
            compacted,
        }))
    }
}
