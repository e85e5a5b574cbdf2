//! Clients that are programs of the session itself. What runs there does not answer what the agent asks its user, nor types
//! while it asks: the sandbox in which an agent runs its commands may leave them nothing but sockets.

use super::Host;
use adapter::dialog::Dialogs;
use adapter::state::Shown;
use protocol::frame::Request;
use protocol::{AgentState, Claim, ClientNumber, ProgramState, Time};

#[cfg(target_os = "linux")]
pub(super) use linux::is_within;

/// What such a client is told.
const NO_ANSWER: &str = "what runs in a session does not answer what is asked there, nor types while something may be asked; do it from a \
                         terminal outside of it, or in the page";
const NO_UPGRADE: &str = "what an agent runs does not choose the binary that holds its session; upgrade it from a terminal outside of it";

impl Host {
    /// The processes of which all of the session descend: orphans are the keeper's.
    pub(super) fn roots(&self) -> [u32; 2] {
        [self.keeper.pid.unsigned_abs(), self.args.child.unsigned_abs()]
    }

    pub(super) fn is_within(&mut self, client: ClientNumber) -> bool {
        self.clients.get(client).is_some_and(|client| client.within)
    }

    /// Why such a client is refused a request, if it is. A size is refused because a dialog that is cut off cannot be read.
    pub(super) fn refused_within(&mut self, client: ClientNumber, request: &Request) -> Option<&'static str> {
        if !self.is_within(client) {
            return None;
        }
        match request {
            Request::Decide { .. } => Some(NO_ANSWER),
            Request::Upgrade { .. } => {
                (self.agent.is_agent() || self.approvals.last > 0).then_some(NO_UPGRADE)
            }
            Request::Attach(attach) if !attach.control => None,
            Request::Attach(_) | Request::Input { .. } | Request::Resize { .. } => {
                self.may_ask().then_some(NO_ANSWER)
            }
            _ => None,
        }
    }

    /// Whether a dialog may stand in the terminal, whatever those say who are refused to answer it. Where the screen alone tells
    /// of dialogs, that is a moment after they are there.
    fn may_ask(&mut self) -> bool {
        let is_blocked = |claim: &Claim| claim.state == AgentState::Blocked;
        let told = self.approvals.oldest().is_some()
            || self.approvals.unanswered
            || self.agent.dialogs().is_some_and(Dialogs::are_all)
            || self.output.program.state == ProgramState::Blocked
            || is_blocked(&self.agent.status().claim);
        told || self.judge_screen().as_ref().is_some_and(is_blocked)
    }

    /// What the screen tells of the agent now.
    fn judge_screen(&mut self) -> Option<Claim> {
        let lines = self.output.canvas.screen().lines();
        self.agent.judges(&Shown { title: &self.output.title, lines: &lines }, Time::now())
    }
}

/// Elsewhere than on Linux it is not known.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_within(_socket: impl std::os::fd::AsFd, _roots: [u32; 2]) -> bool {
    false
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::process;
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

    /// Ancestors of a process that are looked at.
    const ANCESTORS_MAX: usize = 256;
    /// Of `asm-generic/socket.h`.
    const SO_PEERPIDFD: libc::c_int = 77;

    /// Whether who connected descends from one of these. It is asked as soon as the connection is there, because its maker may
    /// leave it to another process; one that is gone already, or cannot be seen, counts as from within.
    pub(crate) fn is_within(socket: impl AsFd, roots: [u32; 2]) -> bool {
        let peer = rustix::net::sockopt::socket_peercred(&socket).ok().map(|peer| peer.pid.as_raw_pid());
        let held = hold_peer(&socket);
        match peer.filter(|peer| *peer > 0).and_then(|peer| descends(peer.unsigned_abs(), roots)) {
            // What was read may be of another process that has its number now.
            Some(false) => match held {
                Ok(peer) => process::has_ended(&peer),
                // Linux before 6.5 does not tell.
                Err(error) => error.raw_os_error() != Some(libc::ENOPROTOOPT),
            },
            Some(true) | None => true,
        }
    }

    /// A pidfd of the process that connected.
    fn hold_peer(socket: impl AsFd) -> io::Result<OwnedFd> {
        let (mut fd, mut length): (libc::c_int, _) = (-1, size_of::<libc::c_int>() as libc::socklen_t);
        let (number, value) = (socket.as_fd().as_raw_fd(), (&raw mut fd).cast());
        // SAFETY: writes one number through a pointer to one, whose size is told.
        let result =
            unsafe { libc::getsockopt(number, libc::SOL_SOCKET, SO_PEERPIDFD, value, &raw mut length) };
        if result != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel made this descriptor for us alone.
        Ok(unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Whether a process is one of these or below them; `None` if it is gone. Whose parent leaves meanwhile has another one then,
    /// and whose parent cannot be seen is another user's.
    fn descends(process: u32, roots: [u32; 2]) -> Option<bool> {
        let (mut child, mut ancestor) = (process, process);
        for _ in 0..ANCESTORS_MAX {
            if roots.contains(&ancestor) {
                return Some(true);
            }
            match parent(ancestor) {
                Some(0) => return Some(false),
                Some(parent) => (child, ancestor) = (ancestor, parent),
                None => match parent(child)? {
                    same if same == ancestor => return Some(false),
                    other => ancestor = other,
                },
            }
        }
        None
    }

    fn parent(process: u32) -> Option<u32> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // Its name may have blanks and brackets in it; the state comes behind it, and then the parent.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_process_descends_from_its_parents() {
            let (own, parent) =
                (std::process::id(), rustix::process::getppid().unwrap().as_raw_pid().cast_unsigned());
            assert_eq!(
                (descends(own, [parent, 0]), descends(own, [u32::MAX, own])),
                (Some(true), Some(true))
            );
            assert_eq!(
                (descends(parent, [own, u32::MAX]), descends(u32::MAX, [own, parent])),
                (Some(false), None)
            );
        }
    }
}
