//! Conversations: from the CLIs' own records to entries that can be read, searched and trusted.
//!
//! A CLI's transcripts are copied into an `archive` of ours, because CLIs delete theirs. `ingest` reads the archive by the
//! CLI's adapter and writes entries into the [`store`], each batch together with how far it has read: whoever is killed in
//! between loses and doubles nothing. [`history`] finds what there is to take in, and [`follower`] does as it comes; `place`
//! finds where entries stand in recordings.
//! [`search`] finds entries by their words and by their [`meaning`], of which the [`backlog`] makes vectors. Archive and journals are the truth; all else is made from them.

mod archive;
pub mod backlog;
pub mod caller;
pub mod capture;
pub mod context;
mod durable;
pub mod embed;
mod error;
pub mod extract;
mod files;
pub mod follower;
mod fuse;
pub mod history;
mod ingest;
mod intake;
pub mod jobs;
mod ledger;
pub mod line_file;
pub mod meaning;
pub mod models;
mod place;
pub mod project;
pub mod purge;
pub mod recorded;
pub mod relations;
pub mod render;
pub mod search;
mod steps;
pub mod store;
mod told;
pub mod vectors;
mod witness;

pub use error::{Error, Result};
