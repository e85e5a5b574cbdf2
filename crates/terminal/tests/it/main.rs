//! What the terminal crate promises, seen from outside.

mod generate;
mod properties;
mod recordings;
mod xterm;
