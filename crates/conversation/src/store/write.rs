//! Putting what was heard into the store.

use super::purge::remove;
use super::{Store, refused, relations};
use crate::Result;
use crate::witness::{Said, is_news};
use adapter::Head;
use protocol::{Claim, Content, Entry, Offset, Place, SessionId, Time, Usage};
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Of an entry's text, what is kept and searched; the archive has all of it.
const TEXT_MAX_BYTES: usize = 1 << 20; // 1 MiB
/// Of what is beside the text.
const REST_MAX_BYTES: usize = 4 << 20; // 4 MiB

/// A stretch of time in which something was done, in microseconds.
pub(super) const STRETCH_US: i64 = 300_000_000; // 5 min

/// How far a file was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Cursor {
    /// The file's number.
    pub id: i64,
    /// Bytes, or a digest.
    pub done: u64,
    /// What its reader remembers.
    pub state: Value,
    /// The latest time in it.
    pub clock: Time,
    /// Records that are none, and the last reason.
    pub garbled: u64,
    pub last_garbled: Option<String>,
}

/// Claims that wait to be told.
const SAID_MAX: usize = 1_000;

/// A batch that is written whole or not at all.
pub(crate) struct Writing<'a> {
    transaction: Transaction<'a>,
    cli: &'a str,
    /// Numbers of conversations that this batch has met.
    known: HashMap<String, i64>,
    /// From this entry on they came with this batch and cannot be found yet.
    unindexed: Option<i64>,
    touched: BTreeSet<(String, String)>,
    said: Vec<Said>,
    /// The store's, to which both go once they are written.
    all: (&'a mut BTreeSet<(String, String)>, &'a mut Vec<Said>),
}

impl Store {
    /// How far a file of the archive was read.
    pub(crate) fn cursor(&self, cli: &str, path: &str) -> Result<Cursor> {
        let insert =
            "INSERT OR IGNORE INTO file (cli, path, done, state, clock) VALUES (?1, ?2, 0, 'null', 0)";
        self.connection.prepare_cached(insert)?.execute([cli, path])?;
        let select = "SELECT id, done, state, clock, garbled, last_garbled FROM file WHERE path = ?1";
        let cursor = self.connection.prepare_cached(select)?.query_row([path], |row| {
            Ok(Cursor {
                id: row.get(0)?,
                done: row.get::<_, i64>(1)? as u64,
                state: serde_json::from_str(&row.get::<_, String>(2)?).unwrap_or_default(),
                clock: Time(row.get::<_, i64>(3)? as u64),
                garbled: row.get::<_, i64>(4)? as u64,
                last_garbled: row.get(5)?,
            })
        });
        Ok(cursor?)
    }

