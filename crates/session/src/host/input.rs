//! Input on its way to the program: transactions, one after the other, journaled before the terminal sees them.
//!
//! A transaction is what one client wants typed as a whole: a key, a paste, a prompt with its Enter. Nothing of
//! another comes in between (T9). Only the typing of a terminal comes in pieces, as it is read: while one ends inside
//! a paste or a key, its terminal has the [`Floor`]. What the program does not take waits here, up to a limit (T6).

mod end;

use super::floor::Floor;
use super::recording::Recording;
use end::EndOfInput;
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
/// How long the program must be quiet between a paste and its Enter once it has read the paste, and how long that is waited
/// for (T8). Gemini CLI takes an Enter within 30 ms of other keys for a part of what is pasted.
const SETTLE_QUIET: Duration = Duration::from_millis(60);
const SETTLE_LIMIT: Duration = Duration::from_millis(400);
/// How long a program may take to read a paste, and how often it is looked whether it has: what it reads together it takes as
/// one.
const READ_WITHIN: Duration = Duration::from_secs(2);
const LOOK_EVERY: Duration = Duration::from_millis(5);

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
    /// Whether it is a piece of what a terminal types, wherever its reads ended.
    pub typed: bool,
    pub receipt: Option<Receipt>,
}

/// The transactions that wait, and how far the first one is.
#[derive(Default)]
pub(super) struct InputQueue {
    waiting: VecDeque<Transaction>,
    /// Answers to queries, the host's and its terminal's; they go between two transactions, as soon as possible.
    replies: Vec<u8>,
    bytes: usize,
    /// Bytes of the line that was begun and not ended, while the terminal edits lines (T7).
    open_line: usize,
    edits_lines: bool,
    /// Bytes of the first part that were written; `None` if it is not journaled yet.
    written: Option<usize>,
    settling: Option<Settling>,
    /// The end of an input, while nobody typed since.
    end: Option<EndOfInput>,
    floor: Floor,
    secrecy: Secrecy,
    /// When somebody typed last.
    pushed: Option<Instant>,
    /// When the program wrote last.
    wrote: Option<Instant>,
}

/// The pause between a paste and its Enter.
struct Settling {
    begun: Instant,
    /// When it was looked whether the paste was read, and was not yet.
    unread: Option<Instant>,
    /// When the paste was seen to have been read.
    read: Option<Instant>,
    /// When the program last wrote since the paste.
    output: Option<Instant>,
}

