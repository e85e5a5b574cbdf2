//! What the server answers: one table, a file for each resource. Every line names the role that it needs; the tests
//! attack each of them.

mod compatible;
mod events;
mod export;
mod health;
mod input;
mod login;
mod output;
mod page;
mod screen;
mod sessions;
mod tokens;
mod wait;

use crate::guard::{Access, authorize};
use crate::token::Role;
use crate::{ApiError, App, metrics, ws};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use session::registry::{Entry, Registry};

/// Bytes of a request's body at most: a paste of 1 MiB, escaped as JSON.
const BODY_MAX_BYTES: usize = 4 << 20; // 4 MiB

/// One thing that can be asked for.
pub struct Endpoint {
    /// How it is asked for.
    pub method: &'static str,
    /// Its path; what stands in braces is a parameter.
    pub path: &'static str,
    /// Who may ask: nobody needs a role for `None`.
    pub role: Option<Role>,
    handler: MethodRouter<App>,
}

/// All of them.
pub fn endpoints() -> Vec<Endpoint> {
    use Role::{Manage, Type, View};
    let route = |method, path, role, handler| Endpoint { method, path, role, handler };
    vec![
        route("GET", "/api/v1/health", None, get(health::health)),
        route("POST", "/api/v1/login", None, post(login::login)),
        route("POST", "/api/v1/logout", Some(View), post(login::logout)),
        route("GET", "/api/v1/me", Some(View), get(login::me)),
        route("GET", "/api/v1/sessions", Some(View), get(sessions::list)),
        route("POST", "/api/v1/sessions", Some(Manage), post(sessions::create)),
        route("GET", "/api/v1/sessions/{session}", Some(View), get(sessions::show)),
        route("PATCH", "/api/v1/sessions/{session}", Some(Manage), patch(sessions::rename)),
        route("DELETE", "/api/v1/sessions/{session}", Some(Manage), delete(sessions::remove)),
        route("POST", "/api/v1/sessions/{session}/kill", Some(Manage), post(sessions::kill)),
        route("POST", "/api/v1/sessions/{session}/restart", Some(Manage), post(sessions::restart)),
        route("POST", "/api/v1/sessions/{session}/input", Some(Type), post(input::input)),
        route("POST", "/api/v1/sessions/{session}/submit", Some(Type), post(input::submit)),
        route("POST", "/api/v1/sessions/{session}/keys", Some(Type), post(input::keys)),
        route("POST", "/api/v1/sessions/{session}/resize", Some(Type), post(input::resize)),
        route("GET", "/api/v1/sessions/{session}/screen", Some(View), get(screen::screen)),
        route("GET", "/api/v1/sessions/{session}/output", Some(View), get(output::output)),
        route("GET", "/api/v1/sessions/{session}/events", Some(View), get(events::events)),
        route("GET", "/api/v1/sessions/{session}/export", Some(View), get(export::export)),
        route("POST", "/api/v1/sessions/{session}/wait", Some(View), post(wait::wait)),
        route("GET", "/api/v1/tokens", Some(Manage), get(tokens::list)),
        route("POST", "/api/v1/tokens", Some(Manage), post(tokens::create)),
        route("DELETE", "/api/v1/tokens/{token}", Some(Manage), delete(tokens::revoke)),
        route("GET", "/metrics", Some(View), get(metrics::metrics)),
        route("GET", "/api/health", Some(View), get(compatible::health)),
        route("GET", "/api/metrics", Some(View), get(metrics::metrics)),
        route("POST", "/api/agent/{agent}/{action}", Some(Manage), post(compatible::agents)),
        route("GET", "/api/agents/status", Some(View), get(compatible::agents)),
        route("GET", "/api/agents/health", Some(View), get(compatible::agents)),
        route("POST", "/api/conversation/capture", Some(Type), post(compatible::conversations)),
        route("GET", "/api/conversation/session/{session}", Some(View), get(compatible::conversations)),
        route("GET", "/api/conversation/active", Some(View), get(compatible::conversations)),
        route("POST", "/api/projects/detect", Some(Type), post(compatible::projects)),
        route("GET", "/api/projects/list", Some(View), get(compatible::projects)),
        route("GET", "/api/projects/{project}/summary", Some(View), get(compatible::projects)),
        route("GET", "/ws", Some(View), get(ws::hub)),
        route("GET", "/ws/{session}", Some(View), get(ws::session)),
        route("GET", "/", None, get(page::page)),
        route("GET", "/{*path}", None, get(page::asset)),
    ]
}

/// The table as something that answers.
pub(crate) fn router(app: &App) -> Router {
    let mut router: Router<App> = Router::new();
    for Endpoint { path, role, handler, .. } in endpoints() {
        let handler = handler
            .layer(from_fn_with_state((app.clone(), role), authorize))
            .layer(from_fn_with_state(app.clone(), metrics::count));
        router = router.route(path, handler);
    }
    router
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here"))
        .method_not_allowed_fallback(async || {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "not by this method")
        })
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(axum::middleware::map_response(harden))
        .with_state(app.clone())
}

/// What every answer tells a browser: to guess nothing, to frame nothing, to run only what is ours.
async fn harden(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
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

/// Does what may take a while beside the loop.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| {
        Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the request failed; see the log"))
    })
}

/// The session of a name, an id or the beginning of one, if the token opens it. One that it does not open is not told
/// from one that is not there.
pub(crate) async fn find(app: &App, access: &Access, wanted: String) -> Result<Entry, ApiError> {
    let registry = Registry::new(&app.0.home);
    let grant = access.0.clone();
    blocking(move || {
        let unknown = |wanted| session::Error::NoSuchSession { wanted, hint: String::new() };
        match (registry.find(&wanted), grant.session) {
            (Ok(entry), _) if grant.opens(entry.meta.id) => Ok(entry),
            (Err(error), None) => Err(error.into()),
            _ => Err(unknown(wanted).into()),
        }
    })
    .await
}
