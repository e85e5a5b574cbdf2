//! Taking something out of the store for ever.

use super::{Store, relations};
use crate::purge::{Gone, Target, Text};
use crate::{Error, Result};
use protocol::{Entry, Offset, SessionId};
use rusqlite::{Transaction, TransactionBehavior, params};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

/// Texts beside those of entries, by table, key and column.
const TEXTS: &[(&str, &str)] = &[
    ("conversation", "name"),
    ("conversation", "parent"),
    ("conversation", "title"),
    ("conversation", "cwd"),
    ("conversation", "branch"),
    ("conversation", "version"),
    ("entry", "model"),
    ("file", "state"),
    ("file", "last_garbled"),
];
/// Those of tables without a number.
const PATHS: &[(&str, &str)] = &[("folder", "path"), ("named", "name")];

/// How often emptying the log is tried; each waits up to 5 s for readers.
const CHECKPOINTS: usize = 3;

impl Store {
    /// Entries that stand in a span of a session's recording; those at its end are told by what is in it.
    pub fn placed_in(&self, session: SessionId, span: &Range<Offset>) -> Result<BTreeSet<String>> {
        let sql = "SELECT e.key FROM place p JOIN entry e ON e.id = p.entry
             WHERE p.session = ?1 AND p.offset BETWEEN ?2 AND ?3";
        let mut select = self.connection.prepare(sql)?;
        let values = params![session.to_string(), span.start.0 as i64, span.end.0 as i64];
        let rows = select.query_map(values, |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The entries that would go or change.
    pub(crate) fn would_purge(&self, target: &Target) -> Result<BTreeSet<String>> {
        let mut ids = BTreeSet::new();
        let mut each = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<()> {
            let mut select = self.connection.prepare(sql)?;
            let rows = select.query_map(values, |row| row.get::<_, String>(0))?;
            for id in rows {
                ids.insert(id?);
            }
            Ok(())
        };
        match target {
            Target::Text(text) => {
                for spelling in &text.spellings {
                    let sql = "SELECT key FROM entry WHERE instr(text, ?1) > 0 OR instr(rest, ?1) > 0";
                    each(sql, &[spelling])?;
                }
            }
            Target::Entries(wanted) => {
                for id in wanted {
                    each("SELECT key FROM entry WHERE key = ?1", &[id])?;
                }
            }
            Target::Conversation(cli, name) => {
                let sql = "SELECT e.key FROM conversation c JOIN part p ON p.conversation = c.id JOIN entry e ON e.id = p.entry
                     WHERE c.cli = ?1 AND c.name = ?2 AND NOT EXISTS
                     (SELECT 1 FROM part other WHERE other.entry = e.id AND other.conversation <> c.id)";
                each(sql, &[cli, name])?;
            }
        }
        Ok(ids)
    }

    /// Takes a conversation out, and how far it was read, so that it is read anew.
    pub(crate) fn forget(&mut self, cli: &str, name: &str, path: &str) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        remove_conversation(&transaction, cli, name)?;
        transaction.execute("DELETE FROM file WHERE path = ?1", [path])?;
        Ok(transaction.commit()?)
    }

    /// Takes it out, and what the copies do not tell any more; then writes the file anew, in which nothing of it is left.
    pub(crate) fn purge(
        &mut self,
        target: &Target,
        gone: &Gone,
        states: &[(String, u64, Value)],
    ) -> Result<()> {
        self.connection.execute_batch("PRAGMA secure_delete = ON")?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match target {
            Target::Text(text) => clean(&transaction, text)?,
            Target::Entries(ids) => remove(&transaction, ids)?,
            Target::Conversation(cli, name) => remove_conversation(&transaction, cli, name)?,
        }
        remove(&transaction, &gone.entries)?;
        for (cli, request) in &gone.requests {
            transaction.execute("DELETE FROM usage WHERE cli = ?1 AND request = ?2", [cli, request])?;
        }
        for (name, length, state) in states {
            let sql = "UPDATE file SET state = ?3 WHERE path = ?1 AND done = ?2";
            transaction.execute(sql, params![name, *length as i64, state.to_string()])?;
        }
        // Words that are gone stand in the index until it is made anew.
        transaction.execute_batch(
            "INSERT INTO words (words) VALUES ('rebuild'); INSERT INTO letters (letters) VALUES ('rebuild');",
        )?;
        transaction.commit()?;
        // It needs as much room as the file takes, which is too much for memory.
        self.connection.execute_batch("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY;")?;
        // What was is in the log of changes until that is emptied; who reads the store holds it up for a moment.
        for _ in 0..CHECKPOINTS {
            let sql = "PRAGMA main.wal_checkpoint(TRUNCATE)";
            if !self.connection.query_row(sql, [], |row| row.get::<_, bool>(0))? {
                return Ok(());
            }
        }
        Err(Error::Query("somebody reads the store all the time, so that what was purged is still in its log; end that and purge again".to_owned()))
    }
}

pub(super) fn keys(transaction: &Transaction, sql: &str) -> Result<BTreeSet<String>> {
    let mut select = transaction.prepare(sql)?;
    let rows = select.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes a text out of all that has it.
fn clean(transaction: &Transaction, text: &Text) -> Result<()> {
    for spelling in &text.spellings {
        let sql = "SELECT key FROM entry WHERE instr(text, ?1) > 0 OR instr(rest, ?1) > 0";
        let mut select = transaction.prepare(sql)?;
        let ids = select.query_map([spelling], |row| row.get::<_, String>(0))?;
        for id in ids.collect::<rusqlite::Result<Vec<_>>>()? {
            clean_entry(transaction, &id, text)?;
        }
    }
    for (table, column) in TEXTS {
        let sql = format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL");
        let mut select = transaction.prepare(&sql)?;
        let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        for row in rows.collect::<rusqlite::Result<Vec<_>>>()? {
            if let Some(cleaned) = text.out_of(&row.1) {
                let sql = format!("UPDATE OR IGNORE {table} SET {column} = ?2 WHERE id = ?1");
                if transaction.execute(&sql, params![row.0, cleaned])? == 0 {
                    // The name of another one without its text.
                    transaction.execute(&sql, params![row.0, format!("{cleaned}-{}", row.0)])?;
                }
            }
        }
    }
    // What is found of folders is found again of those that conversations have now.
    for spelling in &text.spellings {
        for (table, column) in PATHS {
            transaction.execute(&format!("DELETE FROM {table} WHERE instr({column}, ?1) > 0"), [spelling])?;
        }
        let sql = "DELETE FROM folder WHERE project IN (SELECT id FROM project WHERE instr(root, ?1) > 0)";
        transaction.execute(sql, [spelling])?;
    }
    transaction.execute("DELETE FROM project WHERE id NOT IN (SELECT project FROM folder)", [])?;
    Ok(())
}

fn clean_entry(transaction: &Transaction, key: &str, text: &Text) -> Result<()> {
    let select = "SELECT e.key, '', e.agent, e.time, e.role, e.kind, e.text, e.rest, e.model, e.request, e.source, NULL, NULL, e.id
         FROM entry e WHERE e.key = ?1";
    let row = |row: &rusqlite::Row| -> rusqlite::Result<(i64, String, String)> {
        Ok((row.get(13)?, row.get(6)?, row.get(7)?))
    };
    let (id, words, rest) = transaction.prepare_cached(select)?.query_row([key], row)?;
    let mut value: Value = serde_json::from_str(&rest).unwrap_or_default();
    clean_value(&mut value, text);
    let words = text.out_of(&words).unwrap_or(words);
    let update = "UPDATE entry SET text = ?2, rest = ?3 WHERE id = ?1";
    transaction.prepare_cached(update)?.execute(params![id, words, value.to_string()])?;
    let entry: Entry = transaction.prepare_cached(select)?.query_row([key], super::rows::entry)?;
    relations::keep(transaction, id, &entry)?;
    // What was seen in the course of its conversations is looked for anew.
    let course =
        "DELETE FROM relation WHERE conversation IN (SELECT conversation FROM part WHERE entry = ?1)";
    transaction.prepare_cached(course)?.execute([id])?;
    transaction.prepare_cached("DELETE FROM vectors WHERE entry = ?1")?.execute([id])?;
    Ok(())
}

fn clean_value(value: &mut Value, text: &Text) {
    match value {
        Value::String(words) => {
            if let Some(cleaned) = text.out_of(words) {
                *words = cleaned;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| clean_value(value, text)),
        Value::Object(fields) => {
            let cleaned = std::mem::take(fields).into_iter().map(|(name, mut value)| {
                clean_value(&mut value, text);
                (text.out_of(&name).unwrap_or(name), value)
            });
            *fields = cleaned.collect();
        }
        _ => {}
    }
}

fn remove_conversation(transaction: &Transaction, cli: &str, name: &str) -> Result<()> {
    let of = "(SELECT id FROM conversation WHERE cli = ?1 AND name = ?2)";
    for table in ["part", "usage", "link", "active"] {
        let sql = format!("DELETE FROM {table} WHERE conversation IN {of}");
        transaction.execute(&sql, [cli, name])?;
    }
    transaction.execute("DELETE FROM conversation WHERE cli = ?1 AND name = ?2", [cli, name])?;
    let sql = "SELECT key FROM entry e WHERE NOT EXISTS (SELECT 1 FROM part WHERE part.entry = e.id)";
    remove(transaction, &keys(transaction, sql)?)
}

/// Removes entries, and all that hangs on them.
pub(super) fn remove(transaction: &Transaction, ids: &BTreeSet<String>) -> Result<()> {
    for id in ids {
        for table in ["part", "place", "mention", "vectors"] {
            let sql = format!("DELETE FROM {table} WHERE entry IN (SELECT id FROM entry WHERE key = ?1)");
            transaction.prepare_cached(&sql)?.execute([id])?;
        }
        transaction.prepare_cached("DELETE FROM entry WHERE key = ?1")?.execute([id])?;
    }
    Ok(())
}
