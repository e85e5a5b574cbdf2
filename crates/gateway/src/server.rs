//! Listens, and answers until it is told to stop.

use crate::token::{Role, Store, Use, Wanted};
use crate::{App, Inner, Options, audit, guard, live, routes};
use axum::serve::ListenerExt as _;
use protocol::Time;
use session::home::Home;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long a login link is good.
const LOGIN_LASTS_US: u64 = 15 * 60 * 1_000_000; // 15 minutes
/// How long requests may take to end when the server is told to; sockets that watch do not end by themselves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    app: App,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else has the address.
    #[error(
        "{0} is taken by another program; choose another with --listen or `serve.listen`, or end that one \
         (`ss -ltnp` names it)"
    )]
    Taken(SocketAddr),
    /// Anybody on the network could reach it, and read along.
    #[error(
        "{0} is no loopback address, and there is no TLS: what you type could be read on the way; use a tunnel such as \
         ssh -L, or --insecure-network if the network is yours alone"
    )]
    NotLoopback(SocketAddr),
    /// The system refused.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
}

impl Server {
    /// Begins to listen.
    pub async fn bind(home: Home, options: Options) -> Result<Self, StartError> {
        let address = options.listen;
        let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::Taken(address),
            _ => StartError::Listen { address, source },
        })?;
        let address = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let inner = Inner {
            tokens: Store::new(&home),
            audit: audit::Log::new(&home),
            sessions: live::Hub::default(),
            sse_connections: Arc::default(),
            metrics: Default::default(),
            failures: Mutex::new(HashMap::new()),
            started: Instant::now(),
            guard: guard::Guard::new(address, &options),
            options,
            home,
        };
        Ok(Self { listener, app: App(Arc::new(inner)) })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// An address that logs a browser in, once.
    pub fn login_link(&self) -> Result<String, crate::token::StoreError> {
        let wanted = Wanted {
            label: "serve".to_owned(),
            role: Role::Manage,
            kind: Use::Login,
            session: None,
            expires: Some(Time(Time::now().0 + LOGIN_LASTS_US)),
        };
        let (secret, _) = self.app.0.tokens.create(wanted)?;
        let address = self.address().unwrap_or(self.app.0.options.listen);
        Ok(format!("http://{address}/#login={secret}"))
    }

    /// Answers until the process is told to end.
    pub async fn run(self) -> io::Result<()> {
        let service = routes::router(&self.app).into_make_service_with_connect_info::<SocketAddr>();
        // A key's echo is one small packet: it must not wait for the next.
        let listener = self.listener.tap_io(|socket| {
            let _ = socket.set_nodelay(true);
        });
        let (told, stop) = tokio::sync::watch::channel(false);
        let stopped = async move {
            let _ = until_told().await;
            told.send_replace(true);
        };
        let serving = axum::serve(listener, service).with_graceful_shutdown(stopped);
        let patience = async {
            let mut stop = stop;
            let _ = stop.wait_for(|stop| *stop).await;
            tokio::time::sleep(LEAVE_WITHIN).await;
        };
        tokio::select! {
            served = serving => served,
            () = patience => Ok(()),
        }
    }
}

async fn until_told() -> io::Result<()> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
