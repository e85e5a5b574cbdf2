//! What is heard waits in a queue with a limit for the one thread that parses it.
//!
//! The queue is counted in bytes. What does not fit is not heard, and then nothing more of that exchange, so that what was heard is
//! always a beginning. Its end is always told: there are no more of those than connections.

use super::exchange::{Exchange, Outcome, Parsing};
use axum::http::request;
use axum::http::response;
use hyper::body::Bytes;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

/// Bytes that may wait, over all exchanges.
const WAITING_MAX_BYTES: usize = 64 << 20; // 64 MiB: some hundred long requests at once
/// What a note weighs beside its bytes.
const NOTE_BYTES: usize = 256;

/// Who takes what was heard. It is called on a thread of the tap's own, and may take its time: the stream does not wait for it.
pub trait Sink: Send {
    /// Takes an exchange that is over.
    fn hear(&mut self, exchange: Exchange);
}

/// Where exchanges begin to be heard.
pub(super) struct Ears {
    notes: Sender<Note>,
    waiting: Arc<AtomicUsize>,
    next: AtomicU64,
}

/// The ear at one exchange; all copies hear the same.
#[derive(Clone)]
pub(super) struct Ear(Arc<Hearing>);

struct Hearing {
    number: u64,
    notes: Sender<Note>,
    waiting: Arc<AtomicUsize>,
    /// Something did not fit: nothing more is heard.
    is_behind: AtomicBool,
    is_over: AtomicBool,
}

struct Note {
    number: u64,
    at: Instant,
    what: What,
    weight: usize,
}

enum What {
    Begin(Box<Exchange>),
    Asked(Bytes),
    Answered { status: u16, headers: Vec<(&'static str, String)> },
    Answer(Bytes),
    End { outcome: Outcome, is_behind: bool },
}

impl Ears {
    /// Starts the thread.
    pub(super) fn start(sink: Box<dyn Sink>) -> io::Result<Self> {
        let (notes, receiver) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let taken = Arc::clone(&waiting);
        // It ends with the last sender.
        thread::Builder::new().name("tap".to_owned()).spawn(move || take(&receiver, &taken, sink))?;
        Ok(Self { notes, waiting, next: AtomicU64::new(0) })
    }

    /// Begins to hear an exchange.
    pub(super) fn begin(&self, session: &str, parts: &request::Parts) -> Ear {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (notes, waiting) = (self.notes.clone(), Arc::clone(&self.waiting));
        let ear = Ear(Arc::new(Hearing {
            number,
            notes,
            waiting,
            is_behind: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }));
        ear.tell(What::Begin(Box::new(Exchange::begin(session, parts))), 0);
        ear
    }
}

impl Ear {
    /// Hears a piece of the request.
    pub(super) fn asked(&self, bytes: &Bytes) {
        self.tell(What::Asked(bytes.clone()), bytes.len());
    }

    /// Hears the head of the answer.
    pub(super) fn answered(&self, parts: &response::Parts) {
        let headers = Exchange::kept(&parts.headers);
        self.tell(What::Answered { status: parts.status.as_u16(), headers }, 0);
    }

    /// Hears a piece of the answer.
    pub(super) fn answer(&self, bytes: &Bytes) {
        self.tell(What::Answer(bytes.clone()), bytes.len());
    }

    /// Hears how it ended; the first word counts.
    pub(super) fn end(&self, outcome: Outcome) {
        self.0.end(outcome);
    }

    fn tell(&self, what: What, bytes: usize) {
        let hearing = &self.0;
        if hearing.is_behind.load(Ordering::Relaxed) {
            return;
        }
        let weight = bytes + NOTE_BYTES;
        if hearing.waiting.fetch_add(weight, Ordering::Relaxed) + weight > WAITING_MAX_BYTES {
            hearing.waiting.fetch_sub(weight, Ordering::Relaxed);
            hearing.is_behind.store(true, Ordering::Relaxed);
            return;
        }
        let _ = hearing.notes.send(Note { number: hearing.number, at: Instant::now(), what, weight });
    }
}

impl Hearing {
    fn end(&self, outcome: Outcome) {
        if self.is_over.swap(true, Ordering::Relaxed) {
            return;
        }
        let is_behind = self.is_behind.load(Ordering::Relaxed);
        let what = What::End { outcome, is_behind };
        let _ = self.notes.send(Note { number: self.number, at: Instant::now(), what, weight: 0 });
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        // Nobody passes anything on any more, and it did not end.
        self.end(Outcome::HungUp);
    }
}

/// Parses what is heard, until nobody is left who hears.
fn take(notes: &Receiver<Note>, waiting: &AtomicUsize, mut sink: Box<dyn Sink>) {
    // On Linux this is of the calling thread alone: the stream comes first where there are too few processors.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, 19);
    let mut open: HashMap<u64, Parsing> = HashMap::new();
    while let Ok(Note { number, at, what, weight }) = notes.recv() {
        match (what, open.get_mut(&number)) {
            (What::Begin(exchange), _) => {
                open.insert(number, Parsing::begin(*exchange, at));
            }
            (What::Asked(bytes), Some(parsing)) => {
                parsing.asked(&bytes, at).into_iter().for_each(|over| sink.hear(over));
            }
            (What::Answered { status, headers }, Some(parsing)) => parsing.answered(status, headers, at),
            (What::Answer(bytes), Some(parsing)) => {
                parsing.answer(&bytes, at).into_iter().for_each(|over| sink.hear(over));
            }
            (What::End { outcome, is_behind }, Some(_)) => {
                if let Some(parsing) = open.remove(&number) {
                    parsing.end(outcome, is_behind, at).into_iter().for_each(|over| sink.hear(over));
                }
            }
            // Its beginning did not fit.
            (_, None) => {}
        }
        waiting.fetch_sub(weight, Ordering::Relaxed);
    }
}
