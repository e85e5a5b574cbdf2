//! The host of one session: it reads and writes the program's terminal, keeps the journal, paints the screen, and
//! serves `host.sock`. It needs no server, no database and no network, and it may be killed at any moment: the
//! keeper starts another, which goes on from the journal.
//!
//! One thread, one loop. A byte of output goes journal → controlling terminal → screen → events; a byte of input
//! goes journal → program. Nothing on the way waits for a client.

mod agent;
mod approvals;
mod asking;
mod backlog;
mod canvas;
mod clients;
mod dialog;
mod door;
mod ending;
mod farewell;
mod floor;
mod foreground;
mod hooks;
mod input;
mod inside;
mod intercept;
mod join;
mod keeper;
mod local;
mod notify;
mod output;
mod questions;
mod readiness;
mod recording;
mod seen;
mod serve;
mod status;
pub(crate) mod tally;
mod tidy;
mod typing;
mod upgrade;
mod worker;

use crate::folder::Folder;
use crate::link::Link;
use crate::role::{self, HostArgs};
use crate::{Error, Result, log, process, replay, signals};
use agent::Agent;
use approvals::Approvals;
use canvas::Canvas;
use clients::Clients;
use door::Door;
use ending::Ending;
use input::InputQueue;
use keeper::Keeper;
use local::Local;
use notify::Notifier;
use output::Output;
use protocol::frame::Event;
use protocol::{Body, Meta, Notice, Offset, Size};
use readiness::Readiness;
use recording::Recording;
use status::StatusFile;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use terminal::{Screen, pty};

pub use hooks::MAX_HOOK_BYTES;
pub use notify::{News, Occasion};

/// A session in the hands of its host.
pub(crate) struct Host {
    args: HostArgs,
    folder: Folder,
    meta: Meta,
    master: OwnedFd,
    door: Door,
    /// Held until the session is over: whoever finds it free finds no host.
    alive: Option<OwnedFd>,
    child_watch: OwnedFd,
    keeper: Keeper,
    recording: Recording,
    output: Output,
    input: InputQueue,
    local: Option<Local>,
    clients: Clients,
    approvals: Approvals,
    agent: Agent,
    notifier: Notifier,
    ending: Ending,
    size: Size,
    status_file: StatusFile,
    /// Held by the first host until its status lies on disk.
    ready: Option<OwnedFd>,
    /// Output was stored of which the clients were not told.
    head_due: bool,
    upgrade: upgrade::Upgrade,
    /// Turns in a row of which all but the typing was left for the next.
    hurried_turns: u8,
}

/// Turns in a row that may leave all but the typing for the next.
const HURRIED_TURNS: u8 = 4;

/// Runs a host until its session is over, or until it is replaced.
pub fn main(args: HostArgs) -> Result<()> {
    role::set_name(c"cf-host");
    process::share_memory();
    signals::ignore(&signals::OF_TERMINALS);
    // Nobody waits for the processes that try a binary.
    signals::ignore(&[libc::SIGCHLD]);
    let _ = rustix::process::setsid();
    let mut host = Host::new(args)?;
    host.run()
}

