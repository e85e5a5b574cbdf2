//! What the store knows.

use super::Store;
use super::filter::{Filter, Wheres};
use super::rows::{count, entry, time, usage};
use crate::Result;
use protocol::{Entry, SessionId, Time, Usage};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension as _, Row, params, params_from_iter};
use serde::Serialize;
use std::collections::BTreeSet;

/// A conversation as a whole.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Conversation {
    /// The store's number; it changes when the store is made anew.
    #[serde(skip)]
    pub id: i64,
    /// Whose it is: `claude`, `codex`, …
    pub cli: String,
    /// The CLI's own id of it.
    pub name: String,
    /// Where it began to work.
    pub cwd: Option<String>,
    /// The branch it was on last.
    pub branch: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// The CLI's version.
    pub version: Option<String>,
    /// The conversation from which it goes on.
    pub parent: Option<String>,
    /// When its first entry was made, in microseconds since 1970.
    pub started: Option<Time>,
    /// When its last entry was made.
    pub ended: Option<Time>,
    /// The sessions in which it was held.
    pub sessions: Vec<SessionId>,
    /// How many entries it has.
    pub entry_count: u64,
    /// What it took, by model.
    pub usage: Vec<Total>,
    /// How full its model's window is.
    pub context: Option<super::Window>,
    /// The command that takes it up again in its CLI, in its folder, when no session holds it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<String>,
    /// What a model made of it, by a background job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<super::Made>,
}

/// Which conversation one is, where its figures are not asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Brief {
    /// Whose it is: `claude`, `codex`, …
    pub cli: String,
    /// The CLI's own id of it.
    pub name: String,
    /// What it is called.
    pub title: Option<String>,
}

/// What requests to one model took.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Total {
    /// The model.
    pub model: String,
    /// How many requests.
    pub requests: u64,
    /// Their tokens.
    #[serde(flatten)]
    pub usage: Usage,
    /// What they cost by the price list, in millionths of a dollar; nothing for a model that it does not have.
    pub cost: Option<u64>,
}

impl Total {
    pub(super) fn add(&mut self, usage: Usage, cost: Option<u64>) {
        self.requests += 1;
        self.cost = self.cost.zip(cost).map(|(one, other)| one.saturating_add(other));
        self.usage.input = self.usage.input.saturating_add(usage.input);
        self.usage.output = self.usage.output.saturating_add(usage.output);
        self.usage.cache_read = self.usage.cache_read.saturating_add(usage.cache_read);
        self.usage.cache_write = self.usage.cache_write.saturating_add(usage.cache_write);
        self.usage.cache_write_hour = self.usage.cache_write_hour.saturating_add(usage.cache_write_hour);
    }
}

/// An entry in its conversation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Listed {
    /// Which turn it belongs to: each begins with words of the user. 0 is what comes before the first.
    pub turn: u64,
    /// Its place in the conversation, from 0. It is another once an entry comes in before it, as those of sub-agents may.
    pub index: u64,
    /// Grows with each entry that comes into the store: who has all up to one asks for those above it.
    pub cursor: i64,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a conversation is called by its CLI or its user, else by a model, or else the first words of its user.
pub(crate) const TITLE: &str =
    "COALESCE(c.title, (SELECT made.title FROM made WHERE made.cli = c.cli AND made.name = c.name), (SELECT substr(trim(e.text, char(9, 10, 13, 32)), 1, 200) FROM part JOIN entry e ON e.id = part.entry
     WHERE part.conversation = c.id AND e.role = 'user' AND e.kind = 'message' AND e.agent IS NULL
     ORDER BY part.time, part.position LIMIT 1))";

/// Begins a query for conversations.
fn select_conversations() -> String {
    format!(
        "SELECT c.id, c.cli, c.name, c.cwd, c.branch, {TITLE}, c.version, c.parent, c.started, c.ended,
         (SELECT COUNT(*) FROM part WHERE part.conversation = c.id) FROM conversation c"
    )
}

