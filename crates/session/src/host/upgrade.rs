//! A host makes room for another binary of itself: same process, same descriptors, program untouched.
//!
//! The other binary is tried first ([`crate::trial`]), while this host goes on with its work. Clients are sent away
//! with a word and come again at once; nothing they miss, the journal has.

use super::Host;
use super::local::Local;
use crate::role::{self, HostArgs, Shared};
use crate::trial::{TryArgs, Verdict};
use crate::{binary, log};
use protocol::frame::{DetachReason, Refusal};
use protocol::{Binary, ClientNumber};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The least version of a keeper that can be told which binary its host runs.
const KEEPER_KNOWS_BINARIES: u16 = 1;
/// Bytes of a verdict at most.
const VERDICT_BYTES: usize = 16 << 10; // 16 KiB

/// What this host runs, and what it may become.
pub(super) struct Upgrade {
    pub own: Binary,
    trial: Option<Trial>,
    /// The trial is over: done after this turn, so that the answer is out.
    ready: Option<PathBuf>,
}

impl Default for Upgrade {
    fn default() -> Self {
        Self { own: binary::own(), trial: None, ready: None }
    }
}

/// A binary that is being tried by another process, which has a limit for it.
struct Trial {
    binary: PathBuf,
    /// Who is waiting for it.
    client: ClientNumber,
    call: u64,
    words: OwnedFd,
    said: Vec<u8>,
}

impl Upgrade {
    /// Where the verdict of a trial will come from.
    pub(super) fn trial(&self) -> Option<&OwnedFd> {
        self.trial.as_ref().map(|trial| &trial.words)
    }
}

impl Trial {
    /// Reads more of the verdict; `None` while it is not whole.
    fn hear(&mut self) -> Option<Verdict> {
        let mut piece = [0; 1024];
        let end = match rustix::io::read(&self.words, &mut piece) {
            Ok(0) => true,
            Ok(count) => {
                self.said.extend_from_slice(&piece[..count]);
                self.said.len() > VERDICT_BYTES
            }
            Err(Errno::INTR | Errno::AGAIN) => false,
            Err(_) => true,
        };
        let nothing = || Verdict::Broken { why: "could not be tried: nothing came of it".to_owned() };
        end.then(|| serde_json::from_slice(&self.said).unwrap_or_else(|_| nothing()))
    }
}

impl Host {
    /// A client asks for it: the binary is tried, and the client answered when that is over.
    pub(super) fn upgrade(&mut self, from: ClientNumber, id: u64, binary: &str) {
        let path = PathBuf::from(binary);
        if rustix::fs::access(&path, rustix::fs::Access::EXEC_OK).is_err() {
            let message = format!("{binary} is no program that can be started");
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        if self.upgrade.trial.is_some() {
            let message = "a binary is being tried already; try again";
            return self.clients.refuse(from, id, Refusal::Failed, message);
        }
        match self.try_binary(path, from, id) {
            Ok(trial) => self.upgrade.trial = Some(trial),
            Err(error) => {
                let message = format!("{binary} cannot be tried: {error}");
                self.clients.refuse(from, id, Refusal::Failed, message);
            }
        }
    }

    fn try_binary(&self, binary: PathBuf, client: ClientNumber, call: u64) -> io::Result<Trial> {
        let (words, write) = pipe_with(PipeFlags::CLOEXEC)?;
        let args = TryArgs { version: role::VERSION, binary: binary.clone(), host: self.args_of_successor() };
        let log = self.folder.log();
        let mut command = role::command(&role::this_binary(), role::TRY, &args, &log, Vec::new())?;
        command.stdout(write).spawn()?;
        Ok(Trial { binary, client, call, words, said: Vec::new() })
    }

    /// The trial has something to say.
    pub(super) fn hear_trial(&mut self) {
        let Some(verdict) = self.upgrade.trial.as_mut().and_then(Trial::hear) else { return };
        let Some(Trial { binary, client, call, .. }) = self.upgrade.trial.take() else { return };
        let refused = match verdict {
            Verdict::Broken { why } => Err((Refusal::BadRequest, format!("{} {why}", binary.display()))),
            Verdict::Works => self.may_leave().map_err(|why| (Refusal::Failed, why.to_owned())),
        };
        match refused {
            Err((code, message)) => self.clients.refuse(client, call, code, message),
            Ok(()) => {
                self.upgrade.ready = Some(binary);
                self.done(client, call);
            }
        }
    }

    /// Whether nothing is under way that only this process knows.
    fn may_leave(&self) -> Result<(), &'static str> {
        if !self.ending.is_none() || self.keeper.link.is_none() {
            return Err("the session is ending, or its keeper is being replaced; try again");
        }
        if !self.input.is_idle(Instant::now()) {
            return Err("input waits for the program to read it; try again");
        }
        if self.is_typing() {
            return Err("the answer to a question is being typed; try again");
        }
        if self.input.is_in_secret(&self.master) {
            return Err("input is under way, a secret perhaps; try again after Enter");
        }
        if !self.output.asking.is_idle() || !self.local.as_ref().is_none_or(Local::is_idle) {
            return Err("the terminal has been asked something, or a key waits for the next; try again");
        }
        Ok(())
    }

    /// Becomes the binary that was tried. Comes back only if that fails; then this host goes on.
    pub(super) fn become_upgrade(&mut self) {
        if let Some(binary) = self.upgrade.ready.take() {
            self.exec(&binary);
        }
    }

    fn exec(&mut self, binary: &Path) {
        if let Some(controller) = self.clients.controller {
            self.local = None;
            self.give_up_control(controller, Some(DetachReason::Upgrade));
        }
        self.output.canvas.hand_over();
        let args = self.args_of_successor();
        let shared = &args.shared;
        let inherit = [shared.master, shared.listener, shared.alive, args.child_watch, args.link];
        let error = binary::exec(binary, role::HOST, &args, &inherit);
        log::error("host", format_args!("cannot become {}: {error}", binary.display()));
    }

    /// What the host is told that takes this one's place. The descriptors kept the numbers under which they were
    /// inherited.
    fn args_of_successor(&self) -> HostArgs {
        let link = self.keeper.link.as_ref().map_or(self.args.link, |link| role::number(&link.as_fd()));
        HostArgs {
            shared: Shared { version: role::VERSION, ..self.args.shared.clone() },
            child_watch: role::number(&self.child_watch),
            keeper: self.keeper.pid,
            link,
            ready: None,
            keeper_version: self.keeper.version,
            upgraded: true,
            distrust_screen: false,
            ..self.args.clone()
        }
    }

    /// Tells the keeper from which binary the host after this one is to be started, once this one works.
    pub(super) fn tell_binary(&self) {
        if !self.args.upgraded || self.keeper.version < KEEPER_KNOWS_BINARIES {
            return;
        }
        match (&self.keeper.link, binary::hold_own()) {
            (Some(link), Ok(binary)) => link.tell_binary(binary.as_fd()),
            (_, Err(error)) => log::error("host", format_args!("cannot hold its own binary: {error}")),
            (None, Ok(_)) => {}
        }
    }
}
