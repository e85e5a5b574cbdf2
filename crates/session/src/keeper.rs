//! The keeper: the program's parent. It holds the terminal open, waits for the program, writes down how it ended,
//! and starts a new host whenever there is none. It reads nothing from the terminal, so nothing a program writes
//! can hurt it. Deliberately small.

use crate::backoff::Backoff;
use crate::folder::Folder;
use crate::link::{Heard, Link, News};
use crate::poll::poll_until;
use crate::role::{self, HostArgs, KeeperArgs, Ready, Shared, Task};
use crate::{binary, log, process, signals};
use protocol::{Exit, ExitStatus, Time};
use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, WaitOptions, wait};
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Deaths of a host in a row after which its successor is told not to trust the screen's checkpoint.
const DEATHS_UNTIL_DISTRUST: u32 = 3;
/// Deaths in a row after which the binary that a host was upgraded to is given up for the keeper's own: without trust
/// in the screen it had its chance.
const DEATHS_UNTIL_OWN_BINARY: u32 = 5;

struct Keeper {
    folder: Folder,
    shared: Shared,
    /// Held open: a program whose terminal nobody holds gets SIGHUP.
    _held: [OwnedFd; 3],
    /// Held until the program is reaped: macOS throws unread output away when the last slave closes (T3).
    slave: Option<OwnedFd>,
    child: Pid,
    child_watch: OwnedFd,
    /// Whether the program is our child, so that we can wait for it.
    parent: bool,
    exit: Option<Exit>,
    /// When to write the end down again, which the disk refused.
    write_exit_at: Option<Instant>,
    writing: Backoff,
    /// Who starts the session waits until nobody holds it any more: neither we nor the first host.
    ready: Option<OwnedFd>,
    host: Option<Link>,
    /// The binary that a host was upgraded to: the next one is started from it too.
    upgraded: Option<OwnedFd>,
    backoff: Backoff,
    start_host_at: Option<Instant>,
}

/// Runs a keeper until its session is over. `command` is the program, for the first keeper.
pub fn main(args: KeeperArgs, command: &[OsString]) -> io::Result<()> {
    role::set_name(c"cf-keeper");
    detach_from_everything();
    let shared = args.shared;
    let held =
        [role::inherited(shared.master)?, role::inherited(shared.listener)?, role::inherited(shared.alive)?];
    let folder = Folder::at(&shared.folder);
    let signals = signals::pipe(&[libc::SIGCHLD])?;
    let (child, child_watch, slave, ready, host, ended) = match args.task {
        Task::Start { slave, ready } => {
            let slave = role::inherited(slave)?;
            let ready = role::inherited(ready)?;
            let (child, watch) = start(&slave, &ready, command)?;
            (child, watch, Some(slave), Some(ready), None, None)
        }
        Task::Adopt { child, child_watch, link, ended } => {
            let child = Pid::from_raw(child).ok_or(io::ErrorKind::InvalidInput)?;
            (
                child,
                role::inherited(child_watch)?,
                None,
                None,
                Some(Link::from_fd(role::inherited(link)?)),
                ended,
            )
        }
    };
    // The program has its user's umask; what keeper and hosts make from now on is for nobody else.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let start_host_at = host.is_none().then(Instant::now);
    let parent = slave.is_some();
    let written = folder.exit().ok().flatten();
    // The keeper before us may have died between writing the end down and telling it, or the other way round.
    if let (Some(host), Some(exit)) = (&host, &written) {
        host.tell(News::Exited(exit.status));
    }
    let write_exit_at = (written.is_none() && ended.is_some()).then(Instant::now);
    let exit = written.or(ended.map(|status| Exit { status, time: Time::now() }));
    // A program that closes its terminal for a moment must find it again: somebody has to hold it open.
    let slave = if exit.is_none() { slave.or_else(|| terminal::pty::slave_of(&held[0]).ok()) } else { slave };
    let backoff = Backoff::new();
    let mut keeper = Keeper {
        folder,
        shared,
        _held: held,
        slave,
        child,
        child_watch,
        parent,
        exit,
        write_exit_at,
        writing: Backoff::new(),
        ready,
        host,
        upgraded: None,
        backoff,
        start_host_at,
    };
    let _ = std::env::set_current_dir("/");
    keeper.run(&signals)
}

/// Leaves the terminal, the process group and the descriptors of whoever started us (T18, T22).
fn detach_from_everything() {
    let _ = rustix::process::setsid();
    signals::ignore(&signals::OF_TERMINALS);
    process::adopt_orphans();
}

/// Starts the program and tells whoever waits on `ready`.
fn start(slave: &OwnedFd, ready: &OwnedFd, words: &[OsString]) -> io::Result<(Pid, OwnedFd)> {
    let started = spawn_program(slave, words);
    let line = match &started {
        Ok((child, _)) => Ready::Started { child: child.as_raw_nonzero().get() },
        Err(error) => Ready::Failed { errno: error.raw_os_error().unwrap_or(0) },
    };
    let line = serde_json::to_string(&line)? + "\n";
    rustix::io::write(ready, line.as_bytes())?;
    started
}

fn spawn_program(slave: &OwnedFd, words: &[OsString]) -> io::Result<(Pid, OwnedFd)> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments);
    let child = terminal::pty::spawn(slave, &mut command)?;
    let pid = Pid::from_child(&child);
    Ok((pid, process::watch(pid)?))
}

