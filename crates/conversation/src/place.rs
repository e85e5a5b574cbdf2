//! Which conversations were held in a session, and where their entries stand in its recording.
//!
//! What the session's hooks told, and what the command line names, is sure. Else it is the CLI's conversation in the
//! session's folder while the session ran, if no other session could have had it. A recording that cannot be read, or not
//! to its end, hides no other.

use crate::store::{Filter, Store};
use crate::told::Telling;
use crate::{Error, Result};
use adapter::Adapter;
use protocol::{Body, Offset, Phase, Place, SessionId, Time};
use session::registry::{Entry, Registry};
use session::source::{Kind, Source};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Clocks of two programs on one machine differ by less: one stamps what the other only sees a moment later.
const SLACK_US: u64 = 2_000_000; // 2 s
/// Conversations that are looked at for one session.
const CANDIDATES_MAX: usize = 200;

/// A session of a CLI that we know.
struct Held {
    entry: Entry,
    cli: &'static dyn Adapter,
    named: BTreeSet<String>,
    from: Time,
    to: Time,
}

/// How far recordings were read, so that one that grows is not read from its start each time.
#[derive(Default)]
pub(crate) struct Places(HashMap<SessionId, (Time, Offset)>);

impl Places {
    /// Finds conversations of sessions and places of entries, as far as they are not known. Says how many places are new.
    pub(crate) fn link(&mut self, store: &mut Store, state: &Path, registry: &Registry) -> Result<u64> {
        let mut held: Vec<Held> =
            registry.list()?.into_iter().filter_map(|entry| Held::of(entry.ok()?)).collect();
        for held in &mut held {
            held.hear_hooks(store, state)?;
        }
        store.prefer_records()?;
        let mut candidates: HashMap<i64, Vec<&Held>> = HashMap::new();
        for held in &held {
            for conversation in held.candidates(store)? {
                candidates.entry(conversation).or_default().push(held);
            }
        }
        let mut placed = 0;
        for (conversation, mut sessions) in candidates {
            if sessions.iter().any(|held| !held.named.is_empty()) {
                sessions.retain(|held| !held.named.is_empty());
            }
            for held in &sessions {
                let mut others = sessions.iter().filter(|other| !std::ptr::eq(**other, *held));
                if !held.named.is_empty() || !others.any(|other| other.overlaps(held)) {
                    store.link(held.entry.meta.id, conversation)?;
                    placed += self.place(store, held, conversation)?;
                }
            }
        }
        Ok(placed)
    }

    /// Places the entries of a conversation that were made while the session ran.
    fn place(&mut self, store: &mut Store, held: &Held, conversation: i64) -> Result<u64> {
        let entries = store.without_place(conversation, held.from, held.to)?;
        if entries.is_empty() {
            return Ok(0);
        }
        let times: Vec<Time> = entries.iter().map(|(_, time)| *time).collect();
        let session = held.entry.meta.id;
        let known = self.0.get(&session).filter(|(time, _)| *time <= times[0]).copied();
        let from = known.map_or(Offset::ZERO, |(_, offset)| offset);
        let offsets = match offsets(&held.entry, from, &times) {
            Err(Error::Session(_)) => return Ok(0),
            offsets => offsets?,
        };
        if let (Some(time), Some(offset)) = (times.last(), offsets.last()) {
            self.0.insert(session, (*time, *offset));
        }
        let place = |((entry, _), offset): (&(i64, Time), Offset)| (*entry, Place { session, offset });
        let places: Vec<(i64, Place)> = entries.iter().zip(offsets).map(place).collect();
        store.set_places(&places)?;
        Ok(places.len() as u64)
    }
}

impl Held {
    fn of(entry: Entry) -> Option<Self> {
        let words = entry.meta.words();
        let adapter = adapter::of_command(&words)?;
        let named = adapter.named(&entry.meta.command).map(str::to_owned).into_iter().collect();
        let to = match entry.folder.exit().ok().flatten() {
            Some(exit) => exit.time,
            None if entry.phase == Phase::Running => Time::now(),
            // Nobody saw its end: what its host wrote last came before.
            None => modified(&entry.folder.status_path()).unwrap_or(entry.meta.created),
        };
        let to = Time(to.0.saturating_add(SLACK_US));
        let from = Time(entry.meta.created.0.saturating_sub(SLACK_US));
        Some(Self { cli: adapter, named, from, to, entry })
    }

    /// Learns the conversations that the CLI's hooks named, in what is new of the recording, and what it tells of them.
    fn hear_hooks(&mut self, store: &mut Store, state: &Path) -> Result<()> {
        let session = self.entry.meta.id;
        let from = store.scanned(session)?;
        let Some(hooks) = self.cli.hooks() else { return Ok(()) };
        let mut told = Telling::begin(store, self.cli, hooks, session)?;
        let mut named = BTreeSet::new();
        let mut end = from;
        if let Ok(mut source) = Source::of(&self.entry.folder, &self.entry.meta, from, Kind::Stored) {
            while let Ok(Some(record)) = source.next() {
                told.hear(&record);
                if let Body::Hook { bytes, .. } = &record.body {
                    named.extend(hooks.conversation(bytes));
                }
                if told.is_full() {
                    told.keep(store, state)?;
                }
            }
            end = source.position();
        }
        let last = told.conversation().map(str::to_owned);
        told.keep(store, state)?;
        told.spend(store, &self.entry.folder.api())?;
        if end != from || !named.is_empty() {
            store.set_named(session, &named, last.as_deref(), end)?;
        }
        self.named.append(&mut store.named_in(session)?);
        Ok(())
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// Conversations that could have been held in it.
    fn candidates(&self, store: &Store) -> Result<Vec<i64>> {
        if !self.named.is_empty() {
            let numbers = self.named.iter().map(|name| store.number_of(self.cli.name(), name));
            return Ok(numbers.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect());
        }
        let folder = self.entry.meta.folder().to_string_lossy().into_owned();
        let filter = Filter {
            cli: Some(self.cli.name().to_owned()),
            folder: Some(folder.clone()),
            since: Some(self.from),
            until: Some(self.to),
            ..Filter::default()
        };
        let conversations = store.conversations(&filter, CANDIDATES_MAX)?;
        // It begins where the session was started; a session in a folder below is another's.
        let ours = conversations.into_iter().filter(|one| one.cwd.as_ref() == Some(&folder));
        Ok(ours.map(|one| one.id).collect())
    }
}

fn modified(path: &Path) -> Option<Time> {
    let since = std::fs::metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_micros()).ok().map(Time)
}

/// How much output there was at each of these times, which are in order, and none before there was that of `from`.
fn offsets(entry: &Entry, from: Offset, times: &[Time]) -> Result<Vec<Offset>> {
    let mut source = Source::of(&entry.folder, &entry.meta, from, Kind::Stored)?;
    let mut offsets = Vec::with_capacity(times.len());
    let mut reached = from;
    while offsets.len() < times.len() {
        let Some(record) = source.next()? else { break };
        while times.get(offsets.len()).is_some_and(|time| *time < record.time) {
            offsets.push(reached);
        }
        reached = match &record.body {
            Body::Output { bytes, .. } => record.offset + bytes.len() as u64,
            _ => record.offset.max(reached),
        };
    }
    offsets.resize(times.len(), reached);
    Ok(offsets)
}