    /// Begins a batch of one CLI.
    pub(crate) fn begin<'a>(&'a mut self, cli: &'a str) -> Result<Writing<'a>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Writing {
            transaction,
            cli,
            known: HashMap::new(),
            unindexed: None,
            touched: BTreeSet::new(),
            said: Vec::new(),
            all: (&mut self.touched, &mut self.said),
        })
    }

    /// What was said of agents since this was asked last, the newest of each, while it is news.
    pub(crate) fn take_said(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// Conversations, each of a CLI, to which something came since this was asked last.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<(String, String)> {
        std::mem::take(&mut self.touched)
    }

    /// Links a session with a conversation that was held in it; whether that is new.
    pub(crate) fn link(&self, session: SessionId, conversation: i64) -> Result<bool> {
        let insert = "INSERT OR IGNORE INTO link (session, conversation) VALUES (?1, ?2)";
        Ok(self.connection.prepare_cached(insert)?.execute(params![session.to_string(), conversation])? > 0)
    }

    /// How far a session's recording was looked through for what its hooks told.
    pub(crate) fn scanned(&self, session: SessionId) -> Result<Offset> {
        let select = "SELECT offset FROM scanned WHERE session = ?1";
        let found = self
            .connection
            .prepare_cached(select)?
            .query_row([session.to_string()], |row| row.get::<_, i64>(0));
        Ok(Offset(found.optional()?.unwrap_or_default() as u64))
    }

    /// The conversation that a session's hooks named last, as far as they were heard.
    pub(crate) fn last_named(&self, session: SessionId) -> Result<Option<String>> {
        let select = "SELECT name FROM scanned WHERE session = ?1";
        let found =
            self.connection.prepare_cached(select)?.query_row([session.to_string()], |row| row.get(0));
        Ok(found.optional()?.flatten())
    }

    /// Keeps the conversations that a session's hooks named up to an offset, and which was the last.
    pub(crate) fn set_named(
        &mut self,
        session: SessionId,
        names: &BTreeSet<String>,
        last: Option<&str>,
        to: Offset,
    ) -> Result<()> {
        let session = session.to_string();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for name in names {
            let insert = "INSERT OR IGNORE INTO named (session, name) VALUES (?1, ?2)";
            transaction.prepare_cached(insert)?.execute([&session, name])?;
        }
        let insert = "INSERT OR REPLACE INTO scanned (session, offset, name) VALUES (?1, ?2, ?3)";
        transaction.prepare_cached(insert)?.execute(params![session, to.0 as i64, last])?;
        Ok(transaction.commit()?)
    }

    /// The conversations that a session's hooks named.
    pub(crate) fn named_in(&self, session: SessionId) -> Result<BTreeSet<String>> {
        let mut select = self.connection.prepare_cached("SELECT name FROM named WHERE session = ?1")?;
        let rows = select.query_map([session.to_string()], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Tells where entries stand in a recording.
    pub(crate) fn set_places(&mut self, places: &[(i64, Place)]) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR IGNORE INTO place (entry, session, offset) VALUES (?1, ?2, ?3)")?;
            for (entry, Place { session, offset }) in places {
                insert.execute(params![entry, session.to_string(), offset.0 as i64])?;
            }
        }
        Ok(transaction.commit()?)
    }
}

