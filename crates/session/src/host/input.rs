//! Input on its way to the program: transactions, one after the other, journaled before the terminal sees them.
//!
//! A transaction is what one client wants typed as a whole: a key, a paste, a prompt with its Enter. Nothing of
//! another comes in between (T9). What the program does not take waits here, up to a limit (T6).

use super::recording::Recording;
use protocol::{Body, ClientNumber, LengthClass};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use terminal::pty;
use terminal::secret::Secrecy;

/// Bytes that may wait. A full queue refuses a transaction whole, and stops reading a terminal.
pub(super) const QUEUE_BYTES: usize = 1 << 20; // 1 MiB
/// A terminal's keys are read while fewer bytes wait than this.
pub(super) const TERMINAL_BYTES: usize = 64 << 10; // 64 KiB
/// How long the program must be quiet between a paste and its Enter, and how long that is waited for (T8).
const SETTLE_QUIET: Duration = Duration::from_millis(30);
const SETTLE_LIMIT: Duration = Duration::from_millis(400);

/// Whom to tell when a transaction was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Receipt {
    pub client: ClientNumber,
    pub call: u64,
}

/// What one client wants typed.
pub(super) struct Transaction {
    pub client: ClientNumber,
    /// Parts between which the program is given time to take in the one before.
    pub parts: VecDeque<Vec<u8>>,
    pub receipt: Option<Receipt>,
}

/// The transactions that wait, and how far the first one is.
#[derive(Default)]
pub(super) struct InputQueue {
    waiting: VecDeque<Transaction>,
    /// Answers of the host to queries; they go between two transactions, as soon as possible.
    replies: Vec<u8>,
    bytes: usize,
    /// Bytes of the line that was begun and not ended, while the terminal edits lines (T7).
    open_line: usize,
    edits_lines: bool,
    /// Bytes of the first part that were written; `None` if it is not journaled yet.
    written: Option<usize>,
    settling: Option<Settling>,
    secrecy: Secrecy,
}

/// The pause between a paste and its Enter.
struct Settling {
    limit: Instant,
    /// When the program last wrote since the paste; Enter goes [`SETTLE_QUIET`] after that.
    output: Option<Instant>,
}

