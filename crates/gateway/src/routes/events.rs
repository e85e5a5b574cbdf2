//! A session as server-sent events: for programs that only read, and for `curl -N`.
//!
//! The id of an event is the offset behind it, so that a client that comes back with `Last-Event-ID` misses nothing.

use crate::connections::{By, Presence};
use crate::extract::{Path, Query};
use crate::guard::{Access, await_revocation};
use crate::live::{Feed, Item, Step, output_of};
use crate::places;
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, StreamExt as _};
use protocol::Offset;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::sync::watch;

/// Where to begin.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Place {
    /// The offset at which it begins; without it at the end.
    #[schemars(with = "Option<u64>")]
    from: Option<Offset>,
}

/// What is left to be sent.
struct Events {
    feed: Feed,
    waiting: std::vec::IntoIter<Item>,
    _slot: places::Place,
    _presence: Presence,
    stopping: watch::Receiver<bool>,
}

/// `GET /api/v1/sessions/{session}/events`.
pub(super) async fn events(
    State(app): State<App>,
    access: Access,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(session): Path<String>,
    Query(place): Query<Place>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let entry = access.find(&app, session).await?;
    let last = last_event(&headers);
    let slot = take_slot(&app, &access)?;
    let stopping = app.0.stopping.subscribe();
    let presence = app.0.connections.enter(&access, peer, By::Events, Some(entry.meta.id));
    let live = app.0.sessions.watch(entry).await?;
    let end = live.end();
    let from = last.or(place.from).map_or(end, |from| from.min(end));
    let events = Events {
        feed: Feed::new(live, from),
        waiting: Vec::new().into_iter(),
        _slot: slot,
        _presence: presence,
        stopping,
    };
    let stream = futures_util::stream::unfold(events, |mut events| async move {
        let event = events.next().await?;
        Some((Ok(event), events))
    });
    let keep_alive = KeepAlive::new().interval(app.0.options.sse_keep_alive);
    let stream = stream.take_until(async move { await_revocation(&app, &access.0).await });
    Ok(Sse::new(stream).keep_alive(keep_alive))
}

/// The offset of the last event that a client has, if it comes back.
pub(super) fn last_event(headers: &HeaderMap) -> Option<Offset> {
    headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok()).map(Offset)
}

/// One of the event streams that there may be.
pub(super) fn take_slot(app: &App, access: &Access) -> Result<places::Place, ApiError> {
    let refused = |why| ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", why);
    app.0.limits.streams.take(&access.0.id).map_err(refused)
}

impl Events {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(item) = self.waiting.next() {
                return Some(event(&item));
            }
            // Also while output flows. Who comes back with the last id goes on there.
            if *self.stopping.borrow() {
                return None;
            }
            match self.feed.step(Offset(u64::MAX)).await {
                Ok(Step::Items(items)) => self.waiting = items.into_iter(),
                Ok(Step::Nothing) => tokio::select! {
                    more = self.feed.changed() => more.then_some(())?,
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                },
                Ok(Step::Over) | Err(_) => return None,
            }
        }
    }
}

pub(super) fn event(item: &Item) -> Event {
    let event = Event::default().id(item.end().to_string());
    match item {
        Item::Output { end, frame } => {
            let bytes = STANDARD.encode(output_of(frame));
            event.event("output").data(json!({ "offset": end, "bytes": bytes }).to_string())
        }
        Item::Note { kind, text, .. } => event.event(*kind).data(text.as_str()),
    }
}
