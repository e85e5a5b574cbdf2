//! A conversation, or a screen, as server-sent events: all of it first, then each change.

use super::Target;
use super::conversation::{Conversation, Seen, State as Program};
use crate::connections::{By, Presence};
use crate::guard::await_revocation;
use crate::live::Live;
use crate::places::Place;
use crate::routes::events::take_slot;
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use protocol::Time;
use serde_json::json;
use session::registry::Entry;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Between a change and the look at it: what comes with it is seen at once, and a busy screen is looked at so often.
const GATHER: Duration = Duration::from_millis(100);
/// While a program works its silence is awaited, of which nobody tells.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A client that follows.
struct Follower {
    app: App,
    entry: Entry,
    conversation: Arc<Conversation>,
    /// Held, so that the session is followed.
    _live: Arc<Live>,
    changes: watch::Receiver<u64>,
    stopping: watch::Receiver<bool>,
    what: What,
    waiting: VecDeque<Event>,
    last: Option<Seen>,
    _slot: Place,
    _presence: Presence,
}

/// What it is told.
enum What {
    /// Messages that came or changed since this version, and the status.
    Conversation {
        version: u64,
    },
    Screen,
}

/// `GET …/events`.
pub(super) async fn events(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    target: Target,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    follow(app, peer, target, What::Conversation { version: 0 }).await
}

/// `GET …/internal/screen`.
pub(super) async fn screen(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    target: Target,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    follow(app, peer, target, What::Screen).await
}

async fn follow(
    app: App,
    peer: SocketAddr,
    target: Target,
    what: What,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let slot = take_slot(&app, &target.access)?;
    let conversation = target.conversation(&app);
    let live = app.0.sessions.watch(target.entry.clone()).await?;
    let presence = app.0.connections.enter(&target.access, peer, By::Events, Some(target.entry.meta.id));
    let keep_alive = KeepAlive::new().interval(app.0.options.sse_keep_alive);
    let follower = Follower {
        changes: live.changes(),
        stopping: app.0.stopping.subscribe(),
        entry: target.entry.clone(),
        conversation,
        _live: live,
        what,
        waiting: VecDeque::new(),
        last: None,
        _slot: slot,
        _presence: presence,
        app: app.clone(),
    };
    let stream = futures_util::stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    let stream = stream.take_until(async move { await_revocation(&app, &target.access.0).await });
    Ok(Sse::new(stream).keep_alive(keep_alive))
}

impl Follower {
    /// Nothing once the session is over or the server ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if let Some(last) = &self.last {
                if last.over {
                    return None;
                }
                let works = last.state == Program::Running;
                tokio::select! {
                    more = self.changes.changed() => more.ok()?,
                    () = tokio::time::sleep(LOOK_EVERY), if works => {}
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                }
                tokio::time::sleep(GATHER).await;
            }
            if self._live.is_over() {
                self.find_again().await;
            }
            let seen = self.conversation.look(&self.entry).await.ok()?;
            self.tell(&seen).await;
            self.last = Some(seen);
        }
    }

    /// The entry is older than the session's end.
    async fn find_again(&mut self) {
        let (registry, id) = (self.app.0.registry.clone(), self.entry.meta.id.to_string());
        if let Ok(Ok(entry)) = tokio::task::spawn_blocking(move || registry.find(&id)).await {
            self.entry = entry;
        }
    }

    async fn tell(&mut self, seen: &Seen) {
        let event = |name: &str, data: serde_json::Value| Event::default().event(name).data(data.to_string());
        match &mut self.what {
            What::Screen => {
                if self.last.as_ref().is_none_or(|last| last.screen != seen.screen) {
                    self.waiting.push_back(event("screen", json!({ "screen": seen.screen })));
                }
            }
            What::Conversation { version } => {
                for message in self.conversation.since(*version).await {
                    *version = (*version).max(message.version);
                    self.waiting.push_back(event("message_update", message.event()));
                }
                if self.last.as_ref().is_none_or(|last| last.state != seen.state) {
                    let status = json!({ "status": seen.state, "agent_type": seen.agent });
                    self.waiting.push_back(event("status_change", status));
                }
                if seen.over {
                    let over = json!({
                        "message": "the program has ended", "level": "error", "time": Time::now().utc().to_string(),
                    });
                    self.waiting.push_back(event("agent_error", over));
                }
            }
        }
    }
}
