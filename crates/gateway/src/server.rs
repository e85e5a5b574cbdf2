//! Listens, and answers until it is told to stop.

use crate::accept::Entrance;
use crate::conversations::Conversations;
use crate::places::Limits;
use crate::presence::{Presence, PresenceError};
use crate::signals::{Signals, Word};
use crate::tls::{Identity, TlsError};
use crate::token::{Role, Store, Use, Wanted};
use crate::{
    App, Inner, Options, accept, audit, conversations, guard, jobs, live, pace, roster, routes, samples,
    successor,
};
use session::home::Home;
use session::registry::Registry;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

/// Connections that may wait to be taken, as they do while the server becomes another binary. The system has a limit of its
/// own; one more tries again after a second, where 128, the usual, are a moment of a busy machine.
const WAITING_MAX: i32 = 4096;
/// How long requests may take to end when the server is told to; sockets that watch do not end by themselves.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    /// Those of [`Options::agentapi`], in its order.
    ports: Vec<TcpListener>,
    app: App,
    tls: Option<Identity>,
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
         ssh -L, --tls, or --insecure-network if the network is yours alone"
    )]
    NotLoopback(SocketAddr),
    /// Whoever reaches it types without a token.
    #[error(
        "--agentapi {0}: no loopback address; whoever reaches this port types into the session without a token. \
         Use the routes under /agentapi/ with a token, or a tunnel such as ssh -L"
    )]
    PortNotLoopback(SocketAddr),
    /// There is no certificate to show.
    #[error(transparent)]
    Tls(#[from] TlsError),
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
    /// It was told to become the binary that lies where its own lay, with these sockets ([`crate::become_successor`]).
    Replaced(Vec<OwnedFd>),
}

impl Server {
    /// Begins to listen: on the socket that the process was given, if it was given one.
    pub async fn bind(home: Home, options: Options) -> Result<Self, StartError> {
        let address = options.listen;
        let check = |address: SocketAddr| match address.ip().is_loopback()
            || options.tls.is_some()
            || options.insecure_network
        {
            true => Ok(()),
            false => Err(StartError::NotLoopback(address)),
        };
        check(address)?;
        let presence = Presence::take(&home)?;
        let tls = load_certificate(&home, &options)?;
        let failed = |source| StartError::Listen { address, source };
        let mut inherited = successor::inherited().map_err(failed)?;
        let was_given = !inherited.is_empty();
        let listener = take(&mut inherited, address).await?;
        // One that was given listens where somebody else decided.
        let address = listener.local_addr().map_err(failed)?;
        check(address)?;
        let mut ports = Vec::with_capacity(options.agentapi.len());
        for port in &options.agentapi {
            let check = |address: SocketAddr| match address.ip().is_loopback() {
                true => Ok(()),
                false => Err(StartError::PortNotLoopback(address)),
            };
            check(port.listen)?;
            let socket = take(&mut inherited, port.listen).await?;
            check(socket.local_addr().map_err(failed)?)?;
            ports.push(socket);
        }
        let signals = Signals::new().map_err(failed)?;
        presence.tell(address, tls.is_some()).map_err(failed)?;
        let inner = Inner {
            tokens: Store::new(&home),
            audit: audit::Log::new(&home),
            sessions: live::Hub::default(),
            conversations: Conversations::new(&home, options.model.clone()),
            agentapi: routes::Talks::default(),
            registry: Registry::remembering(&home),
            roster: roster::Roster::default(),
            recordings: Default::default(),
            questions: Default::default(),
            connections: Arc::default(),
            guard: guard::Guard::new(address, &options.hosts, tls.is_some()),
            limits: Limits::new(options.sse_connections_max, accept::connections_max()),
            pace: pace::Pace::new(options.writes_per_second),
            metrics: Default::default(),
            samples: Default::default(),
            stopping: watch::Sender::new(false),
            options,
            home,
        };
        Ok(Self { listener, ports, tls, app: App(Arc::new(inner)), was_given, signals, _presence: presence })
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
        let wanted = Wanted::new(Use::Login, Role::Manage, "serve".to_owned(), None);
        let (secret, _) = self.app.0.tokens.create(wanted)?;
        Ok(format!("{}/#login={secret}", self.url()))
    }