impl Keeper {
    fn run(&mut self, signals: &OwnedFd) -> io::Result<()> {
        loop {
            if self.start_host_at.is_some_and(|at| at <= Instant::now()) {
                self.start_host();
            }
            if self.write_exit_at.is_some_and(|at| at <= Instant::now()) {
                self.write_exit();
            }
            self.wait(signals)?;
            signals::drain(signals);
            self.reap();
            if self.hear() || self.is_pointless() {
                return Ok(());
            }
        }
    }

    /// Sleeps until something ended, or it is time to start a host or to write the end down.
    fn wait(&self, signals: &OwnedFd) -> io::Result<()> {
        let mut fds = vec![PollFd::new(signals, PollFlags::IN)];
        if self.exit.is_none() && !self.parent {
            fds.push(PollFd::new(&self.child_watch, PollFlags::IN));
        }
        if let Some(host) = &self.host {
            fds.push(PollFd::new(host, PollFlags::IN));
        }
        let due = self.start_host_at.into_iter().chain(self.write_exit_at).min();
        poll_until(&mut fds, due).map(drop)
    }

    /// Collects everyone who died: the program, hosts, and orphans of the program.
    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == self.child && self.parent {
                self.child_ended(ExitStatus::from_wait(status.as_raw()));
            }
        }
        if self.exit.is_none() && !self.parent && process::has_ended(&self.child_watch) {
            self.child_ended(process::exit_status_of_stranger(&self.child_watch).unwrap_or(ExitStatus::Lost));
        }
    }

    fn child_ended(&mut self, status: ExitStatus) {
        self.exit = Some(Exit { status, time: Time::now() });
        self.write_exit();
        // Only now may the output end: whoever reads it to its end finds the exit.
        self.slave = None;
        if let Some(host) = &self.host {
            host.tell(News::Exited(status));
        }
        // Nobody waits for the disk to hear of the end.
        self.folder.sync_exit();
    }

    /// Writes the end down. A full disk must not end the keeper: it tries again until the disk takes it, and the host,
    /// whose journal holds the status too, tells everyone meanwhile. In a deleted folder there is nothing to write.
    fn write_exit(&mut self) {
        let Some(exit) = &self.exit else { return };
        let tried = self.write_exit_at.is_some();
        self.write_exit_at = match self.folder.write_exit(exit) {
            Ok(()) => None,
            Err(_) if self.folder.is_gone() => None,
            Err(error) => {
                if !tried {
                    log::error("keeper", format_args!("cannot write down the end: {error}"));
                }
                Some(self.writing.died())
            }
        };
        if self.write_exit_at.is_none() && tried {
            self.folder.sync_exit();
            if let Some(host) = &self.host {
                host.tell(News::WrittenDown);
            }
        }
    }

    /// Listens to the host; true when all is over.
    fn hear(&mut self) -> bool {
        let Some(host) = &self.host else { return false };
        match host.hear() {
            Heard::News(News::Finished) => return true,
            Heard::Binary(binary) => self.upgraded = Some(binary),
            Heard::News(_) | Heard::Nothing => {}
            Heard::Gone => {
                self.host = None;
                self.start_host_at = Some(self.backoff.died());
            }
        }
        false
    }

    /// Whether the program has ended and no host can be started any more: somebody deleted the folder.
    fn is_pointless(&self) -> bool {
        self.exit.is_some() && self.host.is_none() && self.folder.is_gone()
    }

    fn start_host(&mut self) {
        if self.backoff.deaths() >= DEATHS_UNTIL_OWN_BINARY && self.upgraded.take().is_some() {
            log::error(
                "keeper",
                format_args!("hosts of the new binary die at once; going back to the old one"),
            );
        }
        let started = self.spawn_host();
        // It has it now; and nobody waits for a second attempt.
        self.ready = None;
        self.start_host_at = match started {
            Ok(link) => {
                self.backoff.started();
                if let Some(exit) = &self.exit {
                    link.tell(News::Exited(exit.status));
                }
                self.host = Some(link);
                self.folder.sync_meta();
                None
            }
            Err(error) => {
                log::error("keeper", format_args!("cannot start a host: {error}"));
                Some(self.backoff.died())
            }
        };
    }

    /// Starts a host from the binary that the one before was upgraded to, or, where that cannot be, from our own.
    fn spawn_host(&self) -> io::Result<Link> {
        if let Some(upgraded) = &self.upgraded {
            match binary::path_of(upgraded).and_then(|path| self.spawn_host_from(&path)) {
                Ok(link) => return Ok(link),
                Err(error) => {
                    log::error("keeper", format_args!("cannot start a host from the new binary: {error}"))
                }
            }
        }
        self.spawn_host_from(&role::this_binary())
    }

    fn spawn_host_from(&self, binary: &Path) -> io::Result<Link> {
        let (link, other) = Link::pair()?;
        let args = HostArgs {
            shared: Shared { version: role::VERSION, ..self.shared.clone() },
            child: self.child.as_raw_nonzero().get(),
            child_watch: role::number(&self.child_watch),
            keeper: rustix::process::getpid().as_raw_nonzero().get(),
            link: role::number(&other),
            keeper_version: role::VERSION,
            ready: self.ready.as_ref().map(role::number),
            distrust_screen: self.backoff.deaths() >= DEATHS_UNTIL_DISTRUST,
            upgraded: false,
        };
        let shared = &self.shared;
        let mut inherit = vec![shared.master, shared.listener, shared.alive, args.child_watch, args.link];
        inherit.extend(args.ready);
        let mut command = role::command(binary, role::HOST, &args, &self.folder.log(), inherit)?;
        binary::start_directly(&mut command)?;
        command.spawn()?;
        Ok(link)
    }
}
