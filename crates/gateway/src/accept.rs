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
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio_io_timeout::TimeoutStream;

/// Connections at most, WebSockets among them. One more is closed at once, unless one that has asked for nothing yet can be.
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
pub(crate) struct Seat(#[expect(dead_code, reason = "held, not looked at")] Arc<OwnedSemaphorePermit>);

/// Serves what connects until `stopped`, and then until all requests are answered.
pub(crate) async fn serve(listener: TcpListener, router: Router, stopped: impl Future<Output = ()>) {
    let most = connections_max();
    let seats = Arc::new(Semaphore::new(most));
    let service = TowerToHyperService::new(router);
    // Whoever serves a connection holds a receiver: it hears of the end, and its own end is heard.
    let stop = watch::Sender::new(false);
    let mut silent = Silent::default();
    let mut stopped = pin!(stopped);
    loop {
        let (socket, peer) = tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) {
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                    continue;
                }
            },
        };
        let free = Arc::clone(&seats);
        let seat = match free.clone().try_acquire_owned() {
            Ok(seat) => seat,
            Err(_) if silent.close_one() => match free.acquire_owned().await {
                Ok(seat) => seat,
                Err(_) => continue,
            },
            // Closed by being dropped.
            Err(_) => continue,
        };
        let asked = watch::Sender::new(false);
        let first = asked.subscribe();
        let conversation =
            converse(socket, peer, service.clone(), Seat(Arc::new(seat)), asked, stop.subscribe());
        silent.add(tokio::spawn(conversation).abort_handle(), first);
    }
    drop(listener);
    stop.send_replace(true);
    stop.closed().await;
    // Who watches is told that the server ends, and keeps its seat until then.
    let _ = seats.acquire_many(u32::try_from(most).unwrap_or(u32::MAX)).await;
}

/// Connections without a request so far, the oldest first. Where all seats are taken one of them makes room: who says half
/// a line on thousands of connections keeps nobody out who says a whole one.
#[derive(Default)]
struct Silent(VecDeque<(AbortHandle, watch::Receiver<bool>)>);

impl Silent {
    fn add(&mut self, connection: AbortHandle, asked: watch::Receiver<bool>) {
        while self.0.front().is_some_and(|first| !Self::is_silent(first)) {
            self.0.pop_front();
        }
        // Others may stand behind one that is silent.
        if self.0.len() >= 2 * CONNECTIONS_MAX {
            self.0.retain(Self::is_silent);
        }
        self.0.push_back((connection, asked));
    }

    /// Closes the oldest; false if there is none.
    fn close_one(&mut self) -> bool {
        while let Some(first) = self.0.pop_front() {
            if Self::is_silent(&first) {
                first.0.abort();
                return true;
            }
        }
        false
    }

    fn is_silent((connection, asked): &(AbortHandle, watch::Receiver<bool>)) -> bool {
        !*asked.borrow() && !connection.is_finished()
    }
}

fn connections_max() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files / FILES_SHARE).unwrap_or(usize::MAX).clamp(1, CONNECTIONS_MAX)
}

/// Serves one connection to its end, or to where it becomes a WebSocket.
async fn converse(
    socket: TcpStream,
    peer: SocketAddr,
    service: TowerToHyperService<Router>,
    seat: Seat,
    asked: watch::Sender<bool>,
    mut stop: watch::Receiver<bool>,
) {
    // A key's echo is one small packet: it must not wait for the next.
    let _ = socket.set_nodelay(true);
    let first = asked.subscribe();
    let service = service_fn(move |mut request: Request<Incoming>| {
        asked.send_replace(true);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(seat.clone());
        service.call(request.map(Body::new))
    });
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_MAX_BYTES);
    let mut socket = TimeoutStream::new(socket);
    socket.set_write_timeout(Some(TAKEN_WITHIN));
    let mut connection =
        pin!(builder.serve_connection(TokioIo::new(Box::pin(socket)), service).with_upgrades());
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
