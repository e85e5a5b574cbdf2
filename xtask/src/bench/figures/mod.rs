//! One file per figure. Each measures all present peers in turn and returns its tables.

mod echo;
mod history;
mod hook;
mod idle;
mod memory;
mod recording;
mod sessions;
mod start;
mod talk;
mod tap;
mod throughput;
mod web;

use anyhow::{Context, Result};

use super::peer::{OURS, Present};
use super::scale::Scale;
use super::table::Table;
use super::web::server::Found;

type Measure = fn(&Field) -> Result<Vec<Table>>;

/// Who runs, and how far.
pub struct Field {
    pub peers: Vec<Present>,
    pub servers: Vec<Found>,
    /// Its version, if it is there.
    pub ripgrep: Option<String>,
    pub scale: Scale,
}

impl Field {
    /// The place of a peer among those present.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.peers.iter().position(|peer| peer.is(name))
    }

    /// The place of a server among those present.
    pub fn server_place(&self, name: &str) -> Option<usize> {
        self.servers.iter().position(|server| server.is(name))
    }

    /// Our server.
    pub fn our_server(&self) -> Result<&Found> {
        self.servers.iter().find(|server| server.is(OURS)).with_context(|| format!("{OURS} is not here"))
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
    ("web-echo", web::echo::measure),
    ("web-throughput", web::throughput::measure),
    ("web-viewers", web::viewers::measure),
    ("web-stalled", web::stalled::measure),
    ("web-idle", web::idle::measure),
    ("web-requests", web::requests::measure),
    ("web-reconnect", web::reconnect::measure),
    ("web-page", web::page::measure),
    ("talk-search", talk::search::measure),
    ("talk-meaning", talk::meaning::measure),
    ("talk-quality", talk::quality::measure),
    ("talk-tap", tap::measure),
    ("talk-hook", hook::measure),
    ("talk-chat", talk::chat::measure),
];
