//! What the scanner reports. Values only; offsets are those of the stream.

use crate::query::Query;
use protocol::{Offset, ProgramReport};
use std::ops::Range;

/// One thing the scanner found, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The whole sequence, introducer and terminator included. Leaving a query's range out of the stream leaves
    /// the rest as it would have been parsed.
    pub range: Range<Offset>,
    /// What it is.
    pub what: Item,
}

/// What a sequence means to us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// The program asks its terminal something.
    Query(Query),
    /// The program reports its state (OSC 7501).
    Report(ProgramReport),
    /// A new window title (OSC 0 and 2).
    Title(String),
}
