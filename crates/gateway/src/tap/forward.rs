//! One request, passed on.

use super::body::Heard;
use super::hear::Ear;
use super::{Outcome, Shared, Upstream, socket};
use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_TYPE, HOST, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper::upgrade;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long it may take until the model's server is reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);
/// How long a connection to it is kept without use: less than servers keep one, so that none is used that just ends.
const IDLE: Duration = Duration::from_secs(50);
/// When the system has nothing left for a connection.
pub(super) const TRY_AGAIN: Duration = Duration::from_millis(100);

pub(super) type Client = Pool<HttpsConnector<HttpConnector>, Heard>;

/// Connections to models' servers, kept for the next request.
pub(super) fn client() -> io::Result<Client> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_WITHIN));
    let ring = tokio_rustls::rustls::crypto::ring::default_provider();
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(ring)?
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector);
    Ok(Pool::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .set_host(false)
        .http1_preserve_header_case(true)
        .build(connector))
}

/// Passes a request on, and the answer back.
pub(super) async fn forward(
    mut request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Body>, Infallible> {
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let (secret, rest) = split(target);
    // Whoever does not know a secret is told nothing.
    let Some(upstream) = shared.upstream(secret) else { return Ok(empty(StatusCode::NOT_FOUND)) };
    let Ok(uri) = upstream.uri(rest) else { return Ok(empty(StatusCode::BAD_REQUEST)) };
    let upgrades = is_websocket(request.headers());
    let client_side = upgrades.then(|| upgrade::on(&mut request));
    let (mut parts, body) = request.into_parts();
    parts.uri = uri;
    parts.headers = headers(&parts.headers, &upstream, upgrades);
    let ear = shared.ears.begin(&upstream.session, &parts);
    let request = Request::from_parts(parts, Heard::asked(body, ear.clone()));
    Ok(match shared.client.request(request).await {
        Ok(mut response) => {
            let server_side = upgrade::on(&mut response);
            let (parts, body) = response.into_parts();
            ear.answered(&parts);
            if let Some(client_side) = client_side.filter(|_| parts.status == StatusCode::SWITCHING_PROTOCOLS)
            {
                let mut sockets = shared.sockets();
                while sockets.try_join_next().is_some() {}
                sockets.spawn(socket::pass(client_side, server_side, ear, Arc::clone(&shared.places)));
                return Ok(Response::from_parts(parts, Body::empty()));
            }
            Response::from_parts(parts, Body::new(Heard::answer(body, ear)))
        }
        Err(error) => unreachable(&error, &upstream, &ear),
    })
}

/// The secret in a path, and the path behind it.
pub(super) fn split(target: &str) -> (&str, &str) {
    let target = target.strip_prefix('/').unwrap_or(target);
    let end = target.find(['/', '?']).unwrap_or(target.len());
    target.split_at(end)
}

impl Upstream {
    fn uri(&self, rest: &str) -> Result<Uri, axum::http::Error> {
        let slash = if rest.starts_with('/') { "" } else { "/" };
        let path = format!("{}{slash}{rest}", self.path);
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
    }
}

/// Whether a request asks for a WebSocket, which Codex does first.
fn is_websocket(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The headers as they came, in their order; the host is the other one, and nothing but HTTP and WebSockets is spoken.
fn headers(given: &HeaderMap, upstream: &Upstream, upgrades: bool) -> HeaderMap {
    let hides = !upgrades && given.contains_key(UPGRADE);
    let mut headers = HeaderMap::with_capacity(given.len());
    for (name, value) in given {
        if name == HOST {
            let host = HeaderValue::from_str(upstream.authority.as_str());
            headers.append(name, host.unwrap_or_else(|_| value.clone()));
        } else if !(hides && (name == CONNECTION || name == UPGRADE)) {
            headers.append(name, value.clone());
        }
    }
    headers
}

/// What a CLI is told in the place of an answer: in the form of the models' servers, so that it tries again as it would there.
fn unreachable(error: &hyper_util::client::legacy::Error, upstream: &Upstream, ear: &Ear) -> Response<Body> {
    let mut why = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        why = format!("{why}: {cause}");
        source = cause.source();
    }
    let message = format!("{} does not answer: {why}", upstream.authority);
    let body = serde_json::json!({ "type": "error", "error": { "type": "api_error", "message": message } });
    ear.end(Outcome::Unreachable(message));
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[test]
fn a_target_is_a_secret_and_the_rest() {
    assert_eq!(split("/abc/v1/messages?beta=true"), ("abc", "/v1/messages?beta=true"));
    assert_eq!(
        (split("/abc"), split("/abc/"), split("/abc?a=/b")),
        (("abc", ""), ("abc", "/"), ("abc", "?a=/b"))
    );
    assert_eq!((split("/"), split("*")), (("", ""), ("*", "")));
    let upstream = Upstream::read("s", "https://h/base/").unwrap();
    assert_eq!(upstream.uri("/v1//x?a=%2F&b").unwrap(), "https://h/base/v1//x?a=%2F&b");
    assert_eq!(upstream.uri("?a").unwrap(), "https://h/base/?a");
}
