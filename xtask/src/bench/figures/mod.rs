//! One file per figure. Each measures all present peers in turn and returns its tables.

mod echo;
mod history;
mod idle;
mod memory;
mod recording;
mod sessions;
mod start;
mod throughput;

use anyhow::Result;

use super::peer::Present;
use super::scale::Scale;
use super::table::Table;

type Measure = fn(&Field) -> Result<Vec<Table>>;

/// Who runs, and how far.
pub struct Field {
    pub peers: Vec<Present>,
    pub scale: Scale,
}

impl Field {
    /// The place of a peer among those present.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.is(name))
    }
}

/// Every figure, in the order in which it is taken and told.
pub const FIGURES: &[(&str, Measure)] = &[
    ("echo", echo::measure),
    ("throughput", throughput::measure),
    ("start", start::measure),
    ("memory", memory::measure),
    ("idle", idle::measure),
    ("history", history::measure),
    ("recording", recording::measure),
    ("sessions", sessions::measure),
];