impl InputQueue {
    /// Whether so many more bytes may wait.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes <= QUEUE_BYTES
    }

    /// Whether a terminal's keys should be read now.
    pub(super) fn takes_keys(&self) -> bool {
        self.bytes < TERMINAL_BYTES
    }

    /// Whether something can be written once the terminal takes it.
    pub(super) fn wants_write(&self) -> bool {
        !self.replies.is_empty() || (!self.waiting.is_empty() && self.settling.is_none())
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.settling.as_ref().map(Settling::end)
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        self.bytes += transaction.parts.iter().map(Vec::len).sum::<usize>();
        self.waiting.push_back(transaction);
    }

    pub(super) fn reply(&mut self, bytes: &[u8]) {
        // A program that asks and never reads could fill the memory: what it does not take is dropped, as a
        // terminal's own buffer would.
        if self.replies.len() + bytes.len() <= TERMINAL_BYTES {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// Notes that the program wrote something.
    pub(super) fn program_wrote(&mut self, now: Instant) {
        if let Some(settling) = &mut self.settling {
            settling.output = Some(now);
        }
    }

    /// The longest line that the terminal would have to take with these parts, if it edits lines: what was typed of a
    /// line before counts.
    pub(super) fn longest_line<'a>(&'a self, parts: impl Iterator<Item = &'a [u8]>) -> usize {
        let waiting = self.waiting.iter().flat_map(|transaction| transaction.parts.iter().map(Vec::as_slice));
        let written = self.written.unwrap_or(0);
        let mut longest = 0;
        let mut line = self.open_line;
        for (index, part) in waiting.chain(parts).enumerate() {
            let rest = if index == 0 && self.written.is_some() { &part[written..] } else { part };
            for (place, piece) in rest.split(|byte| ends_line(*byte)).enumerate() {
                line = if place == 0 { line + piece.len() } else { piece.len() };
                longest = longest.max(line);
            }
        }
        longest
    }

    /// Takes back what a client wanted typed that is gone, as far as nothing of it was.
    pub(super) fn withdraw(&mut self, client: ClientNumber) {
        let begun = usize::from(self.written.is_some() || self.settling.is_some());
        let mut index = 0;
        self.waiting.retain(|transaction| {
            index += 1;
            let keep = index <= begun || transaction.client != client || transaction.receipt.is_none();
            if !keep {
                self.bytes -= transaction.parts.iter().map(Vec::len).sum::<usize>();
            }
            keep
        });
    }

    /// Forgets all that waits, and says who waited for it: the program has ended.
    pub(super) fn abandon(&mut self) -> Vec<Receipt> {
        let waiting = std::mem::take(self).waiting;
        waiting.into_iter().filter_map(|transaction| transaction.receipt).collect()
    }

    /// Writes what the terminal takes. Gives the receipts of transactions that were written whole.
    /// `asks` looks whether the screen asks for a secret; it is called only where nothing else can tell.
    pub(super) fn write(
        &mut self,
        master: impl AsFd,
        recording: &mut Recording,
        mut asks: impl FnMut() -> bool,
    ) -> io::Result<Vec<Receipt>> {
        let mut done = Vec::new();
        loop {
            if self.written.is_none() && !self.write_replies(&master, recording)? {
                return Ok(done);
            }
            if self.settling.as_ref().is_some_and(|settling| Instant::now() < settling.end()) {
                return Ok(done);
            }
            self.settling = None;
            let Some(transaction) = self.waiting.front_mut() else { return Ok(done) };
            let Some(part) = transaction.parts.front() else {
                done.extend(transaction.receipt);
                self.waiting.pop_front();
                continue;
            };
            let written = match self.written {
                Some(written) => written,
                None => {
                    let mode = pty::input_mode(&master);
                    self.edits_lines = mode.as_ref().is_ok_and(|mode| mode.canonical);
                    let hide = mode.is_ok_and(|mode| self.secrecy.hides(mode, part, &mut asks));
                    record(recording, hide, transaction.client, part);
                    *self.written.insert(0)
                }
            };
            let Some(took) = write_some(&master, super::intercept::input(&part[written..]))? else {
                return Ok(done);
            };
            self.bytes -= took;
            self.open_line = match part[written..written + took].iter().rposition(|byte| ends_line(*byte)) {
                _ if !self.edits_lines => 0,
                Some(place) => took - place - 1,
                None => self.open_line + took,
            };
            if written + took < part.len() {
                self.written = Some(written + took);
                continue;
            }
            self.written = None;
            transaction.parts.pop_front();
            if !transaction.parts.is_empty() {
                self.settling = Some(Settling { limit: Instant::now() + SETTLE_LIMIT, output: None });
            }
        }
    }

    /// Writes the host's own answers; false if the terminal took only a part.
    fn write_replies(&mut self, master: impl AsFd, recording: &mut Recording) -> io::Result<bool> {
        while !self.replies.is_empty() {
            let Some(took) = write_some(&master, &self.replies)? else { return Ok(false) };
            recording.note(Body::Reply { bytes: &self.replies[..took] });
            self.replies.drain(..took);
        }
        Ok(true)
    }
}

impl Settling {
    fn end(&self) -> Instant {
        self.output.map_or(self.limit, |output| (output + SETTLE_QUIET).min(self.limit))
    }
}

/// Journals input just before the terminal gets it; of a password only its time and length class are kept (T31).
fn record(recording: &mut Recording, secret: bool, client: ClientNumber, bytes: &[u8]) {
    if secret {
        recording.note(Body::Secret { client, length: LengthClass::of(bytes.len()) });
        return;
    }
    for chunk in bytes.chunks(journal::MAX_PAYLOAD_BYTES) {
        recording.note(Body::Input { client, bytes: chunk });
    }
}

/// Bytes after which a line that is being edited is over, or empty again: return, line feed, and the keys that
/// interrupt, end a file, quit and kill a line.
fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 3 | 4 | 0x1c | 0x15)
}

