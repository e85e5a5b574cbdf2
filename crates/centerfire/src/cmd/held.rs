//! Which conversation a session holds, for commands that answer at once: as the store has it, for which nothing is taken in.

use crate::context::Context;
use crate::term::one_line;
use conversation::store::{Brief, Store};
use protocol::{Phase, SessionId};
use serde_json::{Value, json};
use session::registry::Entry;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So long the store may take for one session, and no command fails with it.
const ASKED_WITHIN: Duration = Duration::from_millis(200);
/// How long an answer is taken for true where the same is asked again and again.
const KEPT: Duration = Duration::from_secs(5);

/// The conversations of sessions.
pub(super) struct Held {
    store: Option<Store>,
    known: RefCell<HashMap<SessionId, (Instant, Option<Brief>)>>,
}

impl Held {
    /// Where there is no store yet, or it cannot be read, no session is known to hold one.
    pub(super) fn open(context: &Context) -> Self {
        Self { store: Store::open(&context.home.state).ok().flatten(), known: RefCell::default() }
    }

    /// The one that was begun last in a session.
    pub(super) fn of(&self, entry: &Entry) -> Option<Brief> {
        let store = self.store.as_ref()?;
        let mut known = self.known.borrow_mut();
        let (_, brief) = known
            .entry(entry.meta.id)
            .and_modify(|kept| *kept = fresh(store, entry, kept))
            .or_insert_with(|| asked(store, entry));
        brief.clone()
    }
}

fn fresh(store: &Store, entry: &Entry, kept: &(Instant, Option<Brief>)) -> (Instant, Option<Brief>) {
    if kept.0.elapsed() < KEPT { kept.clone() } else { asked(store, entry) }
}

fn asked(store: &Store, entry: &Entry) -> (Instant, Option<Brief>) {
    let _limit = store.within(ASKED_WITHIN);
    (Instant::now(), store.latest_of_session(entry.meta.id).ok().flatten())
}

/// What a session is about, on a line: its conversation's title, else what its program calls itself; perhaps nothing.
pub(super) fn title(entry: &Entry, brief: Option<&Brief>) -> String {
    let named = brief.and_then(|brief| brief.title.as_deref());
    let set = entry.status.as_ref().map(|status| status.title.as_str());
    let lines = [named, set].into_iter().flatten().flat_map(str::lines).map(str::trim);
    one_line(lines.into_iter().find(|line| !line.is_empty()).unwrap_or_default())
}

/// The command that takes up the conversation of a session that ended again: that very one, where it is known.
pub(super) fn resume(entry: &Entry, brief: Option<&Brief>) -> Option<String> {
    if entry.phase == Phase::Running {
        return None;
    }
    let latest = adapter::resume(&entry.meta.command);
    let own = adapter::of_command(&entry.meta.words()).map(|adapter| adapter.name());
    let program = entry.meta.command.first().map(String::as_str);
    let known = brief.filter(|brief| Some(brief.cli.as_str()) == own);
    known.and_then(|brief| adapter::resume_conversation(&brief.cli, &brief.name, program)).or(latest)
}

/// Adds it to what is told of a session in JSON.
pub(super) fn add(value: &mut Value, entry: &Entry, brief: Option<&Brief>) {
    if let Some(brief) = brief {
        value["conversation"] = json!(brief);
    }
    if let Some(resume) = resume(entry, brief) {
        value["resume"] = json!(resume);
    }
}
