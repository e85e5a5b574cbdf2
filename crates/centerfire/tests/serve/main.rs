//! The real server, over real sockets, with real sessions behind it.

/// Clients of agentapi.
mod agentapi;
/// Everybody who must not get in, at every door.
mod attack;
/// Who sets the size.
mod control;
/// A server that is killed again and again.
mod crash;
/// Connections that say little, or too many of them.
mod crowd;
/// Every byte arrives as it is stored, from wherever a client begins.
mod fidelity;
/// HTTP by hand.
mod http;
/// What the server logs.
mod log;
#[cfg(feature = "otel")]
/// Spans for a collector.
mod otel;
/// How fast a token may write.
mod pace;
/// A real server over an isolated instance.
mod rig;
/// Clients that paint slowly, or not at all, and what they cost.
mod slow;
/// WebSocket clients.
mod socket;
/// Event streams.
mod sse;
/// How the server begins and ends.
mod start;
/// Bytes that hurt, the same for the same seed.
#[path = "../it/stream.rs"]
mod stream;
/// Encrypted.
mod tls;
/// The file of tokens, which commands and servers share.
mod tokens;
/// What clients type.
mod typing;
/// A server that is replaced under load.
mod upgrade;
