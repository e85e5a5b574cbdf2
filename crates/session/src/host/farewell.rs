//! How a terminal is given back to its user: when the session ends, when it goes on without them, and when nobody is
//! there to take it.

use super::Host;
use protocol::frame::{DetachReason, Event};
use protocol::{Body, ClientNumber, ExitStatus, Notice};
use std::time::Duration;
use terminal::Screen;

/// After the program's end a terminal may stand still for this long before its last output is given up.
const STANDSTILL: Duration = Duration::from_secs(1);
/// After the program's end a terminal that takes its last output slowly is given this long for it.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How long a terminal that is given back may take for its last words; the session waits for it.
const FAREWELL: Duration = Duration::from_millis(500);

impl Host {
    /// Gives the terminal back. What the program left there is as it would be without us; only a program that had no
    /// chance to put its modes back is helped.
    pub(super) fn say_farewell(&mut self, status: ExitStatus) {
        let Some(local) = self.local.take() else { return };
        // What might have become a query never will.
        let mut words = self.output.take_held();
        if !matches!(status, ExitStatus::Code(_)) {
            words.extend(farewell_line(self.output.canvas.screen()));
        }
        local.farewell(&words, STANDSTILL, LAST_WORDS);
    }

    /// Leaves a terminal as a shell expects it.
    pub(super) fn let_go_of_terminal(&mut self, client: ClientNumber) {
        if let Some(local) = self.local.take_if(|local| local.client == client) {
            let words = leave(self.output.canvas.screen(), local.painted);
            local.farewell(&words, FAREWELL, FAREWELL);
            self.terminal_changed(client);
        }
    }

    /// The terminal's user pressed the detach key, or the terminal is gone.
    pub(super) fn detach(&mut self, reason: DetachReason) {
        let Some(client) = self.local.as_ref().map(|local| local.client) else { return };
        match reason {
            DetachReason::Hangup => {
                self.local = None;
                self.terminal_changed(client);
            }
            _ => self.let_go_of_terminal(client),
        }
        self.give_up_control(client, Some(reason));
    }

    /// The client was stopped, and its shell has the terminal: only the program's modes are taken off it. The client is
    /// told to connect again, which it does when it goes on; one that was not stopped has its terminal back at once.
    pub(super) fn leave_to_shell(&mut self, client: ClientNumber) {
        if let Some(local) = self.local.take() {
            let words = self.output.canvas.screen().reset_sequence();
            local.farewell(&words, FAREWELL, FAREWELL);
        }
        self.give_up_control(client, Some(DetachReason::Upgrade));
    }

    /// A client is gone without a word: its terminal must not stay in raw mode (T25).
    pub(super) fn client_left(&mut self, number: ClientNumber, had_terminal: bool) {
        self.input.withdraw(number);
        if let Some(local) = self.local.take_if(|local| local.client == number) {
            let words = leave(self.output.canvas.screen(), local.painted);
            local.abandon(&words);
            self.terminal_changed(number);
        }
        if had_terminal {
            self.recording.note(Body::Notice(Notice::ClientLeft { client: number }));
            self.give_up_control(number, None);
        }
    }

    /// A client that had control has it no more, and is told why if it is to know; its terminal is given back by then.
    pub(super) fn give_up_control(&mut self, client: ClientNumber, told: Option<DetachReason>) {
        if self.clients.controller.take_if(|controller| *controller == client).is_some() {
            self.clients.publish(&Event::Control { client: None });
        }
        if let Some(reason) = told {
            self.clients.tell(client, Event::Detached { reason });
        }
        self.status_file.age.changed();
    }
}

/// The bytes that leave a terminal clean after its program was killed: what was shown stays, and the cursor goes to a
/// line of its own below.
fn farewell_line(screen: &Screen) -> Vec<u8> {
    let mut bytes = screen.reset_sequence();
    if !screen.alternate() {
        let below = screen.size().rows;
        bytes.extend_from_slice(format!("\x1b[{below};1H\r\n").as_bytes());
    }
    bytes
}

/// The bytes that leave a terminal clean whose session goes on. The next join paints the screen again: were it left
/// standing, its lines would scroll off now and once more after that (T12). What the terminal's user had there before
/// the session's first output is left alone: that is above as many lines as the screen has by now.
fn leave(screen: &Screen, painted: bool) -> Vec<u8> {
    let mut bytes = screen.reset_sequence();
    if painted || !screen.history_lines(1).is_empty() {
        bytes.extend_from_slice(b"\x1b[H\x1b[J");
        return bytes;
    }
    let mut left = Screen::new(screen.size(), 0);
    left.feed(&screen.dump(0));
    left.feed(&bytes);
    bytes.push(b'\r');
    if let above @ 1.. = left.cursor().row {
        bytes.extend_from_slice(format!("\x1b[{above}A").as_bytes());
    }
    bytes.extend_from_slice(b"\x1b[J");
    bytes
}
