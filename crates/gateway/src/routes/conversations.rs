//! Conversations and their entries.

use super::events::{last_event, take_slot};
use crate::conversations::read;
use crate::extract::{Json, Path, Query};
use crate::guard::{Access, await_revocation};
use crate::{ApiError, App};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use conversation::follower::Touched;
use conversation::render;
use conversation::store::{self, Conversation, Filter, Middle, Stretch};
use futures_util::{Stream, StreamExt as _, stream};
use protocol::{Offset, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;

/// Conversations in a list, unless fewer are asked for, and at most.
pub(super) const LIST: usize = 100;
pub(super) const LIST_MAX: usize = 1_000;
/// Entries in an answer, unless fewer are asked for, and at most.
const ENTRIES: usize = 500;
const ENTRIES_MAX: usize = 5_000;
/// Which conversations or entries are meant.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Which {
    /// The CLI: `claude`, `codex`, …
    cli: Option<String>,
    /// The folder in which it worked, or one above it.
    folder: Option<String>,
    /// The id of the project to which its folder belongs.
    project: Option<String>,
    /// Held in this session, by name or id.
    session: Option<String>,
    /// Not before, in microseconds since 1970.
    since: Option<u64>,
    /// Before, in microseconds since 1970.
    until: Option<u64>,
    /// So many at most; 1000 conversations or mentions, and 200 hits of a search.
    limit: Option<usize>,
}

/// Which part of a conversation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Part {
    /// The index of the first entry; without it, so that the last one is among them.
    from: Option<usize>,
    /// So many at most, 5000 at most.
    limit: Option<usize>,
    /// Only entries whose cursor is above this: what came since.
    since: Option<i64>,
    /// The id of an entry that is to be in the middle.
    around: Option<String>,
    /// The output of a recording: the last entry that was made before so much of it is to be in the middle.
    at: Option<u64>,
    /// Whose recording, with `at`: a session's id.
    session: Option<String>,
}

impl Part {
    fn asked(self) -> store::Part {
        let moment = || Some(Middle::Moment(self.session.as_ref()?.parse().ok()?, Offset(self.at?)));
        let middle = self.around.clone().map(Middle::Entry).or_else(moment);
        let limit = self.limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX) as u64;
        store::Part { since: self.since, from: self.from.map(|from| from as u64), middle, limit }
    }
}

/// A form in which a conversation is written down.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Form {
    /// `markdown` or `html`.
    #[serde(default)]
    format: Format,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Markdown,
    Html,
}

/// A conversation, and some of its entries.
#[derive(Default, Serialize)]
struct Told {
    #[serde(flatten)]
    conversation: Option<Conversation>,
    #[serde(flatten)]
    stretch: Stretch,
}

impl Which {
    /// What is meant of what this token may see: one for a session sees the conversations of the session.
    pub(super) async fn filter(self, app: &App, access: &Access) -> Result<Filter, ApiError> {
        let session = match (self.session, access.0.session) {
            (Some(wanted), _) => Some(access.find(app, wanted).await?.meta.id),
            (None, only) => only,
        };
        let (since, until) = (self.since.map(Time), self.until.map(Time));
        let Self { cli, folder, project, .. } = self;
        Ok(Filter { cli, folder, project, session, since, until, ..Filter::default() })
    }

    /// How many are wanted, of so many at most.
    pub(super) fn limit(&self, usual: usize, most: usize) -> usize {
        self.limit.unwrap_or(usual).min(most)
    }
}

/// `GET /api/v1/conversations`.
pub(super) async fn list(
    State(app): State<App>,
    access: Access,
    Query(which): Query<Which>,
) -> Result<Json<Value>, ApiError> {
    let limit = which.limit(LIST, LIST_MAX);
    let filter = which.filter(&app, &access).await?;
    let found = read(&app, move |store| store.conversations(&filter, limit)).await?;
    Ok(Json(json!({ "conversations": found })))
}

/// `GET /api/v1/sessions/{session}/conversations`.
pub(super) async fn of_session(
    State(app): State<App>,
    access: Access,
    Path(session): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let entry = access.find(&app, session).await?;
    let found = read(&app, move |store| store.of_session(entry.meta.id)).await?;
    Ok(Json(json!({ "conversations": found })))
}

