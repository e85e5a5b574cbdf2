//! The test kit itself, against real programs.

/// An isolated instance, and that nothing of it stays behind.
mod instance;
/// What /proc tells.
mod proc;
/// A terminal and what a program in it sees.
mod terminal;
