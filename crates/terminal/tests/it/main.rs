//! What the terminal crate promises, seen from outside.
//!
//! - `generate`: output as programs write it, made up by chance
//! - `properties`: laws of the screen and of its dump, attacked with such output
//! - `recordings`: output of real programs, recorded
//! - `xterm`: the screen beside xterm.js, which is the judge

mod generate;
mod properties;
mod recordings;
mod xterm;
