//! How a terminal joins: it gets control or looks on, and is brought up to now. How it leaves is in
//! [`super::farewell`].

use super::Host;
use super::local::{self, Local};
use crate::folder::Folder;
use crate::log;
use protocol::frame::{Answer, Attach, DetachReason, Event, Refusal};
use protocol::{Body, ClientNumber, Notice, Offset, Size};
use terminal::key::{DetachKey, DetachWatch};
use terminal::pty;

/// Output of a young session that is shown to its first terminal byte for byte instead of painted.
const FRESH_BYTES: u64 = 1 << 20; // 1 MiB
/// Bytes of output that belong to a sequence which is not complete and are shown again to a terminal that joins: more
/// is a picture or nonsense, and its end will mean nothing to a terminal that lacks its beginning.
const UNPAINTED_BYTES: usize = 1 << 20; // 1 MiB

impl Host {
    pub(super) fn attach(&mut self, from: ClientNumber, id: u64, attach: &Attach) {
        let Size { cols, rows } = attach.size;
        if Size::new(cols, rows).is_none() {
            let message = format!("{} is no terminal size", attach.size);
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        // Left out, it is the default one.
        let detach_key = Some(attach.detach_key.as_str()).filter(|text| !text.is_empty()).map(str::parse);
        let detach_key: DetachKey = match detach_key.transpose() {
            Ok(key) => key.unwrap_or_default(),
            Err(error) => {
                let message = format!("detach key: {error}");
                return self.clients.refuse(from, id, Refusal::BadRequest, message);
            }
        };
        let held = self.clients.controller.is_some_and(|controller| controller != from);
        let control = attach.control && (attach.take || !held);
        let passed = self.clients.get(from).and_then(|client| client.passed.take());
        let in_it = control && attach.tty && self.is_within(from);
        if passed.as_ref().is_some_and(|tty| in_it || pty::is_slave_of(&self.master, tty)) {
            let message = "that is the session's own terminal, or one in it, and would show its own picture without end; \
                `centerfire screen` prints what it shows";
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        let tty = match passed.filter(|_| control && attach.tty).map(local::open) {
            Some(Err(error)) => {
                log::error("host", format_args!("the client has to relay: {error}"));
                None
            }
            Some(Ok(tty)) => Some(tty),
            None => None,
        };
        if control {
            self.take_control(from);
        }
        self.introduce(from, attach, control, tty.is_some());
        self.clients.answer(from, id, Answer::Attached { control, direct: tty.is_some() }, &[]);
        if let Some(tty) = tty {
            let detach = DetachWatch::new(detach_key);
            self.local = Some(Local::new(from, tty, detach));
            self.terminal_changed(from);
            let resized = self.resize(attach.size);
            self.show_so_far(attach, resized);
        } else if control {
            self.resize(attach.size);
        }
        self.status_file.age.changed();
        // The end may have been told while the client was on its way.
        if let Some(status) = self.ending.told() {
            self.say_farewell(status);
            let offset = self.recording.offset();
            self.clients.tell(from, Event::Exited { status, offset });
        }
    }

    /// Makes a client the controller; the one before goes on watching.
    fn take_control(&mut self, client: ClientNumber) {
        let before = self.clients.controller.replace(client);
        if before == Some(client) {
            return;
        }
        if let Some(before) = before {
            self.let_go_of_terminal(before);
            self.clients.tell(before, Event::Detached { reason: DetachReason::Taken });
        }
        self.clients.publish(&Event::Control { client: Some(client) });
    }

    fn introduce(&mut self, number: ClientNumber, attach: &Attach, control: bool, direct: bool) {
        let Some(client) = self.clients.get(number) else { return };
        client.follows = true;
        // Whose terminal is written here needs no word of every byte.
        client.reads_journal = !direct;
        (client.terminal, client.inside) = (true, attach.inside);
        let notice =
            Notice::ClientJoined { client: number, name: client.name.clone(), pid: client.pid, control };
        self.recording.note(Body::Notice(notice));
    }

    /// Brings a new terminal up to now: the first one by the very bytes, a later one by a painting.
    fn show_so_far(&mut self, attach: &Attach, resized: bool) {
        let young = self.recording.offset() <= Offset(FRESH_BYTES) && !resized;
        let whole = self.recording.degraded().is_none();
        if attach.fresh && young && whole && self.show_from_journal() {
            return;
        }
        if let (Some(local), true) = (&mut self.local, attach.keep_lines) {
            local.show(&terminal::tty::scroll_off(attach.size));
        }
        self.repaint(attach.history);
    }

    /// Shows the very bytes; false if not all of them could be read, and nothing was shown then.
    fn show_from_journal(&mut self) -> bool {
        let Some(local) = &mut self.local else { return true };
        let Ok(bytes) = shown_so_far(&self.folder) else { return false };
        local.show(&bytes);
        true
    }

    /// Paints the screen on the controlling terminal, whatever it shows now.
    pub(super) fn repaint(&mut self, history: usize) {
        let dump = self.output.canvas.screen().dump(history);
        let unpainted = self.unpainted();
        if let Some(local) = &mut self.local {
            local.painted = true;
            local.show(terminal::tty::REPAINT);
            local.show(&dump);
            // The bytes of a sequence that is not complete come with what completes it.
            local.show(&unpainted);
        }
    }

    /// What was shown of a sequence that is not complete; the screen does not have it yet.
    fn unpainted(&mut self) -> Vec<u8> {
        if self.output.canvas.screen().pending() == 0 {
            return Vec::new();
        }
        let Ok(mut shown) = journal::Shown::open(&self.folder.journal(), self.output.canvas.painted()) else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        while let Ok(Some(piece)) = shown.next() {
            if let journal::Piece::Output { bytes: more, .. } = piece {
                bytes.extend(more);
                if bytes.len() > UNPAINTED_BYTES {
                    return Vec::new();
                }
            }
        }
        bytes
    }
}

/// All that terminals were shown of a session, which is young: [`FRESH_BYTES`] at most.
fn shown_so_far(folder: &Folder) -> journal::Result<Vec<u8>> {
    let mut shown = journal::Shown::open(&folder.journal(), Offset::ZERO)?;
    let mut bytes = Vec::new();
    while let Some(piece) = shown.next()? {
        if let journal::Piece::Output { bytes: more, .. } = piece {
            bytes.extend(more);
        }
    }
    Ok(bytes)
}
