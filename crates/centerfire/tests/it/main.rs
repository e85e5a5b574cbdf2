//! The real binary in real terminals, with real programs. Names of tests are sentences; the requirement or the trap
//! that each one is for stands in its comment.

/// The real Claude Code in a session: states, questions, permissions, and a host that dies.
mod claude_code;
/// Clients that come and go, against one that never left.
mod reconnect;
/// One terminal that leaves and comes back: nothing twice, nothing left behind.
mod scrollback;
/// A session and the terminals around it, for the tests.
mod session;
/// What `screen` prints is what a terminal shows.
mod snapshot;
