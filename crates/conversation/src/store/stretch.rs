//! A stretch of a conversation: some entries, numbered among all, so that of a long one not everything is read for a few.

use super::Store;
use super::read::Listed;
use super::rows::{count, entry};
use crate::Result;
use protocol::{Offset, SessionId};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// Which entries are wanted: without anything, the last ones.
#[derive(Default)]
pub struct Part {
    /// Only those whose cursor is above this.
    pub since: Option<i64>,
    /// From this index on.
    pub from: Option<u64>,
    /// So that this one is in the middle, if it is there.
    pub middle: Option<Middle>,
    /// So many at most.
    pub limit: u64,
}

/// What is to be in the middle.
pub enum Middle {
    /// The entry of that id.
    Entry(String),
    /// The last entry behind no more than so much output of a session, or else its first one.
    Moment(SessionId, Offset),
}

/// Some entries of a conversation.
#[derive(Default, Serialize)]
pub struct Stretch {
    /// The highest cursor of all entries.
    pub cursor: i64,
    /// How many turns there are.
    pub turns: u64,
    /// The entries in their order.
    pub entries: Vec<Listed>,
    /// What the turns of these entries took, as far as it is known.
    pub turn_usage: Vec<TurnUsage>,
}

/// What a turn took, in tokens.
#[derive(Serialize)]
pub struct TurnUsage {
    /// The turn.
    pub turn: u64,
    /// What the model had before it, summed over its requests.
    pub input: u64,
    /// What it wrote.
    pub output: u64,
}

/// An entry among all of its conversation, its index being its place in the list.
struct Line {
    id: i64,
    turn: u64,
}

impl Store {
    /// Some entries of a conversation.
    pub fn stretch(&self, conversation: i64, part: &Part) -> Result<Stretch> {
        let lines = self.numbered(conversation)?;
        let limit = part.limit as usize;
        let wanted: Vec<usize> = match part.since {
            Some(since) => (0..lines.len()).filter(|index| lines[*index].id > since).take(limit).collect(),
            None => {
                let last = lines.len().saturating_sub(limit);
                let middle = match &part.middle {
                    Some(middle) => self.index_of(&lines, middle)?,
                    None => None,
                };
                let centred = middle.map(|middle| middle.saturating_sub(limit / 2).min(last));
                let from = centred.or(part.from.map(|from| from as usize)).unwrap_or(last);
                (0..lines.len()).skip(from).take(limit).collect()
            }
        };
        let entries = self.listed(conversation, &lines, &wanted)?;
        Ok(Stretch {
            cursor: lines.iter().map(|line| line.id).max().unwrap_or_default(),
            turns: lines.last().map_or(0, |line| line.turn),
            turn_usage: self.turn_usage(conversation, &lines, &entries)?,
            entries,
        })
    }

    /// All entries in their order, with their turns as [`Store::entries`] has them. Their texts are not touched.
    fn numbered(&self, conversation: i64) -> Result<Vec<Line>> {
        let select = "SELECT e.id, e.role = 'user' AND e.kind = 'message' AND e.agent IS NULL
             FROM part JOIN entry e ON e.id = part.entry WHERE part.conversation = ?1 ORDER BY part.time, part.position";
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query([conversation])?;
        let (mut lines, mut turn) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            turn += u64::from(row.get::<_, bool>(1)?);
            lines.push(Line { id: row.get(0)?, turn });
        }
        Ok(lines)
    }

    fn index_of(&self, lines: &[Line], middle: &Middle) -> Result<Option<usize>> {
        match middle {
            Middle::Entry(key) => {
                let mut select = self.connection.prepare_cached("SELECT id FROM entry WHERE key = ?1")?;
                let id = select.query_row([key], |row| row.get::<_, i64>(0)).optional()?;
                Ok(id.and_then(|id| lines.iter().position(|line| line.id == id)))
            }
            Middle::Moment(session, offset) => {
                let before = self.placed(*session, *offset)?;
                let found = lines.iter().rposition(|line| before.contains(&line.id));
                if found.is_some() {
                    return Ok(found);
                }
                let all = self.placed(*session, Offset(u64::MAX))?;
                Ok(lines.iter().position(|line| all.contains(&line.id)))
            }
        }
    }

    /// Entries that stand in a session's recording behind no more than so much output.
    fn placed(&self, session: SessionId, offset: Offset) -> Result<HashSet<i64>> {
        let select = "SELECT entry FROM place WHERE session = ?1 AND offset <= ?2";
        let mut select = self.connection.prepare_cached(select)?;
        let values = params![session.to_string(), offset.0.min(i64::MAX as u64) as i64];
        let rows = select.query_map(values, |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn listed(&self, conversation: i64, lines: &[Line], wanted: &[usize]) -> Result<Vec<Listed>> {
        let select = "SELECT e.key, c.name, e.agent, e.time, e.role, e.kind, e.text, e.rest, e.model, e.request, e.source,
             place.session, place.offset
             FROM entry e JOIN conversation c ON c.id = ?1 LEFT JOIN place ON place.entry = e.id WHERE e.id = ?2";
        let mut select = self.connection.prepare_cached(select)?;
        let mut listed = Vec::with_capacity(wanted.len());
        for index in wanted {
            let Line { id, turn } = lines[*index];
            let entry = select.query_row([conversation, id], entry)?;
            listed.push(Listed { turn, index: *index as u64, cursor: id, entry });
        }
        Ok(listed)
    }

    /// What the turns took to which entries belong. A request counts in the turn in which it began.
    fn turn_usage(&self, conversation: i64, lines: &[Line], entries: &[Listed]) -> Result<Vec<TurnUsage>> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(Vec::new()) };
        let select = "SELECT e.request, u.input + u.cache_read + u.cache_write + u.cache_write_hour, u.output
             FROM entry e JOIN conversation c ON c.id = ?1 JOIN usage u ON u.cli = c.cli AND u.request = e.request
             WHERE e.id = ?2";
        let mut select = self.connection.prepare_cached(select)?;
        let mut known = HashSet::new();
        let mut turns = BTreeMap::new();
        for line in lines.iter().filter(|line| (first.turn..=last.turn).contains(&line.turn)) {
            let took = select.query_row([conversation, line.id], |row| {
                Ok((row.get::<_, String>(0)?, count(row, 1)?, count(row, 2)?))
            });
            let Some((request, input, output)) = took.optional()? else { continue };
            if known.insert(request) {
                let usage =
                    turns.entry(line.turn).or_insert(TurnUsage { turn: line.turn, input: 0, output: 0 });
                usage.input = usage.input.saturating_add(input);
                usage.output = usage.output.saturating_add(output);
            }
        }
        Ok(turns.into_values().collect())
    }
}
