//! Takes connections, and lets none of them hold the others up: there are only so many, and each has to say soon what it
//! wants.

use crate::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::UPGRADE;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at most, WebSockets among them. One more is closed at once, unless one that has shown no token can be.
const CONNECTIONS_MAX: usize = 4096;
/// Of the files that the process may have open, the share of connections: sessions and their recordings need some, too.
const FILES_SHARE: u64 = 2;
/// How long the head of a request may take, and a connection say nothing between two.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The head of a request at most.
const HEAD_MAX_BYTES: usize = 64 << 10; // 64 KiB
/// How long a client may take nothing of what is sent to it, whatever it asked for: it holds memory and a seat meanwhile.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);
/// At the end of the server, how long a connection may take for its first request.
const FIRST_WITHIN: Duration = Duration::from_millis(500);
/// When the system has nothing left for a connection, it may have in a moment.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// A connection's place among [`CONNECTIONS_MAX`]. A WebSocket keeps it when the connection is its own.
#[derive(Clone)]
pub(crate) struct Seat {
    _permit: Arc<OwnedSemaphorePermit>,
    /// Whether somebody was let in on it.
    is_known: Arc<AtomicBool>,
}

/// Where connections come in, and what answers them.
pub(crate) struct Entrance {
    pub listener: TcpListener,
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
}

/// A connection that is given up when its client takes nothing.
type Socket = Pin<Box<TimeoutStream<TcpStream>>>;

/// The places of all entrances, and who could make room.
#[derive(Clone)]
struct Seats {
    free: Arc<Semaphore>,
    strangers: Arc<Mutex<Strangers>>,
}

/// Serves what connects until `stopped`, and then until all requests are answered.
pub(crate) async fn serve(entrances: Vec<Entrance>, stopped: impl Future<Output = ()>) {
    let most = connections_max();
    let seats = Seats { free: Arc::new(Semaphore::new(most)), strangers: Arc::default() };
    // Whoever serves a connection holds a receiver: it hears of the end, and its own end is heard.
    let stop = watch::Sender::new(false);
    let mut porters: JoinSet<()> =
        entrances.into_iter().map(|entrance| entrance.keep(seats.clone(), stop.clone())).collect();
    stopped.await;
    stop.send_replace(true);
    while porters.join_next().await.is_some() {}
    stop.closed().await;
    // Who watches is told that the server ends, and keeps its seat until then.
    let _ = seats.free.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
}

impl Entrance {
    /// Lets in whoever comes, while there are seats.
    async fn keep(self, seats: Seats, stop: watch::Sender<bool>) {
        let service = TowerToHyperService::new(self.router);
        let mut stopped = stop.subscribe();
        loop {
            let accepted = tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                accepted = self.listener.accept() => accepted,
            };
            let (socket, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                    continue;
                }
            };
            // Closed by being dropped.
            let Some(seat) = seats.take().await else { continue };
            let is_known = Arc::clone(&seat.is_known);
            let conversation = Conversation { peer, service: service.clone(), seat };
            let conversation = conversation.begin(socket, self.tls.clone(), stop.subscribe());
            seats.strangers().add(tokio::spawn(conversation).abort_handle(), is_known);
        }
    }
}

impl Seats {
    /// A free one, or that of somebody who has shown no token yet.
    async fn take(&self) -> Option<Seat> {
        let free = Arc::clone(&self.free);
        let seat = match free.clone().try_acquire_owned() {
            Ok(seat) => seat,
            Err(_) if self.strangers().close_one() => free.acquire_owned().await.ok()?,
            Err(_) => return None,
        };
        Some(Seat { _permit: Arc::new(seat), is_known: Arc::default() })
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Somebody was let in: the connection is not closed any more to make room for another.
    pub(crate) fn keep(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }
}

/// Connections on which nobody was let in so far, the oldest first. Where all seats are taken one of them makes room: who
/// says half a line on thousands of connections, or asks for the page on each again and again, keeps nobody out who has a
/// token.
#[derive(Default)]
struct Strangers(VecDeque<(AbortHandle, Arc<AtomicBool>)>);

impl Strangers {
    fn add(&mut self, connection: AbortHandle, is_known: Arc<AtomicBool>) {
        while self.0.front().is_some_and(|first| !Self::is_strange(first)) {
            self.0.pop_front();
        }
        // Others may stand behind one that stays.
        if self.0.len() >= 2 * CONNECTIONS_MAX {
            self.0.retain(Self::is_strange);
        }
        self.0.push_back((connection, is_known));
    }

