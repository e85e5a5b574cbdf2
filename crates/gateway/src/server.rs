//! Listens, and answers until it is told to stop.

use crate::presence::{Presence, PresenceError};
use crate::signals::{Signals, Word};
use crate::token::{Role, Store, Use, Wanted};
use crate::{App, Inner, Options, accept, audit, guard, history, live, roster, routes, successor};
use protocol::Time;
use session::home::Home;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// How long a login link is good.
const LOGIN_LASTS_US: u64 = 15 * 60 * 1_000_000; // 15 minutes
/// Connections that may wait to be taken, as they do while the server becomes another binary. The system has a limit of its
/// own; one more tries again after a second, where 128, the usual, are a moment of a busy machine.
const WAITING_MAX: i32 = 4096;
/// How long requests may take to end when the server is told to; sockets that watch do not end by themselves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    app: App,
    /// Whether the process was started with its socket.
    was_given: bool,
    signals: Signals,
    _presence: Presence,
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
    /// The instance has a server.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// The system refused.
    #[error("listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The system's answer.
        source: io::Error,
    },
}

/// Why a server answers no more.
#[derive(Debug)]
pub enum Left {
    /// It was told to end.
    Stopped,
    /// It was told to become the binary that lies where its own lay, with this socket ([`crate::become_successor`]).
    Replaced(OwnedFd),
}

impl Server {
    /// Begins to listen: on the socket that the process was given, if it was given one.
    pub async fn bind(home: Home, options: Options) -> Result<Self, StartError> {
        let presence = Presence::take(&home)?;
        let address = options.listen;
        let failed = |source| StartError::Listen { address, source };
        let inherited = successor::inherited().map_err(failed)?;
        let was_given = inherited.is_some();
        let listener = match inherited {
            Some(inherited) => TcpListener::from_std(inherited).map_err(failed)?,
            None => {
                let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
                    io::ErrorKind::AddrInUse => StartError::Taken(address),
                    _ => failed(source),
                })?;
                // Again, with a longer queue.
                rustix::net::listen(&listener, WAITING_MAX).map_err(|error| failed(error.into()))?;
                listener
            }
        };
        let address = listener.local_addr().map_err(failed)?;
        let signals = Signals::new().map_err(failed)?;
        presence.tell(address).map_err(failed)?;
        let inner = Inner {
            tokens: Store::new(&home),
            audit: audit::Log::new(&home),
            sessions: live::Hub::default(),
            roster: roster::Roster::new(home.clone()),
            recordings: Default::default(),
            sse_connections: Arc::default(),
            metrics: Default::default(),
            connections: Arc::default(),
            history: Default::default(),
            stopping: watch::Sender::new(false),
            failures: Mutex::new(HashMap::new()),
            started: Instant::now(),
            guard: guard::Guard::new(address, &options),
            options,
            home,
        };
        Ok(Self { listener, app: App(Arc::new(inner)), was_given, signals, _presence: presence })
    }

    /// Whether its socket was there before it: who uses it knows it already.
    pub fn was_given_its_socket(&self) -> bool {
        self.was_given
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
            until: None,
        };
        let (secret, _) = self.app.0.tokens.create(wanted)?;
        let address = self.address().unwrap_or(self.app.0.options.listen);
        Ok(format!("http://{address}/#login={secret}"))
    }

    /// Answers until the process is told to end, or to become another binary.
    pub async fn run(self) -> io::Result<Left> {
        let socket = self.listener.as_fd().try_clone_to_owned()?;
        let (app, mut signals) = (self.app, self.signals);
        tokio::spawn(history::keep(app.clone()));
        let (told, heard) = oneshot::channel();
        let until_stopped = {
            let app = app.clone();
            async move {
                let word = signals.heard().await;
                app.0.stopping.send_replace(true);
                let _ = told.send(word);
            }
        };
        let mut stopping = app.0.stopping.subscribe();
        let patience = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(LEAVE_WITHIN).await;
        };
        tokio::select! {
            () = accept::serve(self.listener, routes::router(&app), until_stopped) => {}
            () = patience => {}
        }
        Ok(match heard.await {
            Ok(Word::Replace) => Left::Replaced(socket),
            _ => Left::Stopped,
        })
    }
}
