//! The real server, over real sockets, with real sessions behind it.

/// Clients of agentapi.
mod agentapi;
/// What programs ask leave for, answered over HTTP.
mod approvals;
/// Everybody who must not get in, at every door.
mod attack;
/// A hundred viewers of one flood.
mod audience;
/// A session under load, and clients that follow it.
mod busy;
/// Who sets the size.
mod control;
/// What AI CLIs write down.
mod conversations;
/// A server that is killed again and again.
mod crash;
/// Connections that say little, or too many of them.
mod crowd;
/// Clients of server-sent events.
mod events;
/// What one token takes is not taken from all.
mod fair;
/// Every byte arrives as it is stored, from wherever a client begins.
mod fidelity;
/// What a token or a login opens, how far, and how long.
mod grants;
/// Requests that mean harm, or nothing.
mod hostile;
/// HTTP by hand.
mod http;
/// Background jobs.
mod jobs;
/// What the server logs.
mod log;
/// Several sessions on one socket.
mod many;
#[cfg(feature = "otel")]
/// Spans for a collector.
mod otel;
/// What other CLIs ask, answered over HTTP.
mod others;
/// How fast a token may write.
mod pace;
/// Projects, and conversations that clients hand over.
mod projects;
/// A recording as a page plays it.
mod recording;
/// A real server over an isolated instance.
mod rig;
/// What a generator of requests makes of the description.
mod schemathesis;
/// Screens as they change.
mod screens;
/// Clients that paint slowly, or not at all, and what they cost.
mod slow;
/// WebSocket clients.
mod socket;
/// Event streams.
mod sse;
/// How the server begins and ends.
mod start;
/// A host that is stopped, and a server that is told to end in the middle of something.
mod stopped;
/// Bytes that hurt, the same for the same seed.
#[path = "../it/stream.rs"]
mod stream;
/// Encrypted.
mod tls;
/// The file of tokens, which commands and servers share.
mod tokens;
/// What a terminal shows after a reconnect is what the host's screen is.
mod truth;
/// What clients type.
mod typing;
/// A server that is replaced under load.
mod upgrade;
/// Who is there, what there is, and how the server is.
mod watching;
