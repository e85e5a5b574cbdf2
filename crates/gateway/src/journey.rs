//! What the log says of a request: its way through the server as a span, and one line at its end.
//!
//! A line names the endpoint and never the path, the token's id and never its secret, and nothing of what was typed. One
//! that was refused or failed says why.

use crate::ApiError;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use redact::redact;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument as _, Span, error, info, info_span, warn};

/// The name under which an answer tells the request's id.
const HEADER: &str = "x-request-id";

/// Told apart from the requests of other servers.
static SERVER: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_default());
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// Follows a request.
pub(crate) async fn follow(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = format!("{:08x}-{}", *SERVER, REQUESTS.fetch_add(1, Ordering::Relaxed));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let span = info_span!(
        "request",
        id,
        method = request.method().as_str(),
        route,
        peer = peer.map(tracing::field::display),
        who = Empty,
        status = Empty,
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took_ms) = (response.status().as_u16(), begun.elapsed().as_micros() as f64 / 1000.0);
    span.record("status", status);
    span.in_scope(|| match response.extensions().get::<ApiError>() {
        Some(why) if status >= 500 => {
            error!(status, took_ms, code = why.code(), cause = %redact(why.message()).text, "failed");
        }
        Some(why) => {
            warn!(status, took_ms, code = why.code(), cause = %redact(why.message()).text, "refused")
        }
        None if status >= 400 => warn!(status, took_ms, "refused"),
        None => info!(status, took_ms, "answered"),
    });
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

/// Tells who asks, by the id of a token.
pub(crate) fn tell_who(token: &str) {
    Span::current().record("who", token);
}
