//! The server: sessions for browsers and programs, over HTTP and WebSocket.
//!
//! It owns nothing that must last but its tokens: sessions live in processes of their own, and every viewer is a cursor in
//! a journal. So it may be killed at any moment; who comes back says how far it has read, and goes on there.
//!
//! [`server::Server`] listens; [`routes`] is the table of what it answers; `live` follows a session for all who
//! watch it; `ws` speaks to one of them.

mod accept;
pub mod audit;
mod blocking;
mod connections;
mod conversations;
mod error;
mod extract;
mod guard;
mod host;
mod jobs;
mod journey;
mod live;
mod metrics;
mod openapi;
mod pace;
mod places;
pub mod presence;
mod questions;
mod recordings;
mod roster;
pub mod routes;
mod samples;
pub mod server;
mod signals;
mod successor;
pub mod tap;
pub mod tls;
pub mod token;
mod ws;

use session::folder::Folder;
use session::home::Home;
use session::launch::{Extra, Launch};
use session::registry::Registry;
use session::starter::Starter;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

pub use error::ApiError;
pub use successor::{SOCKETS_VARIABLE, become_successor};

/// How the server was told to be.
#[derive(Clone)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Names beside the address by which browsers may call it, each a host without its port.
    pub hosts: Vec<String>,
    /// Whether others may reach it without encryption.
    pub insecure_network: bool,
    /// Where its certificate comes from, if it speaks TLS.
    pub tls: Option<tls::Tls>,
    /// Whether and how a model is asked about conversations.
    pub jobs: conversation::jobs::Choice,
    /// Whether what AI CLIs write down is taken in.
    pub follows_conversations: bool,
    /// What makes vectors of what was said, for search by meaning.
    pub model: conversation::embed::Choice,
    /// Whether who calls from this machine needs no token. Host and Origin are looked at all the same.
    pub open_loopback: bool,
    /// For the sessions that it starts.
    pub starter: Starter,
    /// What each of them gets beside its plan, such as a tap.
    pub beside: Beside,
    /// An event stream on which nothing happens is kept open by a word at this interval.
    pub sse_keep_alive: Duration,
    /// Event streams at most.
    pub sse_connections_max: usize,
    /// How often a token may change something, if there is a limit.
    pub writes_per_second: Option<NonZeroU32>,
    /// Sessions that have a port of their own, at which agentapi's clients need no token.
    pub agentapi: Vec<AgentapiPort>,
}

/// Prepares what a session gets beside its plan, and then does it, once the session has a folder. It may take a second.
pub type Beside = Arc<dyn Fn(&Launch) -> Box<dyn FnOnce(&Folder) -> session::Result<Extra>> + Send + Sync>;

/// A session at a port of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentapiPort {
    /// An id, the beginning of one, or a name.
    pub session: String,
    /// Where it listens.
    pub listen: SocketAddr,
}

/// What every request needs.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    home: Home,
    options: Options,
    tokens: token::Store,
    audit: audit::Log,
    sessions: live::Hub,
    conversations: conversations::Conversations,
    agentapi: routes::Talks,
    registry: Registry,
    roster: roster::Roster,
    recordings: recordings::Recordings,
    questions: questions::Questions,
    connections: Arc<connections::Connections>,
    guard: guard::Guard,
    limits: places::Limits,
    pace: pace::Pace,
    metrics: metrics::Metrics,
    samples: samples::Samples,
    /// Whether the server is about to end: then who waits is told so, and comes again.
    stopping: watch::Sender<bool>,
}
