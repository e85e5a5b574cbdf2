//! What was found in entries, kept; and how it belongs together.

use super::filter::{Filter, Wheres};
use super::refused::{self, DENIED};
use super::rows::{count, entry};
use super::{Hit, Store, WITH_RELATIONS};
use crate::Result;
use crate::extract::{Found, Mention, Relation, error_line, found};
use protocol::{Content, Entry};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde::Serialize;

/// A thing that entries mention.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Thing {
    /// `file`, `symbol`, `command`, `error`, `decision`, `option`.
    pub kind: String,
    /// What.
    pub value: String,
}

/// Two things that belong together, and the entry that shows it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Related {
    /// The one.
    pub from: Thing,
    /// `failed_with`, `fixed_by`, `in`, `defines`, `about`, `instead_of`.
    pub kind: String,
    /// The other.
    pub to: Thing,
    /// Where that is seen.
    pub at: Hit,
}

/// What is asked for of relations.
#[derive(Clone, Default, Debug)]
pub struct AskedRelations {
    /// Only of this kind.
    pub kind: Option<String>,
    /// One of the two is of this kind.
    pub of: Option<String>,
    /// And it is this; of a file also the end of its path, of an error what it is without its numbers.
    pub value: Option<String>,
    /// And these words are in it.
    pub contains: Option<String>,
    /// In these conversations.
    pub filter: Filter,
}

/// What a call of a tool did, or what came of it.
pub(crate) struct Step {
    pub entry: i64,
    /// By which a call and its result belong together.
    pub call: String,
    /// Nothing for a call.
    pub failed: Option<bool>,
    /// Kinds and values.
    mentions: Vec<(String, String)>,
}

impl Step {
    #[cfg(test)]
    pub(crate) fn new(entry: i64, call: &str, failed: Option<bool>, mentions: &[(&str, &str)]) -> Self {
        let mentions = mentions.iter().map(|(kind, value)| ((*kind).into(), (*value).into())).collect();
        Self { entry, call: call.into(), failed, mentions }
    }

    /// The things of a kind.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.mentions.iter().filter(move |(other, _)| other == kind).map(|(_, value)| value.as_str())
    }
}

/// Keeps what an entry mentions, in place of what it did before it changed.
pub(super) fn keep(connection: &Connection, id: i64, entry: &Entry) -> Result<()> {
    for table in ["mention", "step"] {
        connection.prepare_cached(&format!("DELETE FROM {table} WHERE entry = ?1"))?.execute([id])?;
    }
    connection.prepare_cached("DELETE FROM relation WHERE entry = ?1 AND conversation = 0")?.execute([id])?;
    let Found { mentions, relations } = found(entry);
    let insert = "INSERT OR IGNORE INTO mention (entry, kind, value) VALUES (?1, ?2, ?3)";
    for Mention { kind, value } in &mentions {
        connection.prepare_cached(insert)?.execute(params![id, kind, value])?;
    }
    relations.iter().try_for_each(|relation| relate(connection, id, relation, 0))?;
    let step = match &entry.content {
        Content::ToolCall { call, .. } if !mentions.is_empty() => (call, None),
        Content::ToolResult { call, is_denied: true, .. } => (call, Some(DENIED)),
        Content::ToolResult { call, is_error, .. } => (call, Some(i64::from(*is_error))),
        _ => return Ok(()),
    };
    let insert = "INSERT INTO step (entry, call, failed) VALUES (?1, ?2, ?3)";
    connection.prepare_cached(insert)?.execute(params![id, step.0, step.1])?;
    Ok(())
}

fn relate(connection: &Connection, entry: i64, relation: &Relation, conversation: i64) -> Result<()> {
    let Relation { from, kind, to } = relation;
    let insert =
        "INSERT OR IGNORE INTO relation (entry, kind, from_kind, from_value, to_kind, to_value, conversation)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![entry, kind, from.0, from.1, to.0, to.1, conversation];
    connection.prepare_cached(insert)?.execute(values)?;
    Ok(())
}

/// Conditions on either of the two: its kind, its value, a path's end, and what is in it.
const ENDS: [[&str; 4]; 2] = [
    [
        "r.from_kind = ?",
        "r.from_value = ?",
        "(r.from_value = ? OR substr(r.from_value, -length(?)) = ?)",
        "instr(lower(r.from_value), lower(?)) > 0",
    ],
    [
        "r.to_kind = ?",
        "r.to_value = ?",
        "(r.to_value = ? OR substr(r.to_value, -length(?)) = ?)",
        "instr(lower(r.to_value), lower(?)) > 0",
    ],
];

