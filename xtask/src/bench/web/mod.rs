//! Terminals over the network: the servers that are measured, and clients that speak to each in its own dialect.
//! Nothing here draws: what a browser adds to it is measured in a browser.

pub mod browser;
pub mod crowd;
mod dialect;
pub mod http;
pub mod server;
pub mod viewer;
