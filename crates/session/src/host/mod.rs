//! The host of one session: it reads and writes the program's terminal, keeps the journal, paints the screen, and
//! serves `host.sock`. It needs no server, no database and no network, and it may be killed at any moment: the
//! keeper starts another, which goes on from the journal.
//!
//! One thread, one loop. A byte of output goes journal → controlling terminal → screen → events; a byte of input
//! goes journal → program. Nothing on the way waits for a client.

mod asking;
mod canvas;
mod clients;
mod ending;
mod input;
mod intercept;
mod local;
mod output;
mod recording;
mod serve;
mod upgrade;

use crate::folder::Folder;
use crate::link::{Heard, Link, Message};
use crate::role::{self, HostArgs};
use crate::{Error, Result, process, replay, signals};
use clients::Clients;
use ending::Ending;
use input::{InputQueue, Transaction};
use local::{Local, Typed};
use output::Output;
use protocol::frame::{DetachReason, Event, Phase, Pids, Refusal, Status};
use protocol::{Body, ClientNumber, ExitStatus, META_VERSION, Notice, Offset, SessionId, Size, Time};
use recording::Recording;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use terminal::secret::{Typing, is_secret as is_secret_typed};
use terminal::{Screen, pty};

/// `status.json` follows output within this time; changes of state are written at once.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// After the program's end a terminal that takes its last output slowly is given this long for it.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A session in the hands of its host.
pub(crate) struct Host {
    args: HostArgs,
    folder: Folder,
    session: SessionId,
    socket: String,
    master: OwnedFd,
    listener: OwnedFd,
    /// Held until the session is over: whoever finds it free finds no host.
    alive: Option<OwnedFd>,
    child_watch: OwnedFd,
    /// `None` while a new keeper is due.
    keeper: Option<Link>,
    keeper_backoff: crate::backoff::Backoff,
    start_keeper_at: Option<Instant>,
    recording: Recording,
    output: Output,
    input: InputQueue,
    local: Option<Local>,
    clients: Clients,
    ending: Ending,
    size: Size,
    /// The size, the state or the clients changed: `status.json` is old.
    status_urgent: bool,
    /// Output came since the last look: `status.json` is a little old.
    activity: bool,
    looked: Instant,
    head_due: bool,
    upgrade_to: Option<std::path::PathBuf>,
}

/// Runs a host until its session is over, or until it is replaced.
pub fn main(args: HostArgs) -> Result<()> {
    role::set_name(c"cf-host");
    signals::ignore(&[
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGPIPE,
        libc::SIGTSTP,
        libc::SIGCHLD,
    ]);
    let _ = rustix::process::setsid();
    let mut host = Host::new(args)?;
    host.run()
}

