//! Why a session is in its state: what each source said, when, and what came of it.

use crate::Result;
use crate::registry::Entry;
use crate::source::{Kind, Source};
use crate::summary::{agent, present_status};
use adapter::Adapter;
use protocol::{AgentStatus, Approval, Body, Claim, Offset, Record, Settled, Time};
use serde::Serialize;
use std::collections::VecDeque;

/// Moments that are told at most.
pub const MOMENTS_MAX: usize = 1_000;

/// Why a session is in its state.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// What is taken for true, and what each source said last.
    pub agent: AgentStatus,
    /// What was said and decided before, oldest first.
    pub history: VecDeque<Moment>,
    /// Moments before those.
    pub left_out: u64,
}

/// Something that was said or decided.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// When.
    pub time: Time,
    /// Behind so much output.
    pub offset: Offset,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What was said or decided.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A source said this.
    Said {
        /// It.
        claim: Claim,
    },
    /// The state became this, by all that was known then.
    Decided {
        /// It.
        claim: Box<Claim>,
    },
    /// The program asked leave for something.
    Asked {
        /// For what.
        approval: Box<Approval>,
    },
    /// A question was over.
    Settled {
        /// How.
        settled: Box<Settled>,
    },
}

/// Explains a session's state with the last moments, asking its host as a client called `name`.
pub fn explain(entry: &Entry, name: &str, last: usize) -> Result<Explained> {
    let agent = agent(entry, present_status(entry, name).as_ref());
    let mut explained = Explained { agent, history: VecDeque::new(), left_out: 0 };
    let cli = adapter::of_command(&entry.meta.words());
    let mut source = Source::of(&entry.folder, &entry.meta, Offset::ZERO, Kind::Stored)?;
    while let Some(record) = source.next()? {
        let Some(what) = what(&record, cli) else { continue };
        if explained.history.len() == last.clamp(1, MOMENTS_MAX) {
            explained.history.pop_front();
            explained.left_out += 1;
        }
        explained.history.push_back(Moment { time: record.time, offset: record.offset, what });
    }
    Ok(explained)
}

fn what(record: &Record<'_>, cli: Option<&'static dyn Adapter>) -> Option<What> {
    Some(match &record.body {
        Body::Report(report) => What::Said { claim: Claim::of_report(report, record.time) },
        Body::Hook { bytes, .. } => What::Said { claim: cli?.hooks()?.claim(bytes, record.time)? },
        Body::State(claim) => {
            What::Decided { claim: Box::new(Claim { since: record.time, ..(**claim).clone() }) }
        }
        Body::Asked(approval) => What::Asked { approval: approval.clone() },
        Body::Settled(settled) => What::Settled { settled: settled.clone() },
        _ => return None,
    })
}
