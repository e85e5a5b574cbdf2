//! A scripted model server on loopback: what the AI CLIs under test talk to instead of a real model.
//!
//! The prompt carries the script of its own answer ([`script`] has the grammar), so that a test or a demo needs
//! nothing beside the text it types: `[[say:hello]] [[bash:date]] [[say:done]]`. It speaks the Anthropic Messages API
//! ([`anthropic`]), OpenAI's Responses (`openai_responses`) and chat completions (`openai_chat`), and Gemini's
//! (`gemini`); another API is another module beside them, on the same [`http`], [`script`] and [`turn`].
//!
//! It judges nothing: requests are recorded, and tests look at them. One thread per connection; dropping the server
//! closes all connections and joins all threads.

pub mod anthropic;
mod gemini;
pub mod http;
mod openai_chat;
mod openai_responses;
mod pace;
mod play;
pub mod script;
pub mod turn;

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::wait::TimedOut;
use http::{Connection, Request};
use pace::Pace;

/// A running server; see the module's head.
pub struct ModelServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

/// What the threads of a server share.
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    pace: Pace,
    /// Numbers the answers and tool calls, so that no two in one run bear the same id.
    ids: AtomicU64,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    /// One more handle of each connection, for closing it from outside.
    connections: Vec<TcpStream>,
    serving: Vec<JoinHandle<()>>,
    /// The errors and drops that were to come once, and came.
    spent: HashSet<String>,
    stopped: bool,
}

impl ModelServer {
    /// Starts a server on a free port of the loopback interface.
    pub fn start() -> io::Result<ModelServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            arrived: Condvar::new(),
            pace: Pace::default(),
            ids: AtomicU64::new(u64::from(address.port()) * 1_000_000),
        });
        let accepting = thread::spawn({
            let shared = shared.clone();
            move || accept(&listener, &shared)
        });
        Ok(ModelServer { address, shared, accepting: Some(accepting) })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The base of its addresses, as ANTHROPIC_BASE_URL wants it.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().requests.clone()
    }

    /// Waits for a request like this one; those that came before count, too.
    pub fn wait_for_request(
        &self,
        like_this: impl Fn(&Request) -> bool,
        limit: Duration,
    ) -> Result<Request, TimedOut> {
        self.wait_for_request_after(0, like_this, limit)
    }

    /// As [`wait_for_request`](ModelServer::wait_for_request), without the first `count` requests.
    pub fn wait_for_request_after(
        &self,
        count: usize,
        like_this: impl Fn(&Request) -> bool,
        limit: Duration,
    ) -> Result<Request, TimedOut> {
        let start = Instant::now();
        let mut state = self.shared.lock();
        loop {
            if let Some(request) = state.requests.iter().skip(count).find(|request| like_this(request)) {
                return Ok(request.clone());
            }
            let left = limit.saturating_sub(start.elapsed());
            if left.is_zero() {
                let lines = state.requests.iter().map(|request| format!("{}\n", request.summary()));
                let (awaited, tail) = ("request of the kind awaited".to_owned(), lines.collect());
                return Err(TimedOut { awaited, after: start.elapsed(), tail });
            }
            let waited = self.shared.arrived.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.pace.stop();
        // Wakes the accepting thread, which then sees that all is over.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let (connections, serving) = {
            let mut state = self.shared.lock();
            (std::mem::take(&mut state.connections), std::mem::take(&mut state.serving))
        };
        for connection in connections {
            let _ = connection.shutdown(Shutdown::Both);
        }
        for thread in serving {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new id that begins with `kind`, in the form the real service gives.
    fn id(&self, kind: &str) -> String {
        format!("{kind}_{:014}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether what is to happen once under this key happens now.
    fn first_time(&self, key: String) -> bool {
        self.lock().spent.insert(key)
    }
}

/// Takes connections until the server is dropped.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let mut state = shared.lock();
        if state.stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(handle) = stream.try_clone() else { continue };
        state.connections.push(handle);
        state.serving.push(thread::spawn({
            let shared = shared.clone();
            move || {
                // A connection that fails ends alone; its client sees that, and tells.
                let _ = serve(stream, &shared);
            }
        }));
    }
}

/// Answers the requests of one connection until it ends.
fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    while let Some(request) = connection.request()? {
        shared.lock().requests.push(request.clone());
        shared.arrived.notify_all();
        let answer = match request.path.as_str() {
            path if path.ends_with("/responses") => openai_responses::answer,
            openai_responses::WORKSPACES => openai_responses::workspaces,
            "/v1/chat/completions" => openai_chat::answer,
            path if path.starts_with("/v1beta/") => gemini::answer,
            _ => anthropic::answer,
        };
        answer(&request, &mut connection, shared)?;
    }
    Ok(())
}
