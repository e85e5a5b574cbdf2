//! Calls of tools that did not do what they say: leave was denied, or a file could not be changed. What they would have done is
//! no mention.

use super::Store;
use crate::Result;
use protocol::{Content, Entry};
use rusqlite::Connection;

/// The version from which on calls are known by their results.
const WITH_REFUSED: usize = 6;
/// What stands for a result that leave was denied, where others have whether they failed.
pub(super) const DENIED: i64 = 2;

/// Calls and what became of them, `told` and `call`: a result is that of a call of the same conversation.
const RESULTS: &str = "step told JOIN part p ON p.entry = told.entry JOIN step call ON call.call = told.call AND call.failed IS NULL
     JOIN part q ON q.entry = call.entry AND q.conversation = p.conversation";

/// Leaves out what a call did not do, once both it and its result are stored: the one or the other is `entry`.
pub(super) fn leave_out(connection: &Connection, entry: &Entry) -> Result<()> {
    let call = match &entry.content {
        Content::ToolCall { call, .. } => call,
        Content::ToolResult { call, is_error, is_denied, .. } if *is_error || *is_denied => call,
        _ => return Ok(()),
    };
    let select = format!(
        "SELECT call.entry, MAX(told.failed) FROM {RESULTS} WHERE told.call = ?1 AND told.failed > 0 GROUP BY call.entry"
    );
    let mut select = connection.prepare_cached(&select)?;
    let rows = select.query_map([call], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (id, failed) = row?;
        // A command that failed ran; a file that could not be changed is as it was.
        let (mentions, relations) = match failed {
            DENIED => ("TRUE", "TRUE"),
            _ => ("kind IN ('file_written', 'symbol')", "kind = 'defines'"),
        };
        let delete = format!("DELETE FROM mention WHERE entry = ?1 AND {mentions}");
        connection.prepare_cached(&delete)?.execute([id])?;
        let delete = format!("DELETE FROM relation WHERE entry = ?1 AND conversation = 0 AND {relations}");
        connection.prepare_cached(&delete)?.execute([id])?;
    }
    Ok(())
}

impl Store {
    /// Whether a call was denied, or failed without having run a command.
    pub(crate) fn was_refused(&self, key: &str) -> Result<bool> {
        if self.version()? < WITH_REFUSED {
            return Ok(false);
        }
        let select = format!(
            "SELECT EXISTS (SELECT 1 FROM entry e CROSS JOIN {RESULTS} WHERE e.key = ?1 AND call.entry = e.id AND (told.failed = {DENIED}
                 OR told.failed = 1 AND NOT EXISTS (SELECT 1 FROM mention m WHERE m.entry = e.id AND m.kind = 'command')))"
        );
        Ok(self.connection.prepare_cached(&select)?.query_row([key], |row| row.get(0))?)
    }
}
