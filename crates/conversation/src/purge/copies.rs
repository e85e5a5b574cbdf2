//! The copies of transcripts without what is to go.

use super::{Target, json};
use crate::archive::{self, Archive, Gap, WHOLE_MAX_BYTES};
use crate::durable::{draft, is_draft};
use crate::ingest::is_blank;
use crate::{Error, Result};
use adapter::{ADAPTERS, Adapter, Heard, Layout};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Where it stands.
#[derive(Default)]
pub(super) struct Found {
    /// The copies that have it.
    pub copies: Vec<Copy>,
    /// What no copy would tell any more.
    pub gone: Gone,
}

/// What the records told that are gone.
#[derive(Default)]
pub(crate) struct Gone {
    pub entries: BTreeSet<String>,
    /// The CLI and the request.
    pub requests: BTreeSet<(String, String)>,
    /// The CLI and the conversation of entries that are gone.
    pub conversations: BTreeSet<(String, String)>,
}

/// What the records of one copy tell that go, and those that stay.
#[derive(Default)]
struct Told {
    gone: Gone,
    stays: Gone,
}

/// Removes what a death left half written.
pub(super) fn remove_drafts(archive: &Archive) -> Result<()> {
    let mut drafts = Vec::new();
    archive::walk(&archive.path(""), &mut |path| match path {
        Ok(path) if is_draft(path) => drafts.push(Ok(path.to_owned())),
        Ok(_) => {}
        // What cannot be looked at may hold what is to be purged.
        Err(error) => drafts.push(Err(error)),
    });
    for path in drafts {
        let path = path?;
        fs::remove_file(&path).map_err(|source| Error::Io { path, source })?;
    }
    Ok(())
}

/// Looks which copies have it, and what they would not tell any more.
pub(super) fn look(archive: &Archive, target: &Target) -> Result<Found> {
    let mut found = Found::default();
    let mut told = Told::default();
    for adapter in ADAPTERS.iter().copied().filter(|adapter| may_tell(*adapter, target)) {
        for name in archive.names(adapter.name())? {
            let mut copy = Copy::open(archive, adapter, name)?;
            copy.look(target, &mut told)?;
            if !copy.gaps.is_empty() {
                found.copies.push(copy);
            }
        }
    }
    let Told { mut gone, stays } = told;
    gone.entries.retain(|entry| !stays.entries.contains(entry));
    gone.requests.retain(|request| !stays.requests.contains(request));
    found.gone = gone;
    Ok(found)
}

impl Found {
    /// Records that would change.
    pub fn records(&self) -> u64 {
        self.copies.iter().map(|copy| copy.gaps.len() as u64).sum()
    }

    /// Writes the copies anew; by copy its length, and what its reader remembers at its end now.
    pub fn rewrite(&self, archive: &Archive, target: &Target) -> Result<Vec<(String, u64, Value)>> {
        let rewritten = self.copies.iter().map(|copy| {
            let (length, state) = copy.rewrite(archive, target)?;
            Ok((copy.name.clone(), length, state))
        });
        rewritten.collect()
    }
}

fn may_tell(adapter: &dyn Adapter, target: &Target) -> bool {
    let cli = adapter.name();
    match target {
        Target::Text(_) => true,
        Target::Entries(ids) => ids.iter().any(|id| id.split(':').next() == Some(cli)),
        Target::Conversation(of, _) => of == cli,
    }
}

/// A copy, and the ranges of it that are to change.
pub(super) struct Copy {
    adapter: &'static dyn Adapter,
    name: String,
    path: PathBuf,
    original: PathBuf,
    layout: Layout,
    gaps: Vec<Gap>,
}

impl Copy {
    fn open(archive: &Archive, adapter: &'static dyn Adapter, name: String) -> Result<Self> {
        let path = archive.path(&name);
        let original = archive.path(archive::original(&name));
        let layout = adapter.layout(&original).unwrap_or(Layout::Lines);
        Ok(Self { adapter, name, path, original, layout, gaps: Vec::new() })
    }