impl InputQueue {
    /// Whether so many more bytes may wait.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes <= QUEUE_BYTES
    }

    /// Whether a terminal's keys should be read now.
    pub(super) fn takes_keys(&self) -> bool {
        // What waits for the end of a paste must not be what keeps that end from being read.
        let unfinished = || self.floor.holder().is_some() && self.bytes_typed() < TERMINAL_BYTES;
        self.bytes < TERMINAL_BYTES || unfinished()
    }

    fn bytes_typed(&self) -> usize {
        let typed = self.waiting.iter().filter(|transaction| transaction.typed);
        typed.flat_map(|transaction| &transaction.parts).map(Vec::len).sum()
    }

    /// Whether something can be written once the terminal takes it.
    pub(super) fn wants_write(&self) -> bool {
        let next = match self.floor.holder() {
            Some(_) => self.rest_of_typing().is_some(),
            None => !self.waiting.is_empty(),
        };
        (!self.replies.is_empty() && self.floor.holder().is_none()) || (next && self.settling.is_none())
    }

    /// Whether nothing is known here that a host in our place would not know: what waits, and whose paste is open.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let open = self.floor.until().is_some_and(|until| now < until);
        self.waiting.is_empty() && self.replies.is_empty() && !open
    }

    /// Whether a secret is being typed that a host in our place would take for something else.
    pub(super) fn is_in_secret(&self, master: impl AsFd) -> bool {
        pty::input_mode(master).is_ok_and(|mode| self.secrecy.is_open(mode))
    }

    /// When to look again without an event.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let waits = !self.waiting.is_empty() || !self.replies.is_empty();
        let given_up = self.floor.until().filter(|_| waits && self.rest_of_typing().is_none());
        let end = self.end.as_ref().and_then(EndOfInput::deadline);
        let pause = self.settling.as_ref().map(Settling::end).or(given_up);
        pause.into_iter().chain(end).min()
    }

    /// Where the next piece stands of the typing that has the floor.
    fn rest_of_typing(&self) -> Option<usize> {
        let holder = self.floor.holder()?;
        self.waiting.iter().position(|transaction| transaction.typed && transaction.client == holder)
    }

    /// Whether nobody typed for so long, and nothing of it waits.
    pub(super) fn is_quiet(&self, time: Duration, now: Instant) -> bool {
        self.is_idle(now) && self.pushed.is_none_or(|pushed| now.saturating_duration_since(pushed) >= time)
    }

    /// Whether the program wrote something since then.
    pub(super) fn wrote_since(&self, time: Instant) -> bool {
        self.wrote.is_some_and(|wrote| wrote >= time)
    }

    /// Whether somebody typed since then.
    pub(super) fn typed_since(&self, time: Instant) -> bool {
        self.pushed.is_some_and(|pushed| pushed >= time)
    }

    /// Whether the program wrote something since somebody typed, or had so long to do it.
    pub(super) fn is_heard(&self, within: Duration, now: Instant) -> bool {
        self.pushed
            .is_none_or(|pushed| self.wrote_since(pushed) || now.saturating_duration_since(pushed) >= within)
    }

    /// Somebody typed through the host before this one, by now at the latest.
    pub(super) fn typed_before(&mut self, now: Instant) {
        self.pushed = Some(now);
    }

    /// Somebody's input ends with this.
    pub(super) fn push_end(&mut self, transaction: Transaction) {
        let end = EndOfInput::sent(transaction.client, Instant::now());
        self.push(transaction);
        self.end = Some(end);
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        self.end = None;
        if !transaction.parts.iter().all(|part| tells_focus(part)) {
            self.pushed = Some(Instant::now());
        }
        self.bytes += transaction.parts.iter().map(Vec::len).sum::<usize>();
        self.waiting.push_back(transaction);
    }

    pub(super) fn reply(&mut self, bytes: &[u8]) {
        // A program that asks and never reads could fill the memory: what it does not take is dropped, as a
        // terminal's own buffer would. A single answer may be long; a clipboard has up to 1 MiB.
        if self.replies.len() < TERMINAL_BYTES {
            self.replies.extend_from_slice(bytes);
        }
    }

    /// Notes that the program wrote something.
    pub(super) fn program_wrote(&mut self, now: Instant) {
        self.wrote = Some(now);
        if let Some(end) = &mut self.end {
            end.look_soon(now);
        }
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
        self.floor.leave(client);
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
        if let Some(again) = self.end.as_mut().and_then(|end| end.once_more(&master, Instant::now())) {
            self.bytes += again.parts.iter().map(Vec::len).sum::<usize>();
            self.waiting.push_back(again);
        }
        loop {
            if self.written.is_none() && !(self.turn() && self.write_replies(&master, recording)?) {
                return Ok(done);
            }
            if self.settling.as_mut().is_some_and(|settling| !settling.is_over(&master, Instant::now())) {
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
            if transaction.typed {
                self.floor.typed(transaction.client, &part[written..written + took], Instant::now());
            }
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
            if transaction.parts.is_empty() {
                // At once: who types through a client sends the rest of a paste only after that.
                done.extend(transaction.receipt);
                self.waiting.pop_front();
            } else {
                let begun = Instant::now();
                self.settling = Some(Settling { begun, unread: None, read: None, output: None });
            }
        }
    }

    /// Puts first what may be written next; false if that has not come yet.
    fn turn(&mut self) -> bool {
        if let Some(rest) = self.rest_of_typing().and_then(|index| self.waiting.remove(index)) {
            self.waiting.push_front(rest);
            return true;
        }
        self.floor.is_free(Instant::now())
    }

    /// Writes the host's own answers, unless they would stand in somebody's paste; false if the terminal took only a
    /// part.
    fn write_replies(&mut self, master: impl AsFd, recording: &mut Recording) -> io::Result<bool> {
        while !self.replies.is_empty() && self.floor.holder().is_none() {
            let Some(took) = write_some(&master, &self.replies)? else { return Ok(false) };
            recording.note(Body::Reply { bytes: &self.replies[..took] });
            self.replies.drain(..took);
        }
        Ok(true)
    }
}

impl Settling {
    /// Whether Enter may go now.
    fn is_over(&mut self, master: impl AsFd, now: Instant) -> bool {
        if self.read.is_none() {
            // Of a terminal of which it is not known it is not waited for.
            if pty::has_unread(master).unwrap_or(false) && now < self.begun + READ_WITHIN {
                self.unread = Some(now);
                return false;
            }
            self.read = Some(now);
        }
        now >= self.end()
    }

    /// When to look again.
    fn end(&self) -> Instant {
        match (self.read, self.unread) {
            (Some(read), _) => {
                let limit = read + SETTLE_LIMIT;
                self.output.map_or(limit, |output| (output.max(read) + SETTLE_QUIET).min(limit))
            }
            (None, Some(unread)) => unread + LOOK_EVERY,
            (None, None) => self.begun,
        }
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

/// Whether this is what a terminal sends when its window is entered or left, and no key.
pub(super) fn tells_focus(bytes: &[u8]) -> bool {
    bytes.chunks(3).all(|report| matches!(report, b"\x1b[I" | b"\x1b[O"))
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
mod tests;