impl AskedRelations {
    fn end(&self, [is_kind, is_value, ends, contains]: [&'static str; 4]) -> Wheres {
        let mut wheres = Wheres::default();
        wheres.add(is_kind, self.of.clone());
        match (self.of.as_deref(), &self.value) {
            (None | Some("file"), Some(value)) => {
                wheres.add_value(ends, value);
            }
            (Some("error"), Some(value)) => wheres.add(is_value, Some(error_line(value))),
            (_, value) => wheres.add(is_value, value.clone()),
        }
        wheres.add(contains, self.contains.clone());
        wheres
    }
}

impl Store {
    /// Reads some entries again that a version before this one stored; whether there were any.
    pub(crate) fn read_again(&mut self, limit: i64) -> Result<bool> {
        let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (next, last): (i64, i64) =
            write.query_row("SELECT next, last FROM reread", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if next > last {
            return Ok(false);
        }
        let end = last.min(next + limit - 1);
        {
            let mut select = write.prepare_cached(
                "SELECT key, '', agent, time, role, kind, text, rest, model, request, source, NULL, NULL, id
                 FROM entry WHERE id BETWEEN ?1 AND ?2 AND kind IN ('message', 'tool_call', 'tool_result', 'failure')",
            )?;
            let rows = select.query_map([next, end], |row| Ok((row.get(13)?, entry(row)?)))?;
            for row in rows {
                let (id, entry): (i64, Entry) = row?;
                keep(&write, id, &entry)?;
                refused::leave_out(&write, &entry)?;
            }
        }
        let due = "INSERT OR IGNORE INTO unrelated SELECT DISTINCT part.conversation FROM step
             JOIN part ON part.entry = step.entry WHERE step.entry BETWEEN ?1 AND ?2";
        write.prepare_cached(due)?.execute([next, end])?;
        write.execute("UPDATE reread SET next = ?1", [end + 1])?;
        write.commit()?;
        Ok(true)
    }

    /// Looks through a conversation to which steps came; whether there was one.
    pub(crate) fn relate_next(
        &mut self,
        look: impl FnOnce(&mut dyn Iterator<Item = Step>) -> Vec<(i64, Relation)>,
    ) -> Result<bool> {
        let select = "SELECT conversation FROM unrelated LIMIT 1";
        if self.connection.prepare_cached(select)?.query_row([], |_| Ok(())).optional()?.is_none() {
            return Ok(false);
        }
        // What comes meanwhile waits, so that it is not taken for looked at: some milliseconds for a long conversation.
        let write = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(conversation) = write.query_row(select, [], |row| row.get::<_, i64>(0)).optional()? else {
            return Ok(false);
        };
        let mut relations = {
            // What never ran neither failed nor went well.
            let mut steps = write.prepare_cached(
                "SELECT s.entry, s.call, s.failed FROM part p JOIN step s ON s.entry = p.entry
                 WHERE p.conversation = ?1 AND s.failed IS NOT 2 ORDER BY p.time, p.position",
            )?;
            let mut mentions = write.prepare_cached(
                "SELECT kind, value FROM mention WHERE entry = ?1 AND kind IN ('command', 'error', 'file_written')",
            )?;
            let mut failed = None;
            let rows = steps.query_map([conversation], |row| {
                let entry = row.get(0)?;
                let of = mentions.query_map([entry], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let mentions = of.collect::<rusqlite::Result<_>>()?;
                Ok(Step { entry, call: row.get(1)?, failed: row.get(2)?, mentions })
            })?;
            let found = look(&mut rows.map_while(|row| row.map_err(|error| failed = Some(error)).ok()));
            match failed {
                Some(error) => return Err(error.into()),
                None => found,
            }
        };
        write.prepare_cached("DELETE FROM unrelated WHERE conversation = ?1")?.execute([conversation])?;
        write.prepare_cached("DELETE FROM relation WHERE conversation = ?1")?.execute([conversation])?;
        relations.sort();
        relations.dedup();
        for (entry, relation) in &relations {
            relate(&write, *entry, relation, conversation)?;
        }
        write.commit()?;
        Ok(true)
    }

    /// How many entries of before are to be read again.
    pub fn to_read_again(&self) -> Result<u64> {
        if self.version()? < WITH_RELATIONS {
            return Ok(0);
        }
        let select = "SELECT MAX(last - next + 1, 0) FROM reread";
        Ok(self.connection.query_row(select, [], |row| count(row, 0))?)
    }

    /// What belongs together, what was seen last first.
    pub fn related(&self, asked: &AskedRelations, limit: usize) -> Result<Vec<Related>> {
        // Nobody has brought it up to date yet.
        if self.version()? < WITH_RELATIONS {
            return Ok(Vec::new());
        }
        let mut wheres = Wheres::default();
        wheres.add("r.kind = ?", asked.kind.clone());
        wheres.add_any(ENDS.map(|conditions| asked.end(conditions)));
        wheres.of_entry(&asked.filter, "e.id");
        let (wheres, values) = wheres.into_parts();
        let query = format!(
            "SELECT DISTINCT r.entry, r.kind, r.from_kind, r.from_value, r.to_kind, r.to_value FROM relation r
             JOIN entry e ON e.id = r.entry WHERE {wheres}
             ORDER BY e.time DESC, r.entry DESC, r.kind, r.from_value, r.to_value LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&query)?;
        let rows = select.query_map(rusqlite::params_from_iter(values), |row| {
            let from = Thing { kind: row.get(2)?, value: row.get(3)? };
            let to = Thing { kind: row.get(4)?, value: row.get(5)? };
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, from, to))
        })?;
        let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
        let told = |entry: i64, thing: Thing| match thing.kind.as_str() {
            "error" => Ok(Thing { value: self.error_told(&thing.value, Some(entry))?, ..thing }),
            _ => Result::Ok(thing),
        };
        let related = |(entry, kind, from, to): (i64, String, Thing, Thing)| {
            let (from, to) = (told(entry, from)?, told(entry, to)?);
            let at = self.hit(entry, to.value.clone())?;
            Ok(Related { from, kind, to, at })
        };
        found.into_iter().map(related).collect()
    }
}
