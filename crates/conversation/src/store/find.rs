//! What an index finds, and what is told of it.

use super::Store;
use super::filter::{Filter, Wheres};
use super::read::TITLE;
use super::rows::place;
use crate::{Error, Result};
use protocol::{Place, Time};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension as _, params, params_from_iter};
use serde::Serialize;
use std::collections::HashSet;

/// Something that a search found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Hit {
    /// The entry; of what a background job made, the one that says so, or the conversation's first.
    pub entry: String,
    /// The conversation that had it first.
    pub cli: String,
    /// The CLI's own id of it.
    pub conversation: String,
    /// What it is called.
    pub title: Option<String>,
    /// Where it worked.
    pub cwd: Option<String>,
    /// When.
    pub time: Time,
    /// Who: `user`, `assistant`, `tool`, `system`; `model`, where a background job made it of the conversation.
    pub role: String,
    /// What; `summary`, `decision` or `todo`, where a background job made it.
    pub kind: String,
    /// Some of its words, those that were looked for between U+0002 and U+0003.
    pub snippet: String,
    /// Where it stands in a recording.
    pub place: Option<Place>,
    /// `model`, where a background job says that the entry tells this, or made it of the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_by: Option<&'static str>,
    /// How it was found, by a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_by: Option<By>,
}

/// How something was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// It has the words.
    Words,
    /// It says something like it.
    Meaning,
    /// Either.
    Both,
}

/// Of an entry's text, what is looked at to rank it.
pub(crate) const SCORED_CHARS: usize = 8_000;
/// Of a chunk, what a snippet is made of.
const CHUNK_BYTES: i64 = 1_000;

/// In which index to look, and for what.
pub(crate) enum Lookup {
    /// An expression of FTS5.
    Words(String),
    /// An expression of any three letters, and a pattern of LIKE. The index knows no order of threes, and is not asked by LIKE
    /// where the pattern escapes something.
    Letters {
        /// For the index.
        threes: String,
        /// For the texts that it finds.
        pattern: String,
    },
}

/// An entry that may be what is searched for.
pub(crate) struct Candidate {
    pub id: i64,
    /// The beginning of its text.
    pub text: String,
    pub kind: String,
}

impl Store {
    /// Entries that an index finds by an expression and that fit, the newest first, each with the beginning of its text. What
    /// is not found in time is left out.
    pub(crate) fn candidates(&self, found: Lookup, filter: &Filter, limit: usize) -> Result<Vec<Candidate>> {
        let mut wheres = Wheres::default();
        let table = match found {
            Lookup::Words(expression) => {
                wheres.add("words MATCH ?", Some(expression));
                "words"
            }
            Lookup::Letters { threes, pattern } => {
                wheres.add("letters MATCH ?", Some(threes));
                wheres.add("e.text LIKE ? ESCAPE '\\'", Some(pattern));
                "letters"
            }
        };
        wheres.of_entry(filter, &format!("{table}.rowid"));
        let (wheres, values) = wheres.into_parts();
        let query = format!(
            "SELECT e.id, substr(e.text, 1, {SCORED_CHARS}), e.kind FROM {table} CROSS JOIN entry e ON e.id = {table}.rowid
             WHERE {wheres} ORDER BY {table}.rowid DESC LIMIT {limit}"
        );
        self.some_candidates(&query, values)
    }

    /// Those of these entries that fit, in their order, each with so many characters of its text.
    pub(crate) fn candidates_of(
        &self,
        entries: &[i64],
        filter: &Filter,
        chars: usize,
    ) -> Result<Vec<Candidate>> {
        let mut wheres = Wheres::default();
        wheres.add_always("e.id = list.value");
        wheres.of_entry(filter, "list.value");
        let (wheres, mut values) = wheres.into_parts();
        values.insert(0, list(entries).into());
        let query = format!(
            "SELECT e.id, substr(e.text, 1, {chars}), e.kind FROM json_each(?) list CROSS JOIN entry e
             WHERE {wheres} ORDER BY list.key"
        );
        self.some_candidates(&query, values)
    }