impl Host {
    fn new(args: HostArgs) -> Result<Self> {
        let folder = Folder::at(&args.shared.folder);
        let inherit = |number| role::inherited(number).map_err(|error| Error::io(folder.path(), error));
        let meta = folder.meta()?;
        let min_free = args.shared.settings.min_free_bytes;
        let (mut recording, recovered) = Recording::open(&folder.journal(), meta.id, min_free)?;
        if let (Some(_), Ok(Some(status))) = (&recovered, folder.status()) {
            // What the host before us showed while nothing could be stored is a gap, though it could not say so.
            let lost = status.offset.since(recording.offset());
            if status.degraded.is_some() && lost > 0 {
                recording.note(Body::Gap(lost));
            }
        }
        let master = inherit(args.shared.master)?;
        let again = recovered.is_some();
        let output = match &recovered {
            None => {
                Output::new(&folder, Screen::new(meta.size, args.shared.settings.history_lines), Offset::ZERO)
            }
            Some(recovered) => {
                let history = args.shared.settings.history_lines;
                let replayed = replay::resume(&folder, &meta, history, recovered.held, args.distrust_screen)?;
                Output::resume(&folder, replayed, folder.status().ok().flatten())
            }
        };
        if let Some(recovered) = &recovered {
            recording.note(Body::Notice(Notice::HostStarted {
                pid: std::process::id(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                torn_bytes: recovered.torn_bytes,
                possible_gap: !args.upgraded,
            }));
        } else {
            recording.note(Body::Resize(meta.size));
        }
        let size = output.canvas.with(|screen| screen.size());
        let mut host = Self {
            session: meta.id,
            socket: meta.socket,
            master,
            listener: inherit(args.shared.listener)?,
            alive: Some(inherit(args.shared.alive)?),
            child_watch: inherit(args.child_watch)?,
            keeper: Some(Link::from_fd(inherit(args.link)?)),
            keeper_backoff: crate::backoff::Backoff::new(),
            start_keeper_at: None,
            recording,
            output,
            input: InputQueue::default(),
            local: None,
            clients: Clients::default(),
            ending: Ending::default(),
            size,
            status_urgent: true,
            activity: false,
            looked: Instant::now(),
            head_due: false,
            upgrade_to: None,
            folder,
            args,
        };
        if again && !host.args.upgraded {
            // What the host before us had read and not stored was seen by nobody; the program paints it again.
            pty::signal_foreground(&host.master, rustix::process::Signal::WINCH);
        }
        // The size may have changed after the last record that the screen was painted from.
        if let Some(size) = terminal::tty::size(&host.master).filter(|size| *size != host.size) {
            host.resize(size);
        }
        host.resume_ending(recovered.is_some_and(|recovered| recovered.exited));
        Ok(host)
    }

    /// The program may have ended in the time of the host before us, which told everyone of it, or died before.
    fn resume_ending(&mut self, told: bool) {
        match self.folder.exit() {
            Ok(Some(exit)) if told => self.ending = Ending::Told(exit.status),
            Ok(Some(exit)) => self.ending.begin(exit.status),
            _ => {}
        }
    }

    fn run(&mut self) -> Result<()> {
        // A host that takes over a silent program has nothing to wake it, and the file names its dead predecessor.
        self.output.canvas.write_status_now(self.status());
        loop {
            let ready = self.wait().map_err(|error| Error::io(self.folder.path(), error))?;
            self.turn(ready).map_err(|error| Error::io(self.folder.path(), error))?;
            if let Some(binary) = self.upgrade_to.take() {
                self.exec(&binary);
            }
            if self.is_over() {
                return self.finish();
            }
        }
    }

    /// Sleeps until something can be done. Nothing runs while nothing happens: there is no timer in an idle host.
    fn wait(&mut self) -> io::Result<Ready> {
        let reading = !self.output.ended && !self.local.as_ref().is_some_and(Local::holds_up);
        let mut fds = Vec::with_capacity(5 + self.clients.all.len());
        let watch = |fd, read: bool, write: bool| {
            let mut flags = PollFlags::empty();
            flags.set(PollFlags::IN, read);
            flags.set(PollFlags::OUT, write);
            PollFd::from_borrowed_fd(fd, flags)
        };
        fds.push(watch(self.master.as_fd(), reading, self.input.wants_write() && !self.output.ended));
        // A descriptor that is not there stands in the list as one that nothing is asked of.
        let local = self.local.as_ref();
        let local_fd = local.map_or(self.listener.as_fd(), AsFd::as_fd);
        let wants_write = local.is_some_and(Local::wants_write);
        fds.push(watch(local_fd, local.is_some() && self.input.takes_keys(), wants_write));
        fds.push(watch(self.listener.as_fd(), true, false));
        let keeper_fd = self.keeper.as_ref().map_or(self.listener.as_fd(), AsFd::as_fd);
        fds.push(watch(keeper_fd, self.keeper.is_some(), false));
        fds.extend(self.clients.all.iter().map(|client| watch(client.as_fd(), true, client.wants_write())));
        if !reading && !self.input.wants_write() {
            // A master whose slaves are closed reports a hang-up for ever, whatever is asked of it.
            fds[MASTER] = watch(self.listener.as_fd(), false, false);
        }
        let left = self.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let hot = |at: usize| !fds[at].revents().is_empty();
        let readable =
            |at: usize| fds[at].revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        let clients = &fds[CLIENTS..];
        Ok(Ready {
            master: hot(MASTER) && readable(MASTER) && reading,
            keys: local.is_some() && readable(LOCAL),
            local_writable: fds[LOCAL].revents().contains(PollFlags::OUT),
            listener: readable(LISTENER),
            keeper: self.keeper.is_some() && readable(KEEPER),
            clients: clients.iter().map(|fd| !fd.revents().is_empty()).collect(),
        })
    }

    fn deadline(&self) -> Option<Instant> {
        let status = self.activity.then(|| self.looked + STATUS_EVERY);
        let local = self.local.as_ref().and_then(Local::deadline);
        let asking = self.output.asking.deadline();
        [status, local, asking, self.input.deadline(), self.ending.deadline(), self.start_keeper_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does all that can be done now: the person's keys first, then the program's output.
    fn turn(&mut self, ready: Ready) -> io::Result<()> {
        if ready.keys {
            self.read_keys();
        }
        self.release_held_key();
        self.tend_asking();
        self.write_input()?;
        let wrote = if ready.master { self.pump()? } else { false };
        if wrote {
            self.ending.output();
            // Answers to what the program just asked.
            self.write_input()?;
        } else {
            self.output.rest();
        }
        self.tend_terminal(ready.local_writable);
        if ready.listener {
            self.clients.accept(&self.listener);
        }
        self.serve_clients(&ready.clients);
        if ready.keeper {
            self.hear_keeper();
        }
        self.tend_keeper();
        self.publish_reports();
        self.tend_end();
        if std::mem::take(&mut self.head_due) {
            let offset = self.recording.offset();
            self.clients.publish(&Event::Head { offset });
        }
        self.tend_status();
        Ok(())
    }

    /// A detach key that was pressed once is a key like any other.
    fn release_held_key(&mut self) {
        let Some(local) = &mut self.local else { return };
        let client = local.client;
        if let Some(keys) = local.release_held(Instant::now()) {
            self.take_typed(client, keys);
        }
    }

    /// What came from the terminal: its answers are ours, the rest is for the program.
    fn take_typed(&mut self, client: ClientNumber, read: Vec<u8>) {
        let mut replies = Vec::new();
        let keys = self.output.asking.typed(read, &self.output.canvas, &mut replies);
        if let Some(profile) = self.output.asking.learned() {
            // Only an answer after a restart of the host would be less true for want of this file.
            let _ = self.folder.write_profile(profile);
        }
        self.hand_over(client, keys, &replies);
    }

    /// The terminal may have been too slow with its answers.
    fn tend_asking(&mut self) {
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
        let keys = self.output.asking.tend(now, &self.output.canvas, &mut replies);
        let client = self.local.as_ref().map(|local| local.client).unwrap_or_default();
        self.hand_over(client, keys, &replies);
    }

    /// Answers that waited for the terminal's own come behind it (T37), so they go along with it.
    pub(super) fn hand_over(&mut self, client: ClientNumber, mut keys: Vec<u8>, replies: &[u8]) {
        if keys.is_empty() {
            return self.input.reply(replies);
        }
        keys.extend_from_slice(replies);
        self.input.push(Transaction { client, parts: [keys].into(), receipt: None });
    }

    fn read_keys(&mut self) {
        let Some(local) = &mut self.local else { return };
        let client = local.client;
        match local.read() {
            Typed::Keys(keys) => self.take_typed(client, keys),
            Typed::Nothing => {}
            Typed::Detach => self.detach(DetachReason::Key),
            Typed::Hangup => self.detach(DetachReason::Hangup),
        }
    }

    fn write_input(&mut self) -> io::Result<()> {
        if self.input.wants_write() || self.input.deadline().is_some() {
            let secret = |mode| is_secret(&self.output.canvas, mode);
            for receipt in self.input.write(&self.master, &mut self.recording, secret)? {
                self.done(receipt.client, receipt.call);
            }
        }
        Ok(())
    }

    fn tend_terminal(&mut self, writable: bool) {
        let Some(local) = &mut self.local else { return };
        if writable && local.flush() {
            self.repaint(0);
        } else if local.cut_loose(Instant::now()) {
            let client = local.client;
            self.recording.note(Body::Notice(Notice::ClientCutLoose { client }));
        }
    }

    fn serve_clients(&mut self, ready: &[bool]) {
        let ready: Vec<ClientNumber> = self
            .clients
            .all
            .iter()
            .zip(ready)
            .filter(|(_, ready)| **ready)
            .map(|(client, _)| client.number)
            .collect();
        for number in ready {
            let Some(client) = self.clients.get(number) else { continue };
            client.flush();
            for (call, tail) in client.read() {
                self.serve(number, call, tail);
            }
        }
        self.sweep_clients();
    }

    /// Cleans up behind those who are gone.
    fn sweep_clients(&mut self) {
        for client in self.clients.sweep() {
            self.client_left(client.number, client.terminal);
        }
    }

    fn hear_keeper(&mut self) {
        let Some(keeper) = &self.keeper else { return };
        match keeper.hear() {
            Heard::Message(Message::Exited(status)) => self.ending.begin(status),
            Heard::Message(Message::Finished) | Heard::Nothing => {}
            Heard::Gone => {
                self.keeper = None;
                self.start_keeper_at = Some(self.keeper_backoff.died());
            }
        }
    }

    /// Starts a keeper in the place of one that died. It cannot wait for the program any more, only watch it.
    fn tend_keeper(&mut self) {
        if self.start_keeper_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.start_keeper_at = match self.spawn_keeper() {
            Ok((link, pid)) => {
                self.keeper = Some(link);
                self.args.keeper = pid;
                self.keeper_backoff.started();
                self.status_urgent = true;
                None
            }
            Err(error) => {
                eprintln!("host: cannot start a keeper: {error}");
                Some(self.keeper_backoff.died())
            }
        };
    }

    fn spawn_keeper(&self) -> io::Result<(Link, i32)> {
        let (link, other) = Link::pair()?;
        // The descriptors kept the numbers under which they were inherited.
        let shared = self.args.shared.clone();
        let child_watch = role::number(&self.child_watch);
        let inherit = vec![shared.master, shared.listener, shared.alive, child_watch, role::number(&other)];
        let task = role::Task::Adopt { child: self.args.child, child_watch, link: role::number(&other) };
        let args = role::KeeperArgs { shared, task };
        let child =
            role::command(&role::this_binary(), role::KEEPER, &args, &self.folder.log(), inherit)?.spawn()?;
        Ok((link, child.id() as i32))
    }

    fn tend_end(&mut self) {
        let Some(status) = self.ending.tell(self.output.ended) else { return };
        self.recording.note(Body::Exit(status));
        for receipt in self.input.abandon() {
            let message = "the program ended before it read this";
            self.clients.refuse(receipt.client, receipt.call, Refusal::Ended, message);
        }
        self.say_farewell(status);
        // Whoever hears of the end may read the file at once.
        self.output.canvas.write_status_now(self.status());
        let offset = self.recording.offset();
        self.clients.publish(&Event::Exited { status, offset });
    }

    /// Gives the terminal back. What the program left there is as it would be without us; only a program that had no
    /// chance to put its modes back is helped.
    pub(super) fn say_farewell(&mut self, status: ExitStatus) {
        let Some(local) = self.local.take() else { return };
        // What might have become a query never will.
        let mut words = self.output.take_held();
        if !matches!(status, ExitStatus::Code(_)) {
            words.extend(self.output.canvas.with(|screen| farewell_line(screen)));
        }
        local.farewell(&words, Duration::from_secs(1), LAST_WORDS);
    }

    fn send_signal(&self, signal: i32) -> std::result::Result<(), String> {
        if self.ending.told().is_some() {
            return Err("the program has ended".to_owned());
        }
        let pid = Pid::from_raw(self.args.child).ok_or("no such process")?;
        let signal = rustix::process::Signal::from_named_raw(signal).ok_or("no such signal")?;
        // The group in the foreground is who a person at the terminal would reach; the program itself as well.
        pty::signal_foreground(&self.master, signal);
        process::signal(&self.child_watch, pid, signal).map_err(|error| error.to_string())
    }

    /// Has the status written after a change, and a second after output.
    fn tend_status(&mut self) {
        let pause = self.activity && Instant::now() >= self.looked + STATUS_EVERY;
        if self.status_urgent || pause {
            let status = self.status();
            self.output.canvas.write_status(status);
            self.status_urgent = false;
        }
        if pause {
            self.output.canvas.pause();
            self.activity = false;
        }
        if !self.activity {
            self.looked = Instant::now();
        }
    }

    fn status(&self) -> Status {
        let exit = self.ending.told();
        let mut status = Status {
            version: META_VERSION,
            session: self.session,
            name: String::new(),
            phase: if exit.is_some() { Phase::Exited } else { Phase::Running },
            exit,
            program: self.output.program.clone(),
            program_since: self.output.program_since,
            offset: Offset::ZERO,
            size: self.size,
            title: self.output.title.clone(),
            last_output: self.output.last,
            updated: Time::now(),
            pids: Pids {
                keeper: self.args.keeper.unsigned_abs(),
                host: std::process::id(),
                child: self.args.child.unsigned_abs(),
            },
            clients: self.clients.describe(),
            degraded: None,
        };
        self.recording.describe(&mut status);
        status
    }

    /// All output is stored, everyone was told, and nobody can write any more.
    fn is_over(&self) -> bool {
        self.output.ended && self.ending.told().is_some()
    }

    /// Lets the clients have what is theirs, then closes the session and packs its journal.
    fn finish(&mut self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(1);
        while self.clients.all.iter().any(clients::Client::wants_write) && Instant::now() < end {
            let ready = self.wait().map_err(|error| Error::io(self.folder.path(), error))?;
            self.serve_clients(&ready.clients);
        }
        let _ = std::fs::remove_file(&self.socket);
        if let Some(keeper) = &self.keeper {
            keeper.tell(Message::Finished);
        }
        // Nobody waits for us any more.
        self.alive = None;
        process::lower_priority();
        journal::seal_all(&self.folder.journal());
        Ok(())
    }
}

/// Whether what is typed now is a password (T31).
fn is_secret(canvas: &canvas::Canvas, mode: pty::InputMode) -> bool {
    let pty::InputMode { echo, canonical } = mode;
    if echo || canonical {
        return !echo && canonical;
    }
    // A program in raw mode shows what it wants: only the words before the cursor can tell. In a flood there is no
    // prompt, and a Ctrl-C must not wait until it is painted.
    if !canvas.is_near() {
        return false;
    }
    canvas.with(|screen| {
        let cursor = screen.cursor();
        let line: String = screen.row_text(cursor.row).chars().take(usize::from(cursor.col)).collect();
        is_secret_typed(Typing { echo, canonical, alternate: screen.alternate(), line: &line })
    })
}

/// Where things stand in the list that is polled.
const MASTER: usize = 0;
const LOCAL: usize = 1;
const LISTENER: usize = 2;
const KEEPER: usize = 3;
const CLIENTS: usize = 4;

/// What can be done now.
#[derive(Default)]
struct Ready {
    master: bool,
    keys: bool,
    local_writable: bool,
    listener: bool,
    keeper: bool,
    clients: Vec<bool>,
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
/// the session's first output is left alone.
fn leave(screen: &Screen, painted: bool) -> Vec<u8> {
    let mut bytes = screen.reset_sequence();
    let filled = painted || !screen.history_lines(1).is_empty();
    bytes.extend_from_slice(if filled { b"\x1b[H\x1b[J" } else { b"\r\n\x1b[J" });
    bytes
}
