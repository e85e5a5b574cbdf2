//! The figures of the server, beside other terminals over the network.

pub mod echo;
pub mod idle;
pub mod page;
pub mod reconnect;
pub mod requests;
pub mod stalled;
pub mod throughput;
pub mod viewers;
