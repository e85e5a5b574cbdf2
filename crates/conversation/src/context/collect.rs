//! What there is for a history, of each kind the best first.

use super::{Wanted, filter};
use crate::Result;
use crate::search::{by_words, related};
use crate::store::{Said, Store, Talk};

/// Conversations whose last words are told, and words of each.
const CONVERSATIONS_MAX: usize = 6;
const WORDS_MAX: usize = 30;
/// Conversations in which is looked for what was decided, left to do, met and touched: a history is wanted soon.
const LOOKED_THROUGH_MAX: usize = 10;
/// Conversations that a model summed up.
const SUMMARIES_MAX: usize = 25;
/// Of each other kind.
const EACH_MAX: usize = 25;

/// All kinds, in the order of [`super::SECTIONS`].
pub(super) fn all(store: &Store, wanted: &Wanted) -> Result<Vec<Vec<Said>>> {
    let own = own(store, wanted)?;
    let filter = filter(wanted);
    let is_known = |said: &Said| {
        wanted.is_known
            && own.as_ref().is_some_and(|own| (&own.cli, &own.name) == (&said.cli, &said.conversation))
    };
    let mut latest = store.latest(&filter, SUMMARIES_MAX)?;
    latest.retain(|one| own.as_ref().is_none_or(|own| own.id != one.id));
    latest.splice(0..0, own.clone().filter(|_| !wanted.is_known));
    let summaries = store.summaries(&latest)?;
    latest.truncate(LOOKED_THROUGH_MAX);
    let words = latest.iter().take(CONVERSATIONS_MAX).map(|one| store.last_words(one.id, WORDS_MAX));
    let recent: Vec<Said> = words.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    let mut found = found(store, wanted, own.as_ref())?;
    found.retain(|said| !is_known(said));
    let mentioned = |kinds: &str, order: &str| store.worth_knowing(kinds, order, &latest, EACH_MAX);
    Ok(vec![
        summaries,
        recent,
        found,
        mentioned("'decision'", "latest DESC")?,
        mentioned("'todo'", "latest DESC")?,
        mentioned("'error'", "latest DESC")?,
        mentioned("'file_read', 'file_written'", "times DESC, latest DESC")?,
    ])
}

/// The conversation that is told first.
fn own(store: &Store, wanted: &Wanted) -> Result<Option<Talk>> {
    let named = match (&wanted.conversation, wanted.session) {
        (Some(named), _) => Some(named.clone()),
        (None, Some(session)) => store.of_session(session)?.pop().map(|one| (one.cli, one.name)),
        (None, None) => None,
    };
    let Some((cli, name)) = named else { return Ok(None) };
    Ok(store.number_of(&cli, &name)?.map(|id| Talk { id, cli, name }))
}

/// What is found for the query, or for what the user said last.
fn found(store: &Store, wanted: &Wanted, own: Option<&Talk>) -> Result<Vec<Said>> {
    let mut hits = Vec::new();
    let filter = filter(wanted);
    if let Some(query) = &wanted.query {
        // One that is no query of a search has words all the same.
        hits = by_words(store, query, &filter, EACH_MAX).unwrap_or_default();
    }
    let last = match own {
        Some(own) => store.last_words(own.id, WORDS_MAX)?.into_iter().find(|said| said.role == "user"),
        None => None,
    };
    if hits.is_empty()
        && let Some(text) = wanted.query.as_ref().or(last.as_ref().map(|last| &last.text))
    {
        hits = related(store, text, &filter, EACH_MAX)?;
    }
    let mut found = Vec::new();
    for hit in hits {
        // What was only wanted is told as if it were done.
        if hit.kind == "tool_call" && store.was_refused(&hit.entry)? {
            continue;
        }
        let text = store.text_of(&hit.entry)?.unwrap_or_default();
        found.push(Said {
            entry: hit.entry,
            cli: hit.cli,
            conversation: hit.conversation,
            time: hit.time,
            role: hit.role,
            kind: hit.kind,
            text,
            times: 1,
        });
    }
    Ok(found)
}
