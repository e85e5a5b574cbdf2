//! What there is for a history, of each kind the best first.

use super::{Wanted, filter};
use crate::Result;
use crate::store::{Conversation, Said, Store};

/// Conversations whose last words are told, and words of each.
const CONVERSATIONS_MAX: usize = 6;
const WORDS_MAX: usize = 30;
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
    let mut latest = store.conversations(&filter, CONVERSATIONS_MAX + 1)?;
    latest.sort_by(|one, other| (other.ended, &other.name).cmp(&(one.ended, &one.name)));
    latest.retain(|one| own.as_ref().is_none_or(|own| own.id != one.id));
    latest.truncate(CONVERSATIONS_MAX);
    let recent = own.iter().filter(|_| !wanted.is_known).chain(&latest);
    let words = recent.map(|one| store.last_words(one.id, WORDS_MAX));
    let recent: Vec<Said> = words.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    let found = found(store, wanted, own.as_ref())?;
    let mentioned = |kinds: &str, order: &str| store.worth_knowing(kinds, order, &filter, EACH_MAX);
    let mut all = vec![
        recent,
        found,
        mentioned("'decision'", "time DESC")?,
        mentioned("'todo'", "time DESC")?,
        mentioned("'error'", "time DESC")?,
        mentioned("'file_read', 'file_written'", "times DESC, time DESC")?,
    ];
    // Without a project each conversation is of nobody but itself.
    if wanted.project.is_none() {
        all.iter_mut().for_each(|said| {
            said.retain(|said| own.as_ref().is_some_and(|own| own.name == said.conversation));
        });
    }
    all.iter_mut().for_each(|said| said.retain(|said| !is_known(said)));
    Ok(all)
}

/// The conversation that is told first.
fn own(store: &Store, wanted: &Wanted) -> Result<Option<Conversation>> {
    if let Some((cli, name)) = &wanted.conversation {
        return store.conversation(cli, name);
    }
    match wanted.session {
        Some(session) => Ok(store.of_session(session)?.pop()),
        None => Ok(None),
    }
}

/// What is found for the query, or for what the user said last.
fn found(store: &Store, wanted: &Wanted, own: Option<&Conversation>) -> Result<Vec<Said>> {
    let mut hits = Vec::new();
    let filter = filter(wanted);
    if let Some(query) = &wanted.query {
        // One that is no query of a search has words all the same.
        hits = store.search(query, &filter, EACH_MAX).unwrap_or_default();
    }
    let last = match own {
        Some(own) => store.last_words(own.id, WORDS_MAX)?.into_iter().find(|said| said.role == "user"),
        None => None,
    };
    if hits.is_empty()
        && let Some(text) = wanted.query.as_ref().or(last.as_ref().map(|last| &last.text))
    {
        hits = store.related(text, &filter, EACH_MAX)?;
    }
    let mut found = Vec::new();
    for hit in hits {
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
