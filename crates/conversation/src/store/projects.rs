//! What the store knows of projects.

use super::read::Total;
use super::rows::usage;
use super::write::{STRETCH_US, word};
use super::{Asked, Filter, Mentioned, Store};
use crate::Result;
use crate::project::{Detected, Failing, Kind, key};
use protocol::Time;
use rusqlite::{TransactionBehavior, params};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

const DAY_US: i64 = 86_400_000_000;

/// A project with the folders that belong to it.
pub(crate) struct Known {
    pub key: String,
    pub root: String,
    pub kind: Kind,
    pub folders: Vec<String>,
}

/// What was said in a project's conversations.
#[derive(Default)]
pub(crate) struct Spoken {
    pub conversations: u64,
    pub started: Option<Time>,
    pub ended: Option<Time>,
    pub active_s: u64,
}

/// What requests on one day took.
#[derive(Default)]
pub(crate) struct Spent {
    pub requests: u64,
    pub tokens: u64,
    pub cost: u64,
}

impl Store {
    /// All folders of which the project is known.
    pub(crate) fn folders(&self) -> Result<HashMap<String, Detected>> {
        let select = "SELECT folder.path, project.root, project.kind FROM folder JOIN project ON project.id = folder.project";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([], |row| {
            let (root, kind): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, Detected { root: PathBuf::from(root), kind: kind_of(&kind) }))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Folders of conversations of which the project is not known yet.
    pub(crate) fn folders_of_no_project(&self) -> Result<Vec<String>> {
        let select = "SELECT DISTINCT cwd FROM conversation WHERE cwd IS NOT NULL AND cwd NOT IN (SELECT path FROM folder)";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Tells to which projects folders belong.
    pub(crate) fn set_projects(&mut self, folders: &[(String, Detected)]) -> Result<()> {
        if folders.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (folder, Detected { root, kind }) in folders {
            let insert = "INSERT INTO project (key, root, kind) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET kind = excluded.kind RETURNING id";
            let values = params![key(root), root.to_string_lossy(), word(kind)];
            let project: i64 = transaction.prepare_cached(insert)?.query_row(values, |row| row.get(0))?;
            let insert = "INSERT OR REPLACE INTO folder (path, project) VALUES (?1, ?2)";
            transaction.prepare_cached(insert)?.execute(params![folder, project])?;
        }
        // One whose folders all came to belong to others is none any more.
        transaction.execute("DELETE FROM project WHERE id NOT IN (SELECT project FROM folder)", [])?;
        Ok(transaction.commit()?)
    }

    /// All projects, by their roots.
    pub(crate) fn projects(&self) -> Result<Vec<Known>> {
        let select = "SELECT project.key, project.root, project.kind, folder.path FROM project
             JOIN folder ON folder.project = project.id ORDER BY project.root, folder.path";
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query([])?;
        let mut projects: Vec<Known> = Vec::new();
        while let Some(row) = rows.next()? {
            let (key, kind): (String, String) = (row.get(0)?, row.get(2)?);
            if projects.last().is_none_or(|last| last.key != key) {
                projects.push(Known { key, root: row.get(1)?, kind: kind_of(&kind), folders: Vec::new() });
            }
            let Some(last) = projects.last_mut() else { continue };
            last.folders.push(row.get(3)?);
        }
        Ok(projects)
    }

    /// What was said in each project, by its key.
    pub(crate) fn spoken(&self) -> Result<HashMap<String, Spoken>> {
        let select = "SELECT p.key, COUNT(*), MIN(c.started), MAX(c.ended) FROM conversation c JOIN folder f ON f.path = c.cwd
             JOIN project p ON p.id = f.project GROUP BY p.key";
        let mut select = self.connection.prepare_cached(select)?;
        let time = |time: Option<i64>| time.map(|time| Time(time as u64));
        let rows = select.query_map([], |row| {
            let spoken = Spoken {
                conversations: row.get::<_, i64>(1)? as u64,
                started: time(row.get(2)?),
                ended: time(row.get(3)?),
                active_s: 0,
            };
            Ok((row.get(0)?, spoken))
        })?;
        let mut all = rows.collect::<rusqlite::Result<HashMap<String, Spoken>>>()?;
        let select = "SELECT p.key, COUNT(DISTINCT a.stretch) FROM active a JOIN conversation c ON c.id = a.conversation
             JOIN folder f ON f.path = c.cwd JOIN project p ON p.id = f.project GROUP BY p.key";
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(spoken) = all.get_mut(&row.get::<_, String>(0)?) {
                spoken.active_s = seconds(row.get(1)?);
            }
        }
        Ok(all)
    }

    /// What the requests of each project took, by its key and then by model.
    pub(crate) fn spent(&self, project: Option<&str>) -> Result<HashMap<String, Vec<Total>>> {
        let mut all: HashMap<String, BTreeMap<String, Total>> = HashMap::new();
        self.each_request(project, |project, model, _, taken, cost| {
            let models = all.entry(project).or_default();
            let none =
                || Total { model: model.clone(), requests: 0, usage: Default::default(), cost: Some(0) };
            models.entry(model.clone()).or_insert_with(none).add(taken, cost);
        })?;
        Ok(all.into_iter().map(|(key, models)| (key, models.into_values().collect())).collect())
    }

    /// What a project took and for how many seconds something was done in it, by day.
    pub(crate) fn days(&self, project: &str) -> Result<BTreeMap<i64, (u64, Spent)>> {
        let select = "SELECT a.stretch * ?2 / ?3 AS day, COUNT(DISTINCT a.stretch) FROM active a JOIN conversation c ON c.id = a.conversation
             JOIN folder f ON f.path = c.cwd JOIN project p ON p.id = f.project WHERE p.key = ?1 GROUP BY day";
        let mut select = self.connection.prepare_cached(select)?;
        let rows = select.query_map(params![project, STRETCH_US, DAY_US], |row| {
            Ok((row.get(0)?, (seconds(row.get(1)?), Spent::default())))
        })?;
        let mut days = rows.collect::<rusqlite::Result<BTreeMap<i64, (u64, Spent)>>>()?;
        self.each_request(Some(project), |_, _, time, usage, cost| {
            let (_, spent) = days.entry(time / DAY_US).or_default();
            spent.requests += 1;
            spent.tokens += usage.context() + usage.output;
            spent.cost += cost.unwrap_or_default();
        })?;
        Ok(days)
    }

    fn each_request(
        &self,
        project: Option<&str>,
        mut each: impl FnMut(String, String, i64, protocol::Usage, Option<u64>),
    ) -> Result<()> {
        let select = "SELECT p.key, u.model, u.time, u.input, u.output, u.cache_read, u.cache_write, u.cache_write_hour
             FROM usage u JOIN conversation c ON c.id = u.conversation JOIN folder f ON f.path = c.cwd
             JOIN project p ON p.id = f.project WHERE ?1 IS NULL OR p.key = ?1";
        let mut select = self.connection.prepare_cached(select)?;
        let mut rows = select.query([project])?;
        while let Some(row) = rows.next()? {
            let model: String = row.get(1)?;
            let taken = usage(row, 3)?;
            // Each by itself: a long request may cost more for each token.
            let cost = self.prices()?.cost(&model, &taken);
            each(row.get(0)?, model, row.get(2)?, taken, cost);
        }
        Ok(())
    }

    /// What was mentioned most, by how often.
    pub(crate) fn most_mentioned(&self, asked: &Asked, limit: usize) -> Result<Vec<Mentioned>> {
        self.mentioned_by("COUNT(DISTINCT m.entry) DESC, last", asked, limit)
    }

    /// Commands that ran and failed, those that did most often first.
    pub(crate) fn failing(&self, filter: &Filter, limit: usize) -> Result<Vec<Failing>> {
        let mut wheres = super::filter::Wheres::default();
        wheres.of_conversation(filter);
        let (condition, values) = wheres.into_parts();
        // An entry of a fork is one of its parent, too, and failed if it did in either.
        let select = format!(
            "WITH failed AS MATERIALIZED (
                 SELECT part.conversation AS conversation, json_extract(e.rest, '$.call') AS call,
                     MIN(json_extract(e.rest, '$.is_denied') IS NULL) AS ran FROM conversation c
                 JOIN part ON part.conversation = c.id JOIN entry e ON e.id = part.entry
                 WHERE {condition} AND e.kind = 'tool_result' AND json_extract(e.rest, '$.is_error') = 1
                 GROUP BY 1, 2)
             SELECT m.value, COUNT(DISTINCT e.id), COUNT(DISTINCT iif(failed.call IS NULL, NULL, e.id)) AS times,
                 MAX(iif(failed.call IS NULL, NULL, e.time)) AS last
             FROM conversation c JOIN part ON part.conversation = c.id JOIN entry e ON e.id = part.entry
             JOIN mention m ON m.entry = e.id AND m.kind = 'command'
             LEFT JOIN failed ON failed.conversation = part.conversation AND failed.call = json_extract(e.rest, '$.call')
             WHERE {condition} AND e.kind = 'tool_call' AND coalesce(failed.ran, 1)
             GROUP BY m.value HAVING times > 0 ORDER BY times DESC, last DESC, m.value LIMIT {limit}"
        );
        let mut select = self.connection.prepare_cached(&select)?;
        let twice = values.iter().chain(&values);
        let rows = select.query_map(rusqlite::params_from_iter(twice), |row| {
            Ok(Failing {
                command: row.get(0)?,
                runs: row.get::<_, i64>(1)? as u64,
                failed: row.get::<_, i64>(2)? as u64,
                last: Time(row.get::<_, i64>(3)? as u64),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether it knows a project, by its key.
    pub fn knows_project(&self, key: &str) -> Result<bool> {
        let select = "SELECT EXISTS (SELECT 1 FROM project WHERE key = ?1)";
        Ok(self.connection.prepare_cached(select)?.query_row([key], |row| row.get(0))?)
    }
}

fn seconds(stretches: i64) -> u64 {
    (stretches * STRETCH_US / 1_000_000) as u64
}

fn kind_of(word: &str) -> Kind {
    match word {
        "git" => Kind::Git,
        "manifest" => Kind::Manifest,
        _ => Kind::Folder,
    }
}
