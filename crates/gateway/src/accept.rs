//! Takes connections, and lets none of them hold the others up: there are only so many, and each has to say soon what it
//! wants.

use crate::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, getrlimit};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at most, WebSockets among them. One more is closed at once.
const CONNECTIONS_MAX: usize = 4096;
/// Of the files that the process may have open, the share of connections: sessions and their recordings need some, too.
const FILES_SHARE: u64 = 2;
/// How long the head of a request may take, and a connection say nothing between two.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The head of a request at most.
const HEAD_MAX_BYTES: usize = 64 << 10; // 64 KiB
/// At the end of the server, how long a connection may take for its first request.
const FIRST_WITHIN: Duration = Duration::from_millis(500);
/// When the system has nothing left for a connection, it may have in a moment.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// A connection's place among [`CONNECTIONS_MAX`]. A WebSocket keeps it when the connection is its own.
#[derive(Clone)]
pub(crate) struct Seat(#[expect(dead_code, reason = "held, not looked at")] Arc<OwnedSemaphorePermit>);

/// Where connections come in, and what answers them.
pub(crate) struct Door {
    pub listener: TcpListener,
    pub router: Router,
    pub tls: Option<TlsAcceptor>,
}

/// Serves what connects until `stopped`, and then until all requests are answered.
pub(crate) async fn serve(doors: Vec<Door>, stopped: impl Future<Output = ()>) {
    let most = connections_max();
    let seats = Arc::new(Semaphore::new(most));
    // Whoever serves a connection holds a receiver: it hears of the end, and its own end is heard.
    let stop = watch::Sender::new(false);
    let mut porters: JoinSet<()> =
        doors.into_iter().map(|door| door.keep(Arc::clone(&seats), stop.clone())).collect();
    stopped.await;
    stop.send_replace(true);
    while porters.join_next().await.is_some() {}
    stop.closed().await;
    // Who watches is told that the server ends, and keeps its seat until then.
    let _ = seats.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
}

impl Door {
    /// Lets in whoever comes, while there are seats.
    async fn keep(self, seats: Arc<Semaphore>, stop: watch::Sender<bool>) {
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
            let Ok(seat) = Arc::clone(&seats).try_acquire_owned() else { continue };
            // A key's echo is one small packet: it must not wait for the next.
            let _ = socket.set_nodelay(true);
            let (service, seat, stop) = (service.clone(), Seat(Arc::new(seat)), stop.subscribe());
            match self.tls.clone() {
                None => drop(tokio::spawn(converse(socket, peer, service, seat, stop))),
                Some(tls) => drop(tokio::spawn(async move {
                    let mut stopped = stop.clone();
                    if let Some(socket) = shake_hands(tls, socket, &mut stopped).await {
                        converse(socket, peer, service, seat, stop).await;
                    }
                })),
            }
        }
    }
}

fn connections_max() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files / FILES_SHARE).unwrap_or(usize::MAX).clamp(1, CONNECTIONS_MAX)
}

/// Agrees on keys, within the time that the head of a request has.
async fn shake_hands(
    tls: TlsAcceptor,
    socket: TcpStream,
    stop: &mut watch::Receiver<bool>,
) -> Option<TlsStream<TcpStream>> {
    let over = async {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(FIRST_WITHIN).await;
    };
    tokio::select! {
        agreed = tokio::time::timeout(HEAD_WITHIN, tls.accept(socket)) => agreed.ok()?.ok(),
        () = over => None,
    }
}

/// Serves one connection to its end, or to where it becomes a WebSocket.
async fn converse(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    service: TowerToHyperService<Router>,
    seat: Seat,
    mut stop: watch::Receiver<bool>,
) {
    let (asked, first) = watch::channel(false);
    let service = service_fn(move |mut request: Request<Incoming>| {
        asked.send_replace(true);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(seat.clone());
        service.call(request.map(Body::new))
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
        () = has_asked(first) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Waits for a connection's first request, if it is on its way.
async fn has_asked(mut first: watch::Receiver<bool>) {
    let _ = tokio::time::timeout(FIRST_WITHIN, first.wait_for(|asked| *asked)).await;
}

impl<S: Sync> FromRequestParts<S> for Seat {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let missing =
            || ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "the connection has no seat");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
