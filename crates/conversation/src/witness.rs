//! Tells the hosts of sessions what their CLIs' own records say of their state, while it is news: transcripts, and the
//! registers that some CLIs keep of their processes.

use crate::Result;
use crate::history::{Folders, History};
use crate::store::Store;
use protocol::frame::Request;
use protocol::{Claim, Phase, Time};
use session::client::HostClient;
use session::registry::Entry;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// What was said longer ago is no news: of a history that is taken in late.
const NEWS_US: u64 = 30_000_000; // 30 s
/// How long a host may take to hear it; one that is stopped hears it another time.
const HEARD_WITHIN: Duration = Duration::from_millis(250);
/// All hosts together, of what came at once: the rest will not be news for long.
const TOLD_WITHIN: Duration = Duration::from_secs(1);
/// Bytes of a file of a register.
const REGISTER_MAX_BYTES: u64 = 64 << 10; // 64 KiB

/// What was said of a conversation's agent.
pub(crate) struct Said {
    /// The CLI, and its own id of the conversation.
    pub conversation: (String, String),
    /// What.
    pub claim: Claim,
}

impl Said {
    /// Whether another one is of the same agent.
    pub(crate) fn is_of_same(&self, other: &Self) -> bool {
        self.conversation == other.conversation && self.claim.agent == other.claim.agent
    }
}

/// Whether it is worth being told.
pub(crate) fn is_news(claim: &Claim) -> bool {
    Time::now().0.saturating_sub(claim.since.0) < NEWS_US
}

/// Tells what transcripts said to the sessions in which their conversations are held.
pub(crate) fn tell(store: &mut Store, history: &History) -> Result<()> {
    let end = Instant::now() + TOLD_WITHIN;
    for Said { conversation: (cli, name), claim } in store.take_said() {
        if Instant::now() > end {
            break;
        }
        let Some(conversation) = store.number_of(&cli, &name)? else { continue };
        for session in store.sessions_of(conversation)? {
            if let Ok(entry) = history.registry.find(&session.to_string()) {
                tell_host(&entry, claim.clone());
            }
        }
    }
    Ok(())
}

/// Tells what a register's file says to the session of that process.
pub(crate) fn tell_registered(history: &History, registers: &Folders, path: &Path) {
    let Some((adapter, _)) = registers.iter().find(|(_, folder)| path.parent() == Some(folder)) else {
        return;
    };
    let pid = path.file_stem().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(REGISTER_MAX_BYTES).read_to_end(&mut text));
    let claim = read.ok().and_then(|_| adapter.registered(&text, Time::now()));
    let (Some(pid), Some(claim), Ok(sessions)) = (pid, claim, history.registry.list()) else { return };
    let is_its = |entry: &Entry| entry.status.as_ref().is_some_and(|status| status.pids.child == pid);
    if let Some(entry) = sessions.into_iter().flatten().find(is_its) {
        tell_host(&entry, claim);
    }
}

/// A host that is not there, or older than this request, goes without.
fn tell_host(entry: &Entry, claim: Claim) {
    if entry.phase != Phase::Running {
        return;
    }
    if let Ok(mut host) = HostClient::connect_within(&entry.meta, "conversations", HEARD_WITHIN) {
        let _ = host.call_with(Request::Claim { claim: Box::new(claim) }, &[], None, HEARD_WITHIN);
    }
}
