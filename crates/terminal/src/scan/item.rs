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
    /// A shell mark (OSC 133).
    Mark(Mark),
    /// A new window title (OSC 0 and 2).
    Title(String),
    /// A desktop notification (OSC 9, 99 and 777).
    Notice(Notice),
    /// BEL, outside of strings.
    Bell,
}

/// The shell's marks of OSC 133.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// `A`: a prompt begins.
    Prompt,
    /// `B`: the prompt is over, what follows is typed.
    Input,
    /// `C`: a command's output begins.
    Output,
    /// `D`: the command ended, with its exit status if told.
    Finished(Option<i32>),
}

/// A notification; a part of one where a terminal would join several by their `id`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notice {
    /// The id that joins parts (OSC 99 only).
    pub id: Option<String>,
    /// The title, if it has one.
    pub title: Option<String>,
    /// The text.
    pub text: String,
}
