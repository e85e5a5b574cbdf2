//! Terminals: the pseudo-terminal a program runs in, the screen it paints, and the language both speak.
//!
//! [`Screen`] is a pure value: bytes in, cells and dumps out. [`scan::Scanner`] finds the few sequences in a stream
//! that somebody must act on. Nothing here knows of journals, sockets or clients.

pub mod answer;
mod eight;
pub mod key;
pub mod paste;
pub mod probe;
pub mod profile;
pub mod pty;
pub mod query;
pub mod reply;
pub mod scan;
pub mod screen;
pub mod secret;
pub mod tty;
pub mod unit;

pub use screen::Screen;
