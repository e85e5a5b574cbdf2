//! The test kit itself, against real programs.

/// The real Claude Code on the scripted model.
mod claude;
/// An isolated instance, and that nothing of it stays behind.
mod instance;
/// The model server's own manners.
mod model;
/// What /proc tells.
mod proc;
/// A terminal and what a program in it sees.
mod terminal;