    /// Where browsers find it.
    fn url(&self) -> String {
        let address = self.address().unwrap_or(self.app.0.options.listen);
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        // No browser can call an address that stands for all; it calls the name that is allowed, or this machine.
        match (address.ip().is_unspecified(), self.app.0.options.hosts.first()) {
            (true, Some(name)) => format!("{scheme}://{name}:{}", address.port()),
            (true, None) => format!("{scheme}://localhost:{}", address.port()),
            (false, _) => format!("{scheme}://{address}"),
        }
    }

    /// The SHA-256 of its certificate, for who wants to compare it at the first visit.
    pub fn fingerprint(&self) -> Option<&str> {
        self.tls.as_ref().map(|identity| identity.fingerprint.as_str())
    }

    /// Where agentapi's clients reach a session, and which.
    pub fn ports(&self) -> Vec<(String, SocketAddr)> {
        let sessions = self.app.0.options.agentapi.iter().map(|port| port.session.clone());
        sessions.zip(self.ports.iter().filter_map(|port| port.local_addr().ok())).collect()
    }

    /// Answers until the process is told to end, or to become another binary.
    pub async fn run(self) -> io::Result<Left> {
        let listeners = [&self.listener].into_iter().chain(&self.ports);
        let sockets =
            listeners.map(|listener| listener.as_fd().try_clone_to_owned()).collect::<Result<_, _>>()?;
        let (app, mut signals) = (self.app, self.signals);
        tokio::spawn(samples::keep(app.clone()));
        if app.0.options.follows_conversations {
            conversations::start_following(&app);
        }
        jobs::start(&app);
        let mut entrances = vec![Entrance {
            listener: self.listener,
            router: routes::router(&app),
            tls: self.tls.map(|identity| identity.acceptor),
        }];
        for (listener, port) in self.ports.into_iter().zip(&app.0.options.agentapi) {
            let guard = Arc::new(guard::Guard::new(listener.local_addr()?, &[], false));
            let port = routes::Port { app: app.clone(), guard, session: port.session.clone() };
            entrances.push(Entrance { listener, router: routes::of_port(&port), tls: None });
        }
        let (told, heard) = oneshot::channel();
        let until_stopped = {
            let app = app.clone();
            async move {
                let options = app.clone();
                // The successor will read the certificate again, and could not go on without.
                let check = move || {
                    load_certificate(&options.0.home, &options.0.options).map_err(io::Error::other).map(drop)
                };
                let word = signals.heard(check).await;
                app.0.stopping.send_replace(true);
                let _ = told.send((word, signals));
            }
        };
        let mut stopping = app.0.stopping.subscribe();
        let patience = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
            tokio::time::sleep(LEAVE_WITHIN).await;
        };
        tokio::select! {
            () = accept::serve(entrances, until_stopped) => {}
            () = patience => {}
        }
        if let Ok((Word::Replace, signals)) = heard.await
            && !signals.told_to_stop_after_all().await
        {
            return Ok(Left::Replaced(sockets));
        }
        Ok(Left::Stopped)
    }
}

/// The certificate that the server is told to show; its own is for every name by which it may be called.
fn load_certificate(home: &Home, options: &Options) -> Result<Option<Identity>, TlsError> {
    let Some(tls) = &options.tls else { return Ok(None) };
    let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
    names.push(options.listen.ip().to_string());
    names.extend(options.hosts.iter().map(|host| host.trim_matches(['[', ']']).to_owned()));
    names.sort_unstable();
    names.dedup();
    tls.load(home, &names).map(Some)
}

/// The next socket that the process was given, or a new one.
async fn take(
    inherited: &mut VecDeque<std::net::TcpListener>,
    address: SocketAddr,
) -> Result<TcpListener, StartError> {
    let failed = |source| StartError::Listen { address, source };
    if let Some(given) = inherited.pop_front() {
        return TcpListener::from_std(given).map_err(failed);
    }
    let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::Taken(address),
        _ => failed(source),
    })?;
    // Again, with a longer queue.
    rustix::net::listen(&listener, WAITING_MAX).map_err(|error| failed(error.into()))?;
    Ok(listener)
}
