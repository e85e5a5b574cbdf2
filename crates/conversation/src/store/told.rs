//! Entries that hooks told, which count as long as there is no other record of their conversation.

use super::Store;
use super::purge::{keys, remove};
use crate::Result;
use protocol::{SessionId, Time};
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

/// How requests begin that a tap alone told of.
pub(crate) const TAPPED: &str = "tap:";

impl Store {
    /// Whether anything but hooks told of a conversation.
    pub(crate) fn has_record(&self, cli: &str, name: &str) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM conversation c JOIN part p ON p.conversation = c.id
             JOIN entry e ON e.id = p.entry WHERE c.cli = ?1 AND c.name = ?2 AND e.source <> 'hook')";
        Ok(self.connection.prepare_cached(select)?.query_row([cli, name], |row| row.get(0))?)
    }

    /// The conversation of a session of which its hooks told last by then.
    pub(crate) fn told_in(&self, session: SessionId, time: Time) -> Result<Option<String>> {
        let select = "SELECT c.name FROM entry e JOIN part p ON p.entry = e.id JOIN conversation c ON c.id = p.conversation
             WHERE e.source = 'hook' AND e.key GLOB ?1 AND e.time <= ?2 ORDER BY e.time DESC LIMIT 1";
        let mut select = self.connection.prepare_cached(select)?;
        let of = format!("*:hook:{session}:*");
        Ok(select.query_row(params![of, time.0 as i64], |row| row.get(0)).optional()?)
    }

    /// Takes back what hooks told of conversations of which there is a record by now.
    pub(crate) fn prefer_records(&mut self) -> Result<()> {
        const RECORDED: &str = "entry e JOIN part p ON p.entry = e.id JOIN conversation c ON c.id = p.conversation
             WHERE e.source = 'hook' AND EXISTS
             (SELECT 1 FROM part q JOIN entry r ON r.id = q.entry WHERE q.conversation = c.id AND r.source <> 'hook')";
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let ids = keys(&transaction, &format!("SELECT e.key FROM {RECORDED}"))?;
        if ids.is_empty() {
            return Ok(());
        }
        let touched = {
            let mut select =
                transaction.prepare(&format!("SELECT DISTINCT c.cli, c.name FROM {RECORDED}"))?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()?
        };
        remove(&transaction, &ids)?;
        transaction.commit()?;
        self.touched.extend(touched);
        Ok(())
    }
}
