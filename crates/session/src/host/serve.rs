//! What clients ask of a host, one function each. How a terminal joins is in [`super::join`].

use super::Host;
use super::input::{Receipt, Transaction};
use crate::process;
use protocol::frame::{Answer, Call, Event, HOST_PROTOCOL, InputForm, MAX_FRAME_BYTES, Refusal, Request};
use protocol::{Body, ClientNumber, Size, Status};
use rustix::process::{Pid, Signal};
use std::collections::VecDeque;
use std::time::Instant;
use terminal::key::{Key, KeyError, KeyModes};
use terminal::screen::ModeState;
use terminal::{paste, pty};

/// The oldest version that is still spoken: two before our own, and none before the first.
const OLDEST_VERSION: u16 = if HOST_PROTOCOL > 2 { HOST_PROTOCOL - 2 } else { 1 };
/// Characters that are kept of a client's name: it stands in the journal and in every status.
const NAME_CHARS: usize = 64;
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
            self.hook_left(client.number);
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
        if let Some(message) = self.refused_within(from, &call.request) {
            return self.clients.refuse(from, id, Refusal::WriteRejected, message);
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
            Request::Hook { cut, claim, ask, ends, .. } => {
                let (claim, ask) = (claim.map(|claim| *claim), ask.map(|ask| *ask));
                self.hook((from, id), cut, claim, ask, ends.as_ref(), &tail);
            }
            Request::Claim { claim } => {
                self.agent.hear_witness(*claim);
                self.done(from, id);
            }
            Request::AwaitApproval { approval } => self.await_approval(from, id, approval),
            Request::Approvals { approval } => self.list_approvals(from, id, approval),
            Request::Decide { approval, by, decision } => self.decide(from, id, approval, &by, *decision),
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

    fn release(&mut self, from: ClientNumber, id: u64) {
        self.let_go_of_terminal(from);
        self.give_up_control(from, None);
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
        self.approvals.unanswered &= self.is_within(from);
        let transaction = Transaction {
            client: from,
            parts,
            // Who relays a terminal sends its reads one by one.
            typed: *form == InputForm::Raw && self.clients.controller == Some(from),
            receipt: Some(Receipt { client: from, call: id }),
        };
        match form {
            InputForm::EndOfFile => self.input.push_end(transaction),
            _ => self.input.push(transaction),
        }
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
        self.output.canvas.resize(size);
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
