//! Takes something out of the archive and the store for ever.
//!
//! A text is overwritten wherever it stands; of an entry or a whole conversation the records go, and blanks stand in their
//! place, so that nothing that was counted in bytes moves. `purged.json` beside the archive keeps what was purged, never the
//! text: what a CLI's own file still holds does not come back under the same id. Each file is replaced in one step and the
//! store in one transaction; who was cut off between them does it again, and finds what is left.

mod copies;
mod given;
mod json;
mod record;

pub(crate) use copies::Gone;
pub(crate) use record::Record;

use crate::archive::Archive;
use crate::jobs;
use crate::project;
use crate::store::Store;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use protocol::Time;
use std::collections::BTreeSet;
use std::path::Path;

/// A text at least: shorter ones stand in half of all that there is.
pub const TEXT_MIN_BYTES: usize = 4;
/// From this length on it is looked for in base64, too: of a shorter one that is little more than a word.
const BASE64_MIN_BYTES: usize = 8;

/// The files of an instance's state that are this crate's, by path: a purge has its own way with each, or they have no text
/// of anybody.
pub const OWN_FILES: &[&str] = &[
    "transcripts",
    "captured",
    "hooks",
    "conversation.db",
    "conversation.db-wal",
    "conversation.db-shm",
    "conversation.lock",
    "conversation.wanted",
    "conversation.intake",
    "jobs.db",
    "jobs.db-wal",
    "jobs.db-shm",
    "jobs.lock",
    "prices.json",
    "projects.jsonl",
    "purged.json",
];

/// What is to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A text wherever it stands.
    Text(Text),
    /// Entries, by id, with the records that tell them.
    Entries(BTreeSet<String>),
    /// A conversation, by its CLI and the CLI's own id.
    Conversation(String, String),
}

/// A text, in all spellings in which it may stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// As it is first, then as JSON has it, and JSON within JSON, then in base64.
    pub spellings: Vec<String>,
}

/// What went, or would go.
#[derive(Clone, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Purged {
    /// Entries that are gone or changed, by id.
    pub entries: BTreeSet<String>,
    /// Copies of transcripts that were written anew.
    pub copies: u64,
    /// Records of theirs that are gone or changed.
    pub records: u64,
    /// Files of what clients and hooks told that were cleaned.
    pub given: u64,
    /// Conversations that lose what a model made of them.
    pub made: u64,
}

impl Text {
    /// A text that is long enough.
    pub fn new(text: &str) -> Result<Self> {
        if text.trim().len() < TEXT_MIN_BYTES {
            let why = format!(
                "to take out every place of so short a text would take out others: give {TEXT_MIN_BYTES} bytes or more"
            );
            return Err(Error::Query(why));
        }
        let mut spellings = vec![text.to_owned()];
        for _ in 0..2 {
            let inner = serde_json::to_string(&spellings[spellings.len() - 1]).unwrap_or_default();
            let inner = inner[1..inner.len() - 1].to_owned();
            if !spellings.contains(&inner) {
                spellings.push(inner);
            }
        }
        // So programs put it into reports of their state, and into the clipboard.
        if text.len() >= BASE64_MIN_BYTES {
            spellings.extend(base64_of(text.as_bytes()));
        }
        Ok(Self { spellings })
    }

    /// A text without it, if it was there.
    pub(crate) fn out_of(&self, text: &str) -> Option<String> {
        let mut cleaned = std::borrow::Cow::from(text);
        for spelling in self.spellings.iter().rev().filter(|spelling| text.contains(*spelling)) {
            cleaned = cleaned.replace(spelling, &"*".repeat(spelling.chars().count())).into();
        }
        (cleaned != text).then(|| cleaned.into_owned())
    }
}

/// How bytes are spelled within a longer text in base64: at each of three places in a group, what of it depends on them alone.
fn base64_of(bytes: &[u8]) -> impl Iterator<Item = String> {
    (0..3).map(move |before| {
        let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(bytes.iter().copied()).collect();
        let spelled = STANDARD_NO_PAD.encode(&padded);
        // Six bits are a letter.
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        spelled[first..last].to_owned()
    })
}

/// Takes it out, or only says what would go.
pub fn purge(store: &mut Store, state: &Path, target: &Target, is_dry: bool) -> Result<Purged> {
    let archive = Archive::new(state);
    if !is_dry {
        copies::remove_drafts(&archive)?;
    }
    let mut found = copies::look(&archive, target)?;
    let mut entries = found.gone.entries.clone();
    entries.append(&mut store.would_purge(target)?);
    let given = given::purge(state, target, &found.gone, true)?;
    let (copies, records) = (found.copies.len() as u64, found.records());
    let touched = store.conversations_with(&entries, target)?;
    let made = jobs::purge::purge(state, target, &touched, true)?;
    let purged = Purged { entries, copies, records, given, made };
    if !is_dry {
        // First of all: what is read meanwhile is kept out already.
        let mut record = Record::read(state)?;
        record.add(target, &found.gone, Time::now());
        record.write(state)?;
        // Before the copies, which tell who is cut off what else is to go.
        given::purge(state, target, &found.gone, false)?;
        if let Target::Text(text) = target {
            project::forget(state, text)?;
        }
        // While what goes still tells of which conversations it was.
        jobs::purge::purge(state, target, &touched, false)?;
        let states = found.rewrite(&archive, target)?;
        // Also those that were left in the store when another purge was cut off.
        found.gone.entries.append(&mut record.entries);
        found.gone.requests.append(&mut record.requests);
        store.purge(target, &found.gone, &states)?;
        // What a model was asked in between had it still.
        jobs::purge::purge(state, target, &touched, false)?;
    }
    Ok(purged)
}
