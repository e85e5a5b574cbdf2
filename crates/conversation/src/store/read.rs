//! What the store knows.

use super::Store;
use crate::Result;
use protocol::{Entry, Offset, Place, SessionId, Time, Usage};
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension as _, Row, params, params_from_iter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

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
        self.cost = self.cost.zip(cost).map(|(one, other)| one + other);
        self.usage.input += usage.input;
        self.usage.output += usage.output;
        self.usage.cache_read += usage.cache_read;
        self.usage.cache_write += usage.cache_write;
        self.usage.cache_write_hour += usage.cache_write_hour;
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

/// Which conversations or entries are meant; what is left open fits all.
#[derive(Clone, Default, Debug)]
pub struct Filter {
    /// The CLI.
    pub cli: Option<String>,
    /// The folder in which it worked, or one above it.
    pub folder: Option<String>,
    /// Of the project with this key.
    pub project: Option<String>,
    /// Held in this session.
    pub session: Option<SessionId>,
    /// Who spoke: `user`, `assistant`, `tool`, `system`.
    pub role: Option<String>,
    /// What it is: `message`, `tool_call`, …
    pub kind: Option<String>,
    /// The tool that was called.
    pub tool: Option<String>,
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

/// Something that a search found.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Hit {
    /// The entry.
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
    /// Who.
    pub role: String,
    /// What.
    pub kind: String,
    /// Some of its words, those that were looked for between U+0002 and U+0003.
    pub snippet: String,
    /// Where it stands in a recording.
    pub place: Option<Place>,
}

/// What a conversation is called, or else the first words of its user.
const TITLE: &str =
    "COALESCE(c.title, (SELECT substr(e.text, 1, 200) FROM part JOIN entry e ON e.id = part.entry
     WHERE part.conversation = c.id AND e.role = 'user' AND e.kind = 'message' AND e.agent IS NULL
     ORDER BY part.time, part.position LIMIT 1))";

/// Of an entry's text, what is looked at to rank it.
const SCORED_CHARS: usize = 8_000;
/// A search takes no longer: who waits gets what was found until then.
const SEARCH_WITHIN: Duration = Duration::from_secs(1);

/// In which index to look, and for what.
pub(crate) enum Found {
    /// An expression of FTS5.
    Words(String),
    /// A pattern of LIKE.
    Letters(String),
}

/// An entry that may be what is searched for.
pub(crate) struct Candidate {
    pub id: i64,
    /// The beginning of its text.
    pub text: String,
    pub kind: String,
}

/// Begins a query for conversations.
fn select_conversations() -> String {
    format!(
        "SELECT c.id, c.cli, c.name, c.cwd, c.branch, {TITLE}, c.version, c.parent, c.started, c.ended,
         (SELECT COUNT(*) FROM part WHERE part.conversation = c.id) FROM conversation c"
    )
}

impl Store {
    /// Conversations that fit, the newest first.
    pub fn conversations(&self, filter: &Filter, limit: usize) -> Result<Vec<Conversation>> {
        let mut wheres = Wheres::default();
        wheres.of_conversation(filter);
        wheres.add_time("c.ended >= ?", filter.since);
        wheres.add_time("c.started < ?", filter.until);
        let query = format!(
            "{} WHERE {} ORDER BY c.started DESC, c.name LIMIT {limit}",
            select_conversations(),
            wheres.text()
        );
        self.list(&query, wheres.values)
    }

    /// The conversations of a session, the oldest first.
    pub fn of_session(&self, session: SessionId) -> Result<Vec<Conversation>> {
        let query = format!(
            "{} JOIN link ON link.conversation = c.id WHERE link.session = ? ORDER BY c.started, c.name",
            select_conversations()
        );
        self.list(&query, vec![session.to_string().into()])
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
        }
        Ok(conversations)
    }

    fn sessions_of(&self, conversation: i64) -> Result<Vec<SessionId>> {
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
            let cost = self.prices.cost(&model, &usage);
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

    /// Entries that an index finds by an expression and that fit, the newest first, each with the beginning of its text. What
    /// is not found in time is left out.
    pub(crate) fn candidates(&self, found: Found, filter: &Filter, limit: usize) -> Result<Vec<Candidate>> {
        let mut wheres = Wheres::default();
        let (table, condition, expression) = match found {
            Found::Words(expression) => ("words", "words MATCH ?", expression),
            Found::Letters(pattern) => ("letters", "letters.text LIKE ? ESCAPE '\\'", pattern),
        };
        wheres.add(condition, Some(expression));
        wheres.add("e.role = ?", filter.role.clone());
        wheres.add("e.kind = ?", filter.kind.clone());
        wheres.add("json_extract(e.rest, '$.name') = ?", filter.tool.clone());
        wheres.add_time("e.time >= ?", filter.since);
        wheres.add_time("e.time < ?", filter.until);
        let mut of = Wheres::default();
        of.of_conversation(filter);
        if !of.conditions.is_empty() {
            let exists = format!(
                "EXISTS (SELECT 1 FROM part JOIN conversation c ON c.id = part.conversation WHERE part.entry = e.id AND {})",
                of.text()
            );
            wheres.conditions.push(exists.into());
            wheres.values.append(&mut of.values);
        }
        let query = format!(
            "SELECT e.id, substr(e.text, 1, {SCORED_CHARS}), e.kind FROM {table} JOIN entry e ON e.id = {table}.rowid
             WHERE {} ORDER BY {table}.rowid DESC LIMIT {limit}",
            wheres.text()
        );
        let mut select = self.connection.prepare_cached(&query)?;
        let rows = select.query_map(params_from_iter(wheres.values), |row| {
            Ok(Candidate { id: row.get(0)?, text: row.get(1)?, kind: row.get(2)? })
        })?;
        let _limit = self.deadline.set(SEARCH_WITHIN);
        // Where the time is over, the next row is an error.
        Ok(rows.map_while(rusqlite::Result::ok).collect())
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
            })
        })?)
    }

    /// The number of a conversation.
    pub(crate) fn number_of(&self, cli: &str, name: &str) -> Result<Option<i64>> {
        let select = "SELECT id FROM conversation WHERE cli = ?1 AND name = ?2";
        Ok(self.connection.prepare_cached(select)?.query_row([cli, name], |row| row.get(0)).optional()?)
    }
}