    /// Finds the records that are to change.
    fn look(&mut self, target: &Target, told: &mut Told) -> Result<()> {
        let (mut reader, mut at, mut others) = (self.adapter.transcript(&self.original, None), 0, false);
        // Records of no conversation go with a file that tells of no other.
        let mut silent = Vec::new();
        for record in Records::open(&self.path, self.layout)? {
            let record = record?;
            let gap = Gap { from: at, length: record.len() as u64 };
            at += gap.length;
            if let Target::Text(text) = target {
                if json::without(&record, text).is_some() {
                    self.gaps.push(gap);
                }
                continue;
            }
            if is_blank(&record) {
                continue;
            }
            let mut heard = Vec::new();
            reader.read(record.trim_ascii_end(), &mut heard);
            let is_doomed = heard.iter().any(|heard| is_of(heard, target));
            others |= !is_doomed && !heard.is_empty();
            let set = if is_doomed { &mut told.gone } else { &mut told.stays };
            for heard in heard {
                match heard {
                    Heard::Entry(entry) => {
                        set.conversations.insert((self.adapter.name().to_owned(), entry.conversation));
                        set.entries.insert(entry.id);
                    }
                    Heard::Usage { request, .. } => {
                        set.requests.insert((self.adapter.name().to_owned(), request));
                    }
                    _ => {}
                }
            }
            if is_doomed { &mut self.gaps } else { &mut silent }.push(gap);
        }
        if let (Target::Entries(ids), Layout::Whole, false) = (target, self.layout, self.gaps.is_empty()) {
            let id = ids.first().map_or("", String::as_str);
            return Err(Error::Query(format!(
                "{id} stands in one record with its whole conversation; purge that, or the text with --match"
            )));
        }
        if matches!(target, Target::Conversation(..)) && !self.gaps.is_empty() && !others {
            self.gaps.append(&mut silent);
            self.gaps.sort_by_key(|gap| gap.from);
        }
        Ok(())
    }

    /// Writes it anew; its length, and what its reader remembers at its end.
    fn rewrite(&self, archive: &Archive, target: &Target) -> Result<(u64, Value)> {
        let failed = |source| Error::Io { path: self.path.clone(), source };
        let mut draft = draft(&self.path)?;
        let mut reader = self.adapter.transcript(&self.original, None);
        let (mut gaps, mut at) = (self.gaps.iter().peekable(), 0);
        for record in Records::open(&self.path, self.layout)? {
            let mut record = record?;
            if gaps.next_if(|gap| gap.from == at).is_some() {
                record = cleaned(&record, target);
            }
            if !is_blank(&record) {
                reader.read(record.trim_ascii_end(), &mut Vec::new());
            }
            at += record.len() as u64;
            draft.file.write_all(&record).map_err(failed)?;
        }
        // First what tells that the copy is another one than the CLI's file.
        archive.add_gaps(&self.name, &self.path, &self.gaps, self.layout)?;
        // The time is by which a copy is known to be up to date.
        let modified = fs::metadata(&self.path).and_then(|facts| facts.modified()).map_err(failed)?;
        draft.file.flush().and_then(|()| draft.file.get_ref().set_modified(modified)).map_err(failed)?;
        draft.replace_durably().map_err(failed)?;
        Ok((at, reader.state()))
    }
}

/// Whether what a record tells is to go.
pub(super) fn is_of(heard: &Heard, target: &Target) -> bool {
    match (target, heard) {
        (Target::Entries(ids), Heard::Entry(entry)) => ids.contains(&entry.id),
        (Target::Conversation(_, name), Heard::Entry(entry)) => entry.conversation == *name,
        (Target::Conversation(_, name), Heard::Usage { conversation, .. }) => conversation == name,
        (Target::Conversation(_, name), Heard::Head(head)) => head.conversation == *name,
        _ => false,
    }
}

pub(super) fn cleaned(record: &[u8], target: &Target) -> Vec<u8> {
    match target {
        Target::Text(text) => json::without(record, text).unwrap_or_else(|| record.to_vec()),
        _ => record.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }).collect(),
    }
}

/// The records of a copy, each with its end.
enum Records {
    Lines(BufReader<File>, PathBuf),
    Whole(Option<Result<Vec<u8>>>),
}

impl Records {
    fn open(path: &Path, layout: Layout) -> Result<Self> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(failed)?;
        if layout == Layout::Whole {
            let mut bytes = Vec::new();
            (&mut file).take(WHOLE_MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
            return Ok(Self::Whole(Some(Ok(bytes))));
        }
        Ok(Self::Lines(BufReader::with_capacity(256 << 10, file), path.to_owned()))
    }
}

impl Iterator for Records {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Whole(bytes) => bytes.take(),
            Self::Lines(file, path) => {
                let mut line = Vec::new();
                match file.read_until(b'\n', &mut line) {
                    Ok(0) => None,
                    Ok(_) => Some(Ok(line)),
                    Err(source) => Some(Err(Error::Io { path: path.clone(), source })),
                }
            }
        }
    }
}