    fn some_candidates(&self, query: &str, values: Vec<Sql>) -> Result<Vec<Candidate>> {
        let mut select = self.connection.prepare_cached(query)?;
        let rows = select.query_map(params_from_iter(values), |row| {
            Ok(Candidate { id: row.get(0)?, text: row.get(1)?, kind: row.get(2)? })
        })?;
        until_late(rows)
    }

    /// The newest entries that have a word, so many at most.
    pub(crate) fn having(&self, word: &str, limit: usize) -> Result<Vec<i64>> {
        let query = format!(
            "SELECT rowid FROM words WHERE words MATCH '\"' || ? || '\"' ORDER BY rowid DESC LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&query)?;
        until_late(select.query_map([word], |row| row.get(0))?)
    }

    /// The entries of the conversations that fit, if they are no more than so many; `None` too where all conversations fit.
    pub(crate) fn of_conversations(&self, filter: &Filter, limit: usize) -> Result<Option<HashSet<i64>>> {
        let mut wheres = Wheres::default();
        wheres.of_conversation(filter);
        if wheres.is_empty() {
            return Ok(None);
        }
        let (wheres, values) = wheres.into_parts();
        let query = format!(
            "SELECT part.entry FROM conversation c JOIN part ON part.conversation = c.id WHERE {wheres} LIMIT {}",
            limit + 1
        );
        let mut select = self.connection.prepare_cached(&query)?;
        let rows = select.query_map(params_from_iter(values), |row| row.get(0))?;
        let found: Vec<i64> = until_late(rows)?;
        Ok(Some(found).filter(|found| found.len() <= limit).map(HashSet::from_iter))
    }

    /// Text of an entry from a chunk on that a model has a vector of.
    pub(crate) fn text_of_chunk(&self, entry: i64, model: &str, chunk: u32) -> Result<String> {
        // Of a text that changed meanwhile the place may be inside a character.
        let select = "SELECT CAST(substr(CAST(e.text AS BLOB), v.start + 1, ?4) AS BLOB)
             FROM vectors v JOIN entry e ON e.id = v.entry WHERE v.entry = ?1 AND v.model = ?2 AND v.chunk = ?3";
        let mut select = self.connection.prepare_cached(select)?;
        let found = select
            .query_row(params![entry, model, chunk, CHUNK_BYTES], |row| row.get::<_, Vec<u8>>(0))
            .optional()?;
        Ok(String::from_utf8_lossy(&found.unwrap_or_default()).trim_matches('\u{fffd}').to_owned())
    }

    /// What is told of a found entry.
    pub(crate) fn hit(&self, entry: i64, snippet: String) -> Result<Hit> {
        // An entry of a fork is one of its parent, too: the conversation that began first has it.
        let query = format!(
            "SELECT e.key, c.cli, c.name, {TITLE}, c.cwd, e.time, e.role, e.kind, place.session, place.offset
             FROM entry e JOIN conversation c ON c.id = (SELECT c2.id FROM part JOIN conversation c2 ON c2.id = part.conversation
                 WHERE part.entry = e.id ORDER BY c2.parent IS NOT NULL, c2.started, c2.name LIMIT 1)
             LEFT JOIN place ON place.entry = e.id WHERE e.id = ?1"
        );
        let mut select = self.connection.prepare_cached(&query)?;
        Ok(select.query_row([entry], |row| {
            Ok(Hit {
                entry: row.get(0)?,
                cli: row.get(1)?,
                conversation: row.get(2)?,
                title: row.get(3)?,
                cwd: row.get(4)?,
                time: Time(row.get::<_, i64>(5)? as u64),
                role: row.get(6)?,
                kind: row.get(7)?,
                snippet,
                place: place(row, 8)?,
                said_by: None,
                found_by: None,
            })
        })?)
    }
}

/// What was found until the time was over: then the next row is an error that says so.
pub(super) fn until_late<T>(rows: impl Iterator<Item = rusqlite::Result<T>>) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for row in rows {
        match row.map_err(Error::from) {
            Ok(one) => found.push(one),
            Err(Error::Late) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// A list of numbers as SQLite takes it apart.
pub(super) fn list(numbers: &[i64]) -> String {
    serde_json::Value::from(numbers).to_string()
}
