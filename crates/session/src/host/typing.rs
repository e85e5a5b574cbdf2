//! From the controlling terminal to the program: what is read there are keys, or answers to what was asked of the
//! terminal, and perhaps a password.

use super::Host;
use super::input::{Transaction, tells_focus};
use super::local::Reading;
use protocol::ClientNumber;
use protocol::frame::DetachReason;
use std::io;
use std::time::Instant;

impl Host {
    pub(super) fn read_keys(&mut self) {
        let Some(local) = &mut self.local else { return };
        let client = local.client;
        match local.read() {
            Reading::Keys(keys) => self.take_typed(client, keys),
            Reading::Nothing => {}
            Reading::Detach => self.detach(DetachReason::Key),
            Reading::Hangup => self.detach(DetachReason::Hangup),
            Reading::Lent => self.leave_to_shell(client),
        }
    }

    /// A detach key that was pressed once is a key like any other.
    pub(super) fn release_held_key(&mut self) {
        let Some(local) = &mut self.local else { return };
        let client = local.client;
        if let Some(keys) = local.release_held(Instant::now()) {
            self.take_typed(client, keys);
        }
    }

    /// What came from the terminal: its answers are ours, the rest is for the program.
    fn take_typed(&mut self, client: ClientNumber, read: Vec<u8>) {
        let mut replies = Vec::new();
        let keys = self.output.asking.typed(&read, Instant::now(), &mut replies);
        if let Some(profile) = self.output.asking.learned() {
            // Only an answer after a restart of the host would be less true for want of this file.
            let _ = self.folder.write_profile(profile);
        }
        self.hand_over(client, keys, &replies);
    }

    /// The terminal may have been too slow with its answers.
    pub(super) fn tend_asking(&mut self) {
        let now = Instant::now();
        if self.output.asking.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        // Within a sequence of the program our question would break it; then there is more output, and another turn.
        let between = self.output.is_between_sequences() && !self.output.ended && self.local.is_some();
        if !between {
            self.output.asking.postpone_probe(now);
        }
        if let (Some(local), true) = (&mut self.local, between)
            && let Some(words) = self.output.asking.probe(now, self.size, self.recording.offset())
        {
            local.show(&words);
        }
        let mut replies = Vec::new();
        let keys = self.output.asking.tend(now, &mut replies);
        let client = self.local.as_ref().map(|local| local.client).unwrap_or_default();
        self.hand_over(client, keys, &replies);
    }

    /// Another terminal controls now: what the one before was asked and did not answer, it will not.
    pub(super) fn terminal_changed(&mut self, client: ClientNumber) {
        let mut replies = Vec::new();
        let typed = self.output.asking.terminal_changed(Instant::now(), &mut replies);
        self.hand_over(client, typed, &replies);
    }

    /// Answers keep their own order (T37), and go before what is typed: nobody typed them.
    fn hand_over(&mut self, client: ClientNumber, keys: Vec<u8>, replies: &[u8]) {
        self.input.reply(replies);
        if !keys.is_empty() {
            self.approvals.unanswered &= tells_focus(&keys);
            self.input.push(Transaction { client, parts: [keys].into(), typed: true, receipt: None });
        }
    }

    pub(super) fn write_input(&mut self) -> io::Result<()> {
        if self.input.wants_write() || self.input.deadline().is_some() {
            let asks = || self.output.canvas.asks();
            for receipt in self.input.write(&self.master, &mut self.recording, asks)? {
                self.done(receipt.client, receipt.call);
            }
        }
        Ok(())
    }
}
