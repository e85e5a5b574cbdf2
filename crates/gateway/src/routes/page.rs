//! The web page, which lies in the binary. It holds no secret: anybody may have it.

use crate::ApiError;
use crate::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the binary was built without its page.
const MISSING: &str = "<!doctype html><meta charset=utf-8><title>Centerfire</title>\
    <p>This binary was built without its page. <code>make build</code> builds both.";

/// `GET /`, and every address within the page.
pub(super) async fn page(headers: HeaderMap) -> Response {
    match Files::get("index.html") {
        Some(file) => send(&headers, "index.html", file),
        None => Html(MISSING).into_response(),
    }
}

/// `GET /{path}`: a file of the page, or the page itself, which knows its own addresses.
pub(super) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(file) = Files::get(&path) {
        return Ok(send(&headers, &path, file));
    }
    let address = path.rsplit('/').next().is_none_or(|last| !last.contains('.'));
    let of_page = |path: &str| !["api/", "agentapi/", "ws/"].iter().any(|other| path.starts_with(other));
    if address && of_page(&path) {
        return Ok(page(headers).await);
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here"))
}

fn send(headers: &HeaderMap, path: &str, file: EmbeddedFile) -> Response {
    let hash: String = file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    // Files whose names hold their hash never change; the page itself is asked for each time.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let kind = file.metadata.mimetype().to_owned();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::ETAG, tag), (header::CACHE_CONTROL, cache.to_owned())];
    (headers, file.data.into_owned()).into_response()
}