impl Writing<'_> {
    /// Ends the batch, with how far the file was read.
    pub(crate) fn commit(mut self, cursor: &Cursor) -> Result<()> {
        self.index()?;
        let update = "UPDATE file SET done = ?2, state = ?3, clock = ?4, garbled = ?5, last_garbled = ?6 WHERE id = ?1";
        let Cursor { id, done, state, clock, garbled, last_garbled } = cursor;
        self.transaction.prepare_cached(update)?.execute(params![
            id,
            *done as i64,
            state.to_string(),
            clock.0 as i64,
            *garbled as i64,
            last_garbled
        ])?;
        self.transaction.commit()?;
        let (touched, said) = self.all;
        touched.extend(self.touched);
        for one in self.said {
            said.retain(|other| !one.is_of_same(other));
            if said.len() < SAID_MAX {
                said.push(one);
            }
        }
        Ok(())
    }

    /// Lets the entries that came be found, all of them by one statement: FTS5 writes a segment of the index whenever a
    /// statement begins that has a trigger or a SELECT.
    fn index(&mut self) -> Result<()> {
        let Some(first) = self.unindexed.take() else { return Ok(()) };
        for index in ["words", "letters"] {
            let insert =
                format!("INSERT INTO {index} (rowid, text) SELECT id, text FROM entry WHERE id >= ?1");
            self.transaction.prepare_cached(&insert)?.execute([first])?;
        }
        Ok(())
    }

    /// Keeps what is said of a conversation's agent, if it is news.
    pub(crate) fn claim(&mut self, conversation: String, claim: Claim) {
        if !is_news(&claim) {
            return;
        }
        let one = Said { conversation: (self.cli.to_owned(), conversation), claim };
        self.said.retain(|other| !one.is_of_same(other));
        if self.said.len() < SAID_MAX {
            self.said.push(one);
        }
    }

    /// The number of a conversation, which may be new.
    fn conversation(&mut self, name: &str) -> Result<i64> {
        if let Some(id) = self.known.get(name) {
            return Ok(*id);
        }
        self.touched.insert((self.cli.to_owned(), name.to_owned()));
        let insert = "INSERT OR IGNORE INTO conversation (cli, name) VALUES (?1, ?2)";
        self.transaction.prepare_cached(insert)?.execute([self.cli, name])?;
        let select = "SELECT id FROM conversation WHERE cli = ?1 AND name = ?2";
        let id = self.transaction.prepare_cached(select)?.query_row([self.cli, name], |row| row.get(0))?;
        self.known.insert(name.to_owned(), id);
        Ok(id)
    }

    /// Keeps what is said of a conversation as a whole; what is left open stays as it was.
    pub(crate) fn head(&mut self, head: &Head) -> Result<()> {
        let id = self.conversation(&head.conversation)?;
        // Where it began and from what it comes stay; the rest follows what was said last.
        let update = "UPDATE conversation SET cwd = COALESCE(cwd, ?2), branch = COALESCE(?3, branch), title = COALESCE(?4, title),
             version = COALESCE(?5, version), parent = COALESCE(parent, ?6) WHERE id = ?1";
        let Head { conversation: _, cwd, branch, title, version, parent } = head;
        let mut update = self.transaction.prepare_cached(update)?;
        update.execute(params![id, cwd, branch, title, version, parent])?;
        Ok(())
    }

    /// Keeps an entry, in its place in the file.
    pub(crate) fn entry(&mut self, entry: &Entry, clock: Time, position: u64) -> Result<()> {
        let conversation = self.conversation(&entry.conversation)?;
        let (text, rest) = split(&entry.content);
        let time = entry.time.0 as i64;
        let known = "SELECT id, text IS NOT ?2 OR rest IS NOT ?3 FROM entry WHERE key = ?1";
        let known = self
            .transaction
            .prepare_cached(known)?
            .query_row(params![entry.id, text, rest], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (id, is_new) = match known {
            Some((id, false)) => (id, false),
            Some((id, true)) => {
                self.change(id, entry, &text, &rest)?;
                (id, true)
            }
            None => (self.add(entry, &text, &rest)?, true),
        };
        let part = "INSERT OR IGNORE INTO part (conversation, entry, time, position) VALUES (?1, ?2, ?3, ?4)";
        let mut part = self.transaction.prepare_cached(part)?;
        part.execute(params![conversation, id, clock.0 as i64, position as i64])?;
        if is_new {
            refused::leave_out(&self.transaction, entry)?;
        }
        if let Some(Place { session, offset }) = &entry.place {
            let place = "INSERT OR IGNORE INTO place (entry, session, offset) VALUES (?1, ?2, ?3)";
            self.transaction.prepare_cached(place)?.execute(params![
                id,
                session.to_string(),
                offset.0 as i64
            ])?;
            let link = "INSERT OR IGNORE INTO link (session, conversation) VALUES (?1, ?2)";
            self.transaction.prepare_cached(link)?.execute(params![session.to_string(), conversation])?;
        }
        if time > 0 {
            let span = "UPDATE conversation SET started = MIN(COALESCE(started, ?2), ?2), ended = MAX(COALESCE(ended, ?2), ?2)
                 WHERE id = ?1";
            self.transaction.prepare_cached(span)?.execute([conversation, time])?;
            let active = "INSERT OR IGNORE INTO active (conversation, stretch) VALUES (?1, ?2)";
            self.transaction.prepare_cached(active)?.execute([conversation, time / STRETCH_US])?;
        }
        Ok(())
    }

    /// Takes entries back that were told while more could come, and are none.
    pub(crate) fn take_back(&mut self, ids: &BTreeSet<String>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        // A trigger takes their texts out of the index, which must have them.
        self.index()?;
        remove(&self.transaction, ids)
    }

    /// Adds an entry that is new; its number.
    fn add(&mut self, entry: &Entry, text: &str, rest: &str) -> Result<i64> {
        let insert = "INSERT INTO entry (key, agent, time, role, kind, text, rest, model, request, source)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        self.transaction.prepare_cached(insert)?.execute(params![
            entry.id,
            entry.agent,
            entry.time.0 as i64,
            word(entry.role),
            kind(&entry.content),
            text,
            rest,
            entry.model,
            entry.request,
            word(entry.source),
        ])?;
        let id = self.transaction.last_insert_rowid();
        self.unindexed.get_or_insert(id);
        relations::keep(&self.transaction, id, entry)?;
        Ok(id)
    }

    /// Keeps what became of an entry that is known.
    fn change(&mut self, id: i64, entry: &Entry, text: &str, rest: &str) -> Result<()> {
        // A trigger takes the old text out of the index, which must have it.
        if self.unindexed.is_some_and(|first| id >= first) {
            self.index()?;
        }
        let update = "UPDATE entry SET text = ?2, rest = ?3, kind = ?4 WHERE id = ?1";
        self.transaction.prepare_cached(update)?.execute(params![id, text, rest, kind(&entry.content)])?;
        relations::keep(&self.transaction, id, entry)
    }

    /// Keeps what a request took.
    pub(crate) fn usage(
        &mut self,
        conversation: &str,
        request: &str,
        model: &str,
        time: Time,
        usage: Usage,
    ) -> Result<()> {
        let conversation = self.conversation(conversation)?;
        let insert = "INSERT INTO usage (cli, request, conversation, model, time, input, output, cache_read, cache_write,
             cache_write_hour) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (cli, request) DO UPDATE SET input = excluded.input, output = excluded.output,
             cache_read = excluded.cache_read, cache_write = excluded.cache_write, cache_write_hour = excluded.cache_write_hour";
        let Usage { input, output, cache_read, cache_write, cache_write_hour } = usage;
        self.transaction.prepare_cached(insert)?.execute(params![
            self.cli,
            request,
            conversation,
            model,
            time.0 as i64,
            input as i64,
            output as i64,
            cache_read as i64,
            cache_write as i64,
            cache_write_hour as i64
        ])?;
        Ok(())
    }
}

