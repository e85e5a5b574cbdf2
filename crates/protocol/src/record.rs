//! One record of a session's journal: what happened, when, and at which output offset.
//!
//! These are the values; how they lie on disk is the journal crate's affair (`docs/journal-format.md`).

use crate::{Approval, Claim, ExitStatus, Offset, ProgramReport, Settled, Size, Time};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Numbers the clients of one session in the order in which they came, from 1. 0 is the host itself.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientNumber(pub u16);

/// A record, borrowing its bytes from whoever read or will write them.
#[derive(Clone, PartialEq, Debug)]
pub struct Record<'a> {
    /// When it happened; never earlier than the record before.
    pub time: Time,
    /// For output the offset of its first byte; for all else the output offset at which it happened.
    pub offset: Offset,
    /// What happened.
    pub body: Body<'a>,
}

/// What a record tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Body<'a> {
    /// The program wrote these bytes.
    Output {
        /// The bytes, as they came from the terminal.
        bytes: &'a [u8],
        /// How many bytes at the end of the stream so far may still turn out to be a query; they were not shown yet.
        held: u16,
    },
    /// Bytes on their way to the program.
    Input {
        /// Who typed them.
        client: ClientNumber,
        /// The bytes, as they went to the terminal.
        bytes: &'a [u8],
    },
    /// Input at a password prompt, kept only as a length class (ARCHITECTURE.md, invariant 12).
    Secret {
        /// Who typed it.
        client: ClientNumber,
        /// How much was typed, roughly.
        length: LengthClass,
    },
    /// What the host, or the terminal in control, answered to queries of the program.
    Reply {
        /// The answers, as they went to the program.
        bytes: &'a [u8],
    },
    /// Ranges of the output that were queries the host answered: readers that feed terminals leave them out. It
    /// stands before the output record that completes the last of them.
    Answered {
        /// Offsets in the output, in order.
        ranges: Vec<Range<Offset>>,
    },
    /// The terminal's size changed (the first record of a journal tells the first size).
    Resize(Size),
    /// Output that was shown but could not be stored: its length in bytes. The offset goes on behind it.
    Gap(u64),
    /// The program reported its state.
    Report(ProgramReport),
    /// The program ended, and all its output is before this record.
    Exit(ExitStatus),
    /// Something happened to the recording itself.
    Notice(Notice),
    /// A hook of the program told this, as JSON in the program's own form.
    Hook {
        /// The JSON.
        bytes: &'a [u8],
        /// Whether it went on.
        cut: bool,
    },
    /// The program asks leave for something.
    Asked(Box<Approval>),
    /// A question of the program is over.
    Settled(Box<Settled>),
    /// The agent is in another state, by all that was known then.
    State(Box<Claim>),
    /// Written by a newer version; kept, skipped by this one.
    Unknown {
        /// Its kind, a number this version does not know.
        kind: u8,
        /// Its payload.
        bytes: &'a [u8],
    },
}

/// What happened to a recording or its clients.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A host took over the session.
    HostStarted {
        /// Its process id.
        pid: u32,
        /// Its version.
        version: String,
        /// Bytes of a torn record that were cut from the journal's end.
        torn_bytes: u64,
        /// Whether the host before it died, so that a few KB it had read may be missing. Nobody saw them.
        possible_gap: bool,
    },
    /// A client joined.
    ClientJoined {
        /// Its number.
        client: ClientNumber,
        /// What it calls itself.
        name: String,
        /// Its process id.
        pid: u32,
        /// Whether it may type.
        control: bool,
    },
    /// A client left.
    ClientLeft {
        /// Its number.
        client: ClientNumber,
    },
    /// A client was too slow for its own terminal and will be repainted.
    ClientCutLoose {
        /// Its number.
        client: ClientNumber,
    },
    /// Recording stopped for a reason such as a full disk; the session goes on.
    Degraded {
        /// The cause in words.
        reason: String,
    },
    /// Recording goes on.
    Recovered,
    /// Something was taken out of the recording for ever, and filler stands in its place.
    Purged {
        /// Where output was; the first thousand ranges.
        ranges: Vec<Range<Offset>>,
        /// Bytes of output.
        output_bytes: u64,
        /// Records of other kinds.
        records: u64,
    },
}

/// How long a secret was, without telling its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthClass {
    /// One byte: a key typed by hand.
    One = 0,
    /// 2 to 31 bytes.
    Short = 1,
    /// 32 bytes or more.
    Long = 2,
}

impl LengthClass {
    /// The class of a length in bytes.
    pub fn of(bytes: usize) -> Self {
        match bytes {
            0..=1 => Self::One,
            2..=31 => Self::Short,
            _ => Self::Long,
        }
    }
}
