//! What models made of conversations, without what is purged. A model may have said in other words what is to go, so that all
//! goes that was made of a conversation which had it; what is left of that is made again.

use crate::Result;
use crate::ledger::{Ledger, said};
use crate::purge::Target;
use rusqlite::{TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::Path;

/// Takes it out; how many conversations lose what was made of them. `touched` are those of which entries go or change.
pub(crate) fn purge(
    state: &Path,
    target: &Target,
    touched: &BTreeSet<(String, String)>,
    is_dry: bool,
) -> Result<u64> {
    if !Ledger::path(state).exists() {
        return Ok(0);
    }
    let mut ledger = Ledger::open(state)?;
    let purged = said(remove(&mut ledger, target, touched, is_dry))?;
    if !is_dry {
        ledger.forget_changes()?;
    }
    Ok(purged)
}

fn remove(
    ledger: &mut Ledger,
    target: &Target,
    touched: &BTreeSet<(String, String)>,
    is_dry: bool,
) -> rusqlite::Result<u64> {
    let write = ledger.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut doomed = touched.clone();
    if let Target::Text(text) = target {
        let select = "SELECT cli, name FROM made WHERE instr(title, ?1) > 0 OR instr(summary, ?1) > 0 OR instr(name, ?1) > 0
             UNION SELECT cli, name FROM told WHERE instr(value, ?1) > 0
             UNION SELECT cli, name FROM job WHERE instr(why, ?1) > 0 OR instr(name, ?1) > 0";
        let mut select = write.prepare(select)?;
        for spelling in &text.spellings {
            let rows = select.query_map([spelling], |row| Ok((row.get(0)?, row.get(1)?)))?;
            for row in rows {
                doomed.insert(row?);
            }
        }
    }
    let mut purged = 0;
    for (cli, name) in &doomed {
        let mut rows = 0;
        for table in ["made", "told", "job"] {
            let sql = format!("DELETE FROM {table} WHERE cli = ?1 AND name = ?2");
            rows += write.execute(&sql, params![cli, name])?;
        }
        // What it cost stays spent, of nobody.
        let update = "UPDATE spending SET cli = NULL, name = NULL WHERE cli = ?1 AND name = ?2";
        write.execute(update, params![cli, name])?;
        purged += u64::from(rows > 0);
    }
    // A model that is being asked now has read what was before; what servers said of it says nothing more.
    write.execute("UPDATE queue SET purges = purges + 1, why = NULL, cli = NULL, name = NULL", [])?;
    if is_dry {
        write.rollback()?;
    } else {
        write.commit()?;
    }
    Ok(purged)
}
