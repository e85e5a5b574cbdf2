//! What the server answers: one `table`, a file for each resource, and what holds for all of them.

mod agentapi;
mod approvals;
mod capture;
mod compatible;
mod connections;
mod conversations;
mod endpoint;
mod events;
mod export;
mod health;
mod input;
mod jobs;
mod login;
mod output;
mod page;
mod projects;
mod recording;
mod screen;
mod screen_events;
mod search;
mod sessions;
mod share;
mod table;
mod tokens;
mod wait;

use crate::guard::authorize;
use crate::{ApiError, App, journey, metrics};
pub(crate) use agentapi::{Port, Talks, of_port};
pub use endpoint::Endpoint;
pub use table::endpoints;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;

/// Bytes of a request's body at most: a paste of 1 MiB, escaped as JSON.
const BODY_MAX_BYTES: usize = 4 << 20; // 4 MiB

/// The table as something that answers.
pub(crate) fn router(app: &App) -> Router {
    let mut router: Router<App> = Router::new();
    for Endpoint { path, role, problems, handler, .. } in endpoints() {
        let handler = handler.layer(from_fn_with_state((app.clone(), role), authorize));
        let handler = if problems { handler.layer(map_response(agentapi::problem)) } else { handler };
        let handler = handler.layer(from_fn_with_state(app.clone(), metrics::count));
        router = router.route(path, handler);
    }
    finish(router, app)
}

/// What holds for every answer, also where there is nothing.
fn finish(router: Router<App>, app: &App) -> Router {
    router
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here"))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "not by this method")
        })
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(map_response(harden))
        .layer(from_fn(journey::follow))
        .with_state(app.clone())
}

/// What every answer tells a browser: to guess nothing, to frame nothing, to run only what is ours.
async fn harden(mut response: Response) -> Response {
    // What decodes pictures in a terminal is WebAssembly, of ours.
    const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
        font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
        frame-ancestors 'none'";
    let headers = response.headers_mut();
    let set: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in set {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
