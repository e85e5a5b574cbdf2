//! Tells of states that somebody wants to hear of: a process of its own does it, which reads the settings and may take its
//! time. The host only starts it, on a thread of its own.

use super::worker::{Priority, Worker, lock};
use crate::folder::Folder;
use crate::log;
use crate::role;
use protocol::{AgentStatus, Approval, Meta};
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// News that wait to be told. Beyond that the oldest are left out.
const NEWS_MAX: usize = 32;
/// Processes of one session that tell at once. While so many do, only the latest news wait.
const TELLING_MAX: usize = 4;
/// How often it is looked whether one of them is done, and how long at most.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(2);

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
        let telling = Mutex::new(Vec::new());
        Self(Worker::new("cf-notify", Priority::Normal, move |all: Vec<News>| {
            let mut telling = lock(&telling);
            // Of all that came together: who waits for this thread to end must not wait long.
            let end = Instant::now() + WAIT_MAX;
            for mut news in all {
                if !has_room(&mut telling, end) {
                    log::error(
                        "host",
                        format_args!("nobody is told of a state: {TELLING_MAX} still tell of others"),
                    );
                    continue;
                }
                news.name = folder.name().unwrap_or_default();
                match start(&folder, &news) {
                    Ok(pid) => telling.extend(pid),
                    Err(error) => log::error("host", format_args!("nobody is told of a state: {error}")),
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

/// Waits for one to be done, where too many tell.
fn has_room(telling: &mut Vec<Pid>, end: Instant) -> bool {
    loop {
        telling.retain(|pid| test_kill_process(*pid).is_ok());
        if telling.len() < TELLING_MAX || Instant::now() >= end {
            return telling.len() < TELLING_MAX;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Starts who tells; gives its number.
fn start(folder: &Folder, news: &News) -> std::io::Result<Option<Pid>> {
    let mut command =
        role::command(&role::this_binary(), role::NOTIFY, &role::VERSION, &folder.log(), Vec::new())?;
    role::outlive_terminal(&mut command);
    // Nobody waits for it: the host ignores the end of its children.
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let text = serde_json::to_vec(news)?;
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&text))?;
    Ok(i32::try_from(child.id()).ok().and_then(Pid::from_raw))
}
