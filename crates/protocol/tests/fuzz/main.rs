//! What leaves a process, attacked with bytes: `cargo xtask fuzz` runs each target for longer.
//!
//! - `frame`: frames of the host protocol, and the JSON of their heads

mod frame;