impl Host {
    fn new(args: HostArgs) -> Result<Self> {
        let folder = Folder::at(&args.shared.folder);
        let inherit = |number| role::inherited(number).map_err(Error::system("take over a descriptor"));
        let meta = folder.meta()?;
        let min_free = args.shared.settings.min_free_bytes;
        let (mut recording, recovered) = Recording::open(&folder, meta.id, min_free)?;
        let master = inherit(args.shared.master)?;
        let again = recovered.is_some();
        let before = recovered.is_some().then(|| folder.status().ok().flatten()).flatten();
        let agent = match &recovered {
            None => Agent::new(&meta),
            Some(_) => Agent::resume(&meta, before.as_ref()),
        };
        let mut output = match &recovered {
            None => {
                let screen = Screen::new(meta.size, args.shared.settings.history_lines);
                Output::new(&folder, Canvas::new(&folder, screen, Offset::ZERO, 0), Offset::ZERO)
            }
            Some(recovered) => {
                let history = args.shared.settings.history_lines;
                let mut replayed =
                    replay::resume(&folder, &meta, history, recovered.held, args.distrust_screen)?;
                if replayed.end < recording.offset() {
                    // A gap that cannot be stored even now.
                    (replayed.end, replayed.held) = (recording.offset(), Vec::new());
                }
                Output::resume(&folder, replayed, before)
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
        let listener = inherit(args.shared.listener)?;
        let mut door =
            Door::new(listener, &meta.socket).map_err(|error| Error::io(Path::new(&meta.socket), error))?;
        if again && let Err(error) = door.restore() {
            log::error("host", format_args!("nobody finds the socket: {error}"));
        }
        let size = output.canvas.screen().size();
        let mut host = Self {
            meta,
            master,
            door,
            alive: Some(inherit(args.shared.alive)?),
            child_watch: inherit(args.child_watch)?,
            keeper: Keeper::new(args.keeper, args.keeper_version, Link::from_fd(inherit(args.link)?)),
            recording,
            output,
            input: InputQueue::default(),
            local: None,
            clients: Clients::default(),
            approvals: Approvals::default(),
            agent,
            notifier: Notifier::new(&folder),
            ending: Ending::default(),
            size,
            status_file: StatusFile::new(&folder),
            ready: args.ready.map(inherit).transpose()?,
            head_due: false,
            upgrade: upgrade::Upgrade::default(),
            hurried_turns: 0,
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
        if again {
            host.restore_approvals();
        }
        host.resume_ending(recovered.is_some_and(|recovered| recovered.exited));
        host.tell_binary();
        Ok(host)
    }

    fn run(&mut self) -> Result<()> {
        // A host that takes over a silent program has nothing to wake it, and the file names its dead predecessor.
        self.status_file.write_now(self.status());
        self.ready = None;
        loop {
            self.recording.sync_soon();
            let ready = self.wait().map_err(Error::system("wait for events"))?;
            self.turn(ready).map_err(Error::system("serve the session"))?;
            self.become_upgrade();
            if self.is_over() {
                return self.finish();
            }
        }
    }

    /// Whether something was typed, and all else waits for the next turn: to hand a key on to the program, the kernel may need
    /// the processor that we are on.
    fn hurries(&mut self) -> bool {
        self.hurried_turns += 1;
        self.hurried_turns <= HURRIED_TURNS
    }

    /// Does all that can be done now: the person's keys first, then the program's output.
    fn turn(&mut self, ready: Readiness) -> io::Result<()> {
        if ready.keys {
            self.read_keys();
        }
        self.release_held_key();
        self.tend_asking();
        let typing = ready.keys && self.input.wants_write();
        self.write_input()?;
        if typing && ready.is_only_keys() && self.hurries() {
            return Ok(());
        }
        let read = if ready.output { self.pump()? } else { 0 };
        if read > 0 {
            self.ending.output();
            // Answers to what the program just asked.
            self.write_input()?;
        }
        self.tend_terminal(ready.local_writable);
        self.tend_door(ready.knock, ready.bell);
        self.serve_clients(&ready.clients);
        // What a client typed does not wait for another look at all descriptors.
        self.write_input()?;
        self.hurried_turns = 0;
        if ready.keeper {
            self.hear_keeper();
        }
        self.tend_keeper();
        if ready.trial {
            self.hear_trial();
        }
        self.publish_reports();
        self.tend_approvals();
        self.tend_seen();
        self.tend_dialog();
        self.tend_agent();
        self.tend_end();
        if std::mem::take(&mut self.head_due) {
            let offset = self.recording.offset();
            self.clients.publish(&Event::Head { offset });
        }
        self.tend_status();
        self.output.canvas.tend();
        if self.local.is_some() {
            self.output.foresee_key(read);
        }
        Ok(())
    }
}
