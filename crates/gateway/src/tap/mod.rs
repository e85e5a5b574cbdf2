//! The tap: a proxy on loopback between a CLI and its model's server, which changes nothing and reads a copy.
//!
//! Method, path, query, headers and body go on as they came, and so does the answer, byte for byte and as it comes; only `Host` names the
//! other side. What is heard is parsed on a thread of its own ([`Sink`]): one that is behind is left behind, and the exchange says
//! so. No header with a credential is kept or logged. Whoever hangs up ends the request on the other side, too.
//!
//! A CLI cannot send a token of ours, so each session has an address with a secret in its path, at which no more can be done than at the
//! model's server itself. Switching it on changes what CLIs do by themselves: with another base address Claude Code has no remote control.
//! It is off unless somebody asks for it.
//!
//! It is run by a process of its own beside each session that wants it (`centerfire/src/tap`).
//!
//! - `peer` says whose a connection is
//! - `record` is the line that is kept of an exchange
//! - `forward` passes one request on; `body` passes the bytes and hears them
//! - `socket` does so once a connection has become a WebSocket
//! - `hear` has the queue and the thread; `exchange` puts together what was heard; `decode` undoes compression
//! - `talk` puts together what was said over a WebSocket, whose texts `frames` reads

mod body;
mod decode;
mod exchange;
mod forward;
mod frames;
mod hear;
mod peer;
pub mod record;
mod socket;
mod talk;

use axum::http::Uri;
use axum::http::uri::{Authority, Scheme};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

pub use exchange::{Api, Exchange, Outcome};
pub use hear::Sink;

/// Connections at most that have shown a secret: a CLI with many sub-agents has some dozens. One more waits.
const CONNECTIONS_MAX: usize = 512;
/// Bytes of chance in an address.
const SECRET_BYTES: usize = 24;
/// Connections that have not shown the secret yet: every program of this machine can connect. The oldest goes for one more.
const UNPROVEN_MAX: usize = 128;
/// The head of a request at most.
const HEAD_MAX_BYTES: usize = 256 << 10; // 256 KiB

/// Who may connect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callers {
    /// Whoever knows the secret.
    Knowing,
    /// Of those only programs of our user: others can read the secret on a command line.
    OfOurUser,
}

/// A running tap. When it is dropped, its connections are closed.
pub struct Tap {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// The model's server of a session.
#[derive(Clone, Debug)]
struct Upstream {
    /// Whose requests these are.
    session: String,
    scheme: Scheme,
    authority: Authority,
    /// Its path, without a slash at the end.
    path: String,
}

struct Shared {
    /// By the secret in the path.
    upstreams: Mutex<HashMap<String, Arc<Upstream>>>,
    client: forward::Client,
    ears: hear::Ears,
    places: Arc<Semaphore>,
    /// Connections that became WebSockets.
    sockets: Mutex<JoinSet<()>>,
}

/// Why there is no tap.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// There is no port, or no thread.
    #[error("start the tap: {0}")]
    Start(#[from] io::Error),
    /// The system has no certificates, so no server could be trusted.
    #[error("read the certificates of the system: {0}; they are in the package ca-certificates")]
    Certificates(io::Error),
    /// Nobody could tell programs of our user from those of others.
    #[error("read whose connections are: {0}; without that list the tap could let nobody in")]
    Callers(io::Error),
    /// The address of the model's server is none.
    #[error("`{0}` is no address of a model's server; it has to be like https://api.anthropic.com")]
    Upstream(String),
    /// It is not told which: what is in it may be secret.
    #[error(
        "an address of a model's server has no name, no password and no query in it: it has to be like https://api.anthropic.com"
    )]
    Laden,
}

impl Tap {
    /// Listens on a free port of loopback; what it hears goes to the sink.
    pub async fn start(sink: Box<dyn Sink>) -> Result<Self, TapError> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Self::start_on(listener, Callers::Knowing, sink).await
    }

    /// The same at a place that is listened at already.
    pub async fn start_on(
        listener: std::net::TcpListener,
        callers: Callers,
        sink: Box<dyn Sink>,
    ) -> Result<Self, TapError> {
        // Many files are read for the certificates.
        let client = tokio::task::spawn_blocking(forward::client).await.map_err(io::Error::other)?;
        let client = client.map_err(TapError::Certificates)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstreams: Mutex::default(),
            client,
            ears: hear::Ears::start(sink)?,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            sockets: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(listener, callers, Arc::clone(&shared)));
        Ok(Self { address, shared, accepting })
    }

    /// Opens a way to a model's server; the answer is the base address for the session's CLI.
    pub fn open(&self, session: &str, upstream: &str) -> Result<String, TapError> {
        let secret = secret();
        let base = base(self.address, &secret);
        self.open_at(session, upstream, secret)?;
        Ok(base)
    }

    /// The same with a [`secret`] that its CLI knows already.
    pub fn open_at(&self, session: &str, upstream: &str, secret: String) -> Result<(), TapError> {
        let upstream = Upstream::read(session, upstream)?;
        self.shared.upstreams().insert(secret, Arc::new(upstream));
        Ok(())
    }

    /// Closes the ways of a session; requests under way go on.
    pub fn close(&self, session: &str) {
        self.shared.upstreams().retain(|_, upstream| upstream.session != session);
    }
}

