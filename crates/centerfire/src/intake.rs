//! What `conversation`, `search` and `import` share: the store, brought up to date.

use crate::context::Context;
use crate::progress;
use conversation::backlog::{self, Batch};
use conversation::history::{History, Outcome, Progress};
use conversation::meaning::Meaning;
use conversation::store::{Filter, Store};
use gateway::presence::Running;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the server is waited for: it lets go between two files that it takes in.
const STORE_WITHIN: Duration = Duration::from_secs(30);

/// The store, to write; a server that follows the CLIs lets go of it for that time.
pub(crate) fn to_write(context: &Context) -> anyhow::Result<Store> {
    let store = Store::open_to_write_within(&context.home.state, STORE_WITHIN)?;
    store.ok_or_else(|| match Running::find(&context.home) {
        Some(server) => anyhow::anyhow!(
            "the server at {} (process {}) takes in conversations and does not let go of their store; try again when it \
             has read them, or end it first",
            server.url(),
            server.pid
        ),
        None => anyhow::anyhow!("another command writes the store of conversations; try again when it is done"),
    })
}

/// How long a store may take to be made by somebody else, before there is anything in it.
const MADE_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The store with all that is new. While somebody else writes it, what it has so far.
pub(crate) fn up_to_date(context: &Context) -> anyhow::Result<Store> {
    let state = &context.home.state;
    let end = Instant::now() + MADE_WITHIN;
    loop {
        if let Some(mut store) = Store::open_to_write(state)? {
            let outcome = with_history(context, |history, line| history.catch_up(&mut store, None, line))?;
            warn_of(&outcome);
            return Ok(store);
        }
        match Store::open(state)? {
            Some(store) => return Ok(store),
            None if Instant::now() < end => std::thread::sleep(LOOK_EVERY),
            None => {
                anyhow::bail!("somebody else is making the store of conversations; try again in a moment")
            }
        }
    }
}

/// A folder whose conversations are wanted, by its whole path. One that is not there may have had some before.
pub(crate) fn known_folder(store: &Store, folder: &Path) -> anyhow::Result<String> {
    let folder = std::path::absolute(folder)?.to_string_lossy().trim_end_matches("/.").to_owned();
    let filter = Filter { folder: Some(folder.clone()), ..Filter::default() };
    if !Path::new(&folder).is_dir() && store.conversations(&filter, 1)?.is_empty() {
        anyhow::bail!(
            "there is no folder {folder}, and no conversation was held in it; `centerfire projects` lists where some were"
        );
    }
    Ok(folder)
}

/// Does something with the user's history, and tells how far it is.
pub(crate) fn with_history<T>(
    context: &Context,
    work: impl FnOnce(&History, &mut dyn FnMut(Progress) -> bool) -> conversation::Result<T>,
) -> conversation::Result<T> {
    let registry = context.registry();
    let history = History {
        state: &context.home.state,
        registry: &registry,
        variables: &|name| std::env::var_os(name),
    };
    let mut line = progress::Progress::new(context, "import", 0);
    work(&history, &mut |progress| {
        let Progress { done, of, report, .. } = progress;
        line.count(done as u64, of as u64, &format!("file {done} of {of}, {} entries", report.entries));
        true
    })
}

/// What finds by meaning, as the configuration has it.
pub(crate) fn meaning(context: &Context) -> anyhow::Result<Meaning> {
    Ok(Meaning::new(context.home.models(), context.config.search_choice()?))
}

/// Makes vectors of entries that have none yet, for so long or to the end. How many entries were read.
pub(crate) fn make_vectors(
    context: &Context,
    store: &mut Store,
    meaning: &Meaning,
    within: Option<Duration>,
) -> conversation::Result<u64> {
    // Whoever wrote last has the lock, and makes them.
    if !store.may_write() {
        return Ok(0);
    }
    let Some(model) = meaning.model()? else { return Ok(0) };
    let (begun, of) = (Instant::now(), backlog::waiting(store, Some(model.id()))?);
    let mut line = progress::Progress::new(context, "vectors", 0);
    let mut done = 0;
    let is_time = || within.is_none_or(|within| begun.elapsed() < within);
    while is_time() {
        match backlog::batch(store, &*model)? {
            Batch::Nothing => break,
            Batch::Removed => {}
            Batch::Done(entries) => done += entries,
        }
        line.count(done, of, &format!("{done} of {of} entries"));
    }
    while is_time() && backlog::pieces(&context.home.state, &*model)? {}
    Ok(done)
}

/// Tells of files that could not be read.
pub(crate) fn warn_of(outcome: &Outcome) {
    for (_, reason) in outcome.failed.iter().take(3) {
        crate::exit::warn(&format!("{reason} (left out)"));
    }
    if outcome.failed.len() > 3 {
        crate::exit::warn(&format!("{} more files cannot be read", outcome.failed.len() - 3));
    }
}