/// The word that serde has for a variant without content.
pub(super) fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// The word for what an entry is.
fn kind(content: &Content) -> String {
    match fields(content).remove("kind") {
        Some(Value::String(kind)) => kind,
        _ => String::new(),
    }
}

fn fields(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// Parts a content into what is searched and what is beside it.
fn split(content: &Content) -> (String, String) {
    let mut fields = fields(content);
    fields.remove("kind");
    let mut text = match (content, fields.remove("text")) {
        (_, Some(Value::String(text))) => text,
        (Content::ToolCall { name, input, .. }, _) => {
            let mut text = name.clone();
            leaves(input, &mut text);
            text
        }
        (Content::Unknown { name, record }, _) => {
            let mut text = name.clone();
            leaves(record, &mut text);
            text
        }
        _ => String::new(),
    };
    cut(&mut text, TEXT_MAX_BYTES);
    let mut rest = Value::Object(fields).to_string();
    if rest.len() > REST_MAX_BYTES {
        rest = format!("{{\"left_out_bytes\":{}}}", rest.len());
    }
    (text, rest)
}

/// The texts within a value, each on a line.
fn leaves(value: &Value, text: &mut String) {
    match value {
        Value::String(leaf) => {
            text.push('\n');
            text.push_str(leaf);
        }
        Value::Array(values) => values.iter().for_each(|value| leaves(value, text)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, text)),
        _ => {}
    }
}

/// Shortens a text to so many bytes at most, at the border of a character.
fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
    }
}
