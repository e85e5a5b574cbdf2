//! A host makes room for another binary of itself: same process, same descriptors, program untouched.
//!
//! Clients are sent away with a word and come again at once; nothing they miss, the journal has.

use super::Host;
use crate::role::{self, HostArgs};
use protocol::ClientNumber;
use protocol::frame::{DetachReason, Event, Refusal};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

impl Host {
    /// A client asks for it; done after this turn, so that the answer is out.
    pub(super) fn upgrade(&mut self, from: ClientNumber, id: u64, binary: &str) {
        let path = PathBuf::from(binary);
        if rustix::fs::access(&path, rustix::fs::Access::EXEC_OK).is_err() {
            let message = format!("{binary} is no program that can be started");
            return self.clients.refuse(from, id, Refusal::BadRequest, message);
        }
        if !self.ending.is_none() || self.keeper.link.is_none() {
            let message = "the session is ending, or its keeper is being replaced; try again";
            return self.clients.refuse(from, id, Refusal::Failed, message);
        }
        if self.input.wants_write() {
            let message = "input waits for the program to read it; try again";
            return self.clients.refuse(from, id, Refusal::Failed, message);
        }
        self.upgrade_to = Some(path);
        self.done(from, id);
    }

    /// Becomes the other binary. Comes back only if that fails; then this host goes on.
    pub(super) fn exec(&mut self, binary: &Path) {
        let controller = self.clients.controller.take();
        if let Some(controller) = controller {
            self.local = None;
            self.clients.tell(controller, Event::Detached { reason: DetachReason::Upgrade });
        }
        self.output.canvas.checkpoint();
        // The descriptors kept the numbers under which they were inherited.
        let shared = self.args.shared.clone();
        let Some(link) = &self.keeper.link else { return };
        let link = role::number(&std::os::fd::AsFd::as_fd(link));
        let child_watch = role::number(&self.child_watch);
        let inherit = vec![shared.master, shared.listener, shared.alive, child_watch, link];
        let args = HostArgs {
            shared,
            child_watch,
            keeper: self.keeper.pid,
            link,
            upgraded: true,
            distrust_screen: false,
            ..self.args.clone()
        };
        let error = match role::command(binary, role::HOST, &args, &self.folder.log(), inherit) {
            Ok(mut command) => command.exec(),
            Err(error) => error,
        };
        eprintln!("host: cannot become {}: {error}", binary.display());
    }
}