/// `GET /api/v1/conversations/{cli}/{conversation}`.
pub(super) async fn show(
    State(app): State<App>,
    access: Access,
    Path((cli, name)): Path<(String, String)>,
    Query(part): Query<Part>,
) -> Result<Json<Value>, ApiError> {
    let grant = access.0;
    let part = part.asked();
    let told = read(&app, move |store| {
        let Some(conversation) = store.conversation(&cli, &name)? else { return Ok(Told::default()) };
        if grant.session.is_some_and(|session| !conversation.sessions.contains(&session)) {
            return Ok(Told::default());
        }
        let stretch = store.stretch(conversation.id, &part)?;
        Ok(Told { conversation: Some(conversation), stretch })
    });
    let told = told.await?;
    let Some(_) = &told.conversation else { return Err(unknown()) };
    Ok(Json(json!(told)))
}

/// `GET /api/v1/conversations/{cli}/{conversation}/export`.
pub(super) async fn export(
    State(app): State<App>,
    access: Access,
    Path((cli, name)): Path<(String, String)>,
    Query(form): Query<Form>,
) -> Result<([(&'static str, &'static str); 2], String), ApiError> {
    let grant = access.0;
    let text = read(&app, move |store| {
        let Some(conversation) = store.conversation(&cli, &name)? else { return Ok(None) };
        if grant.session.is_some_and(|session| !conversation.sessions.contains(&session)) {
            return Ok(None);
        }
        let entries = store.entries(conversation.id)?;
        Ok(Some(match form.format {
            Format::Markdown => render::markdown(&conversation, &entries),
            Format::Html => render::html(&conversation, &entries),
        }))
    });
    let text = text.await?.ok_or_else(unknown)?;
    let (media_type, name) = match form.format {
        Format::Markdown => ("text/markdown; charset=utf-8", "attachment; filename=\"conversation.md\""),
        // Kept, not shown: what a model wrote is no page of this server.
        Format::Html => ("text/html; charset=utf-8", "attachment; filename=\"conversation.html\""),
    };
    Ok(([("content-type", media_type), ("content-disposition", name)], text))
}

/// `GET /api/v1/conversations/events`.
pub(super) async fn events(
    State(app): State<App>,
    access: Access,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    if access.0.session.is_some() {
        return Err(ApiError::forbidden(
            "a token for one session does not hear of others; read its conversations",
        ));
    }
    let place = take_slot(&app, &access)?;
    let changes = app.0.conversations.changes.listen();
    // Who comes back is told what came meanwhile.
    let missed = match last_event(&headers) {
        Some(last) => {
            let last = i64::try_from(last.0).unwrap_or(i64::MAX);
            let since = read(&app, move |store| {
                Ok(Touched { cursor: store.cursor_of_all()?, conversations: store.changed_since(last)? })
            });
            Some(since.await?).filter(|touched| !touched.conversations.is_empty())
        }
        None => None,
    };
    let keep_alive = KeepAlive::new().interval(app.0.options.sse_keep_alive);
    let told = stream::unfold((changes, place), async |(mut changes, place)| {
        let event = match changes.recv().await {
            Ok(touched) => changed(&touched),
            Err(RecvError::Lagged(_)) => Event::default().event("missed").data("[]"),
            Err(RecvError::Closed) => return None,
        };
        Some((event, (changes, place)))
    });
    let mut stopping = app.0.stopping.subscribe();
    let ends = async move {
        tokio::select! {
            () = await_revocation(&app, &access.0) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    };
    let told = stream::iter(missed.as_ref().map(changed)).chain(told).take_until(ends);
    Ok(Sse::new(told.map(Ok)).keep_alive(keep_alive))
}

/// Its id is the highest cursor: who comes back with it is told what came after.
fn changed(touched: &Touched) -> Event {
    let conversations = touched.conversations.iter();
    let told: Vec<Value> =
        conversations.map(|(cli, name)| json!({ "cli": cli, "conversation": name })).collect();
    Event::default().id(touched.cursor.to_string()).event("changed").data(json!(told).to_string())
}

fn unknown() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "NO_SUCH_CONVERSATION", "there is no such conversation")
}
