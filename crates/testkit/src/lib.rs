//! What all our tests drive real things with: terminals, isolated instances, a model server, real programs.
//!
//! Development only: nothing that ships depends on it, and it depends on none of our other crates, so that it can
//! judge each of them from outside. Nothing here imitates the program under test; the model server is the one
//! stand-in, because a real model answers neither offline nor twice alike.
//!
//! A test starts with an [`Instance`], runs its command in a [`Terminal`], and waits for what it expects to see.

pub mod claude;
pub mod codex;
mod folders;
pub mod fuzz;
pub mod gemini;
pub mod instance;
pub mod model;
pub mod opencode;
pub mod proc;
mod same;
pub mod terminal;
pub mod tools;
pub mod wait;
pub mod xterm;

pub use claude::Claude;
pub use codex::Codex;
pub use gemini::Gemini;
pub use instance::Instance;
pub use model::ModelServer;
pub use opencode::Opencode;
pub use same::assert_same;
pub use terminal::{Answers, Terminal};
pub use wait::{TimedOut, eventually};
pub use xterm::Judge;
