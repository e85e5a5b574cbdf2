//! Pieces of what models made of conversations, as a search finds them beside entries. They lie in the file of jobs
//! (`ledger/pieces.sql`); which conversation one is of, and whether it fits, the store knows.

use super::Store;
use super::filter::{Filter, Wheres};
use super::find::{Candidate, Hit, Lookup, list, until_late};
use super::read::TITLE;
use super::rows::place;
use crate::Result;
use crate::ledger::WITH_PIECES;
use crate::steps::version_of;
use protocol::Time;
use rusqlite::types::Value as Sql;
use rusqlite::{OptionalExtension as _, params_from_iter};

/// A piece with its conversation and its entry, if it has one: what an entry says that is gone, nobody can look up.
const JOINED: &str =
    "JOIN conversation c ON c.cli = p.cli AND c.name = p.name LEFT JOIN entry e ON e.key = p.entry";

impl Store {
    /// Whether what models made can be searched: a file of an older version is brought up to date by who writes.
    pub(crate) fn has_pieces(&self) -> Result<bool> {
        if !self.has_jobs()? {
            return Ok(false);
        }
        Ok(version_of(&self.connection, "jobs")? >= WITH_PIECES)
    }

    /// Pieces that an index finds by an expression and that fit, the newest first.
    pub(crate) fn pieces(&self, found: Lookup, filter: &Filter, limit: usize) -> Result<Vec<Candidate>> {
        let mut wheres = Wheres::default();
        let index = match found {
            Lookup::Words(expression) => {
                wheres.add("piece_words MATCH ?", Some(expression));
                "piece_words"
            }
            Lookup::Letters { threes, pattern } => {
                wheres.add("piece_letters MATCH ?", Some(threes));
                wheres.add("p.text LIKE ? ESCAPE '\\'", Some(pattern));
                "piece_letters"
            }
        };
        let from = format!("jobs.{index} CROSS JOIN jobs.piece p ON p.id = {index}.rowid");
        self.some_pieces(&from, wheres, filter, Vec::new(), &format!("{index}.rowid DESC LIMIT {limit}"))
    }

    /// Those of these pieces that fit, in their order.
    pub(crate) fn pieces_of(&self, pieces: &[i64], filter: &Filter) -> Result<Vec<Candidate>> {
        let from = "json_each(?) list CROSS JOIN jobs.piece p ON p.id = list.value";
        self.some_pieces(from, Wheres::default(), filter, vec![list(pieces).into()], "list.key")
    }

    fn some_pieces(
        &self,
        from: &str,
        mut wheres: Wheres,
        filter: &Filter,
        mut values: Vec<Sql>,
        order: &str,
    ) -> Result<Vec<Candidate>> {
        // Nobody said it, and no tool was called.
        if filter.role.is_some() || filter.tool.is_some() || filter.is_of_mentions() || !self.has_pieces()? {
            return Ok(Vec::new());
        }
        wheres.add_always("(p.entry IS NULL OR e.id IS NOT NULL)");
        wheres.add("p.kind = ?", filter.kind.clone());
        wheres.add_time("COALESCE(e.time, c.ended) >= ?", filter.since);
        wheres.add_time("COALESCE(e.time, c.ended) < ?", filter.until);
        wheres.of_conversation(filter);
        let (condition, mut more) = wheres.into_parts();
        values.append(&mut more);
        let select =
            format!("SELECT p.id, p.text, p.kind FROM {from} {JOINED} WHERE {condition} ORDER BY {order}");
        let mut select = self.connection.prepare_cached(&select)?;
        let rows = select.query_map(params_from_iter(values), |row| {
            Ok(Candidate { id: row.get(0)?, text: row.get(1)?, kind: row.get(2)? })
        })?;
        until_late(rows)
    }

    /// The text of a piece, unless it was made anew or purged meanwhile.
    pub(crate) fn text_of_piece(&self, piece: i64) -> Result<String> {
        let mut select = self.connection.prepare_cached("SELECT text FROM jobs.piece WHERE id = ?1")?;
        Ok(select.query_row([piece], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// What is told of a found piece, as of an entry: that it was made by a model, and the entry at which to begin to read.
    /// Nothing where it was made anew or purged meanwhile.
    pub(crate) fn piece_hit(&self, piece: i64, snippet: String) -> Result<Option<Hit>> {
        let select = format!(
            "SELECT e.key, c.cli, c.name, {TITLE}, c.cwd, iif(p.entry IS NULL, c.ended, e.time), p.kind, place.session, place.offset
             FROM jobs.piece p JOIN conversation c ON c.cli = p.cli AND c.name = p.name
             LEFT JOIN entry e ON e.id = COALESCE((SELECT id FROM entry WHERE key = p.entry),
                 (SELECT part.entry FROM part WHERE part.conversation = c.id ORDER BY part.time, part.position LIMIT 1))
             LEFT JOIN place ON place.entry = e.id WHERE p.id = ?1"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let hit = select.query_row([piece], |row| {
            Ok(Hit {
                entry: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                cli: row.get(1)?,
                conversation: row.get(2)?,
                title: row.get(3)?,
                cwd: row.get(4)?,
                time: Time(row.get::<_, Option<i64>>(5)?.unwrap_or_default() as u64),
                role: "model".to_owned(),
                kind: row.get(6)?,
                snippet,
                place: place(row, 7)?,
                said_by: Some("model"),
                found_by: None,
            })
        });
        Ok(hit.optional()?)
    }
}
