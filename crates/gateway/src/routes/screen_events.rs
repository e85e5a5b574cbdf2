//! A session's screen as server-sent events: as it is now, then after each change.
//!
//! The id of an event is the offset that its screen shows. A busy screen is looked at ten times a second; what it comes to
//! show is always told in the end.

use super::events::{event, last_event, take_slot};
use crate::blocking::blocking;
use crate::connections::{By, Presence};
use crate::extract::Path;
use crate::guard::{Access, await_revocation};
use crate::live::{Feed, Item, Live, Step};
use crate::places::Place;
use crate::questions::TURN_WITHIN;
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use protocol::{Offset, Phase};
use serde_json::Value;
use session::look::{look, screen_json};
use session::registry::Entry;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A client that follows a screen.
struct Follower {
    entry: Entry,
    live: Arc<Live>,
    changes: watch::Receiver<u64>,
    /// The client has what was on the screen at this offset.
    known: Option<Offset>,
    /// The last screen that was looked at, but for its offset.
    seen: Option<Value>,
    /// Not before then is it looked at again.
    next_look: Instant,
    stage: Stage,
    app: App,
    _slot: Place,
    _presence: Presence,
}

enum Stage {
    /// The session runs.
    Running,
    /// It is over, and its last screen was looked at.
    Over,
    /// That was told, too.
    Told,
}

/// `GET /api/v1/sessions/{session}/screen/events`.
pub(super) async fn events(
    State(app): State<App>,
    access: Access,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(session): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let entry = access.find(&app, session).await?;
    let slot = take_slot(&app, &access)?;
    let presence = app.0.connections.enter(&access, peer, By::Events, Some(entry.meta.id));
    let live = app.0.sessions.watch(entry.clone()).await?;
    let follower = Follower {
        entry,
        changes: live.changes(),
        live,
        known: last_event(&headers),
        seen: None,
        next_look: Instant::now(),
        stage: Stage::Running,
        app: app.clone(),
        _slot: slot,
        _presence: presence,
    };
    let keep_alive = KeepAlive::new().interval(app.0.options.sse_keep_alive);
    let stream = futures_util::stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    let mut stopping = app.0.stopping.subscribe();
    let end = async move {
        tokio::select! {
            () = await_revocation(&app, &access.0) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    };
    Ok(Sse::new(stream.take_until(end)).keep_alive(keep_alive))
}

impl Follower {
    /// Nothing once the session is over and that was told, or where it cannot be looked at.
    async fn next(&mut self) -> Option<Event> {
        loop {
            match self.stage {
                Stage::Running => {}
                Stage::Over => {
                    self.stage = Stage::Told;
                    return self.exited().await;
                }
                Stage::Told => return None,
            }
            if self.seen.is_some() {
                self.changes.changed().await.ok()?;
                sleep_until(self.next_look).await;
            }
            self.next_look = Instant::now() + LOOK_EVERY;
            // What changes from now on is looked at again.
            self.changes.mark_unchanged();
            if self.live.is_over() {
                self.stage = Stage::Over;
                // The recording has everything; a host may be gone by now, or go.
                self.entry.phase = Phase::Exited;
            }
            if let Some(event) = self.look().await.ok()? {
                return Some(event);
            }
        }
    }

    /// The screen, if the client has not seen it.
    async fn look(&mut self) -> Result<Option<Event>, ApiError> {
        let entry = self.entry.clone();
        let turn = self.app.0.questions.turn(&entry, TURN_WITHIN).await?;
        let (offset, mut screen) = blocking(move || {
            let _turn = turn;
            let seen = look(&entry, "serve", 0, 0)?;
            Ok((seen.offset, screen_json(&seen.screen, seen.offset, 0)))
        })
        .await?;
        let text = screen.to_string();
        // A screen that only is further on looks the same.
        screen["offset"].take();
        let is_new = match &self.seen {
            Some(seen) => *seen != screen,
            None => self.known.is_none_or(|known| offset > known),
        };
        self.seen = Some(screen);
        Ok(is_new.then(|| Event::default().id(offset.to_string()).event("screen").data(text)))
    }

    /// How it ended, as whoever follows the output is told.
    async fn exited(&self) -> Option<Event> {
        let mut feed = Feed::new(Arc::clone(&self.live), self.live.end());
        while let Ok(Step::Items(items)) = feed.step(Offset(u64::MAX)).await {
            if let Some(last) = items.iter().find(|item| matches!(item, Item::Note { last: true, .. })) {
                return Some(event(last));
            }
        }
        None
    }
}
