//! A tap on a thread of its own, as the server would run it, and a sink that keeps what it heard.

use gateway::tap::{Exchange, Sink, Tap};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A tap to one upstream.
pub struct Rig {
    /// What a CLI is given as its base address.
    pub base: String,
    heard: Receiver<Exchange>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Kept(Sender<Exchange>);

impl Sink for Kept {
    fn hear(&mut self, exchange: Exchange) {
        let _ = self.0.send(exchange);
    }
}

impl Rig {
    pub fn new(upstream: &str) -> Self {
        let (sender, heard) = channel();
        Self::with_sink(upstream, Box::new(Kept(sender)), heard)
    }

    pub fn with_sink(upstream: &str, sink: Box<dyn Sink>, heard: Receiver<Exchange>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (told, base) = channel();
        let upstream = upstream.to_owned();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let tap = Tap::start(sink).await.unwrap();
                told.send(tap.open("session", &upstream).unwrap()).unwrap();
                let _ = stopped.await;
            });
        });
        Self { base: base.recv().unwrap(), heard, stop: Some(stop), thread: Some(thread) }
    }

    /// The host and port, and the path with the secret.
    pub fn place(&self) -> (&str, &str) {
        let rest = self.base.strip_prefix("http://").unwrap();
        rest.split_at(rest.find('/').unwrap())
    }

    /// The next exchange that is over.
    pub fn heard(&self) -> Exchange {
        self.heard.recv_timeout(PATIENCE).expect("the tap hears an exchange")
    }

    /// Whether nothing more was heard so far.
    pub fn is_silent(&self) -> bool {
        matches!(self.heard.recv_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
