//! Pieces of what models made get vectors, by which a search finds them in other words: as entries do, but in the file of jobs.
//!
//! A piece never changes: where the answer about a conversation is another one, new pieces take the place of the old ones.

use crate::Result;
use crate::embed::{self, Embedder, chunk};
use crate::ledger::{Ledger, said};
use crate::vectors::{Vector, put};
use rusqlite::{TransactionBehavior, params};
use std::path::Path;

/// Pieces of a batch: who is killed makes no more than these again.
const BATCH: usize = 16;

/// Whether some have no vectors of a model.
pub(crate) fn is_due(state: &Path, model: &str) -> Result<bool> {
    if !Ledger::path(state).exists() {
        return Ok(false);
    }
    let select = "SELECT EXISTS (SELECT 1 FROM piece WHERE read_by IS NOT ?1)";
    said(Ledger::open(state)?.connection.query_row(select, [model], |row| row.get(0)))
}

/// Makes vectors of some that have none, the newest first; whether there were any.
pub(crate) fn batch(state: &Path, embedder: &dyn Embedder) -> Result<bool> {
    if !is_due(state, embedder.id())? {
        return Ok(false);
    }
    let mut ledger = Ledger::open(state)?;
    let due = said(due(&ledger, embedder.id()))?;
    let of_each = due.iter().map(|(id, text)| Ok((*id, vectors_of(text, embedder)?)));
    let of_each = of_each.collect::<embed::Result<Vec<_>>>()?;
    said(write(&mut ledger, embedder.id(), &of_each))?;
    Ok(!of_each.is_empty())
}

fn due(ledger: &Ledger, model: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    let select = "SELECT id, text FROM piece WHERE id IN
         (SELECT id FROM piece WHERE read_by IS NOT ?1 ORDER BY id DESC LIMIT ?2)";
    let mut select = ledger.connection.prepare(select)?;
    let rows = select.query_map(params![model, BATCH as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The vectors of a piece; none where the model reads others, and not this one.
fn vectors_of(text: &str, embedder: &dyn Embedder) -> embed::Result<Vec<Vector>> {
    let ranges = chunk::chunks(text, embedder);
    let starts = ranges.iter().map(|range| range.start).collect::<Vec<_>>();
    let texts: Vec<&str> = ranges.into_iter().map(|range| &text[range]).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    match embedder.embed(&texts) {
        Ok(made) if made.len() == texts.len() => Ok(starts.into_iter().zip(made).collect()),
        Ok(made) => {
            let what = format!("{} vectors for {} texts", made.len(), texts.len());
            Err(embed::Error::Refused { url: embedder.id().to_owned(), what, is_of_texts: false })
        }
        Err(embed::Error::Refused { is_of_texts: true, .. })
            if embedder.embed_question("dimensions").is_ok() =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

fn write(ledger: &mut Ledger, model: &str, of_each: &[(i64, Vec<Vector>)]) -> rusqlite::Result<()> {
    let write = ledger.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write.execute("DELETE FROM vectors WHERE model <> ?1", [model])?;
    for (id, vectors) in of_each {
        // One that was purged meanwhile has none.
        if write.execute("UPDATE piece SET read_by = ?2 WHERE id = ?1", params![id, model])? > 0 {
            put(&write, *id, model, vectors)?;
        }
    }
    write.commit()
}

#[cfg(test)]
mod tests;
