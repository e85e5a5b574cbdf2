//! Projects as people look at them: how much was done in each, when, for how much, and what waits.

use super::{Detected, Kind, detect, key};
use crate::Result;
use crate::store::{Asked, Conversation, Filter, Mentioned, Store, Total};
use protocol::{AgentState, Approval, BlockKind, Phase, SessionId, Time};
use serde::Serialize;
use session::registry::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Files, commands and things to do in a summary.
const SHOWN_MAX: usize = 12;
/// Conversations in a summary.
const RECENT_MAX: usize = 10;
const DAY_US: u64 = 86_400_000_000;

/// A project, in figures.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Project {
    /// Its name for programs: the same as long as its root is.
    pub id: String,
    /// What people call it: the last part of its root.
    pub name: String,
    /// Where it begins.
    pub root: String,
    /// By what it was known.
    pub kind: Kind,
    /// Sessions that were started in it and are kept.
    pub sessions: u64,
    /// How many of them run.
    pub running: u64,
    /// Conversations in it.
    pub conversations: u64,
    /// When something was said or a session was started for the first time, in microseconds since 1970.
    pub started: Option<Time>,
    /// When something happened last.
    pub last: Option<Time>,
    /// How long something was said or done in conversations, in seconds: a multiple of five minutes.
    pub active_s: u64,
    /// Tokens of all requests, read and written.
    pub tokens: u64,
    /// What they cost by the price list, in millionths of a dollar, as far as it has their models.
    pub cost: u64,
    /// The models that it does not have, by which the cost is higher.
    pub unpriced: Vec<String>,
    /// What waits for somebody.
    pub needs: Vec<Need>,
}

/// Something that waits for somebody.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Need {
    /// The session that waits.
    pub session: SessionId,
    /// Its name.
    pub name: String,
    /// In which state it is.
    pub state: AgentState,
    /// For what, as far as it is known.
    pub kind: Option<BlockKind>,
    /// The tool for which leave is asked.
    pub tool: Option<String>,
    /// The number of the question, where it can be answered from here.
    pub approval: Option<u32>,
    /// Since when.
    pub since: Time,
}

/// A project and what people want to know of it first.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Summary {
    /// In figures.
    #[serde(flatten)]
    pub project: Project,
    /// Its folders in which somebody was.
    pub folders: Vec<String>,
    /// What its requests took, by model.
    pub usage: Vec<Total>,
    /// Its days on which something happened, in order.
    pub days: Vec<Day>,
    /// The files that were read and written most.
    pub files: Vec<Mentioned>,
    /// The commands that failed most.
    pub failing: Vec<Failing>,
    /// What was left to do, the latest first.
    pub todos: Vec<Mentioned>,
    /// Its latest conversations.
    pub recent: Vec<Conversation>,
}

/// What happened on a day.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Day {
    /// When it began, by UTC, in microseconds since 1970.
    pub day: Time,
    /// How long something was said or done.
    pub active_s: u64,
    /// Requests to models.
    pub requests: u64,
    /// Their tokens.
    pub tokens: u64,
    /// What they cost, in millionths of a dollar.
    pub cost: u64,
}

/// A command that failed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Failing {
    /// Its line.
    pub command: String,
    /// How often it ran.
    pub runs: u64,
    /// How often it failed.
    pub failed: u64,
    /// When it failed last.
    pub last: Time,
}

