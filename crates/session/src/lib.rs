//! Sessions: a program in a pseudo-terminal, kept by two small processes, recorded to the last byte, shared live.
//!
//! [`starter::Starter`] plans one and [`launch::launch`] starts it; its [`keeper`] and [`host`] are processes of their own. [`client::HostClient`]
//! talks to a host, [`attach`] joins a terminal to it, [`registry::Registry`] knows all sessions. Below this crate
//! there is no network, no database and no async runtime.

pub mod again;
pub mod attach;
pub mod backoff;
pub mod binary;
pub mod client;
pub mod crew;
pub mod draft;
pub mod end;
mod error;
pub mod explain;
pub mod export;
pub mod folder;
pub mod follow;
pub mod home;
pub mod hook;
pub mod host;
pub mod import;
pub mod keeper;
pub mod launch;
mod link;
pub mod log;
pub mod look;
pub mod name;
pub mod nearest;
mod poll;
mod process;
pub mod purge;
pub mod registry;
pub mod replay;
pub mod role;
pub mod search;
pub mod signals;
pub mod source;
pub mod starter;
pub mod summary;
pub mod tape;
pub mod timeline;
pub mod trial;
mod version;
pub mod view;
pub mod wait;

pub use error::{Error, Result};
