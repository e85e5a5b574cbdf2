//! Clients that are programs of the session itself. What runs there does not answer what the agent asks its user, nor types
//! while it asks: the sandbox in which an agent runs its commands may leave them nothing but sockets.

use super::Host;
use protocol::ClientNumber;

/// Ancestors of a process that are looked at.
const ANCESTORS_MAX: usize = 256;

/// What such a client is told.
pub(super) const INSIDE: &str = "what runs in a session does not answer what is asked there; answer from a terminal outside of it, or in the page";

impl Host {
    /// Whether a question waits, and the client comes from within.
    pub(super) fn asks_itself(&mut self, client: ClientNumber) -> bool {
        // Orphans are the keeper's.
        let roots = [self.keeper.pid.unsigned_abs(), self.args.child.unsigned_abs()];
        let is_asking = self.approvals.oldest().is_some();
        let peer = self.clients.get(client).filter(|_| is_asking).and_then(|client| client.process());
        peer.is_some_and(|peer| descends(peer, roots))
    }
}

/// Whether a process is one of these or below them; of what cannot be seen it is not said.
fn descends(process: u32, roots: [u32; 2]) -> bool {
    let lineage = std::iter::successors(Some(process), |process| parent(*process));
    lineage.take(ANCESTORS_MAX).any(|process| roots.contains(&process))
}

fn parent(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Its name may have blanks and brackets in it; the state comes behind it, and then the parent.
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    (parent > 0).then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_descends_from_its_parents() {
        let (own, parent) =
            (std::process::id(), rustix::process::getppid().unwrap().as_raw_pid().cast_unsigned());
        assert!(descends(own, [parent, 0]) && descends(own, [0, own]));
        assert!(!descends(parent, [own, 0]) && !descends(u32::MAX, [own, parent]));
    }
}
