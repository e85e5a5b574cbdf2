//! The test kit itself, against real programs.

/// What /proc tells.
mod proc;
/// A terminal and what a program in it sees.
mod terminal;
