//! The search in all conversations, and what they mention.

use super::conversations::{LIST, LIST_MAX, Which};
use crate::conversations::{read, read_unhurried};
use crate::extract::{Json, Query};
use crate::guard::Access;
use crate::{ApiError, App};
use axum::extract::State;
use conversation::search::{self, Answer, Mode};
use conversation::store::{Asked, AskedRelations, Filter};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Hits of a search, unless fewer are asked for, and at most.
const HITS: usize = 20;
const HITS_MAX: usize = 200;

/// What to search for.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Wanted {
    /// Words, all of which are to be there; `"several words"` in this order, `begin*`, `-not`. By meaning, a question.
    q: String,
    /// By `words`, by `meaning`, or by `both`; without it by both, where a model is installed and has read the entries.
    mode: Option<How>,
    /// Who spoke: `user`, `assistant`, `tool`, `system`.
    role: Option<String>,
    /// What it is: `message`, `tool_call`, `tool_result`, …; or what a model made of a conversation: `summary`, `decision`, `todo`.
    kind: Option<String>,
    /// The tool that was called.
    tool: Option<String>,
    /// What is about this file: its path, or the end of it.
    file: Option<String>,
    /// Commands with these words, and what they gave.
    command: Option<String>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum How {
    Words,
    Meaning,
    Both,
}

/// What is asked for of mentions.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Mentions {
    /// `file`, `file_read`, `file_written`, `symbol`, `command`, `error`, `url`, `todo`, `decision`.
    kind: Option<String>,
    /// The very value; of a file also the end of its path. With it the entries that mention it are told.
    value: Option<String>,
    /// Words that are in the value. With them, too, the entries are told.
    contains: Option<String>,
    /// What this entry mentions, by its id.
    entry: Option<String>,
}

/// What is asked for of relations.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Relations {
    /// `failed_with`, `fixed_by`, `in`, `defines`, `about`, `instead_of`.
    kind: Option<String>,
    /// What one of the two is: `file`, `symbol`, `command`, `error`, `decision`, `option`.
    of: Option<String>,
    /// The very value of that one; of a file also the end of its path.
    value: Option<String>,
    /// Words that are in its value.
    contains: Option<String>,
}

/// `GET /api/v1/search`.
pub(super) async fn search(
    State(app): State<App>,
    access: Access,
    Query(which): Query<Which>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Value>, ApiError> {
    let place = app.0.limits.searches.take_soon(&access.0.id)?;
    let limit = which.limit(HITS, HITS_MAX);
    let Wanted { q, mode, role, kind, tool, file, command } = wanted;
    let filter = Filter { role, kind, tool, file, command, ..which.filter(&app, &access).await? };
    let mode = mode.map(|mode| match mode {
        How::Words => Mode::Words,
        How::Meaning => Mode::Meaning,
        How::Both => Mode::Both,
    });
    let meaning = Arc::clone(&app.0.conversations.meaning);
    let found = read_unhurried(&app, move |store| {
        // For as long as the search takes, whoever still waits for it.
        let _place = place;
        search::search(store, &meaning, &q, &filter, mode, limit).map(Some)
    });
    let nothing = || Answer { mode: Mode::Words, hits: Vec::new(), note: None };
    Ok(Json(json!(found.await?.unwrap_or_else(nothing))))
}

/// `GET /api/v1/mentions`.
pub(super) async fn mentions(
    State(app): State<App>,
    access: Access,
    Query(which): Query<Which>,
    Query(mentions): Query<Mentions>,
) -> Result<Json<Value>, ApiError> {
    let limit = which.limit(LIST, LIST_MAX);
    let Mentions { kind, value, contains, entry } = mentions;
    let asked = Asked { kind, value, contains, entry, filter: which.filter(&app, &access).await? };
    let told = read(&app, move |store| {
        Ok(match asked.value.is_some() || asked.contains.is_some() {
            true => json!({ "entries": store.mentioning(&asked, limit)? }),
            false => json!({ "mentions": store.mentioned(&asked, limit)? }),
        })
    });
    Ok(Json(told.await?))
}

/// `GET /api/v1/relations`.
pub(super) async fn relations(
    State(app): State<App>,
    access: Access,
    Query(which): Query<Which>,
    Query(relations): Query<Relations>,
) -> Result<Json<Value>, ApiError> {
    let limit = which.limit(LIST, LIST_MAX);
    let Relations { kind, of, value, contains } = relations;
    let asked = AskedRelations { kind, of, value, contains, filter: which.filter(&app, &access).await? };
    let told = read(&app, move |store| Ok(json!({ "relations": store.related(&asked, limit)? })));
    Ok(Json(told.await?))
}
