//! Texts that many cells share and that do not fit into a cell: combining marks and hyperlinks, numbered from 1.
//!
//! One bounded table serves both. A number stays the same for as long as something uses it.

use std::collections::HashMap;
use std::hash::Hash;

/// A bounded table of values, each kept once, with numbers that never move.
pub(super) struct Interned<T> {
    entries: Vec<Option<T>>,
    free: Vec<u16>,
    index: HashMap<T, u16>,
    /// Sum of the sizes of all entries, bytes.
    bytes: usize,
    /// Entries at most.
    max: usize,
    /// Bytes at most.
    max_bytes: usize,
    /// Requests to turn down before the next collection.
    resting: u32,
}

/// What the table needs to know about a value.
pub(super) trait Weigh {
    /// Heap bytes of the value.
    fn weight(&self) -> usize;
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for super::Link {
    fn weight(&self) -> usize {
        self.id.len() + self.uri.len()
    }
}

/// After a collection so many further values are turned down before the next: a full table must not cost a walk
/// over the whole history for every new value.
const REST_AFTER_COLLECTION: u32 = 1_024;

impl<T: Clone + Eq + Hash + Weigh> Interned<T> {
    /// An empty table with its two limits.
    pub(super) fn new(max: u16, max_bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            bytes: 0,
            max: usize::from(max),
            max_bytes,
            resting: 0,
        }
    }

    /// The value of a number; `None` for 0.
    pub(super) fn get(&self, id: u16) -> Option<&T> {
        self.entries.get(usize::from(id).checked_sub(1)?)?.as_ref()
    }

    /// The number of a value, a new one where needed; `None` when the table is full.
    pub(super) fn intern(&mut self, value: T) -> Option<u16> {
        if let Some(id) = self.index.get(&value) {
            return Some(*id);
        }
        let full = self.free.is_empty() && self.entries.len() >= self.max;
        if full || self.bytes + value.weight() > self.max_bytes {
            return None;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u16
        });
        self.bytes += value.weight();
        self.entries[usize::from(id) - 1] = Some(value.clone());
        self.index.insert(value, id);
        Some(id)
    }

    /// Whether a collection is worth its time now; counts the request.
    pub(super) fn may_collect(&mut self) -> bool {
        self.resting = self.resting.saturating_sub(1);
        self.resting == 0
    }

    /// Gives up every value that is not marked; `used` is indexed by number.
    pub(super) fn keep(&mut self, used: &[bool]) {
        for place in 0..self.entries.len() {
            if !used[place + 1]
                && let Some(value) = self.entries[place].take()
            {
                self.bytes -= value.weight();
                self.index.remove(&value);
                self.free.push((place + 1) as u16);
            }
        }
        self.resting = REST_AFTER_COLLECTION;
    }

    /// Length of a mark list for [`Interned::keep`].
    pub(super) fn numbers(&self) -> usize {
        self.entries.len() + 1
    }

    /// Heap bytes, roughly: each value is held twice.
    pub(super) fn memory(&self) -> usize {
        self.bytes * 2
            + self.entries.capacity() * size_of::<Option<T>>()
            + self.index.capacity() * size_of::<T>()
    }
}
