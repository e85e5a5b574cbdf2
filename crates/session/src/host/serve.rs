//! What clients ask of a host, one function each.

use super::Host;
use super::input::{Receipt, Transaction};
use super::local::{self, Local};
use crate::folder::Folder;
use crate::{log, process};
use protocol::frame::{
    Answer, Attach, Call, DetachReason, Event, HOST_PROTOCOL, InputForm, MAX_FRAME_BYTES, Refusal, Request,
};
use protocol::{Body, ClientNumber, Notice, Offset, Size, Status};
use rustix::process::{Pid, Signal};
use std::collections::VecDeque;
use std::time::Instant;
use terminal::key::{DetachWatch, Key, KeyError, KeyModes};
use terminal::screen::ModeState;
use terminal::{paste, pty};

/// The oldest version that is still spoken: two before our own, and none before the first.
const OLDEST_VERSION: u16 = if HOST_PROTOCOL > 2 { HOST_PROTOCOL - 2 } else { 1 };
/// Output of a young session that is shown to its first terminal byte for byte instead of painted.
const FRESH_BYTES: u64 = 1 << 20; // 1 MiB
/// Characters that are kept of a client's name: it stands in the journal and in every status.
const NAME_CHARS: usize = 64;
/// Bytes of output that belong to a sequence which is not complete and are shown again to a terminal that joins: more
/// is a picture or nonsense, and its end will mean nothing to a terminal that lacks its beginning.
const UNPAINTED_BYTES: usize = 1 << 20; // 1 MiB
/// Bytes of a screen that fit into a frame, with room for its head.
const MAX_SNAPSHOT_BYTES: usize = MAX_FRAME_BYTES - (64 << 10);

impl Host {
    /// Hears those clients who have something for us, and writes to those who take more.
    pub(super) fn serve_clients(&mut self, ready: &[ClientNumber]) {
        for number in ready {
            let Some(client) = self.clients.get(*number) else { continue };
            client.flush();
            for (call, tail) in client.read() {
                self.serve(*number, call, tail);
            }
        }
        self.clients.send_silent_away(Instant::now());
        self.sweep_clients();
    }

    /// Cleans up behind those who are gone.
    fn sweep_clients(&mut self) {
        for client in self.clients.sweep() {
            self.client_left(client.number, client.terminal);
        }
    }

    /// Does what a client asks.
    fn serve(&mut self, from: ClientNumber, call: Call, tail: Vec<u8>) {
        let id = call.id;
        let welcome = self.clients.get(from).is_some_and(|client| client.welcome);
        if !welcome && !matches!(call.request, Request::Hello { .. }) {
            return self.clients.refuse(from, id, Refusal::BadRequest, "say hello first");
        }
        match call.request {
            Request::Hello { version, name, pid } => self.hello(from, id, version, name, pid),
            Request::Attach(attach) => self.attach(from, id, &attach),
            Request::Release => self.release(from, id),
            Request::Input { form } => self.type_in(from, id, &form, tail),
            Request::Resize { size } => self.resize_for(from, id, size),
            Request::Snapshot { history } => self.snapshot(from, id, history),
            Request::Follow => self.follow(from, id),
            Request::Status => {
                let name = self.folder.name().unwrap_or_default();
                let status = Box::new(Status { name, ..self.status() });
                self.clients.answer(from, id, Answer::Status(status), &[]);
            }
            Request::Signal { signal } => self.signal(from, id, signal),
            Request::Upgrade { binary } => self.upgrade(from, id, &binary),
        }
    }

