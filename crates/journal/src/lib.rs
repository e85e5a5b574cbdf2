//! The append-only log of one session: the truth that everything else is derived from.
//!
//! [`Writer`] appends, [`Reader`] follows at its own speed, from any offset, while the log grows or years later.
//! [`Shown`] is a reader for terminals: the output without the queries that the host answered. [`seal`] packs a
//! closed segment, [`verify`] checks every byte, [`purge`] takes bytes out for ever. The layout is specified in `format.rs` and
//! `docs/journal-format.md`. Everything is synchronous; nobody waits here but for the kernel.

mod error;
mod format;
mod purge;
mod reader;
mod recover;
mod seal;
mod segment;
mod shown;
mod sync;
mod text;
mod verify;
mod writer;

pub use error::{Error, Result};
pub use format::MAX_PAYLOAD_BYTES;
pub use purge::{Purge, Purged, purge, remove_leftovers, would_purge};
pub use reader::Reader;
pub use seal::{Sealed, seal, seal_all, seal_closed};
pub use segment::SEGMENT_BYTES;
pub use shown::{Piece, Shown};
pub use text::replace;
pub use verify::{Report, verify};
pub use writer::{Place, Recovered, Writer};