/// All projects with something in them, the latest first.
pub fn list(store: &Store, sessions: &[Entry]) -> Result<Vec<Project>> {
    let (mut spoken, spent) = (store.spoken()?, store.spent(None)?);
    let mut projects: BTreeMap<String, Project> = BTreeMap::new();
    let mut by_folder: HashMap<String, String> = HashMap::new();
    for known in store.projects()? {
        by_folder.extend(known.folders.iter().map(|folder| (folder.clone(), known.key.clone())));
        let mut project = Project::new(&known.root, known.kind);
        let said = spoken.remove(&known.key).unwrap_or_default();
        project.conversations = said.conversations;
        (project.started, project.last, project.active_s) = (said.started, said.ended, said.active_s);
        for total in spent.get(&known.key).into_iter().flatten() {
            let tokens = total.usage.context() + total.usage.output;
            project.tokens += tokens;
            match total.cost {
                Some(cost) => project.cost += cost,
                // A CLI's own notes have a model's name as well, and take nothing.
                None if tokens == 0 => {}
                None => project.unpriced.push(total.model.clone()),
            }
        }
        projects.insert(known.key, project);
    }
    for entry in sessions {
        let key = match by_folder.get(&entry.meta.cwd) {
            Some(key) => key.clone(),
            // Of one that was started a moment ago the store knows nothing yet.
            None => {
                let found = detect(Path::new(&entry.meta.cwd));
                let Some(Detected { root, kind }) = found else { continue };
                let project = Project::new(&root.to_string_lossy(), kind);
                projects.entry(project.id.clone()).or_insert(project);
                by_folder.insert(entry.meta.cwd.clone(), key(&root));
                key(&root)
            }
        };
        if let Some(project) = projects.get_mut(&key) {
            project.hold(entry);
        }
    }
    let mut projects: Vec<Project> = projects.into_values().collect();
    // Nothing is left of a project whose sessions were all removed.
    projects.retain(|project| project.sessions + project.conversations > 0);
    projects.sort_by(|one, other| other.last.cmp(&one.last).then_with(|| one.root.cmp(&other.root)));
    Ok(projects)
}

/// A project with all that a summary has.
pub fn summary(store: &Store, project: Project) -> Result<Summary> {
    let filter = Filter { project: Some(project.id.clone()), ..Filter::default() };
    let asked =
        |kind: &str| Asked { kind: Some(kind.to_owned()), filter: filter.clone(), ..Asked::default() };
    let folders = store.projects()?.into_iter().find(|known| known.key == project.id);
    let day = |(number, (active_s, spent)): (i64, (u64, crate::store::Spent))| Day {
        day: Time(number as u64 * DAY_US),
        active_s,
        requests: spent.requests,
        tokens: spent.tokens,
        cost: spent.cost,
    };
    Ok(Summary {
        folders: folders.map(|known| known.folders).unwrap_or_default(),
        usage: store.spent(Some(&project.id))?.remove(&project.id).unwrap_or_default(),
        days: store.days(&project.id)?.into_iter().map(day).collect(),
        files: store.most_mentioned(&asked("file"), SHOWN_MAX)?,
        failing: store.failing(&filter, SHOWN_MAX)?,
        todos: store.mentioned(&asked("todo"), SHOWN_MAX)?,
        recent: store.conversations(&filter, RECENT_MAX)?,
        project,
    })
}

impl Project {
    /// One of which nothing is known but where it is.
    pub fn of(found: &Detected) -> Self {
        Self::new(&found.root.to_string_lossy(), found.kind)
    }

    fn new(root: &str, kind: Kind) -> Self {
        let name = Path::new(root).file_name().map_or(root.into(), |name| name.to_string_lossy());
        Self {
            id: key(Path::new(root)),
            name: name.trim_end_matches(".git").to_owned(),
            root: root.to_owned(),
            kind,
            sessions: 0,
            running: 0,
            conversations: 0,
            started: None,
            last: None,
            active_s: 0,
            tokens: 0,
            cost: 0,
            unpriced: Vec::new(),
            needs: Vec::new(),
        }
    }

    /// Counts a session that was started in it.
    fn hold(&mut self, entry: &Entry) {
        self.sessions += 1;
        let begun = entry.meta.created;
        self.started = Some(self.started.map_or(begun, |started| started.min(begun)));
        let wrote = entry.status.as_ref().map_or(begun, |status| status.last_output.max(begun));
        self.last = self.last.max(Some(wrote));
        if entry.phase != Phase::Running {
            return;
        }
        self.running += 1;
        let Some(status) = &entry.status else { return };
        let need = |state, kind, tool, approval, since| Need {
            session: entry.meta.id,
            name: entry.name.clone(),
            state,
            kind,
            tool,
            approval,
            since,
        };
        let asked = status.approvals.iter();
        self.needs.extend(asked.map(|approval| {
            let Approval { id, since, ask, .. } = approval;
            need(AgentState::Blocked, Some(ask.kind), Some(ask.tool.clone()), Some(*id), *since)
        }));
        let claim = status.agent().claim;
        if status.approvals.is_empty() && claim.state.needs() {
            self.needs.push(need(claim.state, claim.on, None, None, claim.since));
        }
    }
}
