//! What models made of conversations, as it stands beside what was said in them: titles, summaries, decisions, things to do.

use super::Store;
use crate::Result;
use crate::purge::Target;
use protocol::Time;
use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use std::collections::BTreeSet;

/// What a model made of a conversation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Made {
    /// What it would call it; shown where neither its CLI nor its user gave it a title.
    pub title: Option<String>,
    /// Whether it is called so.
    pub is_title: bool,
    /// What it is about, on one line.
    pub summary: Option<String>,
    /// What was decided.
    pub decisions: Vec<Finding>,
    /// What was left to do.
    pub todos: Vec<Finding>,
    /// Which model.
    pub model: String,
    /// When, in microseconds since 1970.
    pub time: Time,
}

/// A decision, or something to do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The entry that says so.
    pub entry: String,
    /// What.
    pub text: String,
}

impl Store {
    /// What a model made of a conversation, by its CLI and the CLI's own id.
    pub(super) fn made_of(&self, cli: &str, name: &str) -> Result<Option<Made>> {
        let select = "SELECT made.title, made.summary, made.model, made.time, made.title IS NOT NULL AND c.title IS NULL FROM made
             JOIN conversation c ON c.cli = made.cli AND c.name = made.name WHERE made.cli = ?1 AND made.name = ?2";
        let row = |row: &rusqlite::Row| {
            Ok(Made {
                title: row.get(0)?,
                is_title: row.get(4)?,
                summary: row.get(1)?,
                decisions: Vec::new(),
                todos: Vec::new(),
                model: row.get(2)?,
                time: Time(row.get::<_, i64>(3)? as u64),
            })
        };
        let made = self.connection.prepare_cached(select)?.query_row([cli, name], row).optional()?;
        let Some(mut made) = made else { return Ok(None) };
        // What an entry says that is gone, nobody can look up.
        let select = "SELECT told.kind, told.entry, told.value FROM told JOIN entry e ON e.key = told.entry
             WHERE told.cli = ?1 AND told.name = ?2 ORDER BY e.time, e.id, told.value";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([cli, name], |row| {
            Ok((row.get::<_, String>(0)?, Finding { entry: row.get(1)?, text: row.get(2)? }))
        })?;
        for row in rows {
            let (kind, told) = row?;
            if kind == "decision" { &mut made.decisions } else { &mut made.todos }.push(told);
        }
        Ok(Some(made))
    }

    /// The conversations of which these entries are a part, and the one that is meant: each by its CLI and the CLI's own id.
    pub(crate) fn conversations_with(
        &self,
        entries: &BTreeSet<String>,
        target: &Target,
    ) -> Result<BTreeSet<(String, String)>> {
        let mut found = BTreeSet::new();
        if let Target::Conversation(cli, name) = target {
            found.insert((cli.clone(), name.clone()));
        }
        let select = "SELECT c.cli, c.name FROM entry e JOIN part ON part.entry = e.id JOIN conversation c ON c.id = part.conversation
             WHERE e.key = ?1";
        let mut select = self.connection.prepare_cached(select)?;
        for entry in entries {
            let rows = select.query_map(params![entry], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for row in rows {
                found.insert(row?);
            }
        }
        Ok(found)
    }
}
