//! A stretch of a conversation: some entries, numbered among all, so that of a long one not everything is read for a few.

use super::Store;
use super::read::{Listed, count, entry};
use crate::Result;
use protocol::{Offset, SessionId};
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;

/// The entries of a conversation, numbered, each with its turn as `Store::entries` has it. Their texts are not touched.
const LINES: &str = "WITH line AS (
     SELECT e.id, e.key, SUM(e.role = 'user' AND e.kind = 'message' AND e.agent IS NULL) OVER ordered AS turn,
         ROW_NUMBER() OVER ordered - 1 AS number
     FROM part JOIN entry e ON e.id = part.entry WHERE part.conversation = ?1
     WINDOW ordered AS (ORDER BY part.time, part.position ROWS UNBOUNDED PRECEDING))";

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

impl Store {
    /// Some entries of a conversation.
    pub fn stretch(&self, conversation: i64, part: &Part) -> Result<Stretch> {
        let select = format!("{LINES} SELECT COUNT(*), MAX(id), MAX(turn) FROM line");
        let mut select = self.connection.prepare_cached(&select)?;
        let (total, cursor, turns) = select.query_row([conversation], |row| {
            let or_none = |column| row.get::<_, Option<i64>>(column).map(Option::unwrap_or_default);
            Ok((count(row, 0)?, or_none(1)?, or_none(2)?))
        })?;
        let entries = match part.since {
            Some(since) => self.lines(conversation, (0, i64::MAX as u64), since, part.limit)?,
            None => {
                let last = total.saturating_sub(part.limit);
                let middle = match &part.middle {
                    Some(middle) => self.number_of_middle(conversation, middle)?,
                    None => None,
                };
                let centred = middle.map(|middle| middle.saturating_sub(part.limit / 2).min(last));
                let from = centred.or(part.from).unwrap_or(last);
                self.lines(conversation, (from, from.saturating_add(part.limit)), i64::MIN, part.limit)?
            }
        };
        let turn_usage = self.turn_usage(conversation, &entries)?;
        Ok(Stretch { cursor, turns: turns as u64, entries, turn_usage })
    }

    fn number_of_middle(&self, conversation: i64, middle: &Middle) -> Result<Option<u64>> {
        let number = match middle {
            Middle::Entry(key) => {
                let select = format!("{LINES} SELECT number FROM line WHERE key = ?2");
                let mut select = self.connection.prepare_cached(&select)?;
                select.query_row(params![conversation, key], |row| count(row, 0)).optional()?
            }
            Middle::Moment(session, offset) => {
                let select = format!(
                    "{LINES} SELECT COALESCE(MAX(CASE WHEN place.offset <= ?3 THEN number END), MIN(number))
                     FROM line JOIN place ON place.entry = line.id WHERE place.session = ?2"
                );
                let mut select = self.connection.prepare_cached(&select)?;
                let values = params![conversation, session.to_string(), offset.0.min(i64::MAX as u64) as i64];
                select.query_row(values, |row| row.get::<_, Option<i64>>(0))?.map(|number| number as u64)
            }
        };
        Ok(number)
    }

    fn lines(
        &self,
        conversation: i64,
        (from, to): (u64, u64),
        since: i64,
        limit: u64,
    ) -> Result<Vec<Listed>> {
        let select = format!(
            "{LINES} SELECT e.key, c.name, e.agent, e.time, e.role, e.kind, e.text, e.rest, e.model, e.request, e.source,
             place.session, place.offset, line.id, line.number, line.turn
             FROM line JOIN entry e ON e.id = line.id JOIN conversation c ON c.id = ?1 LEFT JOIN place ON place.entry = e.id
             WHERE line.number >= ?2 AND line.number < ?3 AND line.id > ?4 ORDER BY line.number LIMIT ?5"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let whole = |number: u64| number.min(i64::MAX as u64) as i64;
        let values = params![conversation, whole(from), whole(to), since, whole(limit)];
        let rows = select.query_map(values, |row| {
            let (index, turn) = (count(row, 14)?, count(row, 15)?);
            Ok(Listed { turn, index, cursor: row.get(13)?, entry: entry(row)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What the turns took to which entries belong. A request counts in the turn in which it began.
    fn turn_usage(&self, conversation: i64, entries: &[Listed]) -> Result<Vec<TurnUsage>> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(Vec::new()) };
        let select = format!(
            "{LINES} SELECT made.turn, SUM(u.input + u.cache_read + u.cache_write + u.cache_write_hour), SUM(u.output)
             FROM (SELECT MIN(line.turn) AS turn, e.request FROM line JOIN entry e ON e.id = line.id
                 WHERE line.turn BETWEEN ?2 AND ?3 AND e.request IS NOT NULL GROUP BY e.request) made
             JOIN conversation c ON c.id = ?1 JOIN usage u ON u.cli = c.cli AND u.request = made.request
             GROUP BY made.turn ORDER BY made.turn"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let rows = select.query_map(params![conversation, first.turn as i64, last.turn as i64], |row| {
            Ok(TurnUsage { turn: count(row, 0)?, input: count(row, 1)?, output: count(row, 2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
