//! The web page, which lies in the binary. It holds no secret: anybody may have it.

use crate::ApiError;
use crate::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use protocol::hex;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// Shown where the binary was built without its page.
const MISSING: &str = "<!doctype html><meta charset=utf-8><title>Centerfire</title>\
    <p>This binary was built without its page. <code>make build</code> builds both.";

/// What the form of a file depends on.
const VARY: &str = "accept-encoding";

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

/// Sends a file as it is, or compressed, as it was when the page was built, to whoever takes that.
fn send(headers: &HeaderMap, path: &str, file: EmbeddedFile) -> Response {
    let kind = file.metadata.mimetype().to_owned();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    let compressed = Files::get(&format!("{path}.gz")).filter(|_| takes_gzip(headers));
    let encoding = compressed.is_some().then_some([(header::CONTENT_ENCODING, "gzip")]);
    let file = compressed.unwrap_or(file);
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..8]));
    // Files whose names hold their hash never change; the page itself is asked for each time.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        let headers = [(header::ETAG, tag), (header::VARY, VARY.to_owned())];
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::ETAG, tag),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::VARY, VARY.to_owned()),
    ];
    (headers, encoding, file.data.into_owned()).into_response()
}

/// Whether a client takes gzip. Of what the page could be sent in, all browsers take that, also without TLS.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut codings = all.flat_map(|value| value.split(',')).map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        (name.trim(), weight.unwrap_or(0.0f32))
    });
    codings.any(|(name, weight)| name.eq_ignore_ascii_case("gzip") && weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for (accepted, takes) in [
            ("gzip, deflate, br, zstd", true),
            ("GZIP", true),
            ("br;q=1.0, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("x-gzip-not", false),
            ("identity", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(takes_gzip(&headers), takes, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
