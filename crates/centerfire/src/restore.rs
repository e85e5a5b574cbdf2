//! What a conversation of Claude Code or Codex is told of its project's history when it starts, is taken up again or was shortened.
//!
//! The CLI waits for it, so it has a limit: what is not there by then is left out, and the CLI goes on as it would without us.

use adapter::hooks::Start;
use conversation::context::{Wanted, assemble};
use conversation::history::History;
use conversation::project::{Project, detect};
use conversation::store::Store;
use session::home::Home;
use session::registry::Registry;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

/// How long the CLI is held up at most.
const WITHIN: Duration = Duration::from_millis(900);
/// Of that, how long is read what the CLI wrote since, where no server does.
const READ_WITHIN: Duration = Duration::from_millis(400);
/// Claude Code takes no more than 10,000 characters from a hook as they are.
const BYTES_MAX: usize = 9_500;

/// A history that is being put together.
pub(crate) struct Restoring {
    context: Receiver<String>,
    end: Instant,
}

impl Restoring {
    /// Begins it beside whatever else is done, for a conversation of that CLI.
    pub(crate) fn begin(cli: &'static str, start: Start, tokens: u64) -> Option<Self> {
        let begun = Instant::now();
        let (send, context) = sync_channel(1);
        let restore = move || {
            if let Some(text) = history(cli, &start, tokens, begun + READ_WITHIN) {
                let _ = send.send(text);
            }
        };
        // It ends with this process, wherever it is: what it writes is written whole or not at all.
        std::thread::Builder::new().spawn(restore).ok()?;
        Some(Self { context, end: begun + WITHIN })
    }

    /// What came of it in time.
    pub(crate) fn end(self) -> Option<String> {
        self.context.recv_timeout(self.end.saturating_duration_since(Instant::now())).ok()
    }
}

fn history(cli: &str, start: &Start, tokens: u64, read_until: Instant) -> Option<String> {
    let home = crate::config::home().ok()?;
    // To bring a large one up to date takes longer than there is time, and would begin anew with each start.
    if Store::open(&home.state).ok()?.is_some_and(|store| !store.is_present().unwrap_or(false)) {
        return None;
    }
    // What cannot be read now is not worth an error in the middle of the CLI: what is known already is told.
    let _ = catch_up(&home, start, read_until);
    let store = Store::open(&home.state).ok()??;
    let wanted = Wanted {
        project: Project::of(&detect(&start.cwd)?),
        session: None,
        conversation: Some((cli.to_owned(), start.conversation.clone())),
        is_known: start.is_known,
        budget: tokens,
        bytes_max: Some(BYTES_MAX),
        query: None,
    };
    let context = assemble(&store, &wanted).ok()?;
    Some(context.text).filter(|text| !text.is_empty())
}

/// Takes in what the CLI wrote in this folder, unless a server does so.
fn catch_up(home: &Home, start: &Start, until: Instant) -> conversation::Result<()> {
    let Some(transcript) = &start.transcript else { return Ok(()) };
    let Some(mut store) = Store::open_to_write(&home.state)? else { return Ok(()) };
    let registry = Registry::new(home);
    let history =
        History { state: &home.state, registry: &registry, variables: &|name| std::env::var_os(name) };
    history.catch_up_beside(&mut store, transcript, until)
}
