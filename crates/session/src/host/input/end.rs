//! The end of what a pipe had to say. To a program it is a key, and keys get lost: what waits as the end of a file while a
//! shell runs a command is a NUL to the shell, which then reads keys; what waits as a key is one to a command that reads
//! lines. So it is sent once more where all was read and the program, quiet now, goes on.

use super::Transaction;
use protocol::ClientNumber;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use terminal::pty;

/// The key that ends a file, of `stty eof`.
const MARK: u8 = 4; // Ctrl+D
/// How long the program must be quiet before the end is sent once more.
const QUIET: Duration = Duration::from_millis(60);
/// How often at most: a program may take it for a key of its own.
const TIMES: u8 = 4;

/// The end of an input, which was sent.
pub(super) struct EndOfInput {
    client: ClientNumber,
    times_left: u8,
    due: Option<Instant>,
}

impl EndOfInput {
    pub(super) fn sent(client: ClientNumber, now: Instant) -> Self {
        Self { client, times_left: TIMES, due: Some(now + QUIET) }
    }

    /// The program does something: once it is quiet, the end may have been lost.
    pub(super) fn look_soon(&mut self, now: Instant) {
        self.due = (self.times_left > 0).then_some(now + QUIET);
    }

    /// When to look whether it was lost.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// What is to be typed now, if it was. While something is unread, the end may be; then the program's next output is awaited.
    pub(super) fn once_more(&mut self, master: impl AsFd, now: Instant) -> Option<Transaction> {
        self.due.take_if(|due| now >= *due)?;
        if pty::has_unread(master).unwrap_or(true) {
            return None;
        }
        self.times_left -= 1;
        self.look_soon(now);
        Some(Transaction { client: self.client, parts: [vec![MARK]].into(), typed: false, receipt: None })
    }
}