/// Writes without waiting; `None` where the terminal takes nothing now.
fn write_some(master: impl AsFd, bytes: &[u8]) -> io::Result<Option<usize>> {
    match rustix::io::write(master, bytes) {
        Ok(took) => Ok(Some(took)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        // Every slave is closed: the bytes have nowhere to go, and the program's end is on its way to us.
        Err(Errno::IO) => Ok(Some(bytes.len())),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: ClientNumber = ClientNumber(1);
    const OTHER: ClientNumber = ClientNumber(2);

    fn sent(client: ClientNumber, call: u64, parts: &[&str]) -> Transaction {
        let parts = parts.iter().map(|part| part.as_bytes().to_vec()).collect();
        Transaction { client, parts, receipt: Some(Receipt { client, call }) }
    }

    fn queue(transactions: impl IntoIterator<Item = Transaction>) -> InputQueue {
        let mut queue = InputQueue::default();
        transactions.into_iter().for_each(|transaction| queue.push(transaction));
        queue
    }

    fn calls(receipts: &[Receipt]) -> Vec<u64> {
        receipts.iter().map(|receipt| receipt.call).collect()
    }

    #[test]
    fn a_full_queue_takes_nothing_more_and_a_terminal_stops_earlier() {
        let long = "x".repeat(TERMINAL_BYTES);
        let queue = queue([sent(ME, 1, &[&long])]);
        assert!(!queue.takes_keys());
        assert!(queue.has_room(QUEUE_BYTES - TERMINAL_BYTES));
        assert!(!queue.has_room(QUEUE_BYTES - TERMINAL_BYTES + 1));
    }

    #[test]
    fn who_is_gone_takes_back_what_was_not_begun_and_nothing_of_others() {
        let all = [sent(ME, 1, &["one"]), sent(OTHER, 2, &["two"]), sent(ME, 3, &["three"])];
        let mut queue = queue(all);
        queue.written = Some(1);
        queue.withdraw(ME);
        assert_eq!(queue.bytes, "onetwo".len());
        assert_eq!(calls(&queue.abandon()), [1, 2]);
    }

    #[test]
    fn keys_of_a_terminal_that_is_gone_are_typed_all_the_same() {
        let mut queue = queue([Transaction { receipt: None, ..sent(ME, 0, &["key"]) }]);
        queue.withdraw(ME);
        assert!(queue.wants_write());
    }

    #[test]
    fn an_abandoned_queue_is_empty_and_says_who_waited() {
        let mut queue = queue([sent(ME, 1, &["a"]), sent(OTHER, 2, &["b", "\r"])]);
        queue.reply(b"answer");
        assert_eq!(calls(&queue.abandon()), [1, 2]);
        assert!(!queue.wants_write() && queue.has_room(QUEUE_BYTES) && queue.deadline().is_none());
    }

    #[test]
    fn answers_that_nobody_reads_are_dropped_whole() {
        let mut queue = InputQueue::default();
        queue.reply(&[b'a'; TERMINAL_BYTES]);
        queue.reply(b"b");
        assert_eq!(queue.replies.len(), TERMINAL_BYTES);
    }

    #[test]
    fn a_line_is_as_long_as_all_that_is_typed_of_it_before_and_behind() {
        let length = |queue: &InputQueue, part: &str| queue.longest_line([part.as_bytes()].into_iter());
        assert_eq!(length(&InputQueue::default(), "ab\rcde\x03f"), 3);
        let mut queue = queue([sent(ME, 1, &["abc", "de"])]);
        assert_eq!(length(&queue, "fg\rh"), 7, "what waits is a part of the line");
        queue.open_line = 4;
        queue.written = Some(2);
        assert_eq!(length(&queue, ""), 4 + 3, "what was written counts once");
    }

    #[test]
    fn between_a_paste_and_its_enter_the_program_is_given_time_up_to_a_limit() {
        let mut queue = queue([sent(ME, 1, &["\r"])]);
        let now = Instant::now();
        queue.settling = Some(Settling { limit: now + SETTLE_LIMIT, output: None });
        assert!(!queue.wants_write());
        assert_eq!(queue.deadline(), Some(now + SETTLE_LIMIT));
        queue.program_wrote(now);
        assert_eq!(queue.deadline(), Some(now + SETTLE_QUIET));
        queue.program_wrote(now + SETTLE_LIMIT);
        assert_eq!(queue.deadline(), Some(now + SETTLE_LIMIT));
    }
}
