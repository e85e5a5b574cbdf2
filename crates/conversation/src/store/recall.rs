//! What of a project's history is worth telling again.

use super::filter::Wheres;
use super::{Filter, Store};
use crate::Result;
use protocol::Time;
use rusqlite::{OptionalExtension as _, params, params_from_iter};

/// Of a text, what is looked at.
const TEXT_CHARS: usize = 4_000;

/// Something that was said, and where.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Said {
    pub entry: String,
    pub cli: String,
    pub conversation: String,
    pub time: Time,
    pub role: String,
    pub kind: String,
    pub text: String,
    /// In how many entries, where the same was said in several.
    pub times: u64,
}

/// A conversation, as little of it as is needed.
#[derive(Clone)]
pub(crate) struct Talk {
    pub id: i64,
    pub cli: String,
    pub name: String,
}

impl Store {
    /// The last words of a conversation between the user and the agent itself, the latest first.
    pub(crate) fn last_words(&self, conversation: i64, limit: usize) -> Result<Vec<Said>> {
        let select = format!(
            "SELECT e.key, c.cli, c.name, e.time, e.role, e.kind, substr(e.text, 1, {TEXT_CHARS}), 1 FROM part
             JOIN entry e ON e.id = part.entry JOIN conversation c ON c.id = part.conversation
             WHERE part.conversation = ?1 AND e.agent IS NULL AND e.kind IN ('message', 'compaction') AND e.text <> ''
             ORDER BY part.time DESC, part.position DESC LIMIT ?2"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let rows = select.query_map(params![conversation, limit as i64], said)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The latest conversations that fit, without what takes longer to know.
    pub(crate) fn latest(&self, filter: &Filter, limit: usize) -> Result<Vec<Talk>> {
        let mut wheres = Wheres::default();
        wheres.of_conversation(filter);
        let (condition, values) = wheres.into_parts();
        let select = format!(
            "SELECT c.id, c.cli, c.name FROM conversation c WHERE {condition} ORDER BY c.ended DESC, c.name LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let rows = select.query_map(params_from_iter(values), |row| {
            Ok(Talk { id: row.get(0)?, cli: row.get(1)?, name: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What entries of conversations mention of these kinds, each with its latest entry, in an order of `times` and `latest`.
    pub(crate) fn worth_knowing(
        &self,
        kinds: &str,
        order: &str,
        talks: &[Talk],
        limit: usize,
    ) -> Result<Vec<Said>> {
        let ids: Vec<String> = talks.iter().map(|talk| talk.id.to_string()).collect();
        // What stands beside the greatest time is of the row that has it: so SQLite promises. Entries are joined only where they
        // are told: there are many. The cross join has few conversations looked at first, not all mentions of a kind.
        let select = format!(
            "SELECT e.key, c.cli, c.name, e.time, e.role, found.kind, found.value, found.times FROM
             (SELECT m.kind, m.value, COUNT(*) AS times, MAX(part.time) AS latest, part.entry, part.conversation
                 FROM part CROSS JOIN mention m ON m.entry = part.entry AND m.kind IN ({kinds})
                 WHERE part.conversation IN ({}) GROUP BY m.value ORDER BY {order}, m.value LIMIT {limit}) AS found
             JOIN entry e ON e.id = found.entry JOIN conversation c ON c.id = found.conversation
             ORDER BY {order}, found.value",
            ids.join(", ")
        );
        // The numbers differ each time: nothing of it is worth keeping.
        let mut select = self.connection.prepare(&select)?;
        let rows = select.query_map([], said)?;
        let mut found = rows.collect::<rusqlite::Result<Vec<Said>>>()?;
        for one in found.iter_mut().filter(|one| one.kind == "error") {
            one.text = self.error_told(&one.text, None)?;
        }
        Ok(found)
    }

    /// What a model made of conversations, title and summary, in their order; each leads to its conversation's first entry.
    pub(crate) fn summaries(&self, talks: &[Talk]) -> Result<Vec<Said>> {
        let select = "SELECT COALESCE((SELECT e.key FROM part JOIN entry e ON e.id = part.entry WHERE part.conversation = c.id
                 ORDER BY part.time, part.position LIMIT 1), ''),
             c.cli, c.name, COALESCE(c.ended, 0), 'model', 'summary', concat_ws(': ', made.title, made.summary), 1
             FROM conversation c JOIN made ON made.cli = c.cli AND made.name = c.name AND made.summary IS NOT NULL WHERE c.id = ?1";
        let mut select = self.connection.prepare_cached(select)?;
        let found = talks.iter().map(|talk| select.query_row([talk.id], said).optional());
        Ok(found.filter_map(rusqlite::Result::transpose).collect::<rusqlite::Result<_>>()?)
    }

    /// The text of an entry, or its beginning.
    pub(crate) fn text_of(&self, key: &str) -> Result<Option<String>> {
        let select = format!("SELECT substr(text, 1, {TEXT_CHARS}) FROM entry WHERE key = ?1");
        let mut select = self.connection.prepare_cached(&select)?;
        Ok(select.query_row([key], |row| row.get(0)).optional()?)
    }
}

fn said(row: &rusqlite::Row) -> rusqlite::Result<Said> {
    Ok(Said {
        entry: row.get(0)?,
        cli: row.get(1)?,
        conversation: row.get(2)?,
        time: Time(row.get::<_, i64>(3)? as u64),
        role: row.get(4)?,
        kind: row.get(5)?,
        text: row.get(6)?,
        times: row.get::<_, i64>(7)? as u64,
    })
}
