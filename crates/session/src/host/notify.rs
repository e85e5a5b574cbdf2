//! Tells of states that somebody wants to hear of: a process of its own does it, which reads the settings and may take its
//! time. The host only starts it, on a thread of the lowest priority.

use super::worker::{Priority, Worker};
use crate::folder::Folder;
use crate::log;
use crate::role;
use protocol::{AgentStatus, Approval, Meta};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::process::Stdio;

/// News that wait to be told. Beyond that the oldest are left out.
const NEWS_MAX: usize = 32;

/// What is told, as JSON on the standard input of [`role::NOTIFY`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct News {
    /// Why.
    pub event: Occasion,
    /// The session.
    pub session: protocol::SessionId,
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub cwd: String,
    /// What it does.
    pub agent: AgentStatus,
    /// The question that nobody answered, its input cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// Why somebody is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// The agent is in another state.
    State,
    /// Nobody answered a question in time.
    Unanswered,
}

/// Who starts those who tell.
pub(super) struct Notifier(Worker<Vec<News>>);

impl Notifier {
    pub(super) fn new(folder: &Folder) -> Self {
        let folder = folder.clone();
        Self(Worker::new("cf-notify", Priority::Lowest, move |all: Vec<News>| {
            for mut news in all {
                news.name = folder.name().unwrap_or_default();
                if let Err(error) = start(&folder, &news) {
                    log::error("host", format_args!("nobody is told that a session waits: {error}"));
                }
            }
        }))
    }

    pub(super) fn tell(&mut self, news: News) {
        self.0.order(|order| {
            let all = order.get_or_insert_default();
            if all.len() == NEWS_MAX {
                all.remove(0);
            }
            all.push(news);
        });
    }
}

impl News {
    pub(super) fn new(event: Occasion, meta: &Meta, agent: AgentStatus) -> Self {
        let (session, cwd) = (meta.id, meta.cwd.clone());
        Self { event, session, name: String::new(), cwd, agent, approval: None }
    }
}

fn start(folder: &Folder, news: &News) -> std::io::Result<()> {
    let mut command =
        role::command(&role::this_binary(), role::NOTIFY, &role::VERSION, &folder.log(), Vec::new())?;
    role::outlive_terminal(&mut command);
    // Nobody waits for it: the host ignores the end of its children.
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let text = serde_json::to_vec(news)?;
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&text))
}
