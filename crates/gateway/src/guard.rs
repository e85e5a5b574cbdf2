//! Who is let in: the address that was called (DNS rebinding), the page that calls (cross-site requests), the token.

use crate::accept::Seat;
use crate::blocking::blocking;
use crate::journey::tell_who;
use crate::token::{Grant, Role, Use};
use crate::{ApiError, App};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use session::registry::Entry;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tokens of one address in [`FAILURES_WITHIN`], after which it is told to wait.
const FAILURES_MAX: u32 = 20;
const FAILURES_WITHIN: Duration = Duration::from_secs(60);
/// Addresses of which failures are remembered.
const ADDRESSES_MAX: usize = 10_000;
/// How often it is looked whether the token of an open connection still holds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The names by which the server may be called, that of its cookie, and who failed to log in.
pub(crate) struct Guard {
    hosts: HashSet<String>,
    /// Whether the server itself speaks TLS; a proxy before it may do so as well.
    tls: bool,
    /// Browsers know no ports: without one in the name two servers of this machine would log each other's users out.
    cookie: String,
    /// Logins that failed, by address.
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

/// Logins that failed in one stretch of time.
struct Failures {
    since: Instant,
    count: u32,
}

/// Who asks.
#[derive(Clone)]
pub(crate) struct Access(pub Grant);

impl Guard {
    /// For a server that listens on `address`.
    pub(crate) fn new(address: SocketAddr, names: &[String], tls: bool) -> Self {
        let port = address.port();
        let mut hosts: HashSet<String> =
            ["localhost", "127.0.0.1", "[::1]"].iter().map(|host| format!("{host}:{port}")).collect();
        hosts.insert(address.to_string());
        for host in names {
            let host = host.to_ascii_lowercase();
            hosts.extend([format!("{host}:{port}"), host]);
        }
        // A browser takes a name with this prefix only over TLS, and from no other host or path.
        let prefix = if tls { "__Host-" } else { "" };
        Self { hosts, tls, cookie: format!("{prefix}centerfire-{port}"), failures: Mutex::default() }
    }

    /// What sets the cookie in a browser whose page is of this origin, for so many seconds; with 0 it is removed.
    pub(crate) fn set_cookie(&self, headers: &HeaderMap, secret: &str, lasts: u64) -> String {
        // With TLS, ours or that of a proxy, it is not to be sent without.
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
        let secure = if self.tls || origin.starts_with("https://") { "; Secure" } else { "" };
        format!("{}={secret}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Strict{secure}", self.cookie)
    }

    /// Whether a request bears a secret at all.
    pub(crate) fn has_secret(&self, headers: &HeaderMap) -> bool {
        bearer(headers).or_else(|| self.cookie(headers)).is_some()
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }

    /// Refuses a request that was sent to another name, or by another site's page.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.hosts.contains(&host.to_ascii_lowercase()) {
            let message = format!(
                "this server is not called `{}`; `centerfire serve --host NAME` allows a name",
                host.escape_default()
            );
            return Err(ApiError::new(StatusCode::MISDIRECTED_REQUEST, "HOST_NOT_ALLOWED", message));
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let plain = origin.strip_prefix("http://").filter(|_| !self.tls);
        let page = plain.or_else(|| origin.strip_prefix("https://"));
        if page.is_some_and(|page| self.hosts.contains(page)) {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", "another site's page asked"))
    }

    /// What an address is told that sent a wrong token; one that sent too many has to wait. A right one is let in all the
    /// same: behind a tunnel all addresses are one, and a page that was forgotten in some tab must lock nobody out.
    pub(crate) fn fail(&self, peer: IpAddr, message: &str) -> ApiError {
        let mut all = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES_MAX {
            all.retain(|_, failures| failures.since.elapsed() < FAILURES_WITHIN);
        }
        if all.len() >= ADDRESSES_MAX {
            all.clear();
        }
        let failures = all.entry(peer).or_insert(Failures { since: Instant::now(), count: 0 });
        if failures.since.elapsed() >= FAILURES_WITHIN {
            *failures = Failures { since: Instant::now(), count: 0 };
        }
        failures.count += 1;
        if failures.count <= FAILURES_MAX {
            return ApiError::unauthorized(message);
        }
        let message = format!("too many wrong tokens; wait {} s", FAILURES_WITHIN.as_secs());
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_FAILURES", message)
            .retry_after(FAILURES_WITHIN)
    }
}

/// Lets a request pass to an endpoint that needs a role, or none.
pub(crate) async fn authorize(
    State((app, needed)): State<(App, Option<Role>)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    app.0.guard.check(request.headers())?;
    if let Some(needed) = needed {
        let access = app.admit(request.headers(), request.method(), peer.ip())?;
        tell_who(&access.0.id);
        if access.0.role < needed {
            let message = format!("this needs the role {needed}, the token has {}", access.0.role);
            return Err(ApiError::forbidden(message));
        }
        app.keep_pace(&access.0, &request)?;
        keep_seat(&request);
        request.extensions_mut().insert(access);
    }
    Ok(next.run(request).await)
}

/// Whoever is let in keeps the connection's seat.
pub(crate) fn keep_seat(request: &Request) {
    if let Some(seat) = request.extensions().get::<Seat>() {
        seat.keep();
    }
}

impl App {
    pub(crate) fn admit(
        &self,
        headers: &HeaderMap,
        method: &Method,
        peer: IpAddr,
    ) -> Result<Access, ApiError> {
        let bearer = bearer(headers);
        let Some(secret) = bearer.or_else(|| self.0.guard.cookie(headers)) else {
            if self.0.options.open_loopback && peer.is_loopback() && !is_of_another_site(headers) {
                return Ok(Access(Grant::open("loopback", "this machine, without a token", Role::Manage)));
            }
            return Err(ApiError::unauthorized(
                "a token is needed; `centerfire token create --role view` makes one",
            ));
        };
        let Some(grant) = self.0.tokens.check(secret).map_err(broken_store)? else {
            return Err(self.0.guard.fail(peer, "the token is unknown, was revoked or has ended"));
        };
        let kind = if bearer.is_some() { Use::Bearer } else { Use::Cookie };
        if grant.kind != kind {
            return Err(self.0.guard.fail(peer, "a browser's cookie is no token, and a token no cookie"));
        }
        // A browser sends its cookie along with whatever page asks; only a page of ours may change something by it, and
        // of such a request a browser always tells the origin.
        let reads = method == Method::GET || method == Method::HEAD;
        let upgrades = headers.contains_key(header::UPGRADE);
        if kind == Use::Cookie && (!reads || upgrades) && !headers.contains_key(header::ORIGIN) {
            return Err(ApiError::new(StatusCode::FORBIDDEN, "ORIGIN_NOT_ALLOWED", "the origin is missing"));
        }
        Ok(Access(grant))
    }