/// A secret for a path.
pub fn secret() -> String {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The base address for a CLI.
pub fn base(address: SocketAddr, secret: &str) -> String {
    format!("http://{address}/{secret}")
}

/// Whether a tap could begin: the model's server has an address, those who may connect are known, and the system has certificates.
pub fn check(upstream: &str, callers: Callers) -> Result<(), TapError> {
    Upstream::read("", upstream)?;
    if callers == Callers::OfOurUser {
        std::fs::File::open(peer::LIST).map_err(TapError::Callers)?;
    }
    forward::client().map(drop).map_err(TapError::Certificates)
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.accepting.abort();
        self.shared.sockets().abort_all();
    }
}

impl Upstream {
    fn read(session: &str, text: &str) -> Result<Self, TapError> {
        let wrong =
            || if text.contains(['@', '?']) { TapError::Laden } else { TapError::Upstream(text.to_owned()) };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let scheme = uri.scheme().filter(|scheme| **scheme == Scheme::HTTP || **scheme == Scheme::HTTPS);
        // A name and a password in it would become a header that the CLI did not send.
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let (Some(scheme), Some(authority), None) = (scheme, authority, uri.query()) else {
            return Err(wrong());
        };
        Ok(Self {
            session: session.to_owned(),
            scheme: scheme.clone(),
            authority: authority.clone(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl Shared {
    fn upstreams(&self) -> MutexGuard<'_, HashMap<String, Arc<Upstream>>> {
        self.upstreams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sockets(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request has a secret of ours in its path.
    fn knows(&self, request: &Request<Incoming>) -> bool {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        self.upstream(forward::split(target).0).is_some()
    }

    fn upstream(&self, secret: &str) -> Option<Arc<Upstream>> {
        self.upstreams().get(secret).cloned()
    }
}

/// Takes connections until the task is ended, and all of them with it.
async fn accept(listener: TcpListener, callers: Callers, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut unproven: VecDeque<(AbortHandle, Arc<AtomicBool>)> = VecDeque::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((socket, peer)) = listener.accept().await else {
            // No file is left, say; it may be in a moment.
            tokio::time::sleep(forward::TRY_AGAIN).await;
            continue;
        };
        // Each word of a model leaves at once.
        let _ = socket.set_nodelay(true);
        unproven.retain(|(task, is_proven)| !task.is_finished() && !is_proven.load(Ordering::Relaxed));
        if unproven.len() >= UNPROVEN_MAX
            && let Some((oldest, _)) = unproven.pop_front()
        {
            oldest.abort();
        }
        let shared = Arc::clone(&shared);
        let is_proven = Arc::new(AtomicBool::new(false));
        let proves = Arc::clone(&is_proven);
        let address = socket.local_addr();
        let task = connections.spawn(async move {
            if callers == Callers::OfOurUser
                && !address.is_ok_and(|address| peer::is_ours(peer::LIST, peer, address))
            {
                return;
            }
            let place = OnceCell::new();
            let service = service_fn(async |request: Request<Incoming>| {
                if shared.knows(&request) {
                    proves.store(true, Ordering::Relaxed);
                    place.get_or_init(|| Arc::clone(&shared.places).acquire_owned()).await;
                }
                forward::forward(request, Arc::clone(&shared)).await
            });
            let mut builder = http1::Builder::new();
            // As it was written, and nothing of ours. A connection at rest stays: a CLI uses it when it has been silent for long.
            builder.preserve_header_case(true).auto_date_header(false).max_buf_size(HEAD_MAX_BYTES);
            // An error here is a client that hung up.
            let _ = builder.serve_connection(TokioIo::new(socket), service).with_upgrades().await;
        });
        unproven.push_back((task, is_proven));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_an_address_of_a_server_and_nothing_else() {
        let path = |text: &str| Upstream::read("s", text).map(|upstream| upstream.path).ok();
        assert_eq!(path("https://api.anthropic.com").as_deref(), Some(""));
        assert_eq!(path("http://127.0.0.1:8080/a/b/").as_deref(), Some("/a/b"));
        for wrong in
            ["api.anthropic.com", "ftp://x", "", "/v1", "https://a:b@host", "https://host/?a=b", "unix:/x"]
        {
            assert!(path(wrong).is_none(), "{wrong}");
        }
        for laden in
            ["https://me:sesame@host", "https://host/?key=sesame", "me:sesame@host", "ftp://a:sesame@host/v1"]
        {
            let told = Upstream::read("s", laden).unwrap_err().to_string();
            assert!(told.contains("no password") && !told.contains("sesame"), "{told}");
        }
    }
}
