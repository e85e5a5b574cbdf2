//! The keeper as its host sees it: what it says, and another one in its place when it died.

use super::Host;
use crate::backoff::Backoff;
use crate::link::{Heard, Link, News};
use crate::{log, process, role};
use protocol::ExitStatus;
use std::io;
use std::time::Instant;

/// The keeper, or the wait for the next one.
pub(super) struct Keeper {
    pub pid: i32,
    /// Its [`role::VERSION`]: which words of the link it knows.
    pub version: u16,
    /// `None` while a new keeper is due.
    pub link: Option<Link>,
    backoff: Backoff,
    start_at: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(pid: i32, version: u16, link: Link) -> Self {
        Self { pid, version, link: Some(link), backoff: Backoff::new(), start_at: None }
    }

    /// When a new one is to be started.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.start_at
    }
}

impl Host {
    pub(super) fn hear_keeper(&mut self) {
        let Some(link) = &self.keeper.link else { return };
        match link.hear() {
            Heard::News(News::Exited(status)) => self.ending.begin(status),
            // Of what was written down the file speaks: being woken is all.
            Heard::News(_) | Heard::Binary(_) | Heard::Nothing => {}
            Heard::Gone => {
                self.keeper.link = None;
                self.keeper.start_at = Some(self.keeper.backoff.died());
            }
        }
    }

    /// Starts a keeper in the place of one that died. It cannot wait for the program any more, only watch it.
    pub(super) fn tend_keeper(&mut self) {
        if self.keeper.start_at.is_none_or(|at| Instant::now() < at) {
            return;
        }
        self.keeper.start_at = match self.spawn_keeper() {
            Ok((link, pid)) => {
                self.keeper.link = Some(link);
                (self.keeper.pid, self.keeper.version) = (pid, role::VERSION);
                self.keeper.backoff.started();
                self.status_file.age.changed();
                None
            }
            Err(error) => {
                log::error("host", format_args!("cannot start a keeper: {error}"));
                self.end_without_folder();
                Some(self.keeper.backoff.died())
            }
        };
    }

    /// In a deleted folder no keeper starts any more that could tell of the program's end.
    fn end_without_folder(&mut self) {
        if self.folder.is_gone() && process::has_ended(&self.child_watch) {
            self.ending.begin(ExitStatus::Lost);
        }
    }

    fn spawn_keeper(&self) -> io::Result<(Link, i32)> {
        let (link, other) = Link::pair()?;
        // The descriptors kept the numbers under which they were inherited.
        let shared = role::Shared { version: role::VERSION, ..self.args.shared.clone() };
        let child_watch = role::number(&self.child_watch);
        let inherit = vec![shared.master, shared.listener, shared.alive, child_watch, role::number(&other)];
        let (child, ended) = (self.args.child, self.ending.status());
        let task = role::Task::Adopt { child, child_watch, ended, link: role::number(&other) };
        let args = role::KeeperArgs { shared, task };
        let child =
            role::command(&role::this_binary(), role::KEEPER, &args, &self.folder.log(), inherit)?.spawn()?;
        Ok((link, child.id() as i32))
    }
}