    fn hello(&mut self, from: ClientNumber, id: u64, version: u16, name: String, pid: u32) {
        if !(OLDEST_VERSION..=HOST_PROTOCOL).contains(&version) {
            let next = if version < OLDEST_VERSION {
                "; a newer centerfire can talk to it"
            } else {
                ", and perhaps `centerfire upgrade-hosts` can bring it up to date"
            };
            let message = format!("this session's host speaks version {HOST_PROTOCOL}, not {version}{next}");
            return self.clients.refuse(from, id, Refusal::Version, message);
        }
        // Who comes in the place of one that died finds control free and the terminal given back.
        self.sweep_clients();
        let session = self.meta.id;
        if let Some(client) = self.clients.get(from) {
            let name = name.chars().take(NAME_CHARS).collect();
            (client.welcome, client.name, client.pid) = (true, name, pid);
        }
        self.clients.answer(from, id, Answer::Welcome { version: HOST_PROTOCOL, session, client: from }, &[]);
    }

    pub(super) fn done(&mut self, to: ClientNumber, id: u64) {
        let offset = self.recording.offset();
        self.clients.answer(to, id, Answer::Done { offset }, &[]);
    }

    fn attach(&mut self, from: ClientNumber, id: u64, attach: &Attach) {
        let Size { cols, rows } = attach.size;
        if Size::new(cols, rows).is_none() {
            let message = format!("{} is no terminal size", attach.size);
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        let held = self.clients.controller.is_some_and(|controller| controller != from);
        let control = attach.control && (attach.take || !held);
        let passed = self.clients.get(from).and_then(|client| client.passed.take());
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
            let detach = DetachWatch::new(attach.detach_key.parse().unwrap_or_default());
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
        if let Some(before) = self.clients.controller.replace(client).filter(|before| *before != client) {
            self.let_go_of_terminal(before);
            self.clients.tell(before, Event::Detached { reason: DetachReason::Taken });
        }
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

    fn release(&mut self, from: ClientNumber, id: u64) {
        self.let_go_of_terminal(from);
        if self.clients.controller == Some(from) {
            self.clients.controller = None;
        }
        self.status_file.age.changed();
        self.done(from, id);
    }

    fn type_in(&mut self, from: ClientNumber, id: u64, form: &InputForm, bytes: Vec<u8>) {
        if self.ending.told().is_some() {
            return self.clients.refuse(from, id, Refusal::Ended, "the program has ended");
        }
        let parts = match self.encode(form, bytes) {
            Ok(parts) => parts,
            Err(message) => return self.clients.refuse(from, id, Refusal::BadRequest, message),
        };
        let length: usize = parts.iter().map(Vec::len).sum();
        if !self.input.has_room(length) {
            let message =
                "the program does not read its input and the queue is full; nothing of this was taken";
            return self.clients.refuse(from, id, Refusal::WriteRejected, message);
        }
        if let Some(line) = self.overlong_line(&parts) {
            let message = format!(
                "a line of {line} bytes is too long for a terminal that edits lines ({} bytes); send it in parts",
                pty::CANONICAL_LINE_BYTES
            );
            return self.clients.refuse(from, id, Refusal::WriteRejected, message);
        }
        self.input.push(Transaction {
            client: from,
            parts,
            // Who relays a terminal sends its reads one by one.
            typed: *form == InputForm::Raw && self.clients.controller == Some(from),
            receipt: Some(Receipt { client: from, call: id }),
        });
    }

    /// The bytes of an input, in the parts between which the program is given time.
    fn encode(&mut self, form: &InputForm, bytes: Vec<u8>) -> Result<VecDeque<Vec<u8>>, String> {
        let brackets = self.output.canvas.screen().mode(true, 2004) == ModeState::Set;
        let parts = match form {
            InputForm::Raw => vec![bytes],
            InputForm::EndOfFile if pty::input_mode(&self.master).is_ok_and(|mode| mode.canonical) => {
                vec![bytes]
            }
            // A shell that edits its lines itself takes the mark as a key.
            InputForm::EndOfFile => bytes.into_iter().take(1).map(|mark| vec![mark]).collect(),
            InputForm::Text => vec![paste::bracketed(&bytes, false)],
            InputForm::Paste => vec![paste::bracketed(&bytes, brackets)],
            InputForm::Submit => vec![paste::bracketed(&bytes, brackets), b"\r".to_vec()],
            InputForm::Keys => {
                let names = String::from_utf8(bytes).map_err(|_| "key names are text")?;
                let modes = KeyModes::of(self.output.canvas.screen());
                let keys = names.lines().map(|name| Ok(name.parse::<Key>()?.encode(modes)));
                let keys: Result<Vec<_>, KeyError> = keys.collect();
                vec![keys.map_err(|error| error.to_string())?.concat()]
            }
        };
        Ok(parts.into_iter().filter(|part| !part.is_empty()).collect())
    }

    /// The length of a line that the kernel would cut (T7).
    fn overlong_line(&self, parts: &VecDeque<Vec<u8>>) -> Option<usize> {
        let canonical = pty::input_mode(&self.master).is_ok_and(|mode| mode.canonical);
        let longest = || self.input.longest_line(parts.iter().map(Vec::as_slice));
        canonical.then(longest).filter(|length| *length > pty::CANONICAL_LINE_BYTES)
    }

    fn resize_for(&mut self, from: ClientNumber, id: u64, size: Size) {
        if self.clients.controller.is_some_and(|controller| controller != from) {
            let message = "another client controls the session and its size; attach with --take to take over";
            return self.clients.refuse(from, id, Refusal::NotInControl, message);
        }
        if Size::new(size.cols, size.rows).is_none() {
            return self.clients.refuse(from, id, Refusal::BadRequest, format!("{size} is no terminal size"));
        }
        self.resize(size);
        self.done(from, id);
    }

    /// Changes the size; the record stands where the program's output will begin to follow it.
    pub(super) fn resize(&mut self, size: Size) -> bool {
        let changed = pty::set_size(&self.master, size).unwrap_or(false);
        if !changed && size == self.size {
            return false;
        }
        self.recording.note(Body::Resize(size));
        self.output.canvas.screen_mut().resize(size);
        self.size = size;
        self.clients.publish(&Event::Resized { size });
        self.status_file.age.changed();
        true
    }

    fn snapshot(&mut self, from: ClientNumber, id: u64, history: usize) {
        let mut history = history;
        let dump = loop {
            let dump = self.output.canvas.screen().dump(history);
            // What no frame can hold is not worth a refusal: fewer lines are better than none.
            if dump.len() <= MAX_SNAPSHOT_BYTES || history == 0 {
                break dump;
            }
            history = history.min(self.args.shared.settings.history_lines) / 2;
        };
        let snapshot = protocol::frame::Snapshot { offset: self.output.canvas.painted(), size: self.size };
        self.clients.answer(from, id, Answer::Snapshot(snapshot), &dump);
    }

    fn follow(&mut self, from: ClientNumber, id: u64) {
        if let Some(client) = self.clients.get(from) {
            (client.follows, client.reads_journal) = (true, true);
        }
        self.done(from, id);
        // What happened before is told at once, so that nobody waits for an event that was.
        let offset = self.recording.offset();
        self.clients.tell(from, Event::Head { offset });
        if let Some(status) = self.ending.told() {
            self.clients.tell(from, Event::Exited { status, offset });
        }
    }

    fn signal(&mut self, from: ClientNumber, id: u64, signal: i32) {
        match self.send_signal(signal) {
            Ok(()) => self.done(from, id),
            Err(message) => self.clients.refuse(from, id, Refusal::Failed, message),
        }
    }

    fn send_signal(&self, signal: i32) -> Result<(), String> {
        if self.ending.told().is_some() {
            return Err("the program has ended".to_owned());
        }
        let pid = Pid::from_raw(self.args.child).ok_or("no such process")?;
        let signal = Signal::from_named_raw(signal).ok_or("no such signal")?;
        // The group in the foreground is who a person at the terminal would reach; the program itself as well.
        pty::signal_foreground(&self.master, signal);
        process::signal(&self.child_watch, pid, signal).map_err(|error| error.to_string())
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
