//! What entries mention, and where the same was mentioned before.

use super::filter::{CONTAINS, IS_FILE, IS_VALUE, Wheres};
use super::{Filter, Hit, Store};
use crate::Result;
use crate::extract::{error_line, line_of};
use rusqlite::OptionalExtension as _;
use serde::Serialize;

/// What was found in entries, each with its entry.
const FOUND: &str = "mention m JOIN entry e ON e.id = m.entry";
/// Of an entry's text, where an error is looked for.
const ERROR_CHARS: usize = 65_536;
/// What models found.
const OF_MODELS: &str = "told m JOIN entry e ON e.key = m.entry";

/// Something that was mentioned, and how often.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Mentioned {
    /// `file_read`, `file_written`, `symbol`, `command`, `error`, `url`, `todo`, `decision`.
    pub kind: String,
    /// What.
    pub value: String,
    /// In so many entries.
    pub times: u64,
    /// In so many conversations.
    pub conversations: u64,
    /// When last, in microseconds since 1970.
    pub last: u64,
    /// `model`, where only a background job says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said_by: Option<&'static str>,
}

/// What is asked for of mentions.
#[derive(Clone, Default, Debug)]
pub struct Asked {
    /// `file` for both ways in which a file is mentioned, or a kind.
    pub kind: Option<String>,
    /// The very value; of a file also the end of its path, of an error what it is without its numbers.
    pub value: Option<String>,
    /// Words that are in the value.
    pub contains: Option<String>,
    /// By this entry alone.
    pub entry: Option<String>,
    /// In these conversations.
    pub filter: Filter,
}

impl Asked {
    /// What was decided or left to do is told once, by who said it last.
    fn is_told_once(&self) -> bool {
        self.entry.is_none() && matches!(self.kind.as_deref(), Some("decision" | "todo"))
    }
}

impl Store {
    /// What was mentioned, the latest first.
    pub fn mentioned(&self, asked: &Asked, limit: usize) -> Result<Vec<Mentioned>> {
        let mut found = self.mentioned_by("last", asked, limit)?;
        for one in self.mentioned_in(OF_MODELS, "last", asked, limit)? {
            match found.iter_mut().find(|known| (&known.kind, &known.value) == (&one.kind, &one.value)) {
                Some(known) => known.last = known.last.max(one.last),
                None => found.push(Mentioned { said_by: Some("model"), ..one }),
            }
        }
        found.sort_by(|one, other| other.last.cmp(&one.last).then_with(|| one.value.cmp(&other.value)));
        found.truncate(limit);
        for one in found.iter_mut().filter(|one| one.kind == "error") {
            one.value = self.error_told(&one.value, None)?;
        }
        Ok(found)
    }

    /// An error as it was told, by an entry or else by the latest that has it: what it is known by has no numbers.
    pub(super) fn error_told(&self, error: &str, entry: Option<i64>) -> Result<String> {
        if !error.contains('#') {
            return Ok(error.to_owned());
        }
        let select = format!(
            "SELECT substr(e.text, 1, {ERROR_CHARS}) FROM mention m JOIN entry e ON e.id = m.entry WHERE m.kind = 'error' AND m.value = ?1
             ORDER BY e.id IS ?2 DESC, e.time DESC, e.id DESC LIMIT 1"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let text: Option<String> =
            select.query_row(rusqlite::params![error, entry], |row| row.get(0)).optional()?;
        Ok(text.as_deref().and_then(|text| line_of(text, error)).unwrap_or(error).to_owned())
    }

    /// In the order of an expression, the greatest first.
    pub(super) fn mentioned_by(&self, order: &str, asked: &Asked, limit: usize) -> Result<Vec<Mentioned>> {
        self.mentioned_in(FOUND, order, asked, limit)
    }

    fn mentioned_in(&self, of: &str, order: &str, asked: &Asked, limit: usize) -> Result<Vec<Mentioned>> {
        let (condition, values) = self.mention_condition(asked);
        let query = format!(
            "SELECT m.kind, m.value, COUNT(DISTINCT m.entry), COUNT(DISTINCT part.conversation), MAX(e.time) AS last
             FROM {of} JOIN part ON part.entry = e.id JOIN conversation c ON c.id = part.conversation
             WHERE {condition} GROUP BY m.kind, m.value ORDER BY {order} DESC, m.value LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&query)?;
        let rows = select.query_map(rusqlite::params_from_iter(values), |row| {
            Ok(Mentioned {
                kind: row.get(0)?,
                value: row.get(1)?,
                times: row.get::<_, i64>(2)? as u64,
                conversations: row.get::<_, i64>(3)? as u64,
                last: row.get::<_, i64>(4)? as u64,
                said_by: None,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The entries that mention something, the latest first.
    pub fn mentioning(&self, asked: &Asked, limit: usize) -> Result<Vec<Hit>> {
        let mut hits = self.mentioning_in(FOUND, asked, limit)?;
        for hit in self.mentioning_in(OF_MODELS, asked, limit)? {
            let is_said = |known: &Hit| {
                known.snippet == hit.snippet && (asked.is_told_once() || known.entry == hit.entry)
            };
            if !hits.iter().any(is_said) {
                hits.push(Hit { said_by: Some("model"), ..hit });
            }
        }
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.time));
        hits.truncate(limit);
        Ok(hits)
    }

    fn mentioning_in(&self, of: &str, asked: &Asked, limit: usize) -> Result<Vec<Hit>> {
        let (condition, values) = self.mention_condition(asked);
        // What stands beside the greatest time is of the row that has it.
        let once = if asked.is_told_once() { "lower(m.value)" } else { "e.id, m.value" };
        let query = format!(
            "SELECT e.id, m.value, MAX(e.time) AS latest FROM {of} JOIN part ON part.entry = e.id
             JOIN conversation c ON c.id = part.conversation WHERE {condition}
             GROUP BY {once} ORDER BY latest DESC, e.id DESC LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&query)?;
        let rows =
            select.query_map(rusqlite::params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let found = rows.collect::<rusqlite::Result<Vec<(i64, String)>>>()?;
        let is_error = asked.kind.as_deref() == Some("error");
        let hit = |(entry, value): (i64, String)| {
            let value = if is_error { self.error_told(&value, Some(entry))? } else { value };
            self.hit(entry, value)
        };
        found.into_iter().map(hit).collect()
    }

    fn mention_condition(&self, asked: &Asked) -> (String, Vec<rusqlite::types::Value>) {
        let mut wheres = Wheres::default();
        match asked.kind.as_deref() {
            Some("file") => wheres.add_always(IS_FILE),
            kind => wheres.add("m.kind = ?", kind.map(str::to_owned)),
        }
        if let Some(value) = &asked.value {
            let is_error = asked.kind.as_deref() == Some("error");
            let value = if is_error { error_line(value) } else { value.clone() };
            wheres.add_value(IS_VALUE, &value);
        }
        wheres.add(CONTAINS, asked.contains.clone());
        wheres.add("e.key = ?", asked.entry.clone());
        wheres.of_conversation(&asked.filter);
        wheres.add_time("e.time >= ?", asked.filter.since);
        wheres.add_time("e.time < ?", asked.filter.until);
        wheres.into_parts()
    }
}
