//! A session of a peer as the figures use it: started attached in an outer terminal, its child ready; or attached
//! to again.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::command;
use super::ground::Ground;
use super::outer::Outer;
use super::peer::{Present, Stage};
use super::workload::READY;

/// A peer that has not brought its child to life by then counts as hanging.
const READY_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait for a peer's own command that ends a session.
const END_LIMIT: Duration = Duration::from_secs(5);

/// See the head of the file.
pub struct Session<'a> {
    peer: &'a Present,
    ground: &'a Ground,
    name: String,
    pub outer: Outer,
}

impl<'a> Session<'a> {
    /// Starts a workload in the peer without waiting for it.
    pub fn launch(peer: &'a Present, ground: &'a Ground, name: &str, work: &[&str]) -> Result<Session<'a>> {
        let child = child(work)?;
        let command = peer.start(&Stage { ground, session: name, child: &child });
        Ok(Session { peer, ground, name: name.to_owned(), outer: Outer::open(command)? })
    }

    /// Starts a workload in the peer and waits until it listens.
    pub fn start(peer: &'a Present, ground: &'a Ground, name: &str, work: &[&str]) -> Result<Session<'a>> {
        let mut session = Session::launch(peer, ground, name, work)?;
        session.outer.await_text(READY, READY_LIMIT).context("wait for the child")?;
        Ok(session)
    }

    /// Hangs up, attaches anew, and returns the session with the moment before the client began.
    pub fn reattach(self, pause: Duration) -> Result<(Session<'a>, Instant)> {
        let Session { peer, ground, name, outer } = self;
        outer.hang_up().context("detach")?;
        std::thread::sleep(pause);
        let stage = Stage { ground, session: &name, child: &[] };
        let command = peer.attach(&stage).context("this peer cannot attach")?;
        let began = Instant::now();
        let outer = Outer::open(command)?;
        Ok((Session { peer, ground, name, outer }, began))
    }

    /// Ends the session in the peer's own way, where it has one. Leaving the ground ends whatever is left.
    pub fn end(self) {
        let stage = Stage { ground: self.ground, session: &self.name, child: &[] };
        if let Some(mut command) = self.peer.end(&stage) {
            // It may have ended by itself; the ground sweeps in any case.
            let _ = command::text(&mut command, END_LIMIT);
        }
    }
}

/// The command line of a workload.
pub fn child(work: &[&str]) -> Result<Vec<String>> {
    let own = std::env::current_exe().context("find this program")?;
    let mut child = vec![own.to_string_lossy().into_owned(), "workload".to_owned()];
    child.extend(work.iter().map(|word| (*word).to_owned()));
    Ok(child)
}
