//! The questions of a session that wait, and one that is about to come.

use crate::context::Context;
use protocol::frame::{Answer, Event, Request};
use protocol::{AgentState, Approval, Phase, Source, Status};
use session::client::{HostClient, unexpected};
use session::registry::Entry;
use std::time::{Duration, Instant};

/// How long a question may stay behind the program's own word that it asks: its hook is a process that starts first.
const HOOK_WITHIN: Duration = Duration::from_secs(2);

/// What waits in a session.
pub(super) struct Pending {
    pub approvals: Vec<Approval>,
    /// Whether nothing waits here, and yet the program says that it asks.
    pub is_awaited: bool,
    /// The number of the latest question.
    pub last: u32,
}

/// What waits for an answer; if the program says that it asks and no question is there, the one that comes of it.
pub(super) fn pending(context: &Context, entry: &Entry, command: &str) -> session::Result<Pending> {
    let mut client = context.connect(entry, command)?;
    client.call(Request::Follow)?;
    let end = Instant::now() + HOOK_WITHIN;
    loop {
        let status = match client.call(Request::Status)? {
            Answer::Status(status) => status,
            other => return Err(unexpected(&other)),
        };
        let approvals = match client.call(Request::Approvals { approval: None })? {
            Answer::Approvals { approvals } => approvals,
            other => return Err(unexpected(&other)),
        };
        let is_awaited = approvals.is_empty() && asks_by_hooks(&status);
        if !is_awaited || !is_news(&mut client, end)? {
            return Ok(Pending { approvals, is_awaited, last: status.last_approval });
        }
    }
}

/// Whether the program says that it asks, and its hooks are such that they bring the question here.
fn asks_by_hooks(status: &Status) -> bool {
    let agent = status.agent();
    let has_hooks = status.last_approval > 0 || agent.claims.iter().any(|claim| claim.source == Source::Hook);
    let is_blocked = agent.claim.state == AgentState::Blocked && agent.claim.on.is_some();
    status.phase == Phase::Running && is_blocked && has_hooks
}

/// Waits for a question, or for what says that none comes; false if neither comes in time.
fn is_news(client: &mut HostClient, end: Instant) -> session::Result<bool> {
    loop {
        while let Some(event) = client.event()? {
            if matches!(event, Event::Asked { .. } | Event::State { .. } | Event::Exited { .. }) {
                return Ok(true);
            }
        }
        match client.receive(end) {
            Ok(()) => {}
            Err(error) if error.is_timeout() => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