impl Store {
    /// Conversations that fit, the one that was held last first.
    pub fn conversations(&self, filter: &Filter, limit: usize) -> Result<Vec<Conversation>> {
        let mut wheres = Wheres::default();
        wheres.of_conversation(filter);
        wheres.add_time("c.ended >= ?", filter.since);
        wheres.add_time("c.started < ?", filter.until);
        let (wheres, values) = wheres.into_parts();
        let query = format!(
            "{} WHERE {wheres} ORDER BY c.ended DESC, c.started DESC, c.name LIMIT {limit}",
            select_conversations()
        );
        self.list(&query, values)
    }

    /// The conversations of a session, the oldest first.
    pub fn of_session(&self, session: SessionId) -> Result<Vec<Conversation>> {
        let query = format!(
            "{} JOIN link ON link.conversation = c.id WHERE link.session = ? ORDER BY c.started, c.name",
            select_conversations()
        );
        self.list(&query, vec![session.to_string().into()])
    }

    /// The conversation that was begun last in a session, in brief.
    pub fn latest_of_session(&self, session: SessionId) -> Result<Option<Brief>> {
        let select = format!(
            "SELECT c.cli, c.name, {TITLE} FROM conversation c JOIN link ON link.conversation = c.id
             WHERE link.session = ?1 ORDER BY c.started DESC, c.name DESC LIMIT 1"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let brief = |row: &Row<'_>| Ok(Brief { cli: row.get(0)?, name: row.get(1)?, title: row.get(2)? });
        Ok(select.query_row([session.to_string()], brief).optional()?)
    }

    /// The conversation of that id, or whose id begins so.
    pub fn named(&self, name: &str) -> Result<Vec<Conversation>> {
        let fits = "c.name = ?1 OR substr(c.name, 1, length(?1)) = ?1";
        let query = format!("{} WHERE {fits} ORDER BY c.started, c.name LIMIT 10", select_conversations());
        let mut found = self.list(&query, vec![name.to_owned().into()])?;
        if found.iter().any(|one| one.name == name) {
            found.retain(|one| one.name == name);
        }
        Ok(found)
    }

    /// The conversation of a CLI of that very id.
    pub fn conversation(&self, cli: &str, name: &str) -> Result<Option<Conversation>> {
        let query = format!("{} WHERE c.cli = ? AND c.name = ?", select_conversations());
        Ok(self.list(&query, vec![cli.to_owned().into(), name.to_owned().into()])?.pop())
    }

    /// Whether an entry of that id is there.
    pub fn has_entry(&self, key: &str) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM entry WHERE key = ?1)";
        Ok(self.connection.prepare_cached(select)?.query_row([key], |row| row.get(0))?)
    }

    /// The highest cursor of all entries.
    pub fn cursor_of_all(&self) -> Result<i64> {
        let select = "SELECT COALESCE(MAX(id), 0) FROM entry";
        Ok(self.connection.prepare_cached(select)?.query_row([], |row| row.get(0))?)
    }

    /// Conversations with entries whose cursor is above this: the CLI and its own id of each.
    pub fn changed_since(&self, cursor: i64) -> Result<BTreeSet<(String, String)>> {
        let select = "SELECT DISTINCT c.cli, c.name FROM entry JOIN part ON part.entry = entry.id
             JOIN conversation c ON c.id = part.conversation WHERE entry.id > ?1";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([cursor], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn list(&self, query: &str, values: Vec<Sql>) -> Result<Vec<Conversation>> {
        let mut select = self.connection.prepare_cached(query)?;
        let rows = select.query_map(params_from_iter(values), conversation)?;
        let mut conversations = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        for conversation in &mut conversations {
            conversation.sessions = self.sessions_of(conversation.id)?;
            conversation.usage = self.usage_of(conversation.id)?;
            conversation.context = self.window_of(conversation.id)?;
            // What hooks alone told of, the CLI does not know any more.
            if self.has_record(&conversation.cli, &conversation.name)? {
                conversation.resume =
                    adapter::resume_conversation(&conversation.cli, &conversation.name, None);
            }
            conversation.made = self.made_of(&conversation.cli, &conversation.name)?;
        }
        Ok(conversations)
    }

    pub(crate) fn sessions_of(&self, conversation: i64) -> Result<Vec<SessionId>> {
        let select = "SELECT session FROM link WHERE conversation = ?1 ORDER BY session";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([conversation], |row| row.get::<_, String>(0))?;
        Ok(rows.filter_map(|row| row.ok()?.parse().ok()).collect())
    }

    fn usage_of(&self, conversation: i64) -> Result<Vec<Total>> {
        let select = "SELECT model, input, output, cache_read, cache_write, cache_write_hour FROM usage
             WHERE conversation = ?1 ORDER BY model";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([conversation], |row| Ok((row.get(0)?, usage(row, 1)?)))?;
        let mut totals: Vec<Total> = Vec::new();
        for row in rows {
            let (model, usage): (String, Usage) = row?;
            // Each by itself: a long request may cost more for each token.
            let cost = self.prices()?.cost(&model, &usage);
            match totals.last_mut().filter(|total| total.model == model) {
                Some(total) => total.add(usage, cost),
                None => totals.push(Total { model, requests: 1, usage, cost }),
            }
        }
        Ok(totals)
    }

    /// The entries of a conversation in their order.
    pub fn entries(&self, conversation: i64) -> Result<Vec<Listed>> {
        let select = "SELECT e.key, c.name, e.agent, e.time, e.role, e.kind, e.text, e.rest, e.model, e.request, e.source,
             place.session, place.offset, e.id
             FROM part JOIN entry e ON e.id = part.entry JOIN conversation c ON c.id = part.conversation
             LEFT JOIN place ON place.entry = e.id WHERE part.conversation = ?1 ORDER BY part.time, part.position";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([conversation], |row| Ok((row.get(13)?, entry(row)?)))?;
        let mut turn = 0;
        let mut listed = Vec::new();
        for (index, row) in (0..).zip(rows) {
            let (cursor, entry) = row?;
            turn += u64::from(begins_turn(&entry));
            listed.push(Listed { turn, index, cursor, entry });
        }
        Ok(listed)
    }

    /// Entries of a conversation that have no place in a recording yet, with their times, in order of these.
    pub(crate) fn without_place(&self, conversation: i64, from: Time, to: Time) -> Result<Vec<(i64, Time)>> {
        let select = "SELECT e.id, e.time FROM part JOIN entry e ON e.id = part.entry LEFT JOIN place ON place.entry = e.id
             WHERE part.conversation = ?1 AND place.entry IS NULL AND e.time BETWEEN ?2 AND ?3 ORDER BY e.time";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map(params![conversation, from.0 as i64, to.0 as i64], |row| {
            Ok((row.get(0)?, Time(row.get::<_, i64>(1)? as u64)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Files with records that are none: name, how many, and why the last one is.
    pub fn garbled(&self) -> Result<Vec<(String, u64, String)>> {
        let select = "SELECT path, garbled, last_garbled FROM file WHERE garbled > 0 ORDER BY path";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get::<_, i64>(1)? as u64,
                row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            ))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The number of a conversation.
    pub(crate) fn number_of(&self, cli: &str, name: &str) -> Result<Option<i64>> {
        let select = "SELECT id FROM conversation WHERE cli = ?1 AND name = ?2";
        Ok(self.connection.prepare_cached(select)?.query_row([cli, name], |row| row.get(0)).optional()?)
    }
}

/// Whether a turn begins with it: words of the user to the agent itself.
fn begins_turn(entry: &Entry) -> bool {
    let is_message = matches!(entry.content, protocol::Content::Message { .. });
    entry.role == protocol::Speaker::User && entry.agent.is_none() && is_message
}

fn conversation(row: &Row) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        cli: row.get(1)?,
        name: row.get(2)?,
        cwd: row.get(3)?,
        branch: row.get(4)?,
        title: row.get(5)?,
        version: row.get(6)?,
        parent: row.get(7)?,
        started: time(row, 8)?,
        ended: time(row, 9)?,
        entry_count: count(row, 10)?,
        sessions: Vec::new(),
        usage: Vec::new(),
        context: None,
        resume: None,
        made: None,
    })
}
