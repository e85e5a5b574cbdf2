//! A session in the words of agentapi (`coder/agentapi`), for clients that were written for it: under
//! `/agentapi/{session}/`, and at the root of a port of its own ([`Port`]).
//!
//! What the program says is read off its screen whenever somebody asks ([`conversation`]); nothing is followed while
//! nobody does. Errors are of `application/problem+json`.

mod conversation;
mod events;
mod message;
mod problem;
mod text;
mod upload;

pub(crate) use conversation::Talks;
pub(super) use problem::form as problem;

use super::endpoint::{Endpoint, JSON};
use crate::guard::{Access, Guard, keep_seat};
use crate::journey::tell_who;
use crate::token::{Grant, Role};
use crate::{ApiError, App, metrics};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use conversation::Conversation;
use serde_json::{Value, json};
use session::registry::Entry;
use std::sync::Arc;

/// What the routes of a port are described by.
const DESCRIPTION: &str = include_str!("openapi.json");

pub(super) fn endpoints() -> Vec<Endpoint> {
    use Role::{Type, View};
    let route = |method, path, role, handler| Endpoint {
        problems: true,
        ..Endpoint::new(method, path, Some(role), handler)
    };
    vec![
        route("GET", "/agentapi/{session}/status", View, get(status))
            .about("agentapi: whether the program works (`running`) or waits (`stable`)"),
        route("GET", "/agentapi/{session}/messages", View, get(messages))
            .about("agentapi: what was said, read off the screen"),
        route("POST", "/agentapi/{session}/message", Type, post(message::message))
            .about("agentapi: says something to a program that waits, or types it as it is (`raw`)")
            .body::<message::Said>(),
        route("POST", "/agentapi/{session}/upload", Type, post(upload::upload).layer(upload::limit()))
            .about("agentapi: takes the field `file` of a form, 10 MiB at most, and tells where it lies"),
        route("GET", "/agentapi/{session}/events", View, get(events::events))
            .about("agentapi: messages and status as server-sent events")
            .gives(200, "text/event-stream"),
        route("GET", "/agentapi/{session}/internal/screen", View, get(events::screen))
            .about("agentapi: the screen as server-sent events")
            .gives(200, "text/event-stream"),
        route("GET", "/agentapi/{session}/openapi.json", View, get(description))
            .about("agentapi: the description of these routes")
            .gives(200, JSON),
    ]
}

/// A port at which one session is reached without a token, because agentapi's clients send none.
#[derive(Clone)]
pub(crate) struct Port {
    pub app: App,
    pub guard: Arc<Guard>,
    /// An id, the beginning of one, or a name.
    pub session: String,
}

/// The same routes at the root.
pub(crate) fn of_port(port: &Port) -> Router {
    let mut router: Router<App> = Router::new();
    for Endpoint { path, handler, .. } in endpoints() {
        let path = path.strip_prefix("/agentapi/{session}").expect("all begin so");
        let handler = handler
            .layer(from_fn_with_state(port.clone(), admit))
            .layer(map_response(problem))
            .layer(from_fn_with_state(port.app.clone(), metrics::count));
        router = router.route(path, handler);
    }
    super::finish(router, &port.app)
}

/// Lets in whoever calls the port by its own name and is no other site's page.
async fn admit(State(port): State<Port>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    port.guard.check(request.headers())?;
    let grant = Grant::open("agentapi", "the port of --agentapi", Role::Type);
    tell_who(&grant.id);
    port.app.keep_pace(&grant, &request)?;
    keep_seat(&request);
    request.extensions_mut().insert(Access(grant));
    request.extensions_mut().insert(Only(port.session));
    Ok(next.run(request).await)
}

/// The session of a port.
#[derive(Clone)]
struct Only(String);

/// The session that is meant.
struct Target {
    access: Access,
    entry: Entry,
}

impl FromRequestParts<App> for Target {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let access = Access::from_request_parts(parts, app).await?;
        let wanted = match parts.extensions.get::<Only>() {
            Some(Only(session)) => session.clone(),
            None => crate::extract::Path::<String>::from_request_parts(parts, app).await?.0,
        };
        Ok(Self { entry: access.find(app, wanted).await?, access })
    }
}

impl Target {
    /// What was said in it.
    fn conversation(&self, app: &App) -> Arc<Conversation> {
        app.0.agentapi.of(self.entry.meta.id)
    }
}

/// `GET …/status`.
async fn status(State(app): State<App>, target: Target) -> Result<Json<Value>, ApiError> {
    let now = target.conversation(&app).look(&target.entry).await?;
    Ok(Json(json!({ "status": now.state, "agent_type": now.agent, "transport": "pty" })))
}

/// `GET …/messages`.
async fn messages(State(app): State<App>, target: Target) -> Result<Json<Value>, ApiError> {
    let conversation = target.conversation(&app);
    conversation.look(&target.entry).await?;
    let messages: Vec<Value> = conversation.since(0).await.iter().map(|message| message.listed()).collect();
    Ok(Json(json!({ "messages": messages })))
}

/// `GET …/openapi.json`.
async fn description() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, JSON)], DESCRIPTION)
}
