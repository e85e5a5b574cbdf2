//! Conversations, with the real binary: what CLIs write down becomes entries, whatever happens on the way.

/// What is killed, damaged, rewritten or removed costs no entry.
mod hardship;
/// A history that a test writes, in the form of Claude Code.
mod history;
/// Search by meaning.
mod meaning;
/// What entries mention, and how it belongs together.
mod mentioned;
/// The real Claude Code in sessions.
mod real;
