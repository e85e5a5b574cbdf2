//! Which conversations and entries are meant, and the conditions in SQL that say so.

use protocol::{SessionId, Time};
use rusqlite::types::Value as Sql;
use std::borrow::Cow;

/// Which conversations or entries are meant; what is left open fits all.
#[derive(Clone, PartialEq, Default, Debug)]
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
    /// About a file, by its path or the end of it: what mentions it, and what calls that mention it gave.
    pub file: Option<String>,
    /// About commands that have these words in this order, as with a file.
    pub command: Option<String>,
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

impl Filter {
    /// Whether it is about what entries mention.
    pub(super) fn is_of_mentions(&self) -> bool {
        self.file.is_some() || self.command.is_some()
    }

    /// Whether nothing is left out.
    pub(crate) fn fits_all(&self) -> bool {
        *self == Self::default()
    }
}

/// That a mention `m` is one of a file.
pub(super) const IS_FILE: &str = "m.kind IN ('file_read', 'file_written')";
/// That it has this value; of a path also the end.
pub(super) const IS_VALUE: &str = "(m.value = ? OR substr(m.value, -length(?)) = ?)";
/// That it has these words.
pub(super) const CONTAINS: &str = "instr(lower(m.value), lower(?)) > 0";

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

    /// One that has a value, or ends like a path that has it, as [`IS_VALUE`] asks.
    pub(super) fn add_value(&mut self, condition: &'static str, value: &str) {
        let end = format!("/{}", value.trim_start_matches('/'));
        self.conditions.push(condition.into());
        self.values.extend([value, &end, &end].map(|value| Sql::from(value.to_owned())));
    }

    pub(super) fn add(&mut self, condition: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.conditions.push(condition.into());
            self.values.push(value.into());
        }
    }

    /// At least one of these.
    pub(super) fn add_any<const N: usize>(&mut self, alternatives: [Self; N]) {
        let texts = alternatives.each_ref().map(|one| format!("({})", one.text()));
        self.conditions.push(format!("({})", texts.join(" OR ")).into());
        self.values.extend(alternatives.into_iter().flat_map(|one| one.values));
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

    pub(super) fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// What a filter asks of an entry `e`, its conversations included; `entry` is what its number is called where that is known
    /// before the entry is read.
    pub(super) fn of_entry(&mut self, filter: &Filter, entry: &str) {
        self.add("e.role = ?", filter.role.clone());
        self.add("e.kind = ?", filter.kind.clone());
        self.add("json_extract(e.rest, '$.name') = ?", filter.tool.clone());
        self.add_time("e.time >= ?", filter.since);
        self.add_time("e.time < ?", filter.until);
        if let Some(file) = &filter.file {
            let mut mention = Self::default();
            mention.add_always(IS_FILE);
            mention.add_value(IS_VALUE, file);
            self.add_mentioning(mention, entry);
        }
        if let Some(command) = &filter.command {
            let mut mention = Self::default();
            mention.add_always("m.kind = 'command'");
            mention.add(CONTAINS, Some(command.clone()));
            self.add_mentioning(mention, entry);
        }
        let mut of = Self::default();
        of.of_conversation(filter);
        if !of.is_empty() {
            // The conversations are looked for once, and not for each entry. By the plus, an entry's conversation is looked for
            // among them, and not the entry in each of them; by the limit it is no join, for which the entry would be read.
            let exists = format!(
                "EXISTS (SELECT 1 FROM part WHERE part.entry = {entry}
                 AND +part.conversation IN (SELECT c.id FROM conversation c WHERE {}) LIMIT 1)",
                of.text()
            );
            self.conditions.push(exists.into());
            self.values.append(&mut of.values);
        }
    }

    /// That an entry has such a mention `m`, or is the result of a call that has one.
    fn add_mentioning(&mut self, mention: Self, entry: &str) {
        let text = mention.text();
        // Ids of calls are unique in a conversation.
        let condition = format!(
            "{entry} IN (
                SELECT m.entry FROM mention m WHERE {text}
                UNION SELECT result.entry FROM mention m JOIN step call ON call.entry = m.entry
                JOIN step result ON result.call = call.call
                JOIN part of ON of.entry = call.entry
                JOIN part other ON other.conversation = of.conversation AND other.entry = result.entry
                WHERE {text})"
        );
        self.conditions.push(condition.into());
        self.values.extend(mention.values.iter().cloned());
        self.values.extend(mention.values);
    }

    fn text(&self) -> String {
        if self.conditions.is_empty() { "TRUE".to_owned() } else { self.conditions.join(" AND ") }
    }
}