    /// Closes the oldest; false if there is none.
    fn close_one(&mut self) -> bool {
        while let Some(first) = self.0.pop_front() {
            if Self::is_strange(&first) {
                first.0.abort();
                return true;
            }
        }
        false
    }

    fn is_strange((connection, is_known): &(AbortHandle, Arc<AtomicBool>)) -> bool {
        !is_known.load(Ordering::Relaxed) && !connection.is_finished()
    }
}

pub(crate) fn connections_max() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files / FILES_SHARE).unwrap_or(usize::MAX).clamp(1, CONNECTIONS_MAX)
}

/// One connection, from its first byte on.
struct Conversation {
    peer: SocketAddr,
    service: TowerToHyperService<Router>,
    seat: Seat,
}

impl Conversation {
    async fn begin(self, socket: TcpStream, tls: Option<TlsAcceptor>, mut stop: watch::Receiver<bool>) {
        // A key's echo is one small packet: it must not wait for the next.
        let _ = socket.set_nodelay(true);
        let mut socket = Box::pin(TimeoutStream::new(socket));
        socket.as_mut().set_write_timeout_pinned(Some(TAKEN_WITHIN));
        match tls {
            None => self.go_on(socket, stop).await,
            Some(tls) => {
                if let Some(socket) = shake_hands(tls, socket, &mut stop).await {
                    self.go_on(socket, stop).await;
                }
            }
        }
    }

    /// Serves it to its end, or to where it becomes a WebSocket.
    async fn go_on(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut stop: watch::Receiver<bool>,
    ) {
        let Self { peer, service, seat } = self;
        let (asking, mut asked) = watch::channel(Asked::Nothing);
        let asking = Arc::new(asking);
        let service = service_fn(move |mut request: Request<Incoming>| {
            let asking = Arc::clone(&asking);
            let is_upgrade = request.headers().contains_key(UPGRADE);
            asking.send_replace(if is_upgrade { Asked::ToUpgrade } else { Asked::Something });
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(seat.clone());
            let answered = service.call(request.map(Body::new));
            async move {
                let answer = answered.await;
                if is_upgrade {
                    let upgrades = answer
                        .as_ref()
                        .is_ok_and(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS);
                    asking.send_replace(if upgrades { Asked::Upgraded } else { Asked::Something });
                }
                answer
            }
        });
        let mut builder = Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_MAX_BYTES);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(socket), service).with_upgrades());
        tokio::select! {
            // Its errors are its client's.
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // Who was let in and has not asked yet is heard: the next server does not know of him.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = has_asked(asked.clone()) => {}
        }
        // What is shut down in order says so in its last answer, also in one that begins a WebSocket, which then is none.
        tokio::select! {
            _ = connection.as_mut() => return,
            upgraded = is_upgraded(&mut asked) => if upgraded {
                let _ = connection.await;
                return;
            }
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// Agrees on keys, within the time that the head of a request has.
async fn shake_hands(
    tls: TlsAcceptor,
    socket: Socket,
    stop: &mut watch::Receiver<bool>,
) -> Option<TlsStream<Socket>> {
    let over = async {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(FIRST_WITHIN).await;
    };
    tokio::select! {
        agreed = tokio::time::timeout(HEAD_WITHIN, tls.accept(socket)) => agreed.ok()?.ok(),
        () = over => None,
    }
}

/// What was asked for on a connection so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Something,
    /// To become a WebSocket, which is not answered yet.
    ToUpgrade,
    Upgraded,
}

/// Waits for a connection's first request, if it is on its way.
async fn has_asked(mut asked: watch::Receiver<Asked>) {
    let _ = tokio::time::timeout(FIRST_WITHIN, asked.wait_for(|asked| *asked != Asked::Nothing)).await;
}

/// Waits until no upgrade is under way.
async fn is_upgraded(asked: &mut watch::Receiver<Asked>) -> bool {
    asked.wait_for(|asked| *asked != Asked::ToUpgrade).await.is_ok_and(|asked| *asked == Asked::Upgraded)
}

impl<S: Sync> FromRequestParts<S> for Seat {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing =
            || ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the connection has no seat");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
