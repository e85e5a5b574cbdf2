//! The nouns that cross a process boundary: ids, offsets, sizes, journal records, session files, host frames.
//!
//! No I/O and no async here: every other crate may use this one, and this one uses none of them. A type that is
//! written to disk or to a socket carries a version, and has a golden sample in the tests.

mod agent;
pub mod approval;
mod entry;
mod event;
mod exit;
pub mod frame;
mod hex;
mod id;
mod meta;
mod offset;
mod program;
mod record;
mod size;
mod status;
mod time;

pub use agent::{AgentState, AgentStatus, Claim};
pub use approval::{Approval, Settled};
pub use entry::{Content, Entry, Place, Source, Speaker, Usage};
pub use event::ProxyEvent;
pub use exit::ExitStatus;
pub use hex::hex;
pub use id::{IdError, SessionId};
pub use meta::{Bytes, Exit, Imported, META_VERSION, Meta};
pub use offset::Offset;
pub use program::{BlockKind, ProgramReport, ProgramState};
pub use record::{Body, ClientNumber, LengthClass, Notice, Record};
pub use size::{Size, SizeError};
pub use status::{Binary, ClientInfo, Phase, Pids, Status};
pub use time::Time;
