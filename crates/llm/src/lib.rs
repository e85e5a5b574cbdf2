//! Models: their traffic as it goes over the wire, what it costs, and how much of it fits.
//!
//! Bytes of a stream go through [`sse`] into events, and these through [`anthropic`] or [`openai`] into an [`Answer`].
//! [`messages`] makes requests. Nothing here opens a connection or a file.

pub mod anthropic;
pub mod count;
pub mod messages;
pub mod openai;
pub mod price;
pub mod sse;

mod answer;

pub use answer::{Answer, Failure};