    /// Counts a request that may change something.
    pub(crate) fn keep_pace(&self, grant: &Grant, request: &Request) -> Result<(), ApiError> {
        // Who joins with a WebSocket leaves a line in the log, though no change.
        let joins = request.headers().contains_key(header::UPGRADE);
        if !joins && matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        self.keep_pace_of(grant)
    }

    /// Counts one of the things that are counted.
    pub(crate) fn keep_pace_of(&self, grant: &Grant) -> Result<(), ApiError> {
        self.0.pace.take(&grant.id).map_err(|wait| {
            let message = "this token changes things faster than `serve.writes_per_second` allows";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message).retry_after(wait)
        })
    }
}

/// Waits until the token holds no more. A file of tokens that cannot be read lets nobody in, and throws nobody out.
pub(crate) async fn await_revocation(app: &App, grant: &Grant) {
    while grant.kind == Use::Open || app.0.tokens.holds(&grant.id).unwrap_or(true) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

pub(crate) fn broken_store(error: crate::token::StoreError) -> ApiError {
    let status = match error {
        crate::token::StoreError::Unknown(_) => {
            return ApiError::new(StatusCode::NOT_FOUND, "TOKEN_NOT_FOUND", error.to_string());
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    ApiError::new(status, "TOKENS_UNREADABLE", error.to_string())
}

/// Whether a browser says that a page of another site asked. A page that may not read the answer sends no `Origin` with a GET.
fn is_of_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

impl Access {
    /// The session of a name, an id or the beginning of one, if the token opens it. One that it does not open is not told
    /// from one that is not there.
    pub(crate) async fn find(&self, app: &App, wanted: String) -> Result<Entry, ApiError> {
        let registry = app.0.registry.clone();
        let grant = self.0.clone();
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
}

impl FromRequestParts<App> for Access {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ApiError::unauthorized("a token is needed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(tls: bool) -> Guard {
        Guard::new(([127, 0, 0, 1], 7333).into(), &["Desk.example".to_owned()], tls)
    }

    fn verdict(host: &str, origin: Option<&str>) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        guard(false).check(&headers).map_err(|error| error.code())
    }

    #[test]
    fn only_its_own_names_and_pages_are_let_in() {
        for host in ["127.0.0.1:7333", "localhost:7333", "LOCALHOST:7333", "[::1]:7333", "desk.example"] {
            assert_eq!(verdict(host, None), Ok(()), "{host}");
            assert_eq!(verdict(host, Some(&format!("http://{host}"))), Ok(()), "{host}");
        }
        for host in
            ["", "evil.example", "127.0.0.1:80", "localhost", "evil.example:7333", "127.0.0.1:7333.evil"]
        {
            assert_eq!(verdict(host, None), Err("HOST_NOT_ALLOWED"), "{host}");
        }
        let evil = [
            "null",
            "",
            "http://evil.example",
            "http://localhost:7334",
            "ftp://localhost:7333",
            "localhost:7333",
        ];
        for origin in evil {
            assert_eq!(verdict("localhost:7333", Some(origin)), Err("ORIGIN_NOT_ALLOWED"), "{origin}");
        }
    }

    #[test]
    fn what_is_encrypted_has_no_page_that_is_not() {
        let verdict = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "localhost:7333".parse().unwrap());
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            guard(true).check(&headers).is_ok()
        };
        assert_eq!((verdict("https://localhost:7333"), verdict("http://localhost:7333")), (true, false));
    }

    #[test]
    fn secrets_are_found_in_their_headers() {
        let mut headers = HeaderMap::new();
        let guard = guard(false);
        let found = |headers: &HeaderMap| {
            (bearer(headers).map(str::to_owned), guard.cookie(headers).map(str::to_owned))
        };
        assert_eq!(found(&headers), (None, None));
        headers.insert(header::AUTHORIZATION, "bearer  cf_x ".parse().unwrap());
        headers
            .insert(header::COOKIE, "a=b; centerfire-7334=cf_z; centerfire-7333=cf_y; c=d".parse().unwrap());
        assert_eq!(found(&headers), (Some("cf_x".to_owned()), Some("cf_y".to_owned())));
        headers.insert(header::AUTHORIZATION, "Basic cf_x".parse().unwrap());
        assert_eq!(bearer(&headers), None);
    }
}