/// Conditions and their values, in one order.
#[derive(Default)]
pub(super) struct Wheres {
    conditions: Vec<Cow<'static, str>>,
    values: Vec<Sql>,
}

impl Wheres {
    pub(super) fn into_parts(self) -> (String, Vec<Sql>) {
        (self.text(), self.values)
    }

    pub(super) fn add_always(&mut self, condition: &'static str) {
        self.conditions.push(condition.into());
    }

    /// One with a value, and with another twice.
    pub(super) fn add_two(&mut self, condition: &'static str, one: &str, other: &str) {
        self.conditions.push(condition.into());
        self.values.extend([one, other, other].map(|value| Sql::from(value.to_owned())));
    }

    pub(super) fn add(&mut self, condition: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.conditions.push(condition.into());
            self.values.push(value.into());
        }
    }

    pub(super) fn add_time(&mut self, condition: &'static str, time: Option<Time>) {
        if let Some(time) = time {
            self.conditions.push(condition.into());
            self.values.push((time.0 as i64).into());
        }
    }

    pub(super) fn of_conversation(&mut self, filter: &Filter) {
        self.add("c.cli = ?", filter.cli.clone());
        if let Some(folder) = &filter.folder {
            let folder = folder.trim_end_matches('/');
            self.conditions.push("(c.cwd = ? OR substr(c.cwd, 1, ?) = ?)".into());
            let below = format!("{folder}/");
            self.values.extend([
                folder.to_owned().into(),
                (below.chars().count() as i64).into(),
                below.into(),
            ]);
        }
        let in_project = "c.cwd IN (SELECT folder.path FROM folder JOIN project ON project.id = folder.project WHERE project.key = ?)";
        self.add(in_project, filter.project.clone());
        let in_session = "c.id IN (SELECT conversation FROM link WHERE session = ?)";
        self.add(in_session, filter.session.map(|session| session.to_string()));
    }

    fn text(&self) -> String {
        if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") }
    }
}

/// Whether a turn begins with it: words of the user to the agent itself.
fn begins_turn(entry: &Entry) -> bool {
    let is_message = matches!(entry.content, protocol::Content::Message { .. });
    entry.role == protocol::Speaker::User && entry.agent.is_none() && is_message
}

pub(super) fn count(row: &Row, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)? as u64)
}

/// What a request took, in five columns from this one on.
pub(super) fn usage(row: &Row, column: usize) -> rusqlite::Result<Usage> {
    Ok(Usage {
        input: count(row, column)?,
        output: count(row, column + 1)?,
        cache_read: count(row, column + 2)?,
        cache_write: count(row, column + 3)?,
        cache_write_hour: count(row, column + 4)?,
    })
}

fn time(row: &Row, column: usize) -> rusqlite::Result<Option<Time>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|time| Time(time as u64)))
}

fn place(row: &Row, column: usize) -> rusqlite::Result<Option<Place>> {
    let session: Option<String> = row.get(column)?;
    let Some(session) = session.and_then(|session| session.parse().ok()) else { return Ok(None) };
    let offset = Offset(row.get::<_, i64>(column + 1)? as u64);
    Ok(Some(Place { session, offset }))
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
    })
}

pub(super) fn entry(row: &Row) -> rusqlite::Result<Entry> {
    let kind: String = row.get(5)?;
    let text: String = row.get(6)?;
    let rest: String = row.get(7)?;
    Ok(Entry {
        id: row.get(0)?,
        conversation: row.get(1)?,
        agent: row.get(2)?,
        time: Time(row.get::<_, i64>(3)? as u64),
        role: of_word(row.get(4)?, 4)?,
        content: join(kind, text, &rest)?,
        model: row.get(8)?,
        request: row.get(9)?,
        source: of_word(row.get(10)?, 10)?,
        place: place(row, 11)?,
    })
}

/// Puts a content together again, as it was before it was stored.
fn join(kind: String, text: String, rest: &str) -> rusqlite::Result<protocol::Content> {
    let mut fields: Map<String, Value> = serde_json::from_str(rest).unwrap_or_default();
    fields.insert("kind".to_owned(), kind.into());
    fields.entry("text").or_insert(text.into());
    for (name, empty) in
        [("call", Value::from("")), ("name", "".into()), ("input", Value::Null), ("record", Value::Null)]
    {
        // Where what is beside the text was too much to be stored.
        fields.entry(name).or_insert(empty);
    }
    of_value(Value::Object(fields), 7)
}

fn of_word<T: DeserializeOwned>(word: String, column: usize) -> rusqlite::Result<T> {
    of_value(Value::String(word), column)
}

fn of_value<T: DeserializeOwned>(value: Value, column: usize) -> rusqlite::Result<T> {
    serde_json::from_value(value).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}
