//! Which conversation a session holds, for commands that answer at once: as the store has it, for which nothing is taken in.

use crate::context::Context;
use crate::term::one_line;
use conversation::store::{Brief, Store};
use protocol::{Phase, SessionId};
use serde_json::{Value, json};
use session::registry::Entry;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So long the store may take for one session, and no command fails with it.
const ASKED_WITHIN: Duration = Duration::from_millis(200);
/// How long an answer is taken for true where the same is asked again and again, and a store that gives none is left alone.
const KEPT: Duration = Duration::from_secs(5);

/// The conversations of sessions.
pub(super) struct Held {
    store: Option<Store>,
    known: RefCell<HashMap<SessionId, (Instant, Option<Brief>)>>,
    failed: Cell<Option<Instant>>,
}

impl Held {
    /// Where there is no store yet, or it cannot be read, no session is known to hold one.
    pub(super) fn open(context: &Context) -> Self {
        let store = Store::open(&context.home.state).ok().flatten();
        Self { store, known: RefCell::default(), failed: Cell::default() }
    }

    /// The one that was begun last in a session.
    pub(super) fn of(&self, entry: &Entry) -> Option<Brief> {
        let id = entry.meta.id;
        if let Some((at, brief)) = self.known.borrow().get(&id)
            && at.elapsed() < KEPT
        {
            return brief.clone();
        }
        let brief = self.ask(id);
        self.known.borrow_mut().insert(id, (Instant::now(), brief.clone()));
        brief
    }

    fn ask(&self, id: SessionId) -> Option<Brief> {
        let store = self.store.as_ref()?;
        // Of many sessions one waits for a store that is held up, not each.
        if self.failed.get().is_some_and(|at| at.elapsed() < KEPT) {
            return None;
        }
        let _limit = store.within(ASKED_WITHIN);
        let brief = store.latest_of_session(id);
        self.failed.set(brief.is_err().then(Instant::now));
        brief.ok().flatten()
    }
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
