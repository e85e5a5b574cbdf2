//! The word to a client that what it typed was written. It goes out with the program's answer, or after a moment: who is
//! told at once takes the processor that the program would answer on, and is woken twice for one key.

use super::clients::Clients;
use super::input::Receipt;
use protocol::Offset;
use protocol::frame::Answer;
use std::time::{Duration, Instant};

/// A receipt waits for the program's answer no longer than this. A program that shows what is typed does so within 0.1 ms.
const ANSWERED_WITHIN: Duration = Duration::from_micros(500);

/// The receipts that wait.
#[derive(Default)]
pub(super) struct Receipts {
    /// With the end of the output before the program can have answered.
    waiting: Vec<(Receipt, Offset)>,
    until: Option<Instant>,
}

impl Receipts {
    /// These were written when the output ended here.
    pub(super) fn add(&mut self, receipts: Vec<Receipt>, offset: Offset) {
        if !receipts.is_empty() {
            self.until.get_or_insert_with(|| Instant::now() + ANSWERED_WITHIN);
            self.waiting.extend(receipts.into_iter().map(|receipt| (receipt, offset)));
        }
    }

    /// When they go out at the latest; nothing where none waits.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    pub(super) fn send(&mut self, clients: &mut Clients) {
        self.until = None;
        for (Receipt { client, call }, offset) in self.waiting.drain(..) {
            clients.answer(client, call, Answer::Done { offset }, &[]);
        }
    }
}
