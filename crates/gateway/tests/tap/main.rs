//! The tap, seen from both of its sides.
//!
//! - `rig`: a tap, and what it heard
//! - `wire`: servers that speak raw bytes, and a relay that records them
//! - `bytes`: what goes through is what came
//! - `endings`: errors, streams that break off, clients that hang up, many at once
//! - `claude`, `codex`: the real Claude Code and Codex with and without it

mod bytes;
mod claude;
mod codex;
mod endings;
mod rig;
mod wire;
